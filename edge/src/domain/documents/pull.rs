//! Pull: the documents after a cursor, or all of them when the server does not know it.

use beacon_shared::api::{Cursor, PULL_PAGE, PullResponse};
use beacon_shared::error::{Code, Error, Result};

use crate::ports::Db;
use crate::store::Batch;
use crate::store::documents::{self, CursorRow, DocumentRow};

/// Returns one page. A cursor whose epoch, or whose op at that number, is not this server's was read from a workspace
/// that a restore has undone: the answer starts over.
pub async fn pull(db: &dyn Db, cursor: &Cursor) -> Result<PullResponse> {
    let [check, page] = documents::select_page(cursor, PULL_PAGE as u64 + 1);
    let mut batch = Batch::default();
    let (check, page) = (batch.add(check), batch.add(page));
    let mut answers = batch.run(db).await?;
    let server: CursorRow = answers
        .take(check)
        .first()?
        .ok_or_else(|| Error::new(Code::Storage, "The database has no workspace. Apply the migrations."))?;
    let mut documents = documents::documents(answers.take(page).all::<DocumentRow>()?)?;
    let more = documents.len() > PULL_PAGE;
    documents.truncate(PULL_PAGE);
    let known = server.known != 0;
    let (seq, op_id) = match documents.last() {
        Some(last) => (last.seq, last.op_id.clone()),
        None if known => (cursor.seq, cursor.op_id.clone()),
        None => (0, String::new()),
    };
    let cursor = Cursor { epoch: server.epoch, seq, op_id, newest_op: String::new(), newest_seq: 0 };
    Ok(PullResponse { cursor, resync: !known, more, documents })
}
