//! The parts of the lists and editors of every kind of document.

mod conflict;
mod deletion;
mod discard;
mod heading;
mod opening;
mod places;
mod problems;
mod row;
mod rows;
mod search;
mod state;
mod unedited;

pub use conflict::Conflict;
pub use deletion::{Deletion, again, ask};
pub use discard::discard;
pub use heading::{Heading, heading, title_of};
pub use opening::use_opening;
pub use places::{ProblemLinks, go_to};
pub use problems::{problem_at, problem_under, problems_under};
pub use row::{DocumentRow, StateBadges};
pub use rows::{Rows, on_site, site_options};
pub use search::{Search, found, measures};
pub use state::{Chips, ExperimentState, FlagState};
pub use unedited::{Unedited, of_experiment, of_flag, of_rule};
