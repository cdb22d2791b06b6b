//! The meaning of each operator.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Element, Group, Groups, Operator, Relation, Subject, js, lower, regexp, version};

impl Operator {
    pub(super) fn matches(&self, value: &Value, groups: &Groups) -> bool {
        match self {
            Self::Eq(expected) => js::identical(value, expected),
            Self::Ne(expected) => !js::identical(value, expected),
            Self::Compare(relation, expected) => compare(value, expected).is_some_and(|o| relation.holds(o)),
            Self::Version(relation, expected) => relation.holds(version::compare(value, expected)),
            Self::Exists(expected) => value.is_null() != *expected,
            Self::In { list, insensitive, negated } => is_in(value, list, *insensitive) != *negated,
            Self::InGroup { id, negated } => match groups.get(id) {
                Some(Group::List(list)) => is_in(value, list, false) != *negated,
                Some(Group::Opaque) => false,
                // A group nobody knows is an empty one.
                None => *negated,
            },
            Self::All { tests, insensitive } => value.as_array().is_some_and(|items| {
                tests.iter().all(|t| items.iter().any(|item| t.matches(item, groups, *insensitive)))
            }),
            Self::Not(test) => !test.matches(value, groups, false),
            Self::Size(test) => {
                value.as_array().is_some_and(|items| test.matches(&Value::from(items.len()), groups, false))
            }
            Self::ElemMatch(element) => value
                .as_array()
                .is_some_and(|items| items.iter().any(|item| !item.is_null() && element.matches(item, groups))),
            Self::Regex(regex) => regex.is_match(regexp::subject(&js::string(value))),
            Self::Type(name) => js::type_name(value) == name,
            Self::Never => false,
        }
    }
}

impl Element {
    fn matches(&self, item: &Value, groups: &Groups) -> bool {
        match self {
            Self::Value(test) => test.matches(item, groups, false),
            Self::Object(condition) => condition.holds(Subject::Members(item), groups),
        }
    }
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Lte => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Gte => ordering.is_ge(),
        }
    }
}

/// JavaScript's `<`: two strings by UTF-16 code units, everything else as numbers; `None` when one is not a number.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    // A list or an object becomes a string before it is compared.
    let text = |v: &Value| matches!(v, Value::String(_) | Value::Array(_) | Value::Object(_));
    if text(a) && text(b) {
        return Some(js::string(a).encode_utf16().cmp(js::string(b).encode_utf16()));
    }
    js::number(a)?.partial_cmp(&js::number(b)?)
}

fn is_in(value: &Value, list: &[Value], insensitive: bool) -> bool {
    let one = |v: &Value| list.iter().any(|e| equal(v, e, insensitive));
    match value {
        Value::Array(items) => items.iter().any(one),
        _ => one(value),
    }
}

fn equal(a: &Value, b: &Value, insensitive: bool) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) if insensitive => lower(a).eq(lower(b)),
        _ => js::identical(a, b),
    }
}
