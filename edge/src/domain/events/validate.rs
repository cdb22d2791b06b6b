//! Strict checks of one event, and the fields that the edge fills in.

use beacon_shared::error::Problem;
use beacon_shared::event::{EVENT_SCHEMA, Event, EventType, MAX_VALUE, Mark};
use serde_json::{Map, Value};

use super::clock::Clock;
use super::user_agent::Agent;

const MAX_PROPS_BYTES: usize = 4 * 1024;
const MAX_PROPS_DEPTH: usize = 4;
const MAX_ID: usize = 200;

/// The edge's knowledge of the request.
#[derive(Clone, Debug)]
pub struct Context {
    /// The site of the batch.
    pub site_id: String,
    /// The client's clock.
    pub clock: Clock,
    /// From the user agent.
    pub agent: Agent,
    /// `navigator.webdriver`.
    pub webdriver: bool,
    /// `Sec-Purpose: prefetch`.
    pub prefetch: bool,
    /// From the connection; the address itself is not kept.
    pub country: Option<String>,
    /// From the connection.
    pub region: Option<String>,
}

/// Text fields and the most characters of each.
const TEXTS: &[(&str, usize)] = &[
    ("event_id", 36),
    ("site_id", 64),
    ("visitor_id", 128),
    ("session_id", 128),
    ("name", 120),
    ("category", 120),
    ("label", 500),
    ("url", 2048),
    ("path", 2048),
    ("title", 500),
    ("referrer", 2048),
    ("utm_source", 200),
    ("utm_medium", 200),
    ("utm_campaign", 200),
    ("utm_term", 200),
    ("utm_content", 200),
    ("language", 35),
    ("experiment_id", 64),
    ("variant_id", 64),
    ("phase", 64),
    ("id", MAX_ID),
];
const NUMBERS: &[&str] = &["ts", "value", "schema_version"];
/// Filled in by the edge, whatever the client says.
const OURS: &[&str] = &["received_at", "country", "region", "device", "browser", "os", "seq"];

/// Returns the event as it goes into the log, or what is wrong with it.
pub fn event(value: &Value, context: &Context) -> Result<Event, Vec<Problem>> {
    let Some(fields) = value.as_object() else {
        return Err(vec![Problem::new("", "Send an event as an object.")]);
    };
    let mut fields = fields.clone();
    OURS.iter().for_each(|field| drop(fields.remove(*field)));
    fields.retain(|_, v| !v.is_null());
    lift(&mut fields);
    let mut problems = shape_problems(&fields);
    if !problems.is_empty() {
        return Err(problems);
    }
    move_unknown_to_props(&mut fields);
    let event: Event = match serde_json::from_value(Value::Object(fields)) {
        Ok(event) => event,
        Err(_) => return Err(vec![Problem::new("", "This is not an event.")]),
    };
    problems.extend(meaning_problems(&event, context));
    if problems.is_empty() { Ok(complete(event, context)) } else { Err(problems) }
}

/// Fills the columns `phase` and `id` from `props`, where scripts and sites put them before there were columns.
fn lift(fields: &mut Map<String, Value>) {
    let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    for column in ["phase", "id"] {
        if let Some(Value::Number(number)) = fields.get(column) {
            let text = number.to_string();
            fields.insert(column.to_owned(), text.into());
        }
    }
    if matches!(kind.as_str(), "exposure" | "conversion") && !fields.contains_key("phase") {
        let props = fields.get_mut("props").and_then(Value::as_object_mut);
        if let Some(phase) = props.and_then(|props| props.remove("phase")).as_ref().and_then(short_text) {
            fields.insert("phase".to_owned(), phase.into());
        }
    }
    if matches!(kind.as_str(), "event" | "conversion") && !fields.contains_key("id") {
        let given = |name: &str| fields.get("props").and_then(|props| props.get(name)).and_then(short_text);
        if let Some(id) = given("order_id").or_else(|| given("transaction_id")) {
            fields.insert("id".to_owned(), id.into());
        }
    }
}

/// Returns a text or a number as the text of an id.
fn short_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.chars().count() <= MAX_ID).then_some(text)
}

