//! Charts, drawn by the core as SVG: the interface only places them.

pub mod forest;
mod layout;
mod palette;
mod scale;
mod words;

pub use forest::forest;
pub use words::words;
