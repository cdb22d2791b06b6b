//! The event envelope: what `beacon.js` sends, the collector validates and the desktop counts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The envelope's version; unknown columns go into [`Event::props`].
pub const EVENT_SCHEMA: u32 = 1;

/// The largest magnitude of an event's value: one absurd number must not make the sums of all others useless.
pub const MAX_VALUE: f64 = 1e12;
/// The most events in one batch.
pub const MAX_BATCH: usize = 100;
/// The most bytes in one body.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// The type of an event. The set is open: a type of a newer edge is kept by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum EventType {
    /// A page was shown.
    Pageview,
    /// Something the site named.
    Event,
    /// A link was clicked.
    Click,
    /// A performance measurement.
    Timing,
    /// A variant was applied to a visitor.
    Exposure,
    /// A goal of an experiment was reached.
    Conversion,
    /// A type that this version does not know. Results do not count it.
    Other(String),
}

impl EventType {
    /// The types that this version knows, by which the collector validates.
    pub const KNOWN: [Self; 6] =
        [Self::Pageview, Self::Event, Self::Click, Self::Timing, Self::Exposure, Self::Conversion];

    /// The name on the wire and in the database.
    pub fn name(&self) -> &str {
        match self {
            Self::Pageview => "pageview",
            Self::Event => "event",
            Self::Click => "click",
            Self::Timing => "timing",
            Self::Exposure => "exposure",
            Self::Conversion => "conversion",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for EventType {
    fn from(name: String) -> Self {
        Self::KNOWN.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other(name))
    }
}

impl From<EventType> for String {
    fn from(kind: EventType) -> Self {
        kind.name().to_owned()
    }
}

/// The reason why an event is left out of results. Marked events are kept: exclusions are counted, never hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A bot: its user agent says so, or its browser is driven (`navigator.webdriver`).
    Bot,
    /// A prefetch or prerender that nobody saw.
    Prefetch,
    /// A preview of a draft.
    Preview,
    /// A variant forced by hand.
    Forced,
    /// The client's clock was off by more than a day, or contradicts itself; `ts` is the edge's best guess.
    ClockSkew,
}

impl Mark {
    /// Returns true if events with this mark are left out of results.
    pub fn excludes(self) -> bool {
        self != Self::ClockSkew
    }
}

/// One event. The collector fills `received_at`, `country`, `region`, `device`, `browser`, `os`, and `marks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// UUIDv7 made by the client; a second event with the same id is the same event.
    pub event_id: String,
    /// Document id of the site.
    pub site_id: String,
    /// Unix milliseconds, by the client's clock.
    pub ts: i64,
    /// Unix milliseconds, by the server's clock.
    #[serde(default)]
    pub received_at: i64,
    /// Type of the event.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The event's or the conversion's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As given to `trackEvent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// As given to `trackEvent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A finite number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The random first-party visitor id: the unit of analysis.
    pub visitor_id: String,
    /// One visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The page's address without its fragment, unless fragments are its routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The path of `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The page's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The address of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Campaign parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_source: Option<String>,
    /// Campaign parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_medium: Option<String>,
    /// Campaign parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_campaign: Option<String>,
    /// Campaign parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_term: Option<String>,
    /// Campaign parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_content: Option<String>,
    /// ISO 3166-1 alpha-2, from the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// From the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `desktop`, `mobile` or `tablet`, from the user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// From the user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// From the user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The experiment's key, on exposures and conversions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment_id: Option<String>,
    /// The variant's id, on exposures and conversions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<String>,
    /// Id of the experiment's phase, on exposures and conversions. Scripts of version 0.1 send it as `props.phase`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The site's own id of what happened, such as an order number. Results count it once for each site and event name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Everything that has no column.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub props: Map<String, Value>,
    /// Reason why it is left out of results, if it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// [`EVENT_SCHEMA`] of the version that wrote the event.
    pub schema_version: u32,
}

impl Event {
    /// Returns true if results count it.
    pub fn counts(&self) -> bool {
        !self.marks.iter().any(|m| m.excludes())
    }

    /// The phase that an exposure or a conversion belongs to. Older scripts send it as `props.phase`.
    pub fn phase_id(&self) -> Option<String> {
        let own = matches!(self.kind, EventType::Exposure | EventType::Conversion);
        own.then(|| filled(self.phase.as_deref()).or_else(|| self.prop("phase"))).flatten()
    }

    /// The site's own id of an event or a conversion. Sites that send an order say it as `props.order_id` or
    /// `props.transaction_id`.
    pub fn own_id(&self) -> Option<String> {
        let own = matches!(self.kind, EventType::Event | EventType::Conversion);
        let props = || self.prop("order_id").or_else(|| self.prop("transaction_id"));
        own.then(|| filled(self.id.as_deref()).or_else(props)).flatten()
    }

    /// A property that is a text or a whole number, as text.
    fn prop(&self, name: &str) -> Option<String> {
        match self.props.get(name)? {
            Value::String(text) => filled(Some(text)),
            Value::Number(number) if !number.is_f64() => Some(number.to_string()),
            _ => None,
        }
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An event with its place in its site's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logged {
    /// Given by the site's single writer, from 1, without gaps.
    pub seq: u64,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

/// One line of a segment: its text as the edge sent it, and the event as far as this version can read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// See [`Logged::seq`].
    pub seq: u64,
    /// JSON without a line break.
    pub text: String,
    /// `None` where a newer edge wrote what this version cannot read. The text is kept for a version that can.
    pub event: Option<Event>,
}

impl Line {
    /// Reads one line; `None` when not even its sequence number can be read.
    pub fn parse(line: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Place {
            seq: u64,
        }
        let text = std::str::from_utf8(line).ok()?.trim();
        let (seq, event) = match serde_json::from_str::<Logged>(text) {
            Ok(Logged { seq, event }) => (seq, Some(event)),
            Err(_) => (serde_json::from_str::<Place>(text).ok()?.seq, None),
        };
        Some(Self { seq, text: text.to_owned(), event })
    }

    /// Reads a segment, one line for each event. Lines without a readable sequence number are left out: the caller
    /// knows which numbers the segment must have.
    pub fn parse_all(segment: &[u8]) -> Vec<Self> {
        segment.split(|byte| *byte == b'\n').filter_map(Self::parse).collect()
    }
}

#[cfg(test)]
mod tests;