fn shape_problems(fields: &Map<String, Value>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, most) in TEXTS {
        match fields.get(*field) {
            None => {}
            Some(Value::String(text)) if text.chars().count() <= *most => {}
            Some(Value::String(_)) => {
                problems.push(Problem::new(format!("/{field}"), format!("Shorten it to at most {most} characters.")));
            }
            Some(_) => problems.push(Problem::new(format!("/{field}"), "Send it as text.")),
        }
    }
    for field in NUMBERS {
        if fields.get(*field).is_some_and(|v| !v.as_f64().is_some_and(f64::is_finite)) {
            problems.push(Problem::new(format!("/{field}"), "Send it as a finite number."));
        }
    }
    if fields.get("value").and_then(Value::as_f64).is_some_and(|value| value.abs() > MAX_VALUE) {
        problems.push(Problem::new("/value", format!("Send a value between −{MAX_VALUE:e} and {MAX_VALUE:e}.")));
    }
    for field in ["event_id", "visitor_id", "site_id"] {
        if fields.get(field).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
            problems.push(Problem::new(format!("/{field}"), "It is missing."));
        }
    }
    for field in ["ts", "schema_version"] {
        if fields.get(field).and_then(Value::as_i64).is_none() {
            problems.push(Problem::new(format!("/{field}"), "Send it as an integer."));
        }
    }
    let kind = fields.get("type").and_then(Value::as_str);
    if !EventType::KNOWN.iter().any(|known| Some(known.name()) == kind) {
        let names: Vec<&str> = EventType::KNOWN.iter().map(EventType::name).collect();
        problems.push(Problem::new("/type", format!("Use one of: {}.", names.join(", "))));
    }
    if fields.get("props").is_some_and(|props| !props.is_object()) {
        problems.push(Problem::new("/props", "Send it as an object."));
    }
    problems
}

/// Moves fields without a column into `props`, where they push nothing aside.
fn move_unknown_to_props(fields: &mut Map<String, Value>) {
    let known = |field: &str| {
        TEXTS.iter().any(|(text, _)| *text == field)
            || NUMBERS.contains(&field)
            || matches!(field, "type" | "props" | "marks")
    };
    let unknown: Vec<String> = fields.keys().filter(|field| !known(field)).cloned().collect();
    if unknown.is_empty() {
        return;
    }
    let mut props = match fields.remove("props") {
        Some(Value::Object(props)) => props,
        _ => Map::new(),
    };
    for field in unknown {
        if let Some(value) = fields.remove(&field) {
            props.entry(field).or_insert(value);
        }
    }
    fields.insert("props".into(), Value::Object(props));
}

fn meaning_problems(event: &Event, context: &Context) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !is_uuid(&event.event_id) {
        problems.push(Problem::new("/event_id", "Use a UUIDv7."));
    }
    if event.site_id != context.site_id {
        problems.push(Problem::new("/site_id", "It must be the batch's site."));
    }
    if event.schema_version == 0 || event.schema_version > EVENT_SCHEMA {
        problems.push(Problem::new("/schema_version", format!("This edge understands version {EVENT_SCHEMA}.")));
    }
    let named = event.name.as_ref().is_some_and(|name| !name.trim().is_empty());
    if matches!(event.kind, EventType::Event | EventType::Conversion) && !named {
        problems.push(Problem::new("/name", "Name the event."));
    }
    if event.kind == EventType::Exposure && (event.experiment_id.is_none() || event.variant_id.is_none()) {
        problems.push(Problem::new("/experiment_id", "An exposure names its experiment and its variant."));
    }
    if depth(&event.props) > MAX_PROPS_DEPTH {
        problems.push(Problem::new("/props", format!("Nest at most {MAX_PROPS_DEPTH} levels deep.")));
    } else if serde_json::to_string(&event.props).map_or(usize::MAX, |s| s.len()) > MAX_PROPS_BYTES {
        problems.push(Problem::new("/props", "Shorten it to at most 4 KiB."));
    }
    problems
}

