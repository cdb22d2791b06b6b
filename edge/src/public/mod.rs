//! Endpoints for pages and their servers.

pub mod collect;
pub mod evaluate;
pub mod features;
pub mod ofrep;
pub mod script;
mod visitor;

use beacon_shared::api::Health;

use crate::http::{Answer, answer};

/// Says that the worker runs.
pub async fn health() -> Answer {
    answer(&Health { status: "ok".to_owned() })
}
