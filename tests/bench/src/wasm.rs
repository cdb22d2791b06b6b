//! The scenario for workerd. It makes its own payload, so nothing has to cross the border but numbers.
#![allow(unsafe_code)] // Exported names are unsafe attributes; nothing here touches memory.

use std::sync::OnceLock;

use beacon_shared::eval::definitions::Definitions;
use serde_json::Value;

use crate::flags;

static SCENE: OnceLock<(Definitions, Vec<Value>)> = OnceLock::new();

/// Runs this many rounds; says how many evaluations of one of them an experiment decided.
#[unsafe(no_mangle)]
pub extern "C" fn rounds(count: u32) -> u32 {
    let (definitions, visitors) = SCENE.get_or_init(|| (Definitions::parse(&flags::payload()), flags::visitors()));
    let contexts = flags::contexts(visitors);
    (0..count).map(|_| flags::round(definitions, &contexts)).last().unwrap_or_default() as u32
}
