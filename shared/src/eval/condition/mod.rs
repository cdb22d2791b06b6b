//! Conditions: who is eligible. Parsed once into [`Condition`], evaluated many times without allocating.
//!
//! The semantics are those of GrowthBook's SDK specification 0.8.0, which are JavaScript's where types differ: a
//! missing attribute is null, null compares as zero, and a string condition compares with the attribute as a string.

mod js;
mod operator;
mod parse;
pub mod version;

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

pub(super) use js::{string as to_text, truthy as is_truthy};
pub use parse::MAX_DEPTH;

/// Saved groups by id: what `$inGroup` and `$notInGroup` look in.
pub type Groups = BTreeMap<String, Vec<Value>>;

/// A parsed condition on attributes. The empty one is true for everybody.
#[derive(Clone, Debug, Default)]
pub struct Condition(Vec<Clause>);

#[derive(Clone, Debug)]
enum Clause {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Nor(Vec<Condition>),
    Not(Condition),
    /// The attribute at a dotted path.
    Attribute(Vec<String>, Test),
    /// What could not be understood is true for nobody.
    Never,
}

/// What an attribute's value has to satisfy.
#[derive(Clone, Debug)]
enum Test {
    /// A literal: strings, numbers and booleans compare loosely, everything else by structure.
    Literal(Value),
    /// All of these operators.
    Operators(Vec<Operator>),
}

#[derive(Clone, Debug)]
enum Operator {
    Eq(Value),
    Ne(Value),
    Compare(Relation, Value),
    Version(Relation, String),
    Exists(bool),
    In { list: Vec<Value>, insensitive: bool, negated: bool },
    InGroup { id: String, negated: bool },
    All { tests: Vec<Test>, insensitive: bool },
    Not(Box<Test>),
    Size(Box<Test>),
    ElemMatch(Box<Element>),
    Regex(Regex),
    Type(String),
    Never,
}

/// What an element of a list has to satisfy: operators apply to it as it is, anything else to its members.
#[derive(Clone, Debug)]
enum Element {
    Value(Test),
    Object(Condition),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
}

impl Condition {
    /// Parses a condition. It never fails: what is not understood (an unknown operator, a regular expression
    /// outside the common set) is true for nobody, and so is a whole condition that nests deeper than [`MAX_DEPTH`].
    pub fn parse(source: &Map<String, Value>) -> Self {
        if parse::fits(source, MAX_DEPTH) { parse::condition(source) } else { Self(vec![Clause::Never]) }
    }

    /// Whether these attributes satisfy it.
    pub fn matches(&self, attributes: &Value, groups: &Groups) -> bool {
        self.0.iter().all(|clause| clause.matches(attributes, groups))
    }
}

impl Clause {
    fn matches(&self, attributes: &Value, groups: &Groups) -> bool {
        let any = |list: &[Condition]| list.is_empty() || list.iter().any(|c| c.matches(attributes, groups));
        match self {
            Self::And(list) => list.iter().all(|c| c.matches(attributes, groups)),
            Self::Or(list) => any(list),
            Self::Nor(list) => !any(list),
            Self::Not(condition) => !condition.matches(attributes, groups),
            Self::Attribute(path, test) => test.matches(at(attributes, path), groups, false),
            Self::Never => false,
        }
    }
}

impl Test {
    fn matches(&self, value: &Value, groups: &Groups, insensitive: bool) -> bool {
        match self {
            Self::Literal(expected) => literal_matches(expected, value, insensitive),
            Self::Operators(operators) => operators.iter().all(|o| o.matches(value, groups)),
        }
    }
}

fn literal_matches(expected: &Value, value: &Value, insensitive: bool) -> bool {
    match expected {
        Value::String(s) if insensitive => js::string(value).to_lowercase() == s.to_lowercase(),
        Value::String(s) => js::string(value) == Cow::Borrowed(s.as_str()),
        Value::Number(n) => js::number(value).is_some_and(|v| Some(v) == n.as_f64()),
        Value::Bool(b) => !value.is_null() && js::truthy(value) == *b,
        Value::Null => value.is_null(),
        Value::Array(_) | Value::Object(_) => js::same(value, expected),
    }
}

/// The value at a dotted path, null when there is none.
fn at<'a>(attributes: &'a Value, path: &[String]) -> &'a Value {
    path.iter()
        .try_fold(attributes, |here, part| match here {
            Value::Object(members) => members.get(part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        })
        .unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
