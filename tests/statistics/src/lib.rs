//! Shows that the statistics do what they say.

pub mod agreement;
pub mod experiment;
pub mod hazards;
pub mod plans;
pub mod random;
pub mod row;
pub mod simulation;
pub mod validity;
pub mod verdicts;
#[cfg(target_arch = "wasm32")]
mod wasm;
