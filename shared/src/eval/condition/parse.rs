//! From JSON to a [`Condition`].

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::{Clause, Condition, Element, Operator, Relation, Test, regexp};

/// The most levels of a condition's JSON. A deeper condition is, as a whole, true for nobody: cutting only the part
/// that is too deep would make its negation true for everybody.
pub const MAX_DEPTH: usize = 64;

/// Returns true if the members of `source` nest at most `levels` deep.
pub(super) fn fits(source: &Map<String, Value>, levels: usize) -> bool {
    fn value_fits(value: &Value, levels: usize) -> bool {
        match value {
            Value::Object(members) => levels > 0 && fits(members, levels - 1),
            Value::Array(items) => levels > 0 && items.iter().all(|item| value_fits(item, levels - 1)),
            _ => true,
        }
    }
    source.values().all(|value| value_fits(value, levels))
}

pub(super) fn condition(source: &Map<String, Value>) -> Condition {
    Condition { clauses: source.iter().map(|(key, value)| clause(key, value)).collect(), source: Map::new() }
}

/// Returns true if the key combines conditions rather than naming an attribute.
pub(super) fn is_logical(key: &str) -> bool {
    matches!(key, "$and" | "$or" | "$nor" | "$not")
}

fn clause(key: &str, value: &Value) -> Clause {
    let list = |make: fn(Vec<Condition>) -> Clause| match value {
        Value::Array(items) => make(items.iter().map(nested).collect()),
        _ => Clause::Never,
    };
    match key {
        "$and" => list(Clause::And),
        "$or" => list(Clause::Or),
        "$nor" => list(Clause::Nor),
        "$not" => Clause::Not(nested(value)),
        _ => Clause::Attribute(key.split('.').map(str::to_owned).collect(), test(value)),
    }
}

fn nested(value: &Value) -> Condition {
    value.as_object().map_or_else(Condition::never, condition)
}

fn test(value: &Value) -> Test {
    match value {
        Value::Object(map) if is_operators(map) => {
            Test::Operators(map.iter().map(|(name, argument)| operator(name, argument)).collect())
        }
        _ => Test::Literal(value.clone()),
    }
}

fn is_operators(map: &Map<String, Value>) -> bool {
    !map.is_empty() && map.keys().all(|k| k.starts_with('$'))
}

/// The operators there are; any other one is true for nobody.
pub const OPERATORS: [&str; 29] = [
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$veq",
    "$vne",
    "$vlt",
    "$vlte",
    "$vgt",
    "$vgte",
    "$exists",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$inGroup",
    "$notInGroup",
    "$all",
    "$alli",
    "$not",
    "$size",
    "$elemMatch",
    "$regex",
    "$regexi",
    "$notRegex",
    "$notRegexi",
    "$type",
];

fn operator(name: &str, argument: &Value) -> Operator {
    if let Some((family, relation)) = relation(name) {
        return family(relation, argument);
    }
    match name {
        "$eq" => Operator::Eq(argument.clone()),
        "$ne" => Operator::Ne(argument.clone()),
        "$exists" => Operator::Exists(super::js::truthy(argument)),
        "$in" => membership(argument, false, false),
        "$nin" => membership(argument, false, true),
        "$ini" => membership(argument, true, false),
        "$nini" => membership(argument, true, true),
        "$inGroup" => group(argument, false),
        "$notInGroup" => group(argument, true),
        "$all" => all(argument, false),
        "$alli" => all(argument, true),
        "$not" => Operator::Not(Box::new(test(argument))),
        "$size" => Operator::Size(Box::new(test(argument))),
        "$elemMatch" => element(argument),
        "$regex" => regex(argument, false).map_or(Operator::Never, Operator::Regex),
        "$regexi" => regex(argument, true).map_or(Operator::Never, Operator::Regex),
        "$notRegex" => regex(argument, false).map_or(Operator::Never, negated),
        "$notRegexi" => regex(argument, true).map_or(Operator::Never, negated),
        "$type" => argument.as_str().map_or(Operator::Never, |s| Operator::Type(s.to_owned())),
        _ => Operator::Never,
    }
}

fn negated(regex: Regex) -> Operator {
    Operator::Not(Box::new(Test::Operators(vec![Operator::Regex(regex)])))
}

type Family = fn(Relation, &Value) -> Operator;

fn relation(name: &str) -> Option<(Family, Relation)> {
    let plain: Family = |relation, argument| Operator::Compare(relation, argument.clone());
    let version: Family = |relation, argument| Operator::Version(relation, argument.clone());
    Some(match name {
        "$lt" => (plain, Relation::Lt),
        "$lte" => (plain, Relation::Lte),
        "$gt" => (plain, Relation::Gt),
        "$gte" => (plain, Relation::Gte),
        "$veq" => (version, Relation::Eq),
        "$vne" => (version, Relation::Ne),
        "$vlt" => (version, Relation::Lt),
        "$vlte" => (version, Relation::Lte),
        "$vgt" => (version, Relation::Gt),
        "$vgte" => (version, Relation::Gte),
        _ => return None,
    })
}

fn membership(argument: &Value, insensitive: bool, negated: bool) -> Operator {
    match argument {
        Value::Array(list) => Operator::In { list: list.clone(), insensitive, negated },
        _ => Operator::Never,
    }
}

fn group(argument: &Value, negated: bool) -> Operator {
    argument.as_str().map_or(Operator::Never, |id| Operator::InGroup { id: id.to_owned(), negated })
}

fn all(argument: &Value, insensitive: bool) -> Operator {
    match argument {
        Value::Array(items) => Operator::All { tests: items.iter().map(test).collect(), insensitive },
        _ => Operator::Never,
    }
}

fn element(argument: &Value) -> Operator {
    let element = match argument {
        Value::Object(map) if !is_operators(map) => Element::Object(condition(map)),
        _ => Element::Value(test(argument)),
    };
    Operator::ElemMatch(Box::new(element))
}

fn regex(argument: &Value, insensitive: bool) -> Option<Regex> {
    regexp::compile(argument.as_str()?, insensitive).ok()
}
