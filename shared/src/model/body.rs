//! The envelope around every definition: what is being edited next to what is live.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The schema version this build writes. A document with a higher one is kept, but read-only.
pub const SCHEMA: u32 = 3;

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A website.
    Site,
    /// An A/B test.
    Experiment,
    /// A feature flag.
    Flag,
    /// A set of visitors.
    Segment,
    /// A metric that several experiments use.
    Metric,
    /// Any kind that only a newer version knows. Nothing of it is kept or taken; see [`Kind::ALL`] for those that are.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// All kinds that this version knows, in the order in which they are declared.
    pub const ALL: [Self; 5] = [Self::Site, Self::Experiment, Self::Flag, Self::Segment, Self::Metric];

    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Experiment => "experiment",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Metric => "metric",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`Kind::as_str`].
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == s)
    }
}

/// A definition that lives in a document: a [`super::Site`], a [`super::Flag`] and so on.
pub trait Definition: Serialize + DeserializeOwned + Clone + PartialEq {
    /// Kind of the document that holds it.
    const KIND: Kind;
    /// The name by which pages address it, unique in the workspace for its kind.
    fn key(&self) -> &str;
    /// The name that people read.
    fn name(&self) -> &str;
}

/// The body of a document: `draft` is edited, `released` is what publishing takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body<T> {
    /// The schema version the body was written with.
    pub schema: u32,
    /// The definition as it is edited.
    pub draft: T,
    /// The definition in the next bundle; `None` until it is first released.
    pub released: Option<T>,
    /// True if the draft asks for the document's removal: publishing that takes it off the sites and deletes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// Fields of a newer schema, kept so that a round trip loses nothing.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl<T> Body<T> {
    /// A body that was never released.
    pub fn draft(draft: T) -> Self {
        Self { schema: SCHEMA, draft, released: None, removed: false, extra: Map::new() }
    }
}

/// A revision of a document. The op id is its identity, because a number repeats itself after a restore.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision {
    /// The number of accepted changes of the document so far.
    pub rev: u64,
    /// The op id of the newest of them; empty where an older version does not know it.
    #[serde(default)]
    pub op_id: String,
}

impl Revision {
    /// Returns true if both are the same, as far as both say.
    pub fn is(&self, other: &Self) -> bool {
        let any = self.op_id.is_empty() || other.op_id.is_empty();
        self.rev == other.rev && (any || self.op_id == other.op_id)
    }
}

/// A document as the edge orders it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Opaque and never reused: `sit_…`, `exp_…`, `flg_…`, `seg_…`, `met_…`.
    pub id: String,
    /// Kind of the definition in the body.
    pub kind: Kind,
    /// The draft's key, unique among the living documents of its kind.
    pub key: String,
    /// Counts the accepted changes of this document, from 1.
    pub rev: u64,
    /// The workspace's sequence number at which this revision was accepted.
    pub seq: u64,
    /// The op id of this revision; empty from an edge that does not send it yet.
    #[serde(default)]
    pub op_id: String,
    /// True if the document was deleted. Its id stays taken.
    pub deleted: bool,
    /// A [`Body`] as JSON.
    pub body: Value,
}

impl Document {
    /// Returns this revision's identity.
    pub fn revision(&self) -> Revision {
        Revision { rev: self.rev, op_id: self.op_id.clone() }
    }
}
