//! URLs: on which pages an experiment runs, and variations forced by a query parameter.

use regex::Regex;
use serde_json::Value;
use url::Url;

/// A pattern that includes or excludes pages.
#[derive(Clone, Debug)]
pub struct UrlPattern {
    include: bool,
    test: Option<Test>,
}

#[derive(Clone, Debug)]
enum Test {
    /// `*` stands for anything, in host, path, fragment and parameters.
    Simple { host: Regex, path: Regex, fragment: Option<Regex>, parameters: Vec<(String, Regex)> },
    /// A regular expression on the whole address, or on what follows the host.
    Regex(Regex),
}

/// A host that no page has: what a pattern without one is completed with.
const ANY_HOST: &str = "_____";

impl UrlPattern {
    /// Parses `{type: "simple" | "regex", pattern, include}`. A pattern that is not understood matches no page.
    pub fn parse(source: &Value) -> Self {
        let pattern = source.get("pattern").and_then(Value::as_str).unwrap_or_default();
        let test = match source.get("type").and_then(Value::as_str) {
            Some("regex") => Regex::new(&pattern.replace("\\/", "/")).ok().map(Test::Regex),
            Some("simple") => simple(pattern),
            _ => None,
        };
        Self { include: source.get("include").and_then(Value::as_bool).unwrap_or(true), test }
    }

    fn matches(&self, page: &Url) -> bool {
        match &self.test {
            None => false,
            Some(Test::Regex(regex)) => regex.is_match(page.as_str()) || regex.is_match(after_host(page)),
            Some(Test::Simple { host, path, fragment, parameters }) => {
                let has = |(key, regex): &(String, Regex)| {
                    let value = page.query_pairs().find(|(k, _)| k == key).map(|(_, v)| v.into_owned());
                    regex.is_match(&value.unwrap_or_default())
                };
                host.is_match(&host_and_port(page))
                    && path.is_match(page.path())
                    && fragment.as_ref().is_none_or(|f| f.is_match(page.fragment().unwrap_or_default()))
                    && parameters.iter().all(has)
            }
        }
    }
}

fn after_host(page: &Url) -> &str {
    page.as_str().get(page.origin().ascii_serialization().len()..).unwrap_or_default()
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn simple(pattern: &str) -> Option<Test> {
    // The host may hold a `*`, which no host can: it is put back after parsing.
    let star = "_star_wildcard_";
    let absolute = pattern.replace('*', star);
    let base = Url::parse(&format!("https://{ANY_HOST}")).ok()?;
    let with_scheme =
        if absolute.contains("://") || absolute.starts_with('/') { absolute } else { format!("https://{absolute}") };
    let url = base.join(&with_scheme).ok()?;
    let regex = |part: &str, is_path: bool| {
        let part = if is_path { part.trim_matches('/') } else { part };
        let escaped = regex::escape(part).replace(star, ".*");
        let slashes = if is_path { format!("^/?{escaped}/?$") } else { format!("^{escaped}$") };
        Regex::new(&format!("(?i){slashes}")).ok()
    };
    let host = host_and_port(&url);
    let host = if host == ANY_HOST { ".*".to_owned() } else { host };
    let host = if host == ".*" { Regex::new(".*").ok()? } else { regex(&host, false)? };
    let fragment = match url.fragment() {
        Some(f) if !f.is_empty() => Some(regex(f, false)?),
        _ => None,
    };
    let parameters =
        url.query_pairs().map(|(k, v)| Some((k.into_owned(), regex(&v, false)?))).collect::<Option<_>>()?;
    Some(Test::Simple { host, path: regex(url.path(), true)?, fragment, parameters })
}

/// Whether a page is targeted: no excluding pattern matches, and an including one does if there is any.
pub fn is_targeted(page: &str, patterns: &[UrlPattern]) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let Ok(page) = Url::parse(page) else { return false };
    let excluded = patterns.iter().any(|p| !p.include && p.matches(&page));
    let mut including = patterns.iter().filter(|p| p.include).peekable();
    !excluded && (including.peek().is_none() || including.any(|p| p.matches(&page)))
}

/// The variation that `?key=n` in the page's address forces, when there are more than `n` variations.
pub fn query_override(key: &str, page: &str, variations: usize) -> Option<usize> {
    let query = page.split_once('?')?.1;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let digits = |v: &str| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit());
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(k, v)| *k == key && digits(v))?.1;
    value.parse().ok().filter(|n| *n < variations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn targeted(page: &str, patterns: &[(&str, &str, bool)]) -> bool {
        let parse = |(kind, pattern, include): &(&str, &str, bool)| {
            UrlPattern::parse(&json!({"type": kind, "pattern": pattern, "include": include}))
        };
        is_targeted(page, &patterns.iter().map(parse).collect::<Vec<_>>())
    }

    #[test]
    fn simple_patterns() {
        let page = "https://www.shop.example/cart/items?step=2&x=1#top";
        for (pattern, expected) in [
            ("/cart/items", true),
            ("/cart/items/", true),
            ("/cart/*", true),
            ("/cart", false),
            ("www.shop.example/cart/*", true),
            ("*.shop.example/cart/*", true),
            ("https://www.shop.example/cart/items?step=2", true),
            ("https://www.shop.example/cart/items?step=3", false),
            ("https://www.shop.example/cart/items#top", true),
            ("https://www.shop.example/cart/items#foot", false),
            ("https://other.example/cart/items", false),
        ] {
            assert_eq!(targeted(page, &[("simple", pattern, true)]), expected, "{pattern}");
        }
    }

    #[test]
    fn exclusion_wins() {
        let page = "https://shop.example/a";
        assert!(targeted(page, &[("simple", "/a", true)]));
        assert!(!targeted(page, &[("simple", "/a", true), ("simple", "/a", false)]));
        assert!(targeted(page, &[("simple", "/b", false)]));
        assert!(!targeted(page, &[]));
        assert!(targeted(page, &[("regex", "^/a$", true)]));
        assert!(!targeted(page, &[("regex", "(", true)]));
    }

    #[test]
    fn query_overrides() {
        for (page, expected) in [
            ("http://x/?t=1", Some(1)),
            ("http://x/?a=b&t=0#f", Some(0)),
            ("http://x/?t=2", None),
            ("http://x/?t=-1", None),
            ("http://x/?t=", None),
            ("http://x/#?t=1", Some(1)),
            ("http://x/", None),
        ] {
            assert_eq!(query_override("t", page, 2), expected, "{page}");
        }
    }
}
