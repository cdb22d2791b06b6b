//! Tests of the routes, in memory.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use beacon_shared::api::endpoint::{ALL, Access, Declaration, Method};
use beacon_shared::api::{Action, KEY_HEADER, Op, PublishRequest, PushRequest, Release, Scope, Transition, route};
use beacon_shared::model::{Kind, Revision};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::digest;
use crate::http::{MAX_URL, unreadable};
use crate::memory::{ADMIN_KEY, MemoryEdge, now};

pub(super) const NOW: i64 = 1_790_000_000_000;
const PAGE: &str = "https://shop.example";

pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    fn is_problem(&self) -> bool {
        self.header(header::CONTENT_TYPE) == "application/problem+json"
    }
}

fn ask(edge: &MemoryEdge, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
    let request = request.body(body.into()).expect("a request");
    let response = now(edge.router().oneshot(request)).expect("infallible");
    let (parts, body) = response.into_parts();
    let bytes = now(to_bytes(body, usize::MAX)).expect("a body");
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.into()).expect("text") }
}

fn get(path: &str) -> axum::http::request::Builder {
    Request::get(path)
}

fn from_page(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::ORIGIN, PAGE).header(header::CONTENT_TYPE, "text/plain")
}

/// An edge with the published site `sit_1` and a flag `banner` on it.
fn published() -> MemoryEdge {
    let edge = MemoryEdge::new();
    edge.clock.set(NOW);
    let site = json!({"key": "shop", "name": "Shop", "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"});
    let flag = json!({"key": "banner", "name": "Banner", "site_ids": ["sit_1"], "enabled": true,
        "kind": "boolean", "default_value": true, "rules": []});
    let op = |id: &str, kind, key: &str, draft: Value| Op {
        op_id: format!("op_{id}"),
        doc_id: id.into(),
        kind,
        key: key.into(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body: json!({"schema": 1, "released": null, "draft": draft}),
        at: NOW,
    };
    let ops = vec![op("sit_1", Kind::Site, "shop", site), op("flg_1", Kind::Flag, "banner", flag)];
    let outcomes =
        edge.push(&PushRequest { device: "d".into(), ops, ..PushRequest::default() }).expect("pushed").outcomes;
    let release = ["sit_1", "flg_1"]
        .map(|id| Release { doc_id: id.into(), revision: Revision { rev: 1, ..Revision::default() } })
        .to_vec();
    let (command_id, device) = ("c1".to_owned(), "d".to_owned());
    let request = PublishRequest { command_id, device, release, transitions: Vec::new(), at: NOW };
    edge.publish(&request).unwrap_or_else(|e| panic!("{e:?} after {outcomes:?}"));
    edge
}

fn event(number: u32) -> Value {
    json!({"event_id": format!("0199b0b0-0000-7000-8000-{number:012}"), "site_id": "sit_1", "ts": NOW - 10,
        "type": "pageview", "visitor_id": "v", "schema_version": 1})
}

fn batch(events: &str) -> String {
    format!("{{\"site_id\":\"sit_1\",\"events\":[{events}],\"sent_at\":{NOW}}}")
}

/// A path without its parameters.
fn path(declaration: &Declaration) -> String {
    let filled = declaration.path.replace("{site_id}", "sit_1").replace("{id}", "x").replace("{key}", "banner");
    assert!(!filled.contains('{'), "{filled}");
    filled
}

fn request(declaration: &Declaration) -> axum::http::request::Builder {
    match declaration.method {
        Method::Get => Request::get(path(declaration)),
        Method::Post => Request::post(path(declaration)),
    }
}

fn store_key(edge: &MemoryEdge, key: &str, scopes: &[Scope]) {
    let insert = "INSERT INTO keys (id, name, sha256, scopes, created_at) VALUES (?1, ?1, ?2, ?3, 0)";
    let values = [key.to_owned(), digest::sha256(key.as_bytes()), json!(scopes).to_string()];
    edge.db.connection().execute(insert, values).expect("a key");
}

#[test]
fn every_route_refuses_a_key_without_its_scope() {
    let edge = published();
    let all = [Scope::Evaluate, Scope::Read, Scope::Write, Scope::Publish];
    for scope in all {
        store_key(&edge, &format!("bcn_{scope:?}"), &[scope]);
    }
    for declaration in ALL {
        let with = |key: &str| ask(&edge, request(declaration).header(KEY_HEADER, key), "{}").status;
        let name = declaration.name;
        match declaration.access {
            Access::Key(needed) => {
                for scope in all {
                    let status = with(&format!("bcn_{scope:?}"));
                    assert_eq!(status == StatusCode::FORBIDDEN, scope != needed, "{name} with {scope:?}: {status}");
                }
                assert_ne!(with(ADMIN_KEY), StatusCode::FORBIDDEN, "{name}");
                assert_eq!(with("bcn_wrong"), StatusCode::UNAUTHORIZED, "{name}");
                assert_eq!(ask(&edge, request(declaration), "{}").status, StatusCode::UNAUTHORIZED, "{name}");
            }
            Access::AnyKey => {
                assert_eq!(with("bcn_Evaluate"), StatusCode::OK, "{name}");
                assert_eq!(with("bcn_wrong"), StatusCode::UNAUTHORIZED, "{name}");
            }
            Access::Public | Access::Site => {
                assert_ne!(with("bcn_wrong"), StatusCode::UNAUTHORIZED, "{name}");
            }
        }
    }
}

#[test]
fn every_public_route_answers_errors_with_cors_headers() {
    let edge = published();
    for declaration in ALL.iter().filter(|d| d.access.is_public()) {
        let expected = if declaration.access == Access::Site { PAGE } else { "*" };
        let check = |case: &str, request: axum::http::request::Builder, body: String| {
            let answer = ask(&edge, request.header(header::ORIGIN, PAGE), body);
            let allowed = answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed, expected, "{} {case}: {}", declaration.name, answer.status);
            assert!(answer.header(header::ACCESS_CONTROL_EXPOSE_HEADERS).contains("retry-after"));
            answer.status
        };
        if declaration.method == Method::Post {
            assert!(check("broken body", request(declaration), "{".into()).is_client_error());
            let long = "x".repeat(declaration.limit + 1);
            assert!(check("long body", request(declaration), long).is_client_error());
            let zip = request(declaration).header(header::CONTENT_ENCODING, "gzip");
            assert!(check("gzip", zip, "{}".into()).is_client_error());
        }
        assert_eq!(check("method", Request::delete(path(declaration)), String::new()), StatusCode::METHOD_NOT_ALLOWED);
        let preflight = Request::options(path(declaration)).header("access-control-request-method", "POST");
        assert_eq!(check("preflight", preflight, String::new()), StatusCode::NO_CONTENT);
        if declaration.path.contains('{') {
            let malformed = declaration.path.replace("{site_id}", "%ff").replace("{id}", "%ff").replace("{key}", "%ff");
            let request =
                Request::builder().method(request(declaration).method_ref().expect("a method")).uri(malformed);
            assert_eq!(check("malformed path", request, "{}".into()), StatusCode::BAD_REQUEST);
        }
    }
}

