//! Pull: the documents after a cursor, or all of them when the server does not know it.

use beacon_shared::api::{Cursor, PULL_PAGE, PullResponse};
use beacon_shared::error::{Code, Error, Result};
use serde::Deserialize;

use super::DocumentRow;
use crate::database::{Argument, Database, Statement, run};
use crate::sql;

#[derive(Deserialize)]
struct CursorRow {
    epoch: String,
    known: u8,
}

/// One page. A cursor whose epoch, or whose op at that number, is not this server's was read from a workspace that a
/// restore has undone: the answer starts over.
pub async fn pull(db: &impl Database, cursor: &Cursor) -> Result<PullResponse> {
    let at: [Argument; 3] = [cursor.epoch.as_str().into(), cursor.seq.into(), cursor.op_id.as_str().into()];
    let [epoch, seq, op_id] = at.clone();
    let page = Statement::new(sql::SELECT_PAGE, [epoch, seq, op_id, (PULL_PAGE as u64 + 1).into()]);
    let mut results = run(db, vec![Statement::new(sql::SELECT_CURSOR, at), page]).await?;
    let server: CursorRow = results
        .next_rows()
        .first()?
        .ok_or_else(|| Error::new(Code::Storage, "The database has no workspace: apply the migrations."))?;
    let mut rows: Vec<DocumentRow> = results.next_rows().all()?;
    let more = rows.len() > PULL_PAGE;
    rows.truncate(PULL_PAGE);
    let known = server.known != 0;
    let (seq, op_id) = match rows.last() {
        Some(last) => (last.seq, last.op_id.clone()),
        None if known => (cursor.seq, cursor.op_id.clone()),
        None => (0, String::new()),
    };
    Ok(PullResponse {
        cursor: Cursor { epoch: server.epoch, seq, op_id },
        resync: !known,
        more,
        documents: rows.into_iter().map(DocumentRow::document).collect::<Result<_>>()?,
    })
}
