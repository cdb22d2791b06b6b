//! The visitor who is asking.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;
use url::Url;

use crate::model::StickyDocuments;

/// Nothing to hash.
pub(super) static NO_VALUE: Value = Value::String(String::new());

/// The visitor who is asking, the page, and what is forced.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Attributes of the visitor: an object.
    pub attributes: &'a Value,
    /// The page's address, or empty.
    pub url: &'a str,
    /// Variation by experiment key.
    pub forced_variations: BTreeMap<String, i64>,
    /// `false` keeps everybody out of all experiments.
    pub enabled: bool,
    /// `true` keeps everybody out of experiments that are not forced.
    pub qa_mode: bool,
    /// Earlier assignments of the visitor. `None` switches sticky bucketing off, fallback attributes with it.
    pub sticky: Option<&'a StickyDocuments>,
    page: OnceLock<Option<Url>>,
}

impl<'a> Context<'a> {
    /// A visitor with these attributes, nothing forced.
    pub fn new(attributes: &'a Value) -> Self {
        Self {
            attributes,
            url: "",
            forced_variations: BTreeMap::new(),
            enabled: true,
            qa_mode: false,
            sticky: None,
            page: OnceLock::new(),
        }
    }

    /// The page's address, parsed once; a relative one counts from a host that no page has.
    pub(super) fn page(&self) -> Option<&Url> {
        let parse = || Url::parse("https://_").and_then(|base| base.join(self.url)).ok();
        self.page.get_or_init(parse).as_ref()
    }

    /// The attribute's value, or an empty text when JavaScript would call it false.
    pub(super) fn hashed(&self, attribute: &str) -> &'a Value {
        let value = self.attributes.get(attribute).filter(|value| super::condition::is_truthy(value));
        value.unwrap_or(&NO_VALUE)
    }

    /// The attribute's value as it is hashed; empty when there is nothing to hash.
    pub(super) fn hash_value(&self, attribute: &str) -> Cow<'a, str> {
        super::condition::to_text(self.hashed(attribute))
    }
}
