//! Random attributes, and conditions that ask about them.

use serde_json::{Map, Value, json};

use super::random::Random;

const NAMES: &[&str] = &["id", "country", "plan", "age", "version", "tags", "nested", "active", "email", "none"];
const PATHS: &[&str] = &["nested.a", "nested.b.0", "tags.0", "tags.1", "nested.none", "id.0", "nested.b", "value"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "b",
    "de",
    "DE",
    "pro",
    "é",
    "É",
    "日本",
    "😀",
    "ǅ",
    "ß",
    "10",
    "9",
    " 5 ",
    "0x10",
    "1e3",
    "null",
    "true",
    "[object Object]",
    "a,b",
    "1",
    "-0",
    "Infinity",
    "visitor-1",
    "visitor-2",
    "a@b.example",
    "b,a",
    "ab",
];
const VERSIONS: &[&str] = &[
    "1.2.3",
    "v1.2.3",
    "1.10.0",
    "1.2.3-rc.1",
    "1.2.3-rc.10",
    "1.2.3+build",
    "2",
    "0.0.0",
    "1.2",
    "1.2.3.4",
    "beta",
    "99999.0.0",
    "100000.0.0",
    "1.2.3-é",
    "-1",
];
const NUMBERS: &[f64] =
    &[0.0, 1.0, -1.0, 2.0, 5.0, 9.0, 10.0, 16.0, 18.0, 0.5, 1e21, 1e-7, 123_456_789.0, 1000.0, 65.0, 3.25];
/// Within the set that both sides understand, and two that neither does.
const EXPRESSIONS: &[&str] = &[
    "a",
    "^a",
    "a$",
    "^$",
    ".",
    "^.$",
    "[a-z]+",
    "[^a]",
    r"\d",
    r"^\d+$",
    r"\w@\w",
    r"\s",
    r"\bb",
    "a|b",
    "(a)(b)?",
    "a{1,2}",
    "é",
    "(?:de|DE)",
    r"^[+-\d]+$",
    r"^[.-\w]+$",
    "^[--9]+$",
    r"\<b\>",
    r"^\x41",
    r"[^\W\d]",
    r"^v?\d+\.\d+",
    "Ä|É",
    "(",
    "[",
    "1?0",
    "/",
    r"\/",
];

/// An object, or a list with its members in random number.
pub fn list(random: &mut Random, most: usize, mut one: impl FnMut(&mut Random) -> Value) -> Value {
    let count = random.below(most + 1);
    (0..count).map(|_| one(random)).collect()
}

fn number(random: &mut Random) -> Value {
    let n = random.pick(NUMBERS);
    // Whole numbers as JSON has them, and now and then with a fraction of zero.
    if n.fract() == 0.0 && n.abs() < 1e15 && random.chance(80) { json!(n as i64) } else { json!(n) }
}

/// A value without members.
pub fn scalar(random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => json!(random.chance(50)),
        2..=4 => number(random),
        5 => json!(random.pick(VERSIONS)),
        _ => json!(random.pick(TEXTS)),
    }
}

/// Any value.
pub fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(8) {
        0 if depth > 0 => list(random, 3, |r| value(r, depth - 1)),
        1 if depth > 0 => {
            let members = ["a", "b", "0"];
            let count = random.below(3);
            Value::Object((0..count).map(|i| (members[i].to_owned(), value(random, depth - 1))).collect())
        }
        _ => scalar(random),
    }
}

/// Returns what is known of a visitor.
pub fn attributes(random: &mut Random) -> Value {
    let mut known = Map::new();
    if random.chance(90) {
        let id = if random.chance(80) { json!(format!("visitor-{}", random.below(50))) } else { value(random, 1) };
        known.insert("id".into(), id);
    }
    for (name, percent) in [("country", 60), ("plan", 60), ("age", 60), ("active", 40), ("email", 40)] {
        if random.chance(percent) {
            known.insert(name.into(), value(random, 1));
        }
    }
    if random.chance(60) {
        known.insert("version".into(), json!(random.pick(VERSIONS)));
    }
    if random.chance(60) {
        known.insert("tags".into(), list(random, 4, |r| value(r, 1)));
    }
    if random.chance(50) {
        let nested = json!({"a": value(random, 1), "b": list(random, 3, scalar)});
        known.insert("nested".into(), nested);
    }
    Value::Object(known)
}

/// A condition on what [`attributes`] makes.
pub fn condition(random: &mut Random, depth: usize) -> Value {
    let count = random.pick(&[0, 1, 1, 1, 1, 1, 2, 2, 3]);
    Value::Object((0..count).map(|_| clause(random, depth)).collect())
}

fn clause(random: &mut Random, depth: usize) -> (String, Value) {
    if depth > 0 && random.chance(35) {
        let name = random.pick(&["$and", "$or", "$nor", "$not"]);
        let argument = match name {
            "$not" => condition(random, depth - 1),
            _ => list(random, 3, |r| condition(r, depth - 1)),
        };
        // Now and then something that is no condition.
        return (name.into(), if random.chance(95) { argument } else { scalar(random) });
    }
    let name = if random.chance(75) { random.pick(NAMES) } else { random.pick(PATHS) };
    (name.into(), test(random, depth))
}

/// Returns what an attribute's value has to satisfy.
fn test(random: &mut Random, depth: usize) -> Value {
    if random.chance(25) {
        return value(random, 1);
    }
    let count = random.pick(&[1, 1, 1, 2]);
    Value::Object((0..count).map(|_| operator(random, depth)).collect())
}

fn operator(random: &mut Random, depth: usize) -> (String, Value) {
    let inner = depth.saturating_sub(1);
    let (name, argument) = match random.below(12) {
        0 => (random.pick(&["$eq", "$ne"]), scalar(random)),
        1 | 2 => (random.pick(&["$lt", "$lte", "$gt", "$gte"]), value(random, 1)),
        3 | 4 => {
            let argument = if random.chance(90) { json!(random.pick(VERSIONS)) } else { scalar(random) };
            (random.pick(&["$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte"]), argument)
        }
        5 => ("$exists", scalar(random)),
        6 => (random.pick(&["$in", "$nin", "$ini", "$nini"]), list(random, 4, scalar)),
        7 => (random.pick(&["$inGroup", "$notInGroup"]), json!(random.pick(&["few", "new", "other", "none"]))),
        8 => (random.pick(&["$all", "$alli"]), list(random, 2, |r| test(r, inner))),
        9 => (random.pick(&["$not", "$size", "$elemMatch"]), test(random, inner)),
        10 => {
            let names = ["$regex", "$regexi", "$notRegex", "$notRegexi"];
            (random.pick(&names), json!(random.pick(EXPRESSIONS)))
        }
        _ => match random.below(4) {
            0 => ("$elemMatch", condition(random, inner)),
            1 => ("$unknown", scalar(random)),
            2 => ("$in", scalar(random)),
            _ => ("$type", json!(random.pick(&["string", "number", "boolean", "null", "array", "object", "date"]))),
        },
    };
    (name.into(), argument)
}

/// Saved groups of every kind.
pub fn groups(random: &mut Random) -> Value {
    let kind = if random.chance(80) { "list" } else { "condition" };
    json!({
        "few": list(random, 5, scalar),
        "new": {"type": kind, "attributeKey": "id", "values": list(random, 5, scalar)},
        "other": value(random, 1),
    })
}
