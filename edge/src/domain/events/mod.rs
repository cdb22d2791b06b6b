//! Collecting: who may send, what an event must look like, and what the edge adds to it.

mod batch;
mod clock;
pub mod origin;
pub mod user_agent;
pub mod validate;

pub use batch::Batch;
pub use clock::Clock;

use crate::ports::Place;

/// The edge's knowledge of a request with events.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The host of the page that sends.
    pub host: Option<String>,
    /// True if a server sends, with a key for it.
    pub by_key: bool,
    /// The sender's address. It is counted and not kept.
    pub address: String,
    /// The sender's user agent.
    pub user_agent: String,
    /// True if the browser says that nobody sees the page.
    pub prefetch: bool,
    /// The place that the connection comes from.
    pub place: Place,
}
