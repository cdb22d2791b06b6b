//! Pull: the documents after a cursor, or all of them when the server does not know it.

use beacon_shared::api::{Cursor, PULL_PAGE, PullResponse};
use beacon_shared::error::{Code, Error, Result};

use crate::ports::Db;
use crate::store::Batch;
use crate::store::documents::{self, CursorRow, PageRow};

/// Returns one page. A cursor whose epoch, or whose stamp at that number, is not this server's was read from a workspace
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
    let mut rows = answers.take(page).all::<PageRow>()?;
    rows.truncate(PULL_PAGE);
    let more = rows.first().is_some_and(|first| first.remaining > rows.len());
    let last = rows.last().map(|row| row.stamp.clone().unwrap_or_default());
    let documents = documents::documents(rows.into_iter().map(|row| row.document).collect())?;
    let known = server.known != 0;
    let (seq, stamp) = match documents.last().zip(last) {
        Some((last, stamp)) => (last.seq, stamp),
        None if known => (cursor.seq, cursor.stamp.clone()),
        None => (0, String::new()),
    };
    let cursor = Cursor { epoch: server.epoch, seq, stamp, ..Cursor::default() };
    Ok(PullResponse { cursor, resync: !known, more, documents })
}
