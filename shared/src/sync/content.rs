use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Op;
use crate::model::{Document, Revision};

/// The content of a revision. Deletion is part of it, as any other field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// True if the document is deleted.
    pub deleted: bool,
    /// A [`crate::model::Body`] as JSON.
    pub body: Value,
}

impl Content {
    /// Returns the content with another draft.
    pub fn with_draft(&self, draft: Value) -> Self {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("draft".to_owned(), draft);
        }
        Self { deleted: self.deleted, body }
    }

    /// A field at the top of the draft, as text.
    pub fn text(&self, field: &str) -> &str {
        self.body["draft"][field].as_str().unwrap_or_default()
    }
}

impl From<&Document> for Content {
    fn from(d: &Document) -> Self {
        Self { deleted: d.deleted, body: d.body.clone() }
    }
}

impl From<&Op> for Content {
    fn from(op: &Op) -> Self {
        Self { deleted: op.deleted, body: op.body.clone() }
    }
}

/// The revision that local edits are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// Its revision.
    pub rev: u64,
    /// The workspace's sequence number at that revision.
    pub seq: u64,
    /// The op id of that revision, its identity; empty if an older edge gave it.
    pub op_id: String,
    /// Its content.
    pub content: Content,
}

impl Base {
    /// Returns the revision's identity.
    pub fn revision(&self) -> Revision {
        Revision { rev: self.rev, op_id: self.op_id.clone() }
    }
}

impl From<&Document> for Base {
    fn from(d: &Document) -> Self {
        Self { rev: d.rev, seq: d.seq, op_id: d.op_id.clone(), content: d.into() }
    }
}
