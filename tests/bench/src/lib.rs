//! The work of the benchmarks, natively and as wasm.

pub mod flags;
#[cfg(target_arch = "wasm32")]
mod wasm;
