use super::{MAX_DOMAINS, key, name};
use crate::error::Problem;
use crate::model::Site;

/// The problems of a site.
pub fn site(site: &Site) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &site.key));
    problems.extend(name("/name", &site.name));
    if site.domains.is_empty() && !site.allow_localhost {
        problems.push(Problem::new("/domains", "Add the domain on which the site runs, or allow localhost."));
    }
    if site.domains.len() > MAX_DOMAINS {
        problems.push(Problem::new("/domains", format!("List at most {MAX_DOMAINS} domains.")));
    }
    for (i, d) in site.domains.iter().enumerate().filter(|(_, d)| !is_domain(d)) {
        let detail = format!("'{d}' is not a domain. Write it like shop.example or *.shop.example, without https://.");
        problems.push(Problem::new(format!("/domains/{i}"), detail));
    }
    if site.time_zone.is_empty() || site.time_zone.len() > 64 {
        problems.push(Problem::new("/time_zone", "Choose the time zone in which the site's days begin."));
    }
    problems
}

/// An exact host or `*.` and a host, lower case, at least two labels.
fn is_domain(s: &str) -> bool {
    let host = s.strip_prefix("*.").unwrap_or(s);
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    host.len() <= 253 && host.contains('.') && host.split('.').all(label)
}

/// Whether a page on `host` (lower case, without a port) belongs to a site with these `domains`.
/// `*.shop.example` covers every subdomain, but not `shop.example` itself.
pub fn domain_matches(domains: &[String], allow_localhost: bool, host: &str) -> bool {
    if matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "::1") || host.ends_with(".localhost") {
        return allow_localhost;
    }
    domains.iter().any(|d| match d.strip_prefix("*.") {
        Some(parent) => {
            host.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.')).is_some_and(|label| !label.is_empty())
        }
        None => d == host,
    })
}
