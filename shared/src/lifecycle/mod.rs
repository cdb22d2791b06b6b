//! The life of a definition: start, stop, new phase, reweigh, archive, kill, remove, release, share.
//!
//! The only code that changes a state. The desktop, the edge's endpoints and its cron call the same functions, and all
//! of them are pure: identifiers and times are parameters.

mod experiment;
mod release;
mod removal;
mod sharing;

pub use experiment::{Command, NewPhase, Visitors, change_experiment, continued, keep_state, named_as, restarted};
pub use release::{Action, Released, discard, release, stamped_phases, transition};
pub use removal::{is_removed, mark_removed, remove, restore};
pub use sharing::{Shared, comparable, has_own_metrics, share_metrics};

use crate::model::Flag;

/// Returns the flag switched off: every visitor gets `null`.
pub fn kill(flag: &Flag) -> Flag {
    Flag { enabled: false, ..flag.clone() }
}

/// Returns the flag switched on again.
pub fn revive(flag: &Flag) -> Flag {
    Flag { enabled: true, ..flag.clone() }
}

#[cfg(test)]
mod tests;
