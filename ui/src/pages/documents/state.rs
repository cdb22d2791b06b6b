//! The state of a document on pages, and what its draft intends. Pure.

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Experiment, Flag, Status};
use yew::prelude::*;

use crate::widgets::Badge;

const DAY_MS: i64 = 86_400_000;

/// A few words with a tone of [`Badge`].
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    pub text: String,
    pub tone: &'static str,
}

impl Chip {
    fn new(text: impl Into<String>, tone: &'static str) -> Self {
        Self { text: text.into(), tone }
    }
}

/// The states of an experiment's draft and of what is live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExperimentState {
    pub draft: Status,
    /// `None` while nothing of it is live.
    pub live: Option<Status>,
    /// Unix milliseconds at which the phase on pages started.
    pub started_at: Option<i64>,
    /// True if publishing begins another phase of an experiment that runs.
    pub restarts: bool,
}

impl ExperimentState {
    pub fn of_row(row: &Summary) -> Self {
        Self {
            draft: row.status.unwrap_or_default(),
            live: row.live_status,
            started_at: row.started_at,
            restarts: row.restarts,
        }
    }

    pub fn of(draft: &Experiment, live: Option<&Experiment>) -> Self {
        let running = |e: &Experiment| e.phase().filter(|_| e.status == Status::Running).cloned();
        let (on_pages, next) = (live.and_then(running), running(draft));
        Self {
            draft: draft.status,
            live: live.map(|live| live.status),
            started_at: on_pages.as_ref().and_then(|phase| phase.started),
            restarts: on_pages.zip(next).is_some_and(|(live, next)| live.id != next.id),
        }
    }

    /// Returns what visitors get at `now`, and behind it what publishing changes.
    pub fn chips(&self, now: i64) -> Vec<Chip> {
        let runs = self.live == Some(Status::Running);
        let on_pages = match self.started_at.filter(|_| runs) {
            Some(started) => Chip::new(format!("Running · day {}", (now - started).max(0) / DAY_MS + 1), "good"),
            None if runs => Chip::new("Running", "good"),
            None if self.live.is_some() => Chip::new("Stopped", ""),
            None => Chip::new("Draft", ""),
        };
        let intended = match (runs, self.draft) {
            (true, Status::Running) if self.restarts => Some("Restarts when published"),
            (true, Status::Stopped | Status::Archived) => Some("Stops when published"),
            (false, Status::Running) => Some("Starts when published"),
            (false, Status::Archived) => return vec![Chip::new("Archived", "")],
            _ => None,
        };
        let intended = intended.map(|text| Chip::new(text, "busy"));
        match (self.live, intended) {
            // Of what no visitor ever got, only the intention is news.
            (None, Some(intended)) => vec![intended],
            (_, intended) => std::iter::once(on_pages).chain(intended).collect(),
        }
    }
}

/// The states of a flag's draft and of what is live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlagState {
    pub is_on: bool,
    /// True if the live flag is on; `None` while nothing of it is live.
    pub live: Option<bool>,
    /// True if publishing changes something.
    pub is_edited: bool,
}

impl FlagState {
    pub fn of_row(row: &Summary) -> Self {
        Self { is_on: row.enabled, live: row.live.then_some(row.live_enabled), is_edited: row.unpublished }
    }

    pub fn of(draft: &Flag, live: Option<&Flag>) -> Self {
        let is_edited = live.is_some_and(|live| live != draft);
        Self { is_on: draft.enabled, live: live.map(|live| live.enabled), is_edited }
    }

    /// Returns what visitors get, and behind it what publishing changes.
    pub fn chips(&self) -> Vec<Chip> {
        let on_pages = match self.live {
            None => Chip::new("Not live", ""),
            Some(true) => Chip::new("Live", "good"),
            Some(false) => Chip::new("Off", "bad"),
        };
        let intended = match (self.live, self.is_on) {
            (Some(true) | None, false) => Some("Off when published"),
            (Some(false), true) => Some("On when published"),
            _ if self.is_edited => Some("Edited"),
            _ => None,
        };
        std::iter::once(on_pages).chain(intended.map(|text| Chip::new(text, "busy"))).collect()
    }
}

#[derive(Properties, PartialEq)]
pub struct ChipsProps {
    pub chips: Vec<Chip>,
}

/// Draws the chips of a state.
#[component]
pub fn Chips(props: &ChipsProps) -> Html {
    html! {
        <span class="chips" data-testid="state">
            { for props.chips.iter().map(|chip| html! { <Badge text={chip.text.clone()} tone={chip.tone} /> }) }
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(chips: Vec<Chip>) -> String {
        chips.into_iter().map(|chip| chip.text).collect::<Vec<_>>().join(" → ")
    }

    /// U3.
    #[test]
    fn an_experiment_says_what_visitors_get_and_what_its_draft_intends() {
        use Status::{Archived, Draft, Running, Stopped};
        for (draft, live, restarts, expected) in [
            (Draft, None, false, "Draft"),
            (Running, None, false, "Starts when published"),
            (Stopped, None, false, "Draft"),
            (Running, Some(Running), false, "Running · day 3"),
            (Running, Some(Running), true, "Running · day 3 → Restarts when published"),
            (Stopped, Some(Running), false, "Running · day 3 → Stops when published"),
            (Archived, Some(Running), false, "Running · day 3 → Stops when published"),
            (Stopped, Some(Stopped), false, "Stopped"),
            (Running, Some(Stopped), false, "Stopped → Starts when published"),
            (Archived, Some(Stopped), false, "Archived"),
            (Archived, None, false, "Archived"),
        ] {
            let state = ExperimentState { draft, live, started_at: Some(1_000), restarts };
            assert_eq!(words(state.chips(1_000 + 2 * DAY_MS)), expected, "{draft:?} {live:?}");
        }
        let unstamped = ExperimentState { draft: Running, live: Some(Running), started_at: None, restarts: false };
        assert_eq!(words(unstamped.chips(0)), "Running");
    }

    /// U3.
    #[test]
    fn a_flag_says_what_visitors_get_and_what_its_draft_intends() {
        for (is_on, live, is_edited, expected) in [
            (true, None, false, "Not live"),
            (false, None, false, "Not live → Off when published"),
            (true, Some(true), false, "Live"),
            (true, Some(true), true, "Live → Edited"),
            (false, Some(true), true, "Live → Off when published"),
            (false, Some(false), false, "Off"),
            (true, Some(false), true, "Off → On when published"),
            (false, Some(false), true, "Off → Edited"),
        ] {
            assert_eq!(words(FlagState { is_on, live, is_edited }.chips()), expected, "{is_on} {live:?}");
        }
    }
}
