//! Random definitions, and what is asked about them.

use serde_json::{Map, Value, json};

use super::conditions::{attributes, condition, groups, list, value};
use super::random::Random;

const FEATURES: &[&str] = &["f0", "f1", "f2", "f3"];
const KEYS: &[&str] = &["e0", "e1", "e2"];
const ATTRIBUTES: &[&str] = &["id", "id", "id", "country", "age", "none", ""];
const PAGES: &[&str] = &[
    "https://www.shop.example/a",
    "https://www.shop.example/a/b?x=1&y=2#top",
    "http://shop.example:8080/",
    "/a",
    "",
    "https://shop.example/a?e0=1",
    "https://shop.example/?x=0&e1=0#e1=1",
    "https://shop.example/?e0=7&e2=-1",
    "not an address",
    "https://shop.example/a?x=caf%C3%A9&x=2",
    "https://shop.example/A/?e2=1x?e1=1",
];
const SIMPLE: &[&str] = &[
    "/a",
    "/a/*",
    "/a/",
    "*",
    "/",
    "*.shop.example/*",
    "www.shop.example/a",
    "https://www.shop.example/a",
    "shop.example",
    "/a?x=1",
    "/*?x=*",
    "/a/b#top",
    "http://shop.example:8080/",
    "/A",
    "*shop*/a",
    "/a?y=",
];
const ADDRESSES: &[&str] = &["^/a", "shop", "/a$", r"^https://www\.", "(", "x=1"];
const TARGETS: &[&str] =
    &["https://shop.example/new", "https://shop.example/new?x=9#end", "https://www.shop.example/a", "no address"];

/// One case: `context` is who asks with which definitions, `ask` what.
pub fn case(random: &mut Random) -> Value {
    let ask = match random.below(10) {
        0..=4 => json!({"feature": if random.chance(97) { random.pick(FEATURES) } else { "constructor" }}),
        5..=7 => json!({"run": experiment(random, true)}),
        8 => json!({"condition": condition(random, 3)}),
        _ => json!({"redirect": true}),
    };
    let mut context = json!({
        "attributes": attributes(random),
        "savedGroups": groups(random),
        "contextualBandits": {"bandit": bandit(random)},
        "features": Value::Object(FEATURES.iter().map(|key| ((*key).to_owned(), feature(random))).collect()),
        "url": random.pick(PAGES),
    });
    if ask.get("redirect").is_some() {
        context["experiments"] = list(random, 3, redirecting);
    }
    for (name, value, percent) in [("enabled", false, 3), ("qaMode", true, 5)] {
        if random.chance(percent) {
            context[name] = json!(value);
        }
    }
    if random.chance(15) {
        context["forcedVariations"] = json!({random.pick(KEYS): random.pick(&[0, 1, -1, 9])});
    }
    let sticky = random.chance(50);
    if let Some(known) = context["attributes"].as_object_mut() {
        // A list can be an empty text, on which Rust and the reference differ. Documents name an object as JSON, the
        // page as text: it hashes it as text, too.
        let odd = |value: &Value| value.is_array() || (sticky && value.is_object());
        known.retain(|name, value| !ATTRIBUTES.contains(&name.as_str()) || !odd(value));
    }
    if sticky {
        context["sticky"] = documents(random, &context["attributes"]);
    }
    json!({"context": context, "ask": ask})
}

/// Adds a member in `percent` of 100 cases.
fn maybe(
    random: &mut Random,
    to: &mut Map<String, Value>,
    name: &str,
    percent: usize,
    make: impl Fn(&mut Random) -> Value,
) {
    if random.chance(percent) {
        to.insert(name.to_owned(), make(random));
    }
}

fn feature(random: &mut Random) -> Value {
    let mut out = Map::new();
    maybe(random, &mut out, "defaultValue", 90, |r| value(r, 1));
    maybe(random, &mut out, "rules", 90, |r| list(r, 3, rule));
    Value::Object(out)
}

