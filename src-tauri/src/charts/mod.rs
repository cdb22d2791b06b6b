//! Charts, drawn by the core as SVG: the interface only places them.

mod alt_text;
pub mod forest;
mod palette;
mod rows;
mod scale;

pub use alt_text::alt_text;
pub use forest::forest;
