//! Conditions: who is eligible. Parsed once into [`Condition`], evaluated many times without allocating.
//!
//! The semantics are those of GrowthBook's SDK specification 0.8.0, which are JavaScript's where types differ: a
//! missing attribute is null, null compares as zero, and a string condition compares with the attribute as a string.

mod js;
mod operator;
mod parse;
pub mod version;

mod fold;
mod regexp;

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

pub(super) use js::string as to_text;
pub(crate) use js::truthy as is_truthy;
pub use parse::{MAX_DEPTH, OPERATORS};
pub(super) use regexp::subject;
pub use regexp::{MAX_SUBJECT, compile as compile_regex, slow_part};

/// Saved groups by id: what `$inGroup` and `$notInGroup` look in.
pub type Groups = BTreeMap<String, Group>;

/// A saved group.
#[derive(Clone, Debug, PartialEq)]
pub enum Group {
    /// These values.
    List(Vec<Value>),
    /// A group that is no list of values: nobody is known to be in it, nor to be outside.
    Opaque,
}

impl Group {
    /// Parses a list of values, or the newer `{type: "list", values}`.
    pub fn parse(source: &Value) -> Self {
        let newer = || source.get("type").and_then(Value::as_str) == Some("list");
        let values = source.as_array().or_else(|| newer().then(|| source.get("values")?.as_array()).flatten());
        values.map_or(Self::Opaque, |values| Self::List(values.clone()))
    }
}

/// A parsed condition on attributes. The empty one is true for everybody.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    clauses: Vec<Clause>,
    /// As it was written, so that a simulation can say which part failed; empty inside another condition.
    source: Map<String, Value>,
}

/// The attributes that a condition is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// These members.
    Members(&'a Value),
    /// The one member `value`: what a prerequisite's condition sees, without building an object for it.
    Value(&'a Value),
}

/// One part of a condition, and what came of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Part {
    /// The attribute's path, or a logical operator such as `$or`.
    pub on: String,
    /// Test of the condition.
    pub expected: Value,
    /// The attribute's value; null when missing, or for a logical operator.
    pub actual: Value,
    /// True if it holds.
    pub passed: bool,
}

#[derive(Clone, Debug)]
enum Clause {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Nor(Vec<Condition>),
    Not(Condition),
    /// The attribute at a dotted path.
    Attribute(Vec<String>, Test),
    /// A clause that is not understood: true for nobody.
    Never,
}

/// A test of an attribute's value.
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
    Version(Relation, Value),
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

/// A test of a list's element: operators apply to it as it is, anything else to its members.
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
        let parsed = if parse::fits(source, MAX_DEPTH) { parse::condition(source) } else { Self::never() };
        Self { source: source.clone(), ..parsed }
    }

    /// True for nobody.
    pub fn never() -> Self {
        Self { clauses: vec![Clause::Never], source: Map::new() }
    }

    /// Returns true if these attributes satisfy it.
    pub fn matches(&self, attributes: &Value, groups: &Groups) -> bool {
        self.holds(Subject::Members(attributes), groups)
    }

    pub(super) fn holds(&self, subject: Subject<'_>, groups: &Groups) -> bool {
        self.clauses.iter().all(|clause| clause.holds(subject, groups))
    }

    /// Each part of it by itself: for people who ask why.
    pub(super) fn parts(&self, subject: Subject<'_>, groups: &Groups) -> Vec<Part> {
        let part = |(key, expected): (&String, &Value)| {
            let alone = Self::parse(&Map::from_iter([(key.clone(), expected.clone())]));
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            let actual = if parse::is_logical(key) { Value::Null } else { subject.at(&path).clone() };
            Part { on: key.clone(), expected: expected.clone(), actual, passed: alone.holds(subject, groups) }
        };
        self.source.iter().map(part).collect()
    }
}

impl<'a> Subject<'a> {
    /// The value at a dotted path, null when there is none.
    fn at(self, path: &[String]) -> &'a Value {
        match (self, path) {
            (Self::Members(members), _) => walk(members, path),
            (Self::Value(value), [first, rest @ ..]) if first == "value" => walk(value, rest),
            (Self::Value(_), _) => &Value::Null,
        }
    }
}

fn walk<'a>(from: &'a Value, path: &[String]) -> &'a Value {
    path.iter()
        .try_fold(from, |here, part| match here {
            Value::Object(members) => members.get(part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        })
        .unwrap_or(&Value::Null)
}

impl Clause {
    fn holds(&self, subject: Subject<'_>, groups: &Groups) -> bool {
        let any = |list: &[Condition]| list.is_empty() || list.iter().any(|c| c.holds(subject, groups));
        match self {
            Self::And(list) => list.iter().all(|c| c.holds(subject, groups)),
            Self::Or(list) => any(list),
            Self::Nor(list) => !any(list),
            Self::Not(condition) => !condition.holds(subject, groups),
            Self::Attribute(path, test) => test.matches(subject.at(path), groups, false),
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
        Value::String(s) if insensitive => lower(&js::string(value)).eq(lower(s)),
        Value::String(s) => js::string(value) == s.as_str(),
        Value::Number(n) => js::number(value).is_some_and(|v| Some(v) == n.as_f64()),
        Value::Bool(b) => !value.is_null() && js::truthy(value) == *b,
        Value::Null => value.is_null(),
        Value::Array(_) | Value::Object(_) => js::same(value, expected),
    }
}

/// A text in lower case, without a new text.
fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests;