fn rule(random: &mut Random) -> Value {
    let mut out = match random.below(8) {
        0..=3 => force(random),
        4 => json!({}),
        _ => experiment(random, false),
    };
    let Some(members) = out.as_object_mut() else { return out };
    maybe(random, members, "id", 50, |r| json!(r.pick(&["r1", "r2"])));
    maybe(random, members, "condition", 40, |r| condition(r, 2));
    maybe(random, members, "parentConditions", 25, parents);
    maybe(random, members, "filters", 10, filters);
    out
}

fn force(random: &mut Random) -> Value {
    let mut out = Map::from_iter([("force".to_owned(), value(random, 1))]);
    maybe(random, &mut out, "coverage", 40, coverage);
    maybe(random, &mut out, "range", 15, range);
    hashing(random, &mut out);
    Value::Object(out)
}

fn hashing(random: &mut Random, out: &mut Map<String, Value>) {
    maybe(random, out, "hashAttribute", 40, |r| json!(r.pick(ATTRIBUTES)));
    maybe(random, out, "fallbackAttribute", 30, |r| json!(r.pick(ATTRIBUTES)));
    maybe(random, out, "hashVersion", 60, |r| json!(r.pick(&[1, 2, 2, 2, 0, 3])));
    maybe(random, out, "seed", 40, |r| json!(r.pick(&["s", "größe", ""])));
    maybe(random, out, "disableStickyBucketing", 10, |r| json!(r.chance(80)));
}

fn experiment(random: &mut Random, alone: bool) -> Value {
    let count = random.pick(&[0, 1, 2, 2, 2, 3, 4]);
    let bandit = !alone && random.chance(15);
    let variations: Value = (0..count).map(|_| value(random, 1)).collect();
    let mut out = Map::from_iter([(if bandit { "contextualVariations" } else { "variations" }.to_owned(), variations)]);
    if bandit {
        out.insert("contextualBanditRef".to_owned(), json!(random.pick(&["bandit", "bandit", "none"])));
    }
    if alone || random.chance(70) {
        out.insert("key".to_owned(), json!(random.pick(KEYS)));
    }
    hashing(random, &mut out);
    maybe(random, &mut out, "weights", 40, |r| weights(r, count));
    maybe(random, &mut out, "coverage", 40, coverage);
    maybe(random, &mut out, "ranges", 15, |r| list(r, 3, range));
    maybe(random, &mut out, "meta", 70, |r| meta(r, count));
    maybe(random, &mut out, "namespace", 10, |r| json!([r.pick(&["n", "m"]), 0.25, r.pick(&[0.5, 1.0])]));
    maybe(random, &mut out, "bucketVersion", 30, |r| json!(r.below(3)));
    maybe(random, &mut out, "minBucketVersion", 20, |r| json!(r.below(3)));
    if alone {
        maybe(random, &mut out, "condition", 40, |r| if r.chance(95) { condition(r, 2) } else { value(r, 1) });
        maybe(random, &mut out, "parentConditions", 20, parents);
        maybe(random, &mut out, "filters", 10, filters);
        maybe(random, &mut out, "urlPatterns", 25, patterns);
        maybe(random, &mut out, "status", 30, |r| json!(r.pick(&["draft", "running", "running", "stopped"])));
        maybe(random, &mut out, "active", 10, |r| json!(r.chance(50)));
        maybe(random, &mut out, "force", 10, |r| json!(r.pick(&[0, 1, 2, -1])));
    }
    Value::Object(out)
}

fn redirecting(random: &mut Random) -> Value {
    let mut out = experiment(random, true);
    let count = random.pick(&[2, 2, 3]);
    let variation = |r: &mut Random| if r.chance(60) { json!({"urlRedirect": r.pick(TARGETS)}) } else { json!({}) };
    out["variations"] = (0..count).map(|_| variation(random)).collect();
    if random.chance(90) {
        out["urlPatterns"] = patterns(random);
    }
    out["persistQueryString"] = json!(random.chance(50));
    out
}

