//! The places of a site's pages: its domains as people type them, and the origins that browsers send.

use url::{Host, Url};

/// Schemes that no app has: those of websites, and those of pages without an owner.
const NOT_AN_APP: [&str; 8] = ["http", "https", "file", "data", "blob", "javascript", "about", "null"];

/// Returns a domain as it is compared, or `None` if the text is not a domain.
///
/// `Müller.Example` is `xn--mller-kva.example`. `*.shop.example` stands for every subdomain. `shop.example:8443` is one
/// port; the usual ports are left out. `capacitor://localhost` is an app's own scheme.
pub fn normalised(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((scheme, rest)) = text.split_once("://") {
        return app_origin(scheme, rest.strip_suffix('/').unwrap_or(rest));
    }
    let (host, port) = split_port(text);
    let (wildcard, host) = host.strip_prefix("*.").map_or(("", host), |parent| ("*.", parent));
    let host = match Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()? {
        Host::Domain(name) if is_name(&name) => name,
        address @ (Host::Ipv4(_) | Host::Ipv6(_)) if wildcard.is_empty() => address.to_string(),
        _ => return None,
    };
    let port = port.filter(|port| !matches!(*port, "80" | "443")).map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{wildcard}{host}{port}"))
}

/// Returns the domain that somebody meant who typed something else, such as a whole address.
pub fn suggested(text: &str) -> Option<String> {
    let text = text.trim();
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let page = page(&address.replace(' ', ""))?;
    normalised(&page).filter(|domain| domain != text)
}

/// Returns where a page is, from its address or from what a browser sends as `Origin`: its host, with the port unless
/// it is the usual one, or scheme and host of an app's page. `None` if the address names no host.
pub fn page(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    match url.scheme() {
        "http" | "https" => Some(format!("{host}{port}")),
        scheme => app_origin(scheme, &format!("{host}{port}")),
    }
}

/// Returns true if a [`page`] belongs to a site with these domains. `*.shop.example` covers every subdomain, but not
/// `shop.example` itself; a domain without a port covers all ports.
pub fn matches(domains: &[String], allow_localhost: bool, page: &str) -> bool {
    let host = split_port(page).0;
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "::1") || host.ends_with(".localhost") {
        return allow_localhost;
    }
    domains.iter().any(|domain| {
        let is_plain = domain.is_ascii() && !domain.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_plain { covers(domain, page) } else { normalised(domain).is_some_and(|domain| covers(&domain, page)) }
    })
}

fn covers(domain: &str, page: &str) -> bool {
    if domain.contains("://") || page.contains("://") {
        return domain == page;
    }
    let ((domain, wanted), (host, port)) = (split_port(domain), split_port(page));
    if wanted.is_some() && wanted != port {
        return false;
    }
    match domain.strip_prefix("*.") {
        Some(parent) => {
            let labels = host.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.'));
            labels.is_some_and(|labels| !labels.is_empty())
        }
        None => domain == host,
    }
}

/// Splits `host:port`. What is not a port stays with the host.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => (host, Some(port)),
        _ => (text, None),
    }
}

/// Returns true for at least two labels of ASCII letters, digits, `-` and `_`.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

/// The origin of an app's pages, such as `capacitor://localhost` or `app://-`.
fn app_origin(scheme: &str, host: &str) -> Option<String> {
    let scheme = scheme.to_ascii_lowercase();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !NOT_AN_APP.contains(&scheme.as_str());
    let is_host = (1..=253).contains(&host.len())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    (is_scheme && is_host).then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_one_spelling() {
        for (text, expected) in [
            ("shop.example", "shop.example"),
            ("Shop.Example", "shop.example"),
            (" shop.example. ", "shop.example"),
            ("müller.example", "xn--mller-kva.example"),
            ("MÜLLER.example", "xn--mller-kva.example"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("straße.example", "xn--strae-oqa.example"),
            ("*.Bücher.example", "*.xn--bcher-kva.example"),
            ("shop.example:8443", "shop.example:8443"),
            ("shop.example:443", "shop.example"),
            ("192.168.1.20", "192.168.1.20"),
            ("[2001:DB8::1]:8080", "[2001:db8::1]:8080"),
            ("Capacitor://localhost", "capacitor://localhost"),
            ("app://-", "app://-"),
            ("ionic://localhost/", "ionic://localhost"),
        ] {
            assert_eq!(normalised(text).as_deref(), Some(expected), "{text}");
            assert_eq!(normalised(expected).as_deref(), Some(expected), "what is normal stays as it is");
        }
        for text in [
            "",
            "shop",
            "localhost",
            "*",
            "*.example.*",
            "*.127.0.0.1",
            "https://shop.example",
            "shop.example/p",
            "a b.example",
            "-a.example",
            "a..example",
            "shop.example:0",
            "shop.example:99999",
            "file://x",
            "javascript://x",
            "x://",
            "user@shop.example",
        ] {
            assert_eq!(normalised(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_suggested() {
        for (text, expected) in [
            ("https://Shop.Example/cart?x", Some("shop.example")),
            ("shop.example/cart", Some("shop.example")),
            ("http://müller.example:8080/", Some("xn--mller-kva.example:8080")),
            ("shop .example", Some("shop.example")),
            ("shop", None),
            ("", None),
        ] {
            assert_eq!(suggested(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn pages_match_however_the_domain_was_typed() {
        let matches =
            |domain: &str, address: &str| matches(&[domain.to_owned()], false, &page(address).expect("a page"));
        for (domain, address) in [
            ("müller.example", "https://xn--mller-kva.example"),
            ("Shop.Example", "https://shop.example:8443/p"),
            ("*.shop.example", "http://a.b.shop.example"),
            ("shop.example:8443", "https://shop.example:8443"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("shop.example", "https://SHOP.example./p"),
        ] {
            assert!(matches(domain, address), "{domain} {address}");
        }
        for (domain, address) in [
            ("shop.example:8443", "https://shop.example"),
            ("*.shop.example", "https://shop.example"),
            ("*.shop.example", "https://evilshop.example"),
            ("shop.example", "capacitor://shop.example"),
            ("capacitor://localhost", "https://localhost"),
            ("müller.example", "https://muller.example"),
        ] {
            assert!(!matches(domain, address), "{domain} {address}");
        }
        assert_eq!([page("null"), page("file:///x"), page("about:blank"), page("data:x")], [None, None, None, None]);
    }

    #[test]
    fn hosts_match_domains() {
        let domains = ["shop.example".to_owned(), "*.blog.example".to_owned()];
        let covers = |host| matches(&domains, false, host);
        assert!(covers("shop.example"));
        assert!(covers("a.blog.example"));
        assert!(covers("a.b.blog.example"));
        for host in ["evil-shop.example", "shop.example.evil", "blog.example", "evilblog.example", "localhost", ""] {
            assert!(!covers(host), "{host}");
        }
        assert!(matches(&domains, true, "localhost"));
        assert!(matches(&domains, true, "127.0.0.1"));
    }
}
