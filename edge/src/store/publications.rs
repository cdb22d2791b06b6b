//! Publications, and the pointer to the one that is live.

use beacon_shared::api::Publication;
use serde::Deserialize;

use crate::sql::Statement;

/// A publication (`?1` id, `?2` seq, `?3` hash, `?4` at, `?5` actor).
const INSERT: &str = "
INSERT INTO publications (id, seq, hash, at, actor) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";

/// Makes publication `?1` live unless a newer one is: of two that overlap, the later one stays.
const FLIP: &str = "
INSERT INTO pointer (id, publication_id) VALUES (1, ?1)
ON CONFLICT (id) DO UPDATE SET publication_id = excluded.publication_id
WHERE (SELECT seq FROM publications WHERE id = pointer.publication_id)
   <= (SELECT seq FROM publications WHERE id = excluded.publication_id)";

const SELECT: &str = "
SELECT p.id, p.seq, p.hash, p.at, p.actor, p.id IS (SELECT publication_id FROM pointer) AS live
FROM publications AS p WHERE p.id = ?1";

const SELECT_NEWEST: &str = "
SELECT p.id, p.seq, p.hash, p.at, p.actor, p.id IS (SELECT publication_id FROM pointer) AS live
FROM publications AS p ORDER BY p.seq DESC, p.at DESC LIMIT ?1";

const SELECT_LIVE: &str = "
SELECT p.seq, p.hash, p.at FROM pointer JOIN publications AS p ON p.id = pointer.publication_id";

/// A publication, and whether it is live.
#[derive(Deserialize)]
pub struct PublicationRow {
    id: String,
    seq: u64,
    hash: String,
    at: i64,
    actor: String,
    live: u8,
}

impl From<PublicationRow> for Publication {
    fn from(row: PublicationRow) -> Self {
        let PublicationRow { id, seq, hash, at, actor, live } = row;
        Self { id, seq, hash, at, actor, live: live != 0 }
    }
}

/// The live publication: where its index lies.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Pointer {
    /// The sequence number of what is live.
    pub seq: u64,
    /// SHA-256 of its index.
    pub hash: String,
    /// Time of the publication, in Unix milliseconds.
    pub at: i64,
}

/// Returns the statement that stores a publication.
pub fn insert(id: &str, seq: u64, hash: &str, at: i64, actor: &str) -> Statement {
    Statement::new(INSERT, [id.into(), seq.into(), hash.into(), at.into(), actor.into()])
}

/// Returns the statement that makes a publication live.
pub fn flip(id: &str) -> Statement {
    Statement::new(FLIP, [id.into()])
}

/// Returns the statement that finds a publication.
pub fn select(id: &str) -> Statement {
    Statement::new(SELECT, [id.into()])
}

/// Returns the statement that lists the newest publications.
pub fn select_newest(most: u64) -> Statement {
    Statement::new(SELECT_NEWEST, [most.into()])
}

/// Returns the statement that reads the pointer.
pub fn select_live() -> Statement {
    Statement::new(SELECT_LIVE, [])
}
