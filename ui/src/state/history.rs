//! The edits of a draft that can be taken back. Pure.

use crate::undo::Direction;

/// The most steps that are kept.
const MOST: usize = 100;
/// Edits of one place that follow each other within this time, in milliseconds, are one step.
const TOGETHER_MS: f64 = 1_000.0;

/// The place and the time of an edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Id of the field that is typed in; empty for a button, whose edits are steps of their own.
    pub place: String,
    /// Milliseconds.
    pub at: f64,
}

#[derive(Clone, Debug, PartialEq)]
struct Step<T> {
    origin: Origin,
    before: T,
    after: T,
}

/// A change to make to the draft: what was `from` becomes `to` again.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<T> {
    pub from: T,
    pub to: T,
}

/// The steps that were done, and those that were taken back.
pub struct History<T> {
    done: Vec<Step<T>>,
    undone: Vec<Step<T>>,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new() }
    }
}

impl<T: Clone + PartialEq> History<T> {
    /// Takes in an edit. Steps that were taken back are gone, as in any editor.
    pub fn record(&mut self, origin: Origin, before: T, after: T) {
        if before == after {
            return;
        }
        self.undone.clear();
        let last = self.done.last_mut().filter(|last| {
            let soon = (0.0..=TOGETHER_MS).contains(&(origin.at - last.origin.at));
            !origin.place.is_empty() && last.origin.place == origin.place && soon && last.after == before
        });
        match last {
            Some(last) => (last.origin, last.after) = (origin, after),
            None => self.done.push(Step { origin, before, after }),
        }
        if self.done.len() > MOST {
            self.done.remove(0);
        }
    }

    /// Moves one step back or forth. Returns the change to make.
    pub fn take(&mut self, direction: Direction) -> Option<Change<T>> {
        let (from, to) = match direction {
            Direction::Undo => (&mut self.done, &mut self.undone),
            Direction::Redo => (&mut self.undone, &mut self.done),
        };
        let step = from.pop()?;
        // What is typed next is a step of its own, wherever it is typed.
        to.push(Step { origin: Origin::default(), ..step.clone() });
        Some(match direction {
            Direction::Undo => Change { from: step.after, to: step.before },
            Direction::Redo => Change { from: step.before, to: step.after },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(history: &mut History<String>, place: &str, at: f64, before: &str, after: &str) {
        history.record(Origin { place: place.to_owned(), at }, before.to_owned(), after.to_owned());
    }

    fn taken(history: &mut History<String>, direction: Direction) -> Option<(String, String)> {
        history.take(direction).map(|change| (change.from, change.to))
    }

    fn change(from: &str, to: &str) -> Option<(String, String)> {
        Some((from.to_owned(), to.to_owned()))
    }

    #[test]
    fn what_is_typed_in_one_go_is_one_step() {
        let mut history = History::default();
        typed(&mut history, "name", 0.0, "", "S");
        typed(&mut history, "name", 900.0, "S", "Sh");
        typed(&mut history, "name", 1_800.0, "Sh", "Sho");
        typed(&mut history, "name", 2_900.0, "Sho", "Shop");
        typed(&mut history, "key", 2_950.0, "Shop", "Shop/k");
        assert_eq!(taken(&mut history, Direction::Undo), change("Shop/k", "Shop"), "another field");
        assert_eq!(taken(&mut history, Direction::Undo), change("Shop", "Sho"), "after a pause");
        assert_eq!(taken(&mut history, Direction::Undo), change("Sho", ""));
        assert_eq!(taken(&mut history, Direction::Undo), None);
        assert_eq!(taken(&mut history, Direction::Redo), change("", "Sho"));
        typed(&mut history, "name", 3_000.0, "Sho", "Show");
        assert_eq!(taken(&mut history, Direction::Redo), None, "a new edit ends the way forth");
        assert_eq!(taken(&mut history, Direction::Undo), change("Show", "Sho"));
    }

    #[test]
    fn every_click_is_a_step_and_the_oldest_steps_go() {
        let mut history = History::default();
        for n in 0..=MOST {
            typed(&mut history, "", 0.0, &n.to_string(), &(n + 1).to_string());
        }
        typed(&mut history, "", 0.0, "same", "same");
        let count = std::iter::from_fn(|| history.take(Direction::Undo)).count();
        assert_eq!(count, MOST);
        assert_eq!(taken(&mut history, Direction::Redo), change("1", "2"));
    }
}
