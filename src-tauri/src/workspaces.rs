//! The workspaces on this computer. Each has a folder of its own, with its drafts and its events; one is open.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::WorkspaceView;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The file that lists the workspaces, once there is more than one.
const LIST: &str = "workspaces.json";
/// The folder of all workspaces but the first.
const OTHERS: &str = "workspaces";
/// The most workspaces of one computer.
const MAX_WORKSPACES: usize = 100;

/// A workspace's identity, its edge and its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    id: String,
    url: String,
    /// Relative to the data folder; empty for the first workspace.
    folder: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    /// The folder of the open workspace.
    open: String,
    workspaces: Vec<Entry>,
}

/// The list of workspaces below one data folder.
pub struct Workspaces {
    root: PathBuf,
    list: Mutex<List>,
    switches: watch::Sender<u64>,
}

impl Workspaces {
    /// Reads the list, if there is one.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let file = root.join(LIST);
        let list = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| damaged(&file))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => List::default(),
            Err(error) => return Err(unusable(&file, &error)),
        };
        Ok(Self { root, list: Mutex::new(list), switches: watch::Sender::new(0) })
    }

    /// Returns the open workspace's folder.
    pub fn folder(&self) -> PathBuf {
        self.root.join(&self.list().open)
    }

    /// Counts how often another workspace was opened.
    pub fn switches(&self) -> watch::Receiver<u64> {
        self.switches.subscribe()
    }

    /// Lists the workspaces; empty while there is only one.
    pub fn view(&self) -> Vec<WorkspaceView> {
        let list = self.list();
        let view = |entry: &Entry| WorkspaceView {
            id: entry.id.clone(),
            url: entry.url.clone(),
            open: entry.folder == list.open,
        };
        list.workspaces.iter().map(view).collect()
    }

    /// Returns true if this computer has data of the workspace.
    pub fn has(&self, id: &str) -> bool {
        self.list().workspaces.iter().any(|entry| entry.id == id)
    }

    /// Returns the folder of a workspace, which is made if there is none yet. `current` is the open one, so that it can
    /// be found again; `name` names the new folder.
    pub fn prepare(&self, current: (&str, &str), other: (&str, &str), name: &str) -> Result<PathBuf> {
        let mut list = self.list().clone();
        let open = list.open.clone();
        put(&mut list, Entry { id: current.0.to_owned(), url: current.1.to_owned(), folder: open });
        let folder = match list.workspaces.iter().find(|entry| entry.id == other.0) {
            Some(entry) => entry.folder.clone(),
            None => format!("{OTHERS}/{name}"),
        };
        put(&mut list, Entry { id: other.0.to_owned(), url: other.1.to_owned(), folder: folder.clone() });
        if list.workspaces.len() > MAX_WORKSPACES {
            let message = format!("This computer has {MAX_WORKSPACES} workspaces, which is the most Beacon keeps.");
            return Err(Error::new(Code::TooLarge, message));
        }
        let path = self.root.join(&folder);
        std::fs::create_dir_all(&path).map_err(|error| unusable(&path, &error))?;
        self.write(list)?;
        Ok(path)
    }

    /// Makes a listed workspace the open one. [`Workspaces::switches`] tells the host.
    pub fn switch(&self, id: &str) -> Result<()> {
        let mut list = self.list().clone();
        let missing = || Error::new(Code::NotFound, "This computer has no data of this workspace.");
        let entry = list.workspaces.iter().find(|entry| entry.id == id).ok_or_else(missing)?;
        list.open = entry.folder.clone();
        self.write(list)?;
        self.switches.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Writes beside the list and renames: a power cut leaves the old list or the new one.
    fn write(&self, list: List) -> Result<()> {
        let (file, next) = (self.root.join(LIST), self.root.join("workspaces.json.new"));
        let text = serde_json::to_vec_pretty(&list).map_err(|_| damaged(&file))?;
        std::fs::write(&next, text).and_then(|()| std::fs::rename(&next, &file)).map_err(|e| unusable(&file, &e))?;
        *self.list() = list;
        Ok(())
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the entry, or replaces the one with the same folder.
fn put(list: &mut List, entry: Entry) {
    match list.workspaces.iter_mut().find(|known| known.folder == entry.folder) {
        Some(known) => *known = entry,
        None => list.workspaces.push(entry),
    }
}

fn damaged(file: &Path) -> Error {
    let message = format!("The list of workspaces {} is damaged. Move it away to open the first one.", file.display());
    Error::new(Code::Storage, message)
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::Storage, format!("{} can't be used ({error}). Make room or allow writing.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_workspace_is_the_folder_itself_and_others_have_their_own() {
        let root = tempfile::tempdir().unwrap();
        let workspaces = Workspaces::open(root.path()).unwrap();
        assert_eq!((workspaces.folder(), workspaces.view()), (root.path().join(""), vec![]));
        let other = workspaces.prepare(("a", "https://a.example"), ("b", "https://b.example"), "one").unwrap();
        assert_eq!(workspaces.folder(), root.path().join(""), "not open yet");
        let switches = workspaces.switches();
        workspaces.switch("b").unwrap();
        assert!(switches.has_changed().unwrap());
        let again = Workspaces::open(root.path()).unwrap();
        assert_eq!(again.folder(), other);
        let open: Vec<_> = again.view().into_iter().map(|w| (w.id, w.open)).collect();
        assert_eq!(open, [("a".to_owned(), false), ("b".to_owned(), true)]);
        let same = again.prepare(("b", "https://b.example"), ("a", "https://moved.example"), "two").unwrap();
        assert_eq!(same, root.path().join(""), "the folder that it has already");
        assert_eq!(again.switch("c").unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn a_damaged_list_opens_nothing_by_guessing() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(LIST), "{").unwrap();
        assert_eq!(Workspaces::open(root.path()).err().map(|e| e.code), Some(Code::Storage));
    }
}
