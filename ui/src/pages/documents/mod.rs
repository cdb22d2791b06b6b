//! The parts of the lists and editors of every kind of document.

mod conflict;
mod deletion;
mod heading;
mod opening;
mod problems;
mod row;
mod rows;
mod search;

pub use conflict::Conflict;
pub use deletion::Deletion;
pub use heading::{Heading, heading, title_of};
pub use opening::use_opening;
pub use problems::{problem_at, problem_under};
pub use row::{DocumentRow, StateBadges};
pub use rows::{Rows, site_options};
pub use search::{Search, found, measures};
