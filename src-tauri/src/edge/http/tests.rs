use std::sync::{Arc, Mutex};

use beacon_shared::api::{Release, Scope};
use beacon_shared::model::Revision;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::vault::Secret;

const KEY: &str = "bcn_secret_value";

/// Answers every connection with the same bytes; gives the address and what was asked.
async fn server(answer: Option<String>) -> (Target, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 64 * 1024];
            let n = stream.read(&mut buffer).await.unwrap_or_default();
            log.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..n]));
            match &answer {
                Some(answer) => {
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
                None => tokio::time::sleep(Duration::from_secs(60)).await,
            }
        }
    });
    (Target { url, key: Secret::new(KEY) }, asked)
}

fn http(status: &str, content_type: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"))
}

async fn whoami(answer: Option<String>) -> Result<WhoAmI> {
    let (at, _) = server(answer).await;
    let found = HttpEdge::with_timeout(Duration::from_millis(500)).unwrap().whoami(&at).await;
    if let Err(error) = &found {
        assert!(!error.message.contains(KEY), "{error}");
        assert!(error.message.contains("127.0.0.1") || error.message == "Try later.", "{error}");
    }
    found
}

async fn code(answer: Option<String>) -> Code {
    whoami(answer).await.unwrap_err().code
}

const WHO: &str = r#"{"product":"beacon-edge","version":"0.1.0","key_name":"desk","scopes":["read","write"]}"#;

