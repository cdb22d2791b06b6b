//! Strict checks of one event, and the fields that the edge fills in.

use beacon_shared::error::Problem;
use beacon_shared::event::{EVENT_SCHEMA, Event, EventType, MAX_VALUE, Mark};
use serde_json::{Map, Value};

use super::agent::Agent;

const MAX_PROPS_BYTES: usize = 4 * 1024;
const MAX_PROPS_DEPTH: usize = 4;
const MAX_CLOCK_SKEW: i64 = 24 * 60 * 60 * 1000;

/// What the edge knows about the request.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The site of the batch.
    pub site_id: String,
    /// Unix milliseconds.
    pub now: i64,
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
];
const NUMBERS: &[&str] = &["ts", "value", "schema_version"];
const TYPES: &[&str] = &["pageview", "event", "click", "timing", "exposure", "conversion"];
/// Filled in by the edge, whatever the client says.
const OURS: &[&str] = &["received_at", "country", "region", "device", "browser", "os", "seq"];

/// The event as it goes into the log, or what is wrong with it.
pub fn event(value: &Value, context: &Context) -> Result<Event, Vec<Problem>> {
    let Some(fields) = value.as_object() else {
        return Err(vec![Problem::new("", "Send an event as an object.")]);
    };
    let mut fields = fields.clone();
    OURS.iter().for_each(|field| drop(fields.remove(*field)));
    fields.retain(|_, v| !v.is_null());
    let mut problems = shape_problems(&fields);
    if !problems.is_empty() {
        return Err(problems);
    }
    move_unknown_to_props(&mut fields);
    let event: Event = match serde_json::from_value(Value::Object(fields)) {
        Ok(event) => event,
        Err(e) => return Err(vec![Problem::new("", format!("This is not an event: {e}."))]),
    };
    problems.extend(meaning_problems(&event, context));
    if problems.is_empty() { Ok(complete(event, context)) } else { Err(problems) }
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
    if !fields.get("type").and_then(Value::as_str).is_some_and(|kind| TYPES.contains(&kind)) {
        problems.push(Problem::new("/type", format!("Use one of: {}.", TYPES.join(", "))));
    }
    if fields.get("props").is_some_and(|props| !props.is_object()) {
        problems.push(Problem::new("/props", "Send it as an object."));
    }
    problems
}

/// What has no column goes into `props`, where it cannot push aside what is there.
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
    event.received_at = context.now;
    event.country.clone_from(&context.country);
    event.region.clone_from(&context.region);
    event.device = context.agent.device.map(str::to_owned);
    event.browser = context.agent.browser.map(str::to_owned);
    event.os = context.agent.os.map(str::to_owned);
    event.url = event.url.map(|url| url.split('#').next().unwrap_or_default().to_owned());
    let skewed = event.ts.saturating_sub(context.now).saturating_abs() > MAX_CLOCK_SKEW;
    if skewed {
        event.ts = context.now;
    }
    event.marks.retain(|mark| *mark != Mark::ClockSkew);
    let found = [
        (context.agent.bot || context.webdriver, Mark::Bot),
        (context.prefetch, Mark::Prefetch),
        (skewed, Mark::ClockSkew),
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
        Context { site_id: "sit_1".into(), now: NOW, ..Context::default() }
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
    fn a_clock_that_is_a_day_off_is_corrected_and_marked() {
        for ts in [0, NOW + MAX_CLOCK_SKEW + 1, i64::MIN] {
            let event = event(&with("ts", json!(ts)), &context()).expect("accepted");
            assert_eq!((event.ts, event.marks.as_slice()), (NOW, [Mark::ClockSkew].as_slice()));
            assert!(event.counts());
        }
    }

    #[test]
    fn robots_and_prefetches_are_kept_but_do_not_count() {
        let context = Context { webdriver: true, prefetch: true, ..context() };
        let event = event(&good(), &context).expect("accepted");
        assert_eq!(event.marks, [Mark::Bot, Mark::Prefetch]);
        assert!(!event.counts());
    }
}
