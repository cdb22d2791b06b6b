//! The workspace of the database: the edge's id decides, and an address is only the way there.

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::DraftCounts;
use beacon_shared::model::Kind;
use beacon_shared::sync::Replica;

use super::{Setting, Store, cursor, documents, settings};

impl Store {
    /// Returns the id of the workspace that the documents belong to; `None` before the first connection.
    pub fn workspace(&self) -> Result<Option<String>> {
        let stored = settings::get(&self.connection, Setting::Workspace)?;
        // Databases from before workspaces had ids know the epoch that they read last.
        let read = || Ok(Some(cursor::get(&self.connection)?.epoch).filter(|epoch| !epoch.is_empty()));
        stored.map_or_else(read, |id| Ok(Some(id)))
    }

    /// Stores the edge's address and its workspace's id. Refuses another workspace than the one the documents belong
    /// to, because they would all be pushed there.
    pub fn connect(&mut self, url: &str, workspace: &str) -> Result<()> {
        if self.workspace()?.is_some_and(|known| known != workspace) {
            return Err(other_workspace());
        }
        self.write(|t| {
            settings::set(t, Setting::Workspace, Some(workspace))?;
            settings::set(t, Setting::LastEdge, Some(url))?;
            settings::set(t, Setting::Edge, Some(url))
        })
    }

    /// Counts the drafts.
    pub fn draft_counts(&self) -> Result<DraftCounts> {
        Ok(DraftCounts {
            sites: self.count(Kind::Site)?,
            experiments: self.count(Kind::Experiment)?,
            flags: self.count(Kind::Flag)?,
            others: self.count(Kind::Segment)? + self.count(Kind::Metric)?,
        })
    }

    /// Returns copies of all drafts for another workspace, where they are new and nothing of them is live.
    pub fn detached_copies(&self) -> Result<Vec<Replica>> {
        let rows = documents::all(&self.connection)?;
        let copy = |row: super::Row| {
            let mut replica = row.replica;
            replica.detach();
            (!replica.local.deleted).then_some(replica)
        };
        Ok(rows.into_iter().filter_map(copy).collect())
    }

    /// Adds the copies of documents that are not here yet. Returns how many were added.
    pub fn add_copies(&mut self, copies: Vec<Replica>, now: i64) -> Result<usize> {
        self.write(|t| {
            let mut added = 0;
            for replica in copies {
                if documents::get(t, &replica.id)?.is_none() {
                    super::add(t, replica, now)?;
                    added += 1;
                }
            }
            Ok(added)
        })
    }
}

/// The error of a sync with an edge that holds another workspace.
pub fn other_workspace() -> Error {
    let message = "This edge holds another workspace, so nothing was sent. Open the settings and connect again to \
                   choose what to do.";
    Error::new(Code::NotConnected, message)
}
