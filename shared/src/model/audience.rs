use serde::{Deserialize, Serialize};

use super::units::WHOLE;
use super::{Holdout, Namespace, PagePattern, Prerequisite, Sticky};

/// The visitors who take part in an experiment or in one of its phases, apart from its condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audience {
    /// Share of eligible visitors that enter at all, in parts of 10,000.
    pub coverage: u32,
    /// The attribute that is hashed; `id` is the visitor id.
    pub hash_attribute: String,
    /// 2, the unbiased hash. 1 only in what was imported.
    pub hash_version: u32,
    /// The part of a namespace in which it runs; `None` for beside everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Visitors who are kept out, of this and of every other experiment that names the same holdout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Holdout>,
    /// Fallback attribute and versions of kept assignments. They are kept until a phase has another seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Pages on which it runs; empty is all of the site's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PagePattern>,
    /// Flags that must have a value first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
}

impl Default for Audience {
    /// Everybody, on every page, by the visitor id.
    fn default() -> Self {
        Self {
            coverage: WHOLE,
            hash_attribute: "id".to_owned(),
            hash_version: 2,
            namespace: None,
            holdout: None,
            sticky: None,
            pages: Vec::new(),
            prerequisites: Vec::new(),
        }
    }
}
