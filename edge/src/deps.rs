//! The ports and the memory that a request works with.

use std::sync::Arc;

use crate::digest::Text;
use crate::isolate::keys::KeyMemory;
use crate::isolate::live::LiveMemory;
use crate::ports::{Background, Cache, Clock, Db, Limiter, Logs, Objects};

/// Everything that handlers work with.
#[derive(Clone)]
pub struct Deps {
    /// The workspace.
    pub db: Arc<dyn Db>,
    /// Bundles and sealed segments.
    pub objects: Arc<dyn Objects>,
    /// Bundles near the visitors.
    pub cache: Arc<dyn Cache>,
    /// Events.
    pub logs: Arc<dyn Logs>,
    /// Limits by address.
    pub limiter: Arc<dyn Limiter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Work after the answer.
    pub background: Arc<dyn Background>,
    /// The isolate's memory of what is live.
    pub live: Arc<LiveMemory>,
    /// The isolate's memory of keys.
    pub keys: Arc<KeyMemory>,
    /// The first admin key, from the worker's secrets.
    pub admin_key: Option<Arc<str>>,
    /// beacon.js.
    pub script: Arc<Text>,
}
