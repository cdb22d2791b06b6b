//! The workspace on the server: documents, their changes, keys and publications.

pub mod key;
pub mod publish;
pub mod pull;
pub mod push;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::{Document, Kind};
use serde::Deserialize;

/// A row of `docs`.
#[derive(Deserialize)]
pub(crate) struct DocumentRow {
    id: String,
    kind: Kind,
    key: String,
    rev: u64,
    seq: u64,
    deleted: u8,
    op_id: String,
    body: String,
}

impl DocumentRow {
    pub(crate) fn document(self) -> Result<Document> {
        let body = serde_json::from_str(&self.body)
            .map_err(|e| Error::new(Code::Internal, format!("Document {} cannot be read: {e}.", self.id)))?;
        let Self { id, kind, key, rev, seq, op_id, deleted, .. } = self;
        Ok(Document { id, kind, key, rev, seq, op_id, deleted: deleted != 0, body })
    }
}

#[derive(Deserialize)]
pub(crate) struct Meta {
    pub(crate) epoch: String,
    pub(crate) seq: u64,
}

#[cfg(test)]
mod tests;
