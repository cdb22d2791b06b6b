//! A batch as it arrives. It is split before its events are parsed strictly, so that one broken event costs only
//! itself.

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::event::MAX_BATCH;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

/// An escape that no JSON text may contain by itself. It stands in for bytes that are not UTF-8, so that the event
/// which holds them is refused.
const BROKEN: &str = "\\ud800";

/// A batch of events.
#[derive(Debug)]
pub struct Batch {
    /// Document id of the site.
    pub site_id: String,
    /// Each event, or what is wrong with its text.
    pub events: Vec<Result<Value, Problem>>,
    /// `navigator.webdriver`.
    pub webdriver: bool,
    /// The client's clock when the batch left, in Unix milliseconds.
    pub sent_at: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope<'b> {
    site_id: String,
    #[serde(borrow)]
    events: Vec<&'b RawValue>,
    #[serde(default)]
    webdriver: Option<bool>,
    #[serde(default, borrow)]
    sent_at: Option<&'b RawValue>,
}

impl Batch {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let text = repaired(body);
        let envelope: Envelope<'_> = json::read(&text)?;
        if envelope.events.len() > MAX_BATCH {
            return Err(Error::new(Code::TooLarge, format!("Send at most {MAX_BATCH} events at a time.")));
        }
        if envelope.events.is_empty() {
            return Err(Error::invalid(vec![Problem::new("/events", "Send at least one event.")]));
        }
        let number = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).ok().as_ref().and_then(integer);
        Ok(Self {
            site_id: envelope.site_id,
            events: envelope.events.into_iter().map(event).collect(),
            webdriver: envelope.webdriver.unwrap_or(false),
            sent_at: envelope.sent_at.and_then(number),
        })
    }
}

/// Returns a number's whole part.
// Milliseconds are far below 2^53.
#[allow(clippy::cast_possible_truncation)]
fn integer(value: &Value) -> Option<i64> {
    let in_range = |number: &f64| number.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(in_range).map(|number| number as i64))
}

fn event(raw: &RawValue) -> Result<Value, Problem> {
    serde_json::from_str(raw.get()).map_err(|_| {
        let detail =
            "This isn't valid JSON: it has half of a surrogate pair, a number out of range, or too much nesting.";
        Problem::new("", detail)
    })
}

/// Returns the body as text, without a byte order mark.
fn repaired(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(BROKEN);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(events: &str) -> Batch {
        Batch::parse(format!("{{\"site_id\":\"s\",\"events\":[{events}]}}").as_bytes()).expect("a batch")
    }

    #[test]
    fn one_broken_event_costs_only_itself() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(130), "]".repeat(130));
        let broken = [r#"{"title":"abc\ud83d"}"#, r#"{"title":"\udc00"}"#, r#"{"value":1e400}"#, &deep];
        for bad in broken {
            let batch = parse(&format!("{{\"n\":1}},{bad},{{\"n\":2}}"));
            let good: Vec<bool> = batch.events.iter().map(Result::is_ok).collect();
            assert_eq!(good, [true, false, true], "{bad}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_cost_only_their_event() {
        let mut body = b"{\"site_id\":\"s\",\"events\":[{\"a\":\"".to_vec();
        body.extend(b"\xff\xfe\"},{\"a\":\"\xf0\x9f\x98\x80\"}]}");
        let batch = Batch::parse(&body).expect("a batch");
        assert!(batch.events[0].is_err());
        assert_eq!(batch.events[1].as_ref().ok(), Some(&serde_json::json!({"a": "😀"})));
    }

    #[test]
    fn a_byte_order_mark_is_no_harm() {
        let body = b"\xef\xbb\xbf{\"site_id\":\"s\",\"events\":[{}],\"sent_at\":1790000000000.5}";
        let batch = Batch::parse(body).expect("a batch");
        assert_eq!((batch.events.len(), batch.sent_at), (1, Some(1_790_000_000_000)));
    }

    #[test]
    fn a_body_that_breaks_off_is_named_without_the_parsers_words() {
        for body in ["{\"site_id\":\"s\",\"events\":[{", "{", ""] {
            let error = Batch::parse(body.as_bytes()).expect_err("refused");
            assert_eq!(error.code, Code::Invalid);
            assert!(error.message.contains("breaks off"), "{}", error.message);
            assert!(!error.message.contains("EOF"), "{}", error.message);
        }
    }
}