#[test]
fn routes_for_keys_are_not_for_pages() {
    let edge = published();
    for declaration in ALL.iter().filter(|d| !d.access.is_public()) {
        let asked = request(declaration).header(header::ORIGIN, PAGE).header(KEY_HEADER, ADMIN_KEY);
        assert_eq!(ask(&edge, asked, "{}").header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "", "{}", declaration.name);
    }
}

/// Case X4.
#[test]
fn what_no_route_takes_is_a_problem_that_pages_can_read() {
    let edge = published();
    let long = format!("/api/features/{}", "x".repeat(MAX_URL));
    for (path, status) in [
        ("/api/features/%ff", StatusCode::BAD_REQUEST),
        ("/nothing/here", StatusCode::NOT_FOUND),
        ("/api/features/unknown", StatusCode::NOT_FOUND),
        (&long, StatusCode::URI_TOO_LONG),
    ] {
        let answer = ask(&edge, get(path), "");
        assert_eq!((answer.status, answer.is_problem()), (status, true), "{}", answer.text);
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
    // Case X6: what the runtime cannot turn into a request at all.
    let unreadable = unreadable();
    assert_eq!(unreadable.status(), StatusCode::BAD_REQUEST);
    assert_eq!(unreadable.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

/// Case B01.
#[test]
fn one_broken_event_costs_only_itself() {
    let edge = published();
    let (good, deep) = (event(1), format!("{{\"props\":{{\"a\":{}{}}}}}", "[".repeat(130), "]".repeat(130)));
    for bad in [r#"{"title":"abc\ud83d"}"#, &deep, r#"{"value":1e400}"#, "7"] {
        let answer = ask(&edge, from_page(route::BATCH), batch(&format!("{good},{bad}")));
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = answer.json();
        assert_eq!((&body["accepted"], &body["refused"][0]["index"]), (&json!(1), &json!(1)), "{bad}");
    }
    assert_eq!(edge.segments("sit_1", 0).expect("a list").head, 1);
}

/// Case B02, as far as HTTP goes.
#[test]
fn a_refusal_can_be_read_by_the_page() {
    let edge = published();
    let answer = ask(&edge, from_page(route::BATCH), "{");
    assert_eq!((answer.status, answer.is_problem()), (StatusCode::UNPROCESSABLE_ENTITY, true));
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
    edge.limiter.set(1);
    let send = || ask(&edge, from_page(route::BATCH), batch(&event(1).to_string()));
    assert_eq!(send().status, StatusCode::OK);
    let refused = send();
    assert_eq!((refused.status, refused.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "60"));
    assert_eq!(refused.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
}

#[test]
fn a_site_that_gets_too_much_refuses_for_a_while() {
    let edge = published();
    edge.limiter.set(3);
    let send = |address: u8| {
        let page = from_page(route::BATCH).header("cf-connecting-ip", format!("192.0.2.{address}"));
        ask(&edge, page, batch(&event(address.into()).to_string())).status
    };
    let first: Vec<_> = (1..=3).map(send).collect();
    assert_eq!(first, [StatusCode::OK; 3]);
    assert_eq!(send(4), StatusCode::TOO_MANY_REQUESTS, "no address has sent more than one batch");
}

#[test]
fn a_body_that_is_compressed_or_broken_off_is_named() {
    let edge = published();
    let zipped = ask(&edge, from_page(route::BATCH).header(header::CONTENT_ENCODING, "gzip"), "\x1f");
    assert_eq!((zipped.status, zipped.is_problem()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, true));
    let pieces = [Ok("{\"site_id\":"), Err("reset")];
    let stream = Body::from_stream(tokio_stream_of(pieces));
    let broken = ask(&edge, from_page(route::BATCH), stream);
    assert_eq!((broken.status, broken.is_problem()), (StatusCode::BAD_REQUEST, true));
    for (path, key) in [(route::BATCH, ""), (route::PUSH, ADMIN_KEY)] {
        for body in ["{\"site_id\":", "{\"device\":7}", "[1,", "{\"a\":1e}"] {
            let answer = ask(&edge, from_page(path).header(KEY_HEADER, key), body);
            assert_eq!((answer.status, answer.is_problem()), (StatusCode::UNPROCESSABLE_ENTITY, true));
            for word in ["EOF", "expected", "missing field", "invalid type"] {
                assert!(!answer.text.contains(word), "{path} {body}: {}", answer.text);
            }
        }
    }
    let marked = ask(&edge, from_page(route::BATCH), format!("\u{feff}{}", batch(&event(9).to_string())));
    assert_eq!(marked.status, StatusCode::OK, "{}", marked.text);
}

fn tokio_stream_of<const N: usize>(
    pieces: [Result<&'static str, &'static str>; N],
) -> impl futures_core::Stream<Item = Result<&'static str, &'static str>> + Send {
    struct Pieces<I>(I);
    impl<I: Iterator + Unpin> futures_core::Stream for Pieces<I> {
        type Item = I::Item;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<I::Item>> {
            std::task::Poll::Ready(self.0.next())
        }
    }
    Pieces(pieces.into_iter())
}

fn head(edge: &MemoryEdge) -> Value {
    ask(edge, get(route::HEADS).header(KEY_HEADER, ADMIN_KEY), "").json()
}

fn send(edge: &MemoryEdge, numbers: std::ops::Range<u32>) {
    for first in numbers.clone().step_by(100) {
        let last = (first + 100).min(numbers.end);
        let events: Vec<String> = (first..last).map(|n| event(n).to_string()).collect();
        let answer = ask(edge, from_page(route::BATCH), batch(&events.join(",")));
        assert_eq!((answer.status, &answer.json()["refused"]), (StatusCode::OK, &json!([])), "{}", answer.text);
    }
}

/// D5, D9: a log has an identity, a gap is loud, and a reader learns that it has to list again.
#[test]
fn a_log_is_exported_with_its_identity_and_its_gaps() {
    let edge = published();
    let keyed = |path: &str| ask(&edge, get(path).header(KEY_HEADER, ADMIN_KEY), "");
    assert_eq!(head(&edge)["logs"], json!([]));
    send(&edge, 0..10);
    let list = keyed("/api/events/segments?site=sit_1").json();
    assert_eq!(list["log_id"].as_str().map(str::len), Some(32));
    let heads = json!([{"site_id": "sit_1", "log_id": list["log_id"], "head": 10}]);
    assert_eq!(head(&edge)["logs"], heads);
    let open = list["segments"][0]["id"].as_str().expect("an id").to_owned();
    let lines = keyed(&format!("/api/events/segments/{open}"));
    assert_eq!((lines.text.lines().count(), lines.header(header::CACHE_CONTROL)), (10, "no-store"));
    send(&edge, 10..5_100);
    let since = keyed(&format!("/api/events/segments/{open}"));
    assert_eq!((since.status, &since.json()["code"]), (StatusCode::CONFLICT, &json!("sealed_since")));
    let list = keyed("/api/events/segments?site=sit_1&after=0").json();
    let sealed = list["segments"][0]["id"].as_str().expect("an id").to_owned();
    let lines = keyed(&format!("/api/events/segments/{sealed}"));
    assert_eq!((lines.text.lines().count(), lines.header(header::CACHE_CONTROL).contains("immutable")), (5_000, true));
    assert!(edge.objects.lose("segments/sit_1/000000000001-000000005000.ndjson"));
    let gone = keyed(&format!("/api/events/segments/{sealed}"));
    assert_eq!((gone.status, &gone.json()["code"]), (StatusCode::GONE, &json!("gone")));
    assert!(gone.text.contains("1 to 5000"), "{}", gone.text);
    edge.logs.lose("sit_1");
    send(&edge, 0..3);
    assert_ne!(head(&edge)["logs"][0]["log_id"], list["log_id"]);
    for path in ["/api/events/segments?site=sit_1&after=x", "/api/events/segments", "/api/events/segments?site="] {
        assert_eq!(keyed(path).status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
}

/// D47.
#[test]
fn asking_about_an_unknown_site_makes_no_log() {
    let edge = published();
    for path in ["/api/events/segments?site=nobody", "/api/events/segments/nobody~1-2"] {
        assert_eq!(ask(&edge, get(path).header(KEY_HEADER, ADMIN_KEY), "").status, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask(&edge, from_page(route::BATCH), batch(&event(1).to_string()).replace("sit_1", "x")).status, 404);
    assert!(edge.logs.sites().is_empty());
}

/// D19: the isolate answers while the database does not, within the bound; and unknown sites do not reach it.
#[test]
fn what_is_live_is_served_without_the_database() {
    let edge = published();
    let features = || ask(&edge, get("/api/features/sit_1"), "").status;
    assert_eq!(features(), StatusCode::OK);
    edge.db.connection().execute("ALTER TABLE pointer RENAME TO lost", ()).expect("renamed");
    for _ in 0..100 {
        assert_eq!(ask(&edge, get("/api/features/nobody"), "").status, StatusCode::NOT_FOUND);
    }
    edge.clock.pass(24_000);
    assert_eq!(features(), StatusCode::OK);
    edge.clock.pass(2_000);
    assert_eq!(features(), StatusCode::SERVICE_UNAVAILABLE, "the kill switch's bound");
    let fresh = event(1).to_string().replace(&(NOW - 10).to_string(), &(NOW + 20_000).to_string());
    assert_eq!(ask(&edge, from_page(route::BATCH), batch(&fresh)).status, StatusCode::OK, "the collector goes on");
    edge.db.connection().execute("ALTER TABLE lost RENAME TO pointer", ()).expect("renamed");
    assert_eq!(features(), StatusCode::OK);
}

/// An open page asks at an interval, and the answer may come from a pointer that is as old as the bound.
#[test]
fn an_open_page_gets_new_definitions_within_a_minute() {
    let source = include_str!("../../sdk/src/flags.ts");
    let interval = source.split_once("const POLL = ").and_then(|(_, rest)| rest.split_once(';')).expect("an interval");
    let interval: i64 = interval.0.parse().expect("milliseconds");
    assert!(interval + crate::domain::live::BOUND < 60_000, "{interval}");
}

#[test]
fn a_publication_elsewhere_is_seen_within_the_bound() {
    let edge = published();
    let features = || ask(&edge, get("/api/features/sit_1"), "").json()["features"]["banner"]["defaultValue"].clone();
    assert_eq!(features(), json!(true));
    // Another isolate publishes: this one does not know.
    let other = crate::deps::Deps { live: Default::default(), ..edge.deps() };
    let transition = Transition {
        doc_id: "flg_1".into(),
        revision: Revision { rev: 2, ..Revision::default() },
        action: Action::Kill,
    };
    let (command_id, device) = ("c2".to_owned(), "d".to_owned());
    let request = PublishRequest { command_id, device, release: Vec::new(), transitions: vec![transition], at: NOW };
    now(crate::domain::publishing::publish(&other, "test", &request)).expect("published");
    assert_eq!(features(), json!(true), "fresh enough");
    edge.clock.pass(6_000);
    assert_eq!(features(), json!(true), "answered from memory, refreshed behind it");
    assert_eq!(features(), json!(null));
}

/// D31, D45.
#[test]
fn unchanged_definitions_are_not_sent_again() {
    let edge = published();
    for path in ["/beacon.js", "/beacon.js?site=sit_1", "/beacon.js?site=nobody", "/api/features/sit_1"] {
        let first = ask(&edge, get(path), "");
        let tag = first.header(header::ETAG).to_owned();
        assert_eq!((first.status, first.text.is_empty(), tag.len()), (StatusCode::OK, false, 34), "{path}");
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let again = ask(&edge, get(path).header(header::IF_NONE_MATCH, tags), "");
            assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        }
        let other = ask(&edge, get(path).header(header::IF_NONE_MATCH, "\"x\""), "");
        assert_eq!((other.status, other.text), (StatusCode::OK, first.text), "{path}");
    }
    let phone = get("/beacon.js?site=sit_1").header(header::USER_AGENT, "Mozilla/5.0 (iPhone) Mobile Safari");
    let desktop = ask(&edge, get("/beacon.js?site=sit_1"), "");
    assert_ne!(ask(&edge, phone, "").header(header::ETAG), desktop.header(header::ETAG));
    assert!(desktop.text.starts_with("window.__beacon={\"site\":\"sit_1\",\"payload\":{"), "{}", desktop.text);
}
