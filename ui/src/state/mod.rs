//! The window's state between the core and its pages.
//!
//! [`store`] has the documents by id; [`editor`] is an open draft; [`live`] is what belongs to no document, such as
//! where sync stands. [`cache`], [`editing`] and [`history`] are the pure parts.

mod cache;
mod call;
pub mod editing;
mod editor;
mod history;
mod live;
mod store;

pub use call::use_call;
pub use editor::{Editor, use_editor};
pub use live::{Live, LiveChange, Part, system_theme, use_live, use_live_change};
pub use store::{Editable, Store, use_document, use_rows};