#[tokio::test]
async fn a_valid_answer_is_read_and_the_key_travels_in_its_header_only() {
    let (mut at, asked) = server(http("200 OK", "application/json", WHO)).await;
    at.url.set_path("/below/");
    at.url.set_username("somebody").unwrap();
    let who = HttpEdge::new().unwrap().whoami(&at).await.unwrap();
    assert_eq!(who.scopes, [Scope::Read, Scope::Write]);
    let asked = asked.lock().unwrap().clone();
    assert!(asked.starts_with("GET /below/api/whoami HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("x-api-key: {KEY}\r\n")), "{asked}");
    assert_eq!(asked.matches(KEY).count(), 1);
    assert!(!asked.to_lowercase().contains("authorization"), "{asked}");
}

#[tokio::test]
async fn what_is_no_edge_is_called_so() {
    assert_eq!(code(http("200 OK", "text/html", "<h1>Welcome</h1>")).await, Code::NotAnEdge);
    assert_eq!(code(http("404 Not Found", "application/problem+json", "{}")).await, Code::NotAnEdge);
    assert_eq!(code(http("200 OK", "application/json", &WHO.replace("beacon-edge", "other"))).await, Code::NotAnEdge);
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(code(Some(redirect.to_owned())).await, Code::NotAnEdge);
}

#[tokio::test]
async fn silence_is_unreachable() {
    assert_eq!(code(None).await, Code::Unreachable);
    assert_eq!(code(Some("garbage".to_owned())).await, Code::Unreachable);
    assert_eq!(code(Some("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_owned())).await, Code::Unreachable);
    let (mut at, _) = server(None).await;
    at.url.set_port(Some(1)).unwrap();
    let error = HttpEdge::new().unwrap().whoami(&at).await.unwrap_err();
    assert_eq!((error.code, error.retryable()), (Code::Unreachable, true));
}

/// D33: an outage is no reason to doubt the address.
#[tokio::test]
async fn a_page_of_the_host_is_an_outage() {
    for status in ["500 Oops", "502 Bad Gateway", "503 Service Unavailable", "520 Web Server Error", "530 Oops"] {
        let (at, _) = server(http(status, "text/html", "<h1>error code: 1101</h1>")).await;
        let error = HttpEdge::new().unwrap().whoami(&at).await.unwrap_err();
        assert_eq!((error.code, error.retryable()), (Code::Unreachable, true), "{status}");
        assert!(error.message.contains(&status[..3]) && error.message.contains("Try again"), "{}", error.message);
    }
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    // A login page on the way is not the edge's word about the key.
    assert_eq!(code(http("401 Unauthorized", "text/plain", "")).await, Code::NotAnEdge);
    assert_eq!(code(http("403 Forbidden", "text/html", "")).await, Code::NotAnEdge);
    assert_eq!(code(http("429 Too Many Requests", "text/plain", "")).await, Code::RateLimited);
    let problem = r#"{"status":503,"title":"Service Unavailable","code":"storage","detail":"Try later."}"#;
    let error = whoami(http("503 Service Unavailable", "application/problem+json; charset=utf-8", problem)).await;
    assert_eq!(error.unwrap_err(), Error::new(Code::Unreachable, "Try later."));
}

/// D17: trouble with one site's log was taken for the whole edge's.
#[tokio::test]
async fn a_failure_of_one_sites_log_is_not_the_edges() {
    let problem = r#"{"status":503,"title":"Service Unavailable","code":"storage","detail":"Try later."}"#;
    for (content_type, body) in [("application/problem+json", problem), ("text/html", "<h1>error code: 1101</h1>")] {
        let (at, _) = server(http("503 Service Unavailable", content_type, body)).await;
        let error = HttpEdge::new().unwrap().segments(&at, "sit_1", 0).await.unwrap_err();
        assert_eq!(error.code, Code::Storage, "{content_type}");
        let (at, _) = server(http("503 Service Unavailable", content_type, body)).await;
        let error = HttpEdge::new().unwrap().segment(&at, "sit_1", "sit_1.1-2").await.unwrap_err();
        assert_eq!(error.code, Code::Storage, "{content_type}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let body = "x".repeat(answer::MAX_BYTES + 1);
    let (at, _) = server(http("200 OK", "application/json", &body)).await;
    assert_eq!(HttpEdge::new().unwrap().whoami(&at).await.unwrap_err().code, Code::TooLarge);
}

#[tokio::test]
async fn the_key_never_leaves_unencrypted() {
    let at = Target { url: Url::parse("http://edge.example/").unwrap(), key: Secret::new(KEY) };
    assert_eq!(HttpEdge::new().unwrap().whoami(&at).await.unwrap_err().code, Code::Invalid);
    let (mut at, asked) = server(http("200 OK", "application/json", WHO)).await;
    at.key = Secret::new("two\r\nlines");
    assert_eq!(HttpEdge::new().unwrap().whoami(&at).await.unwrap_err().code, Code::Unauthorized);
    assert_eq!(*asked.lock().unwrap(), "");
}

#[tokio::test]
async fn a_segment_is_read_line_by_line() {
    let line = |seq: u64| {
        format!(
            r#"{{"seq":{seq},"event_id":"e{seq}","site_id":"sit_1","ts":5,"type":"exposure","visitor_id":"v","schema_version":1}}"#
        )
    };
    // D17: the type of the second line is one of a newer edge, the third is none of an event.
    let body = format!("{}\n{}\n{{\"seq\":6}}\n", line(4), line(5).replace("exposure", "vital"));
    let (at, asked) = server(http("200 OK", "application/x-ndjson", &body)).await;
    let events = HttpEdge::new().unwrap().segment(&at, "sit_1", "sit_1~4-5/../x").await.unwrap();
    let read: Vec<_> = events.iter().map(|line| (line.seq, line.event.is_some())).collect();
    assert_eq!(read, [(4, true), (5, true), (6, false)]);
    let asked = asked.lock().unwrap().clone();
    assert!(asked.starts_with("GET /api/events/segments/sit_1~4-5%2F..%2Fx HTTP/1.1"), "{asked}");
}

#[tokio::test]
async fn a_request_that_the_edge_would_refuse_for_its_size_is_not_sent() {
    let (at, asked) = server(http("200 OK", "application/json", "{}")).await;
    let release = Release { doc_id: "x".repeat(5 * 1024 * 1024), revision: Revision::default() };
    let request = PublishRequest {
        command_id: "p1".into(),
        device: "desk".into(),
        release: vec![release],
        transitions: Vec::new(),
        at: 0,
    };
    let error = HttpEdge::new().unwrap().publish(&at, &request).await.unwrap_err();
    assert_eq!(error.code, Code::TooLarge);
    assert_eq!(*asked.lock().unwrap(), "");
}
