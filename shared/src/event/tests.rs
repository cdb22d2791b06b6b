use serde_json::json;

use super::*;

fn pageview() -> serde_json::Value {
    json!({"seq": 1, "event_id": "e1", "site_id": "s", "ts": 1, "type": "pageview", "visitor_id": "v", "schema_version": 1})
}

#[test]
fn every_type_is_read_back_by_its_name() {
    let names = ["pageview", "event", "click", "timing", "exposure", "conversion", "vital"];
    for name in names {
        let kind: EventType = serde_json::from_value(json!(name)).unwrap();
        assert_eq!((kind.name(), serde_json::to_value(&kind).unwrap()), (name, json!(name)));
        assert_eq!(kind == EventType::Other("vital".into()), name == "vital");
    }
}

#[test]
fn one_line_of_a_newer_edge_costs_no_other_line() {
    let with = |change: serde_json::Value| {
        let mut line = pageview();
        line.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        line.to_string()
    };
    let deep = format!(r#"{{"seq":6,"props":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let lines = [
        with(json!({})),
        with(json!({"seq": 2, "type": "vital"})),
        with(json!({"seq": 3, "marks": ["unheard_of"]})),
        with(json!({"seq": 4, "ts": "yesterday"})),
        with(json!({"seq": 5, "invented": true, "phase": "p1", "id": "A1"})),
        deep,
        "{".into(),
        String::new(),
        with(json!({"seq": 8})),
    ];
    let text = lines.join("\n");
    let read = Line::parse_all(text.as_bytes());
    let known: Vec<_> = read.iter().map(|line| (line.seq, line.event.is_some())).collect();
    assert_eq!(known, [(1, true), (2, true), (3, false), (4, false), (5, true), (6, false), (8, true)]);
    assert_eq!(read[1].event.as_ref().unwrap().kind, EventType::Other("vital".into()));
    assert_eq!(read[2].text, lines[2], "the text stays as it was sent");
    let event = read[4].event.as_ref().unwrap();
    assert_eq!((event.phase.as_deref(), event.id.as_deref()), (Some("p1"), Some("A1")));
    assert!(read[4].text.contains("invented"), "a field of a newer edge is kept");
    assert!(Line::parse_all(b"\xff\xfe{}\n").is_empty());
}

#[test]
fn the_phase_and_the_sites_own_id_are_found_where_older_pages_put_them() {
    let cases = [
        (json!({"type": "exposure", "phase": "p1", "props": {"phase": "0"}}), Some("p1"), None),
        (json!({"type": "exposure", "props": {"phase": "0", "order_id": "A1"}}), Some("0"), None),
        (json!({"type": "conversion", "phase": "", "props": {"phase": 1}}), Some("1"), None),
        (json!({"type": "event", "phase": "p1", "id": "A1", "props": {"order_id": "A2"}}), None, Some("A1")),
        (json!({"type": "event", "props": {"order_id": "", "transaction_id": 1001}}), None, Some("1001")),
        (json!({"type": "conversion", "props": {"transaction_id": "T", "order_id": "A1"}}), None, Some("A1")),
        (json!({"type": "conversion", "props": {"phase": [1], "order_id": 1.5}}), None, None),
        (json!({"type": "pageview", "id": "A1"}), None, None),
    ];
    for (fields, phase, id) in cases {
        let mut line = pageview();
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let event: Event = serde_json::from_value(line).unwrap();
        assert_eq!((event.phase_id().as_deref(), event.own_id().as_deref()), (phase, id), "{fields}");
    }
}
