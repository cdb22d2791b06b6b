//! Deliberately broken variants of sync. The simulation must catch each of them, or it proves nothing.
//!
//! They exist only with the feature `mutants`, which nothing that ships turns on.

/// One broken variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// A merge takes this device's side, whole: last writer wins.
    MergeTakesMine,
    /// A merge takes the edge's side, whole: first writer wins.
    MergeTakesTheirs,
    /// A list whose elements both sides changed is this device's.
    ListsAreMine,
    /// Weights merge variant by variant.
    WeightsMergeApart,
    /// A conflict is kept as this device has it, and not asked about.
    ConflictsAreMine,
    /// A save replaces the draft, whatever it was made from.
    SaveIgnoresBase,
    /// A save overwrites what was pulled and not seen.
    SaveAsksNothing,
    /// A pulled row is merged while an op is in flight.
    PullMovesBaseInFlight,
    /// The cursor passes a row that waits.
    CursorPassesHeldRow,
    /// A retry gets another op id.
    RetryIsAnotherOp,
    /// A stale op is sent again on the newer revision, without a merge.
    StaleIsForced,
    /// After a restore, the old base still counts as common ground.
    ResyncKeepsBase,
    /// A document that the edge lost is pushed again without asking.
    MissingIsPushedAgain,
    /// A merge keeps what this device thinks is released.
    ReleasedIsMine,
    /// An open conflict ends with the next pull, in favour of the edge.
    PullEndsConflict,
    /// "Keep mine" on an experiment that started changes the running phase.
    MineChangesRunningPhase,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::MergeTakesMine,
        Self::MergeTakesTheirs,
        Self::ListsAreMine,
        Self::WeightsMergeApart,
        Self::ConflictsAreMine,
        Self::SaveIgnoresBase,
        Self::SaveAsksNothing,
        Self::PullMovesBaseInFlight,
        Self::CursorPassesHeldRow,
        Self::RetryIsAnotherOp,
        Self::StaleIsForced,
        Self::ResyncKeepsBase,
        Self::MissingIsPushedAgain,
        Self::ReleasedIsMine,
        Self::PullEndsConflict,
        Self::MineChangesRunningPhase,
    ];
}

#[cfg(feature = "mutants")]
thread_local! {
    static ACTIVE: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Breaks this thread's sync in one way, or mends it.
#[cfg(feature = "mutants")]
pub fn activate(mutant: Option<Mutant>) {
    ACTIVE.set(mutant);
}

/// Returns true if this thread's sync is broken in that way.
#[cfg(feature = "mutants")]
pub fn is_active(mutant: Mutant) -> bool {
    ACTIVE.get() == Some(mutant)
}

/// Nothing is broken in what ships.
#[cfg(not(feature = "mutants"))]
pub const fn is_active(_: Mutant) -> bool {
    false
}
