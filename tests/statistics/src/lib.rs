//! Shows that the statistics do what they say.

pub mod agreement;
pub mod random;
pub mod simulation;
pub mod validity;
#[cfg(target_arch = "wasm32")]
mod wasm;