/// Levels of nesting: a flat object has one. Bounded by the JSON parser's own limit.
fn depth(props: &Map<String, Value>) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Object(fields) => 1 + fields.values().map(of).max().unwrap_or(0),
            Value::Array(items) => 1 + items.iter().map(of).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + props.values().map(of).max().unwrap_or(0)
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn complete(mut event: Event, context: &Context) -> Event {
    event.event_id.make_ascii_lowercase();
    let times = context.clock.read(event.ts);
    event.ts = times.ts;
    event.received_at = times.received_at;
    event.country.clone_from(&context.country);
    event.region.clone_from(&context.region);
    event.device = context.agent.device.map(str::to_owned);
    event.browser = context.agent.browser.map(str::to_owned);
    event.os = context.agent.os.map(str::to_owned);
    event.url = event.url.map(|url| url.split('#').next().unwrap_or_default().to_owned());
    event.marks.retain(|mark| *mark != Mark::ClockSkew);
    let found = [
        (context.agent.bot || context.webdriver, Mark::Bot),
        (context.prefetch, Mark::Prefetch),
        (times.skewed, Mark::ClockSkew),
    ];
    event.marks.extend(found.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark));
    event.marks.sort_unstable();
    event.marks.dedup();
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn context() -> Context {
        Context {
            site_id: "sit_1".into(),
            clock: Clock::new(NOW, Some(NOW), std::iter::empty()),
            agent: Agent::default(),
            webdriver: false,
            prefetch: false,
            country: None,
            region: None,
        }
    }

    fn good() -> Value {
        json!({"event_id": "0199b0b0-0000-7000-8000-000000000001", "site_id": "sit_1", "ts": NOW - 10,
            "type": "pageview", "visitor_id": "v", "schema_version": 1})
    }

    fn with(field: &str, value: Value) -> Value {
        let mut event = good();
        event[field] = value;
        event
    }

    fn refused_at(value: &Value) -> String {
        event(value, &context()).expect_err("refused")[0].pointer.clone()
    }

    #[test]
    fn a_good_event_is_completed_by_the_edge() {
        let mut value = with("country", json!("XX"));
        value["custom"] = json!(7);
        value["url"] = json!("https://shop.example/a#secret");
        let context = Context { country: Some("NL".into()), ..context() };
        let event = event(&value, &context).expect("accepted");
        assert_eq!((event.received_at, event.country.as_deref()), (NOW, Some("NL")));
        assert_eq!(
            (event.props.get("custom"), event.url.as_deref()),
            (Some(&json!(7)), Some("https://shop.example/a"))
        );
        assert!(event.counts());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let deep = json!({"a": {"b": {"c": {"d": {}}}}});
        for (field, value) in [
            ("event_id", json!("nope")),
            ("value", json!(-1e160)),
            ("event_id", json!(5)),
            ("type", json!("purchase")),
            ("ts", json!("yesterday")),
            ("ts", json!(1.5)),
            ("value", json!("12")),
            ("visitor_id", json!("")),
            ("title", json!("x".repeat(501))),
            ("site_id", json!("sit_2")),
            ("schema_version", json!(2)),
            ("props", json!([])),
            ("props", deep),
            ("props", json!({"a": "x".repeat(5000)})),
        ] {
            assert_eq!(refused_at(&with(field, value)), format!("/{field}"));
        }
        assert_eq!(refused_at(&with("type", json!("conversion"))), "/name");
        assert_eq!(refused_at(&with("type", json!("exposure"))), "/experiment_id");
        assert_eq!(refused_at(&json!("text")), "");
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_marked_and_still_counts() {
        let event = event(&with("ts", json!(0)), &context()).expect("accepted");
        assert_eq!(event.marks, [Mark::ClockSkew]);
        assert!(event.counts());
    }

    #[test]
    fn phases_and_ids_are_lifted_into_their_columns() {
        let read = |kind: &str, fields: Value| {
            let mut value = with("type", json!(kind));
            for (name, field) in fields.as_object().expect("fields") {
                value[name] = field.clone();
            }
            let event = event(&value, &context()).expect("accepted");
            (event.phase, event.id, Value::Object(event.props))
        };
        let text = |text: &str| Some(text.to_owned());
        let shown = json!({"experiment_id": "e", "variant_id": "v", "props": {"phase": 2, "x": 1}});
        assert_eq!(read("exposure", shown), (text("2"), None, json!({"x": 1})));
        let both = json!({"name": "order", "phase": "p", "props": {"phase": "0", "order_id": "A1"}});
        assert_eq!(read("conversion", both), (text("p"), text("A1"), json!({"phase": "0", "order_id": "A1"})));
        let number = json!({"name": "order", "props": {"transaction_id": 77}});
        assert_eq!(read("event", number), (None, text("77"), json!({"transaction_id": 77})));
        assert_eq!(read("event", json!({"name": "a", "id": 5, "props": {"order_id": "B"}})).1, text("5"));
        assert_eq!(read("pageview", json!({"props": {"phase": "0", "order_id": "A1"}})).1, None);
        for useless in [json!(""), json!([1]), json!("x".repeat(201)), json!(null)] {
            assert_eq!(read("event", json!({"name": "a", "props": {"order_id": useless}})).1, None);
        }
    }

    #[test]
    fn bots_and_prefetches_are_kept_but_do_not_count() {
        let context = Context { webdriver: true, prefetch: true, ..context() };
        let event = event(&good(), &context).expect("accepted");
        assert_eq!(event.marks, [Mark::Bot, Mark::Prefetch]);
        assert!(!event.counts());
    }
}
