//! The parts of an evaluation besides the value: its reason, and the assignment that is kept for the next one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The reason why a feature has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// There is no such feature.
    UnknownFeature,
    /// No rule applied.
    DefaultValue,
    /// A rule forced it.
    Force,
    /// A rule's experiment assigned it.
    Experiment,
    /// A gating prerequisite failed.
    Prerequisite,
    /// The feature depends on itself.
    CyclicPrerequisite,
}

impl Source {
    /// As the specification spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFeature => "unknownFeature",
            Self::DefaultValue => "defaultValue",
            Self::Force => "force",
            Self::Experiment => "experiment",
            Self::Prerequisite => "prerequisite",
            Self::CyclicPrerequisite => "cyclicPrerequisite",
        }
    }
}

/// The reason why a visitor is not in an experiment, or is without being hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The hash assigned the variation.
    Hashed,
    /// An earlier assignment was kept.
    Sticky,
    /// The page's address forces the variation.
    QueryOverride,
    /// The caller forces the variation.
    ContextOverride,
    /// The definition forces the variation.
    DefinitionOverride,
    /// There are fewer than two variations.
    TooFewVariations,
    /// Experiments are switched off for this caller.
    Disabled,
    /// The page is not targeted.
    Url,
    /// It is a draft, or switched off.
    Inactive,
    /// The visitor has no value to hash.
    NoHashValue,
    /// The visitor is outside the filters or the namespace.
    Filtered,
    /// The condition does not hold.
    Condition,
    /// A prerequisite does not hold.
    Prerequisite,
    /// The definition's hash version is unknown.
    UnknownHashVersion,
    /// An earlier assignment is from before the least bucket version.
    StickyBlocked,
    /// The visitor's place is outside all ranges.
    NotCovered,
    /// The caller tests, and nothing is forced.
    QaMode,
    /// It is over.
    Stopped,
}

/// The assignments of an attribute's value, as GrowthBook's SDKs store them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StickyDocument {
    /// The attribute.
    pub attribute_name: String,
    /// Its value as text.
    pub attribute_value: String,
    /// By `experiment key__bucket version`: the variation's key.
    pub assignments: BTreeMap<String, String>,
}

/// The stored documents, by [`sticky_key`].
pub type StickyDocuments = BTreeMap<String, StickyDocument>;

/// An assignment that is new, and to be stored if the visitor is to keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StickyAssignment {
    /// The attribute that was hashed.
    pub attribute_name: String,
    /// Its value as text.
    pub attribute_value: String,
    /// `experiment key__bucket version`.
    pub experiment: String,
    /// The variation's key.
    pub variation: String,
}

impl StickyAssignment {
    /// Adds it to the documents.
    pub fn store(self, documents: &mut StickyDocuments) {
        let key = sticky_key(&self.attribute_name, &self.attribute_value);
        let document = documents.entry(key).or_insert_with(|| StickyDocument {
            attribute_name: self.attribute_name,
            attribute_value: self.attribute_value,
            assignments: BTreeMap::new(),
        });
        document.assignments.insert(self.experiment, self.variation);
    }
}

/// Under which key a document is stored.
pub fn sticky_key(attribute: &str, value: &str) -> String {
    format!("{attribute}||{value}")
}
