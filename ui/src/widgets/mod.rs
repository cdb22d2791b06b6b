//! Small parts that pages are made of.

mod badge;
mod banner;
mod copyable;
mod empty;
mod field;
mod json_editor;
mod keys;
mod number;
mod scroll;

pub use badge::{Badge, StatusBadge, SyncBadge};
pub use banner::{Banner, ErrorBanner, Note};
pub use copyable::Copyable;
pub use empty::Empty;
pub use field::{Checkbox, Choice, Field, FieldKind, Reveal};
pub use json_editor::{JsonEdit, JsonEditor, unfinished};
pub use keys::keys;
pub use number::{read_or_keep, shown};
pub use scroll::use_scroll_to;
