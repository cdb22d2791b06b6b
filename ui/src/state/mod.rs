//! What the interface shows: copies of what the core holds, fetched again when it says that they changed.

mod call;
mod data;
mod draft;
mod loader;

pub use call::{Answer, use_call};
pub use data::{Data, Loaded, Store, items, title, use_store};
pub use draft::{Draft, Progress, Saved, Start, use_draft};
pub use loader::{Part, use_provide};
