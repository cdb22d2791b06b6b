//! The page that a request comes from, and the check that it is one of the site's.

use beacon_shared::domain;
use beacon_shared::error::{Code, Error, Result};

use crate::isolate::live::Entry;

/// The host of the page that asks, as [`domain::page`] writes it: from `Origin`, or from `Referer` where a browser
/// sends no origin.
pub fn host(origin: Option<&str>, referer: Option<&str>) -> Option<String> {
    domain::page(origin.or(referer)?)
}

/// Fails if `host` may not send events to the site. A server has no origin: its key speaks for it (`by_key`).
pub fn check(site: &Entry, host: Option<&str>, by_key: bool) -> Result<()> {
    if !site.enabled {
        return Err(Error::new(Code::SiteRefused, "This site is disabled: enable and publish it."));
    }
    match host {
        Some(host) if domain::matches(&site.domains, site.allow_localhost, host) => Ok(()),
        None if by_key => Ok(()),
        Some(host) => {
            let message = format!("'{host}' isn't one of the site's domains. Add it and publish.");
            Err(Error::new(Code::SiteRefused, message))
        }
        None => {
            let message = "The request names no page: send an Origin header, or a key with the scope evaluate.";
            Err(Error::new(Code::SiteRefused, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(enabled: bool) -> Entry {
        let domains = ["shop.example", "*.shop.example", "müller.example", "capacitor://localhost"];
        let domains = domains.map(str::to_owned).to_vec();
        Entry { object: String::new(), at: 0, domains, allow_localhost: false, enabled }
    }

    #[test]
    fn the_host_comes_in_one_spelling() {
        assert_eq!(host(Some("https://Shop.Example:8443"), None).as_deref(), Some("shop.example:8443"));
        assert_eq!(host(Some("https://MÜLLER.example"), None).as_deref(), Some("xn--mller-kva.example"));
        assert_eq!(host(Some("capacitor://localhost"), None).as_deref(), Some("capacitor://localhost"));
        assert_eq!(host(None, Some("https://a.shop.example/p?q")).as_deref(), Some("a.shop.example"));
        assert_eq!(host(Some("null"), Some("https://shop.example/")), None);
        assert_eq!(host(None, None), None);
    }

    #[test]
    fn only_the_sites_own_pages_may_send() {
        let open = site(true);
        assert!(check(&open, Some("shop.example"), false).is_ok());
        for page in ["www.shop.example", "shop.example:8443", "xn--mller-kva.example", "capacitor://localhost"] {
            assert!(check(&open, Some(page), false).is_ok(), "{page}");
        }
        for host in ["evilshop.example", "shop.example.evil.test", "localhost"] {
            assert_eq!(check(&open, Some(host), true).map_err(|e| e.code), Err(Code::SiteRefused));
        }
        assert!(check(&open, None, false).is_err());
        assert!(check(&open, None, true).is_ok());
        assert!(check(&site(false), Some("shop.example"), true).is_err());
    }
}
