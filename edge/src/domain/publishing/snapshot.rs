//! The live parts of all documents, read in pages of bounded size at one sequence number: a publication of another device in
//! between would give a mixture.

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::Kind;

use crate::ports::Db;
use crate::sql::Statement;
use crate::store::documents::{self, LiveRow};
use crate::store::{Batch, meta};

/// Bytes of documents in one page. An isolate has 128 MB for a page as the database sends it, as JavaScript's
/// objects and as rows here, and for what is made of it.
pub const PAGE: u64 = 4_000_000;
/// The most times that everything is read again because something was published meanwhile.
pub const ATTEMPTS: usize = 5;

/// The live parts at one sequence number.
pub struct Snapshot<'d> {
    db: &'d dyn Db,
    /// The number of the newest change.
    pub seq: u64,
    /// The number of the newest release.
    pub released_seq: u64,
}

impl<'d> Snapshot<'d> {
    /// Begins to read.
    pub async fn new(db: &'d dyn Db) -> Result<Self> {
        let workspace = meta::get(db).await?;
        Ok(Self { db, seq: workspace.seq, released_seq: workspace.released_seq })
    }

    /// Gives `take` what is live of these kinds, by id. Returns false if something was published meanwhile.
    pub async fn read(&self, kinds: &[Kind], mut take: impl FnMut(&LiveRow)) -> Result<bool> {
        let mut after = String::new();
        loop {
            let Some(rows) = self.page(documents::select_released(kinds, &after, PAGE)).await? else {
                return Ok(false);
            };
            rows.iter().for_each(&mut take);
            match rows.last().filter(|last| last.remaining > rows.len()) {
                Some(last) => after.clone_from(&last.id),
                None => return Ok(true),
            }
        }
    }

    /// Returns the next flags and experiments by site, after a site's document, and whether there are more; `None` if
    /// something was published meanwhile.
    pub async fn placed(&self, site: &str, id: &str) -> Result<Option<(Vec<LiveRow>, bool)>> {
        let rows = self.page(documents::select_placed(site, id, PAGE)).await?;
        Ok(rows.map(|rows| {
            let more = rows.first().is_some_and(|first| first.remaining > rows.len());
            (rows, more)
        }))
    }

    async fn page(&self, statement: Statement) -> Result<Option<Vec<LiveRow>>> {
        let mut batch = Batch::default();
        let (workspace, page) = (batch.add(meta::select()), batch.add(statement));
        let mut answers = batch.run(self.db).await?;
        let is_same = meta::read(answers.take(workspace))?.released_seq == self.released_seq;
        if is_same { answers.take(page).all().map(Some) } else { Ok(None) }
    }
}

/// The error after too many attempts.
pub fn keeps_changing() -> Error {
    Error::new(Code::Storage, "The documents keep changing. Retry the publication in a moment.")
}
