//! The attributes that pages have by themselves: what beacon.js and the edge know of a visitor.

/// Attributes of beacon.js, and those that the edge adds from the request.
pub const PAGE_ATTRIBUTES: [&str; 16] = [
    "id",
    "user_id",
    "url",
    "path",
    "referrer",
    "language",
    "utm",
    "visits",
    "pageviews",
    "daysSinceFirstVisit",
    "did",
    "country",
    "region",
    "device",
    "browser",
    "os",
];

/// Other products' names for some of them.
const OTHER_NAMES: [(&str, &str); 17] = [
    ("deviceType", "device"),
    ("device_type", "device"),
    ("device_id", "id"),
    ("deviceId", "id"),
    ("anonymousId", "id"),
    ("anonymous_id", "id"),
    ("visitorId", "id"),
    ("visitor_id", "id"),
    ("userId", "user_id"),
    ("utmSource", "utm.source"),
    ("utmMedium", "utm.medium"),
    ("utmCampaign", "utm.campaign"),
    ("utmTerm", "utm.term"),
    ("utmContent", "utm.content"),
    ("urlPath", "path"),
    ("pathname", "path"),
    ("locale", "language"),
];

/// Returns true if pages know the attribute, or the one that a path such as `utm.source` begins with.
pub fn is_page_attribute(path: &str) -> bool {
    PAGE_ATTRIBUTES.contains(&path.split('.').next().unwrap_or_default())
}

/// Returns what Beacon calls an attribute of another product, if pages have it.
pub fn page_name(attribute: &str) -> Option<&'static str> {
    OTHER_NAMES.iter().find(|(other, _)| *other == attribute).map(|(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_what_the_script_and_the_edge_give() {
        let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../edge/sdk/src");
        let read = |name: &str| std::fs::read_to_string(format!("{sdk}/{name}")).expect("a source of beacon.js");
        let script = read("definitions.ts") + &read("visitor.ts");
        let of_the_edge = ["country", "region", "device", "browser", "os"];
        for name in PAGE_ATTRIBUTES.iter().filter(|name| !of_the_edge.contains(name)) {
            let given = [format!("{name}: "), format!("{name},"), format!("{{ {name}"), format!(", {name} }}")];
            assert!(given.iter().any(|text| script.contains(text)), "beacon.js gives no '{name}'");
        }
        assert!(OTHER_NAMES.iter().all(|(other, ours)| is_page_attribute(ours) && !is_page_attribute(other)));
    }
}
