//! A segment's name: the site, and the first and last sequence number in it.

/// A segment's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// Document id of the site.
    pub site: String,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
}

impl SegmentName {
    /// The id in addresses.
    pub fn id(&self) -> String {
        format!("{}~{}-{}", self.site, self.first, self.last)
    }

    /// The object's name in R2. The numbers are padded, so that names sort as numbers do.
    pub fn object(&self) -> String {
        format!("segments/{}/{:012}-{:012}.ndjson", self.site, self.first, self.last)
    }

    /// The inverse of [`SegmentName::id`].
    pub fn parse(id: &str) -> Option<Self> {
        let (site, range) = id.rsplit_once('~')?;
        let (first, last) = range.split_once('-')?;
        let name = Self { site: site.to_owned(), first: first.parse().ok()?, last: last.parse().ok()? };
        (!name.site.is_empty() && name.first <= name.last).then_some(name)
    }
}

/// Returns one line of a segment: a stored event with its number.
pub fn line(seq: u64, body: &str) -> String {
    format!("{{\"seq\":{seq},{}\n", body.strip_prefix('{').unwrap_or(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back() {
        let name = SegmentName { site: "sit_1".into(), first: 1, last: 5000 };
        assert_eq!(SegmentName::parse(&name.id()), Some(name));
        for id in ["", "sit_1", "~1-2", "s~2-1", "s~a-b"] {
            assert_eq!(SegmentName::parse(id), None, "{id}");
        }
    }

    #[test]
    fn a_line_is_the_event_with_its_number() {
        assert_eq!(line(7, r#"{"a":1}"#), "{\"seq\":7,\"a\":1}\n");
    }
}
