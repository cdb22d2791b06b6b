use super::{MAX_DOMAINS, key, name};
use crate::domain;
use crate::error::Problem;
use crate::model::Site;

/// The problems of a site.
pub fn site(site: &Site) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &site.key));
    problems.extend(name("/name", &site.name));
    if site.domains.is_empty() && !site.allow_localhost {
        problems.push(Problem::new("/domains", "Add the site's domain, or allow localhost."));
    }
    if site.domains.len() > MAX_DOMAINS {
        problems.push(Problem::new("/domains", format!("A site can have up to {MAX_DOMAINS} domains.")));
    }
    for (i, d) in site.domains.iter().enumerate().filter(|(_, d)| domain::normalised(d).is_none()) {
        let detail = match domain::suggested(d) {
            Some(meant) => format!("'{d}' isn't a domain. Write '{meant}' instead."),
            None => format!("'{d}' isn't a domain. Write it like shop.example or *.shop.example."),
        };
        problems.push(Problem::new(format!("/domains/{i}"), detail));
    }
    if site.time_zone.is_empty() || site.time_zone.len() > 64 {
        problems.push(Problem::new("/time_zone", "Choose the time zone in which the site's days begin."));
    }
    problems
}