fn weights(random: &mut Random, count: usize) -> Value {
    match (count, random.below(6)) {
        (2, 0..=3) => json!(random.pick(&[[0.2, 0.8], [0.0, 1.0], [0.5, 0.499], [0.3, 0.3]])),
        (3, 0..=3) => json!([0.2, 0.3, 0.5]),
        (_, 4) => Value::Null,
        _ => json!([1]),
    }
}

fn coverage(random: &mut Random) -> Value {
    json!(random.pick(&[0.0, 0.1, 0.5, 0.75, 1.0, 1.5, -1.0]))
}

fn range(random: &mut Random) -> Value {
    json!(random.pick(&[[0.0, 0.5], [0.5, 1.0], [0.25, 0.75], [0.0, 1.0], [0.9, 0.1]]))
}

fn meta(random: &mut Random, count: usize) -> Value {
    let one = |(at, random): (usize, &mut Random)| {
        let mut out = Map::new();
        maybe(random, &mut out, "key", 85, |_| json!(["control", "b", "c", "d", "e"][at]));
        maybe(random, &mut out, "name", 20, |_| json!("a name"));
        maybe(random, &mut out, "passthrough", 15, |r| json!(r.chance(80)));
        Value::Object(out)
    };
    let shown = if random.chance(90) { count } else { random.below(count + 1) };
    (0..shown).map(|at| one((at, random))).collect()
}

fn parents(random: &mut Random) -> Value {
    list(random, 2, |r| {
        let mut out = Map::from_iter([("id".to_owned(), json!(r.pick(FEATURES)))]);
        maybe(r, &mut out, "condition", 85, |r| match r.below(4) {
            0 => json!({"value": {"$ne": null}}),
            1 => json!({"value": {"$exists": r.chance(70)}}),
            2 => json!({"value": value(r, 1)}),
            _ => condition(r, 1),
        });
        maybe(r, &mut out, "gate", 40, |r| json!(r.chance(80)));
        Value::Object(out)
    })
}

fn filters(random: &mut Random) -> Value {
    list(random, 2, |r| {
        let mut out = Map::from_iter([("seed".to_owned(), json!("filter")), ("ranges".to_owned(), list(r, 2, range))]);
        maybe(r, &mut out, "attribute", 40, |r| json!(r.pick(ATTRIBUTES)));
        maybe(r, &mut out, "hashVersion", 30, |r| json!(r.pick(&[1, 2, 3])));
        Value::Object(out)
    })
}

fn patterns(random: &mut Random) -> Value {
    list(random, 3, |r| {
        let simple = r.chance(70);
        let pattern = if simple { r.pick(SIMPLE) } else { r.pick(ADDRESSES) };
        let mut out = json!({"type": if simple { "simple" } else { "regex" }, "pattern": pattern});
        if r.chance(60) {
            out["include"] = json!(r.chance(70));
        }
        out
    })
}

fn bandit(random: &mut Random) -> Value {
    let leaf = |r: &mut Random| json!({"leafId": r.below(9), "condition": condition(r, 1), "weights": weights(r, 2)});
    json!({"banditVersion": 3, "contexts": list(random, 2, leaf)})
}

/// Earlier assignments, some of them this visitor's.
fn documents(random: &mut Random, attributes: &Value) -> Value {
    let names = ["id", "country"].into_iter().filter(|_| random.chance(80)).collect::<Vec<_>>();
    let document = |name: &str, random: &mut Random| {
        let value = match attributes.get(name) {
            Some(Value::String(text)) if !text.is_empty() && random.chance(85) => text.clone(),
            _ => "somebody else".to_owned(),
        };
        let one = |r: &mut Random| {
            let key = if r.chance(70) { r.pick(KEYS) } else { r.pick(FEATURES) };
            (format!("{key}__{}", r.pick(&[0, 0, 1, 2])), json!(r.pick(&["control", "b", "b", "c", "gone"])))
        };
        let count = random.below(6);
        let assignments: Map<String, Value> = (0..count).map(|_| one(random)).collect();
        json!({"attributeName": name, "attributeValue": value, "assignments": assignments})
    };
    names.into_iter().map(|name| document(name, random)).collect()
}
