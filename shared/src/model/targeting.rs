//! Targeting: the parts that experiments, flags and rules have in common.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A part of the places of a shared hash. Experiments in different parts of one namespace never share a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name.
    pub key: String,
    /// Begin of the part, in parts of 10,000.
    pub from: u32,
    /// End of the part; this place is outside.
    pub until: u32,
    /// Seed of the shared hash; empty for one made of the key. Only imported ones have another.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seed: String,
    /// 2, the unbiased hash. 1 only in what was imported.
    #[serde(default = "newest_hash", skip_serializing_if = "is_newest_hash")]
    pub hash_version: u32,
    /// The attribute that is hashed; empty for the one that the experiment or the rule hashes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attribute: String,
}

pub(super) fn newest_hash() -> u32 {
    2
}

pub(super) fn is_newest_hash(version: &u32) -> bool {
    *version == newest_hash()
}

/// Visitors who are kept out of every experiment that names the holdout, to see what all of them did together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdout {
    /// Its name, the seed of its hash.
    pub key: String,
    /// The share of visitors that is kept out, in parts of 10,000: the same wherever it is named.
    pub share: u32,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Unix milliseconds of its beginning; `None` for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Unix milliseconds of its end, which is outside; `None` for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl Schedule {
    /// Returns true if `now`, in Unix milliseconds, is in it.
    pub fn holds(&self, now: i64) -> bool {
        self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
    }

    /// Returns true if it is all of time.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }
}

/// A flag that must have a certain value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prerequisite {
    /// The flag's key.
    pub flag: String,
    /// A condition on `value`, such as `{"value": true}`.
    pub condition: Map<String, Value>,
}

/// The notation of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// An address or a part of one, in which `*` stands for anything.
    Simple,
    /// A regular expression on the whole address, or on what follows the host.
    Regex,
}

impl PatternKind {
    /// As the payload has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Regex => "regex",
        }
    }
}

/// A pattern that includes or excludes pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePattern {
    /// Notation of the pattern.
    pub kind: PatternKind,
    /// The pattern.
    pub pattern: String,
    /// True if pages that match are in, or out whatever else matches.
    #[serde(default = "yes")]
    pub include: bool,
}

impl PagePattern {
    /// Returns the pattern as payloads have it.
    pub fn as_growthbook(&self) -> Value {
        json!({"type": self.kind.as_str(), "pattern": self.pattern, "include": self.include})
    }
}

fn yes() -> bool {
    true
}

/// Fallback attribute and versions of kept assignments. Visitors stay in the variant they were assigned first, even
/// when weights, coverage or targeting change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// The attribute that counts where the hashed one is empty, such as a device id before signing in; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fallback_attribute: String,
    /// Raising it gives every visitor a new assignment by the hash.
    #[serde(default)]
    pub version: u32,
    /// Visitors who were assigned under an older version than this are left out.
    #[serde(default)]
    pub min_version: u32,
}
