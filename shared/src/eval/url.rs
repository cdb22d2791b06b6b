//! URLs: on which pages an experiment runs, and variations forced by a query parameter.

use regex_lite::Regex;
use serde_json::Value;
use url::Url;

use super::condition::{compile_regex, slow_part, subject};

/// A pattern that includes or excludes pages.
#[derive(Clone, Debug)]
pub struct UrlPattern {
    include: bool,
    test: Option<Test>,
}

/// A regular expression, and its source.
#[derive(Clone, Debug)]
struct Expression {
    source: String,
    insensitive: bool,
    regex: Regex,
}

impl Expression {
    fn compile(source: String, insensitive: bool) -> Option<Self> {
        let regex = compile_regex(&source, insensitive).ok()?;
        Some(Self { source, insensitive, regex })
    }

    fn matches(&self, text: &str) -> bool {
        self.regex.is_match(subject(text))
    }
}

#[derive(Clone, Debug)]
enum Test {
    Simple(Box<Simple>),
    /// A regular expression on the whole address, or on what follows the host.
    Regex(Expression),
}

/// A pattern in which `*` stands for anything, in host, path, fragment and parameters.
#[derive(Clone, Debug)]
struct Simple {
    /// A page on which it matches.
    page: Url,
    host: Expression,
    path: Expression,
    fragment: Option<Expression>,
    parameters: Vec<(String, Expression)>,
}

/// The text that stands for `*` while a pattern is parsed as an address, since no host can hold a `*`. It is also the
/// host of a pattern without one, so that any host will do.
const WILDCARD: &str = "_____";

impl UrlPattern {
    /// Parses `{type: "simple" | "regex", pattern, include}`. A pattern that is not understood matches no page.
    pub fn parse(source: &Value) -> Self {
        let pattern = source.get("pattern").and_then(Value::as_str).unwrap_or_default();
        let test = match source.get("type").and_then(Value::as_str) {
            Some("regex") => Expression::compile(pattern.to_owned(), false).map(Test::Regex),
            Some("simple") => simple(pattern),
            _ => None,
        };
        Self { include: source.get("include").and_then(Value::as_bool).unwrap_or(true), test }
    }

    /// Returns true if the pattern could be understood.
    pub fn is_understood(&self) -> bool {
        self.test.is_some()
    }

    /// Returns true if a browser may freeze on the pattern, as on one with too many wildcards.
    pub fn is_slow(&self) -> bool {
        let expressions: Vec<&Expression> = match &self.test {
            None => Vec::new(),
            Some(Test::Regex(regex)) => vec![regex],
            Some(Test::Simple(simple)) => {
                let Simple { host, path, fragment, parameters, .. } = &**simple;
                let values = parameters.iter().map(|(_, value)| value);
                [host, path].into_iter().chain(fragment).chain(values).collect()
            }
        };
        expressions.iter().any(|e| slow_part(&e.source, e.insensitive).is_some())
    }

    /// Returns a page on which a simple pattern matches.
    pub fn example(&self) -> Option<&Url> {
        match &self.test {
            Some(Test::Simple(simple)) => Some(&simple.page),
            _ => None,
        }
    }

