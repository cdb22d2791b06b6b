use serde::{Deserialize, Serialize};

use crate::api::WhoAmI;

/// An edge to connect to. The key goes one way: nothing returns it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionInput {
    /// `https://…`, or `http://` on this machine.
    pub url: String,
    /// The API key; `None` keeps the stored one.
    pub key: Option<String>,
    /// The person's answer to [`ConnectionOutcome::OtherWorkspace`].
    #[serde(default)]
    pub choice: Option<WorkspaceChoice>,
}

impl std::fmt::Debug for ConnectionInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionInput").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The person's choice for an edge that holds another workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceChoice {
    /// The other workspace's id, as it was shown. The question is asked again if it is another one by now.
    pub workspace: String,
    /// The choice.
    pub action: WorkspaceAction,
}

/// The two ways to go on with another workspace. In both, this workspace's data stays on this computer as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceAction {
    /// Opens the other workspace with data of its own.
    Open,
    /// Opens the other workspace, and copies the drafts of this one there. Nothing of them is live.
    CopyDrafts,
}

/// The answer to [`super::ConnectionSave`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ConnectionOutcome {
    /// The edge holds this workspace, and is connected.
    Connected(ConnectionView),
    /// The edge holds another workspace. Nothing was stored or sent: ask the person.
    OtherWorkspace(OtherWorkspace),
    /// The other workspace opens; a [`super::Notice::Workspace`] follows.
    Opening,
}

/// An edge's workspace that is not the open one, and what the open one holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherWorkspace {
    /// The other workspace's id.
    pub workspace: String,
    /// The address that was asked.
    pub url: String,
    /// The open workspace's address, if it had one.
    pub from: Option<String>,
    /// Drafts in the open workspace.
    pub drafts: DraftCounts,
    /// Drafts that the open workspace's edge does not have yet.
    pub pending: usize,
    /// True if this computer has data of the other workspace already.
    pub known: bool,
}

/// The number of drafts of each kind in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftCounts {
    /// Sites.
    pub sites: usize,
    /// Experiments.
    pub experiments: usize,
    /// Flags.
    pub flags: usize,
    /// Documents of other kinds.
    pub others: usize,
}

/// A workspace on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// The workspace's id; empty before its first connection.
    pub id: String,
    /// Its edge's address.
    pub url: String,
    /// True if it is the open one.
    pub open: bool,
}

/// The connection, without its key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// The edge's address, when one is set.
    pub url: Option<String>,
    /// True if the keychain holds a key for it.
    pub has_key: bool,
    /// The keychain's trouble, as a sentence that says what to do.
    pub keychain_problem: Option<String>,
    /// The key's name and scopes, as the edge said last.
    pub edge: Option<WhoAmI>,
    /// The workspaces on this computer, when there is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<WorkspaceView>,
}
