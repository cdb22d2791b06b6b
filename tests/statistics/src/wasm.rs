//! The numbers, one at a time, so that Node needs no glue to read them.
#![allow(unsafe_code)] // Exported names are unsafe attributes; nothing here touches memory.

use std::sync::OnceLock;

static VALUES: OnceLock<Vec<f64>> = OnceLock::new();

fn values() -> &'static [f64] {
    VALUES.get_or_init(crate::agreement::values)
}

/// How many numbers there are.
#[unsafe(no_mangle)]
pub extern "C" fn count() -> u32 {
    values().len() as u32
}

/// The number at this place; NaN when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn value(index: u32) -> f64 {
    values().get(index as usize).copied().unwrap_or(f64::NAN)
}
