use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Definition, Kind};

/// A website that loads `beacon.js`. Pages name it by its document id (`data-site-id`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// A short name for files and addresses, such as `shop`.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Hosts that may send events: exact (`shop.example`) or with a wildcard (`*.shop.example`).
    pub domains: Vec<String>,
    /// True if pages on localhost and 127.0.0.1 count as this site's.
    #[serde(default)]
    pub allow_localhost: bool,
    /// A disabled site's events are refused and its definitions are empty.
    pub enabled: bool,
    /// IANA name of the time zone in which the site's days begin.
    pub time_zone: String,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Definition for Site {
    const KIND: Kind = Kind::Site;
    fn key(&self) -> &str {
        &self.key
    }
    fn name(&self) -> &str {
        &self.name
    }
}
