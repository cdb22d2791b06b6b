use serde_json::Value;

use super::Zone;

/// The facts about a site that its results need.
#[derive(Clone, Debug)]
pub struct SiteFacts {
    /// The name that people read.
    pub name: String,
    /// The site's time zone; `None` for a time zone that this computer does not know.
    pub zone: Option<Zone>,
}

impl SiteFacts {
    /// Reads the body of the site's document: what is released counts, and before that the draft. A document that
    /// this version cannot read whole is read as far as it goes.
    pub fn of(body: &Value) -> Self {
        let text = |field: &str| {
            let released = body.get("released").and_then(|released| released.get(field));
            let found = released.or_else(|| body.get("draft").and_then(|draft| draft.get(field)));
            found.and_then(Value::as_str).unwrap_or_default()
        };
        let name = match (text("name"), text("key")) {
            ("", "") => "a site",
            ("", key) => key,
            (name, _) => name,
        };
        Self { name: name.to_owned(), zone: Zone::named(text("time_zone")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_released_counts() {
        let site = |name: &str, zone: &str| json!({"key": "shop", "name": name, "time_zone": zone});
        let both = json!({"draft": site("New", "Asia/Tokyo"), "released": site("Shop", "Asia/Kolkata")});
        let facts = SiteFacts::of(&both);
        assert_eq!((facts.name.as_str(), facts.zone.unwrap().day(19 * 3_600_000)), ("Shop", 1));
        let draft = SiteFacts::of(&json!({"draft": site("", "Nowhere"), "released": null}));
        assert_eq!((draft.name.as_str(), draft.zone.is_none()), ("shop", true));
        assert_eq!(SiteFacts::of(&Value::Null).name, "a site");
    }
}