    fn matches(&self, page: &Url) -> bool {
        match &self.test {
            None => false,
            Some(Test::Regex(regex)) => regex.matches(page.as_str()) || regex.matches(after_host(page)),
            Some(Test::Simple(simple)) => {
                let Simple { host, path, fragment, parameters, .. } = &**simple;
                let has = |(key, regex): &(String, Expression)| {
                    let value = page.query_pairs().find(|(k, _)| k == key).map(|(_, v)| v.into_owned());
                    regex.matches(&value.unwrap_or_default())
                };
                host.matches(&host_and_port(page))
                    && path.matches(page.path())
                    && fragment.as_ref().is_none_or(|f| f.matches(page.fragment().unwrap_or_default()))
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
    let base = Url::parse(&format!("https://{WILDCARD}")).ok()?;
    let scheme = if begins_with_a_host(pattern) { "https://" } else { "" };
    let url = base.join(&format!("{scheme}{}", pattern.replace('*', WILDCARD))).ok()?;
    let regex = |part: &str| Expression::compile(format!("^{}$", literal(part)), true);
    let path = url.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = literal(path.strip_suffix('/').unwrap_or(path));
    let fragment = match url.fragment() {
        Some(f) if !f.is_empty() => Some(regex(f)?),
        _ => None,
    };
    let parameters = url.query_pairs().map(|(k, v)| Some((k.into_owned(), regex(&v)?))).collect::<Option<_>>()?;
    let path = Expression::compile(format!("^/?{path}/?$"), true)?;
    let host = regex(&host_and_port(&url))?;
    Some(Test::Simple(Box::new(Simple { page: url, host, path, fragment, parameters })))
}

/// Returns an expression for a text in which the wildcard stands for anything.
fn literal(text: &str) -> String {
    let escaped = |part: &str| {
        let mut out = String::with_capacity(part.len());
        for c in part.chars() {
            out.extend(c.is_ascii_punctuation().then_some('\\'));
            out.push(c);
        }
        out
    };
    text.split(WILDCARD).map(escaped).collect::<Vec<_>>().join(".*")
}

/// Returns true if a pattern names a host without a scheme: a dot comes before anything that ends a host.
fn begins_with_a_host(pattern: &str) -> bool {
    pattern.split([':', '/', '?']).next().is_some_and(|head| head.contains('.'))
}

/// Returns true if a page is targeted: no excluding pattern matches, and an including one does if there is any.
pub fn is_targeted(page: &Url, patterns: &[UrlPattern]) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let excluded = patterns.iter().any(|p| !p.include && p.matches(page));
    let mut including = patterns.iter().filter(|p| p.include).peekable();
    !excluded && (including.peek().is_none() || including.any(|p| p.matches(page)))
}

/// The variation that `?key=n` in the page's address forces, when there are more than `n` variations.
pub fn query_override(key: &str, page: &str, variations: usize) -> Option<usize> {
    // The reference splits at every question mark, and reads digits as far as there are any.
    let query = page.split('?').nth(1)?;
    let query = query.split('#').next()?;
    let value = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name == key).then_some(value)
    })?;
    let value = value.trim_start();
    let digits = value.strip_prefix('+').unwrap_or(value);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok().filter(|n| *n < variations)
}

/// Returns the address to which a redirect leads: `target`, with those of the page's parameters that it does not set
/// itself when `persist`.
/// `None` when one of the two is no address.
pub fn redirect_url(page: &str, target: &str, persist: bool) -> Option<String> {
    let (page, mut to) = (Url::parse(page).ok()?, Url::parse(target).ok()?);
    if !persist {
        return Some(target.to_owned());
    }
    let mut pairs: Vec<(String, String)> = to.query_pairs().into_owned().collect();
    let own = pairs.len();
    for (name, value) in page.query_pairs() {
        if !pairs.iter().any(|(known, _)| *known == name) {
            pairs.push((name.into_owned(), value.into_owned()));
        }
    }
    if pairs.len() > own {
        to.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Some(to.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn targeted(page: &str, patterns: &[(&str, &str, bool)]) -> bool {
        let parse = |(kind, pattern, include): &(&str, &str, bool)| {
            UrlPattern::parse(&json!({"type": kind, "pattern": pattern, "include": include}))
        };
        let page = Url::parse(page).expect("an address");
        is_targeted(&page, &patterns.iter().map(parse).collect::<Vec<_>>())
    }

    #[test]
    fn simple_patterns() {
        let page = "https://www.shop.example/cart/items?step=2&x=1#top";
        for (pattern, expected) in [
            ("/cart/items", true),
            ("/cart/items/", true),
            ("/cart/*", true),
            ("/cart", false),
            ("cart/items", true),
            ("*", true),
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
    fn patterns_see_the_beginning_of_a_long_address() {
        for (tail, expected) in [(600, true), (2_000, false)] {
            let page = format!("https://shop.example/{}/end", "x".repeat(tail));
            assert_eq!(targeted(&page, &[("regex", "/end$", true)]), expected, "{tail}");
            assert_eq!(targeted(&page, &[("simple", "/*/end", true)]), expected, "{tail}");
            assert!(targeted(&page, &[("simple", "/x*", true)]), "{tail}");
        }
    }

    #[test]
    fn redirects_take_along_what_the_target_does_not_set() {
        let page = "https://shop.example/a?x=1&y=2&x=3";
        assert_eq!(redirect_url(page, "https://shop.example/b", false).as_deref(), Some("https://shop.example/b"));
        let to = redirect_url(page, "https://shop.example/b?y=9#f", true);
        assert_eq!(to.as_deref(), Some("https://shop.example/b?y=9&x=1#f"));
        assert_eq!(
            redirect_url("https://shop.example/a", "https://b.example?q=a%20b", true).as_deref(),
            Some("https://b.example/?q=a%20b")
        );
        assert_eq!(redirect_url(page, "/b", true), None);
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
            ("http://x/?t=1x", Some(1)),
            ("http://x/?t=x&t=1", None),
            ("http://x/?a?t=1", None),
            ("http://x/", None),
        ] {
            assert_eq!(query_override("t", page, 2), expected, "{page}");
        }
    }
}
