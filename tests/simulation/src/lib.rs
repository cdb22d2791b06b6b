//! Seeded histories of several devices and one edge.
//!
//! Each device is the app's own store, planner and merge, on SQLite in memory. The edge is the edge's own code, on the
//! same statements as D1. Between them, a network loses, repeats and delays; devices crash between persisted steps; the
//! edge is restored to an earlier copy. After the network heals, the checks of [`checks`] must hold.

pub mod checks;
pub mod device;
pub mod drafts;
pub mod ledger;
pub mod world;

use anyhow::{Result, anyhow};
use beacon_shared::sync::mutant::{self, Mutant};

use crate::world::World;

/// The steps of one history.
pub const STEPS: usize = 150;

/// Plays the history of a seed. The error names what does not hold, with the last steps.
pub fn play(seed: u64) -> Result<()> {
    let mut world = World::new(seed)?;
    let outcome = (0..STEPS).try_for_each(|_| world.step()).and_then(|()| world.heal());
    let outcome = outcome.and_then(|()| checks::all(&world.edge, &world.devices, &world.ledger));
    outcome.map_err(|error| {
        let error = format!("{error:#}");
        anyhow!("seed {seed}: {error}\n{}", world.trace(&error))
    })
}

/// Plays histories until one fails; returns how many it took, `None` if all held.
pub fn kill(mutant: Mutant, seeds: u64) -> Option<u64> {
    mutant::activate(Some(mutant));
    let killed = (1..=seeds).find(|seed| play(*seed).is_err());
    mutant::activate(None);
    killed
}

#[cfg(test)]
mod tests;
