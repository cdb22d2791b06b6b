//! The life of an experiment's draft.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::model::{Cause, Experiment, Phase, PhasePlan, Status, Weight};
use crate::validate;

/// The variants that visitors of an earlier phase get in a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visitors {
    /// A new draw for each visitor, so that nothing carries over from the phase before.
    #[default]
    Reassign,
    /// The variant of the phase before; the weights count for new visitors only.
    Keep,
}

/// The phase that a command begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPhase {
    /// An id that the experiment has not used: letters and digits.
    pub id: String,
    /// Reason why it begins.
    pub cause: Cause,
    /// The variants that earlier visitors get.
    pub visitors: Visitors,
    /// The size that it is planned for; `None` takes the plan of the phase before.
    pub plan: Option<PhasePlan>,
}

/// A change of an experiment's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begins a phase with the assignment that the draft describes. A running experiment stays as it is.
    Start(NewPhase),
    /// Ends the running phase. An experiment that does not run stays as it is.
    Stop,
    /// Begins a phase with other weights, while the experiment runs.
    Reweigh(NewPhase, Vec<Weight>),
    /// Hides an experiment that does not run.
    Archive,
    /// Brings an archived experiment back.
    Unarchive,
}

/// Applies a command to an experiment.
///
/// Errors: [`Code::Invalid`] with the fields that keep it from starting, [`Code::Locked`] when the state does not allow
/// the command.
pub fn change_experiment(before: &Experiment, command: Command) -> Result<Experiment> {
    match command {
        Command::Start(phase) => start(before, phase),
        Command::Stop => Ok(stop(before)),
        Command::Reweigh(phase, weights) => reweigh(before, phase, &weights),
        Command::Archive => archive(before),
        Command::Unarchive => Ok(unarchive(before)),
    }
}

fn start(before: &Experiment, phase: NewPhase) -> Result<Experiment> {
    match before.status {
        Status::Running => return Ok(before.clone()),
        Status::Archived => return Err(locked("This experiment is archived. Take it out of the archive first.")),
        Status::Draft | Status::Stopped => {}
    }
    let mut after = before.clone();
    if after.seed.is_empty() {
        after.seed.clone_from(&after.key);
    }
    after.status = Status::Running;
    begin(&mut after, phase);
    // A phase that never went live has assigned nobody.
    let replaced = before.phases.last().is_some_and(|last| last.started.is_none());
    if replaced {
        after.phases.remove(before.phases.len() - 1);
    }
    valid(after)
}

/// Returns what is wanted as a change of the experiment that runs: it runs on, in the same phases.
pub fn continued(running: &Experiment, wanted: &Experiment) -> Experiment {
    Experiment { status: Status::Running, phases: running.phases.clone(), ..wanted.clone() }
}

/// Returns the experiment under the names of the one that runs: they cannot change, not even in a new phase.
pub fn named_as(running: &Experiment, experiment: Experiment) -> Experiment {
    let (key, site_id, seed) = (running.key.clone(), running.site_id.clone(), running.seed.clone());
    Experiment { key, site_id, seed, ..experiment }
}

/// Starts an experiment again that is to run although its last phase has ended elsewhere; stopped if it cannot start.
pub fn restarted(experiment: &Experiment, next: NewPhase) -> Experiment {
    let stopped = Experiment { status: Status::Stopped, ..experiment.clone() };
    change_experiment(&stopped, Command::Start(next)).unwrap_or(stopped)
}

fn stop(before: &Experiment) -> Experiment {
    let mut after = before.clone();
    if after.status == Status::Running {
        after.status = Status::Stopped;
    }
    after
}

fn reweigh(before: &Experiment, phase: NewPhase, weights: &[Weight]) -> Result<Experiment> {
    if before.status != Status::Running {
        return Err(locked("This experiment isn't running. Change the split in its draft."));
    }
    let mut after = before.clone();
    for variant in &mut after.variants {
        variant.weight = weights.iter().find(|w| w.variant == variant.id).map_or(0, |w| w.weight);
    }
    begin(&mut after, phase);
    valid(after)
}

/// Adds a phase with the assignment that the experiment's fields describe.
fn begin(experiment: &mut Experiment, NewPhase { id, cause, visitors, plan }: NewPhase) {
    let plan = plan.or_else(|| experiment.phase().and_then(|last| last.plan.clone()));
    let last = experiment.phases.last().map(|last| experiment.assignment(last).seed);
    let mut assignment = experiment.next_assignment();
    assignment.seed = match (last, visitors) {
        (None, _) => experiment.seed.clone(),
        (Some(seed), Visitors::Keep) => seed,
        (Some(_), Visitors::Reassign) => format!("{}:{id}", experiment.key),
    };
    experiment.phases.push(Phase { id, cause, assignment: Some(assignment), plan, ..Phase::default() });
}

fn valid(experiment: Experiment) -> Result<Experiment> {
    let problems = validate::experiment(&experiment);
    if problems.is_empty() { Ok(experiment) } else { Err(Error::invalid(problems)) }
}

fn archive(before: &Experiment) -> Result<Experiment> {
    if before.status == Status::Running {
        return Err(locked("This experiment is running. Stop it before you archive it."));
    }
    Ok(Experiment { status: Status::Archived, ..before.clone() })
}

fn unarchive(before: &Experiment) -> Experiment {
    let status = match before.status {
        Status::Archived if before.phases.is_empty() => Status::Draft,
        Status::Archived => Status::Stopped,
        other => other,
    };
    Experiment { status, ..before.clone() }
}

/// Keeps an edit from changing the state: status and phases stay as they were, and a new draft has none.
pub fn keep_state(before: Option<&Experiment>, edited: &mut Experiment) {
    match before {
        Some(before) => {
            edited.status = before.status;
            edited.phases.clone_from(&before.phases);
        }
        None => {
            edited.status = Status::Draft;
            edited.phases.clear();
        }
    }
}

fn locked(message: &str) -> Error {
    Error::new(Code::Locked, message)
}
