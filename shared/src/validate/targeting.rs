//! The parts that experiments, flags and rules have in common.

use super::condition::condition;
use super::pattern::pattern;
use super::{MAX_ATTRIBUTE, MAX_PAGES, MAX_PATTERN, MAX_PREREQUISITES, MAX_SEED, MAX_URL, WHOLE, hash_version, key};
use crate::error::Problem;
use crate::eval::url::{UrlPattern, is_targeted, redirect_url};
use crate::model::{Holdout, Namespace, PagePattern, PatternKind, Prerequisite, Schedule, Sticky};

pub(super) fn namespace(pointer: &str, namespace: &Namespace) -> Vec<Problem> {
    let mut problems: Vec<Problem> = key(&format!("{pointer}/key"), &namespace.key).into_iter().collect();
    if namespace.until > WHOLE {
        problems.push(Problem::new(format!("{pointer}/until"), "A namespace ends at 100%."));
    }
    if namespace.from >= namespace.until {
        problems.push(Problem::new(format!("{pointer}/from"), "Start must be before end."));
    }
    problems.extend(seed(&format!("{pointer}/seed"), &namespace.seed));
    problems.extend(hash_version(&format!("{pointer}/hash_version"), namespace.hash_version));
    if !namespace.attribute.is_empty() {
        problems.extend(attribute(&format!("{pointer}/attribute"), &namespace.attribute));
    }
    problems
}

/// Returns what is wrong with a seed.
pub(super) fn seed(pointer: &str, seed: &str) -> Option<Problem> {
    (seed.len() > MAX_SEED)
        .then(|| Problem::new(pointer, format!("Shorten the seed to at most {MAX_SEED} characters.")))
}

pub(super) fn holdout(pointer: &str, holdout: &Holdout) -> Vec<Problem> {
    let mut problems: Vec<Problem> = key(&format!("{pointer}/key"), &holdout.key).into_iter().collect();
    if !(1..WHOLE).contains(&holdout.share) {
        problems.push(Problem::new(format!("{pointer}/share"), "Choose a share between 0.01% and 99.99%."));
    }
    problems
}

pub(super) fn schedule(pointer: &str, schedule: &Schedule) -> Option<Problem> {
    let (Some(from), Some(until)) = (schedule.from, schedule.until) else { return None };
    (from >= until).then(|| Problem::new(format!("{pointer}/until"), "End must be after start."))
}

/// Returns the problems of prerequisites. `own` is the flag that they belong to, if any: it may not wait for itself.
pub(super) fn prerequisites(pointer: &str, own: Option<&str>, list: &[Prerequisite]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if list.len() > MAX_PREREQUISITES {
        problems.push(Problem::new(pointer, format!("You can have up to {MAX_PREREQUISITES} prerequisites.")));
    }
    for (i, prerequisite) in list.iter().enumerate() {
        let at = format!("{pointer}/{i}");
        problems.extend(key(&format!("{at}/flag"), &prerequisite.flag));
        if own == Some(prerequisite.flag.as_str()) {
            problems.push(Problem::new(format!("{at}/flag"), "A flag can't be its own prerequisite."));
        }
        let names_value = |name: &String| name == "value" || name.starts_with("value.") || name.starts_with('$');
        if prerequisite.condition.is_empty() || !prerequisite.condition.keys().all(names_value) {
            let detail = "Ask for the flag's value, as in {\"value\": true}.";
            problems.push(Problem::new(format!("{at}/condition"), detail));
        }
        problems.extend(condition(&format!("{at}/condition"), &prerequisite.condition));
    }
    problems
}

pub(super) fn pages(pointer: &str, pages: &[PagePattern]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if pages.len() > MAX_PAGES {
        problems.push(Problem::new(pointer, format!("List at most {MAX_PAGES} patterns.")));
    }
    for (i, page) in pages.iter().enumerate() {
        let detail = if page.pattern.trim().is_empty() {
            Some("Enter a page's address. Use * for any text.".to_owned())
        } else if page.kind == PatternKind::Regex {
            pattern(&page.pattern, false)
        } else if page.pattern.len() > MAX_PATTERN {
            Some(format!("Shorten the pattern to at most {MAX_PATTERN} characters."))
        } else {
            let parsed = UrlPattern::parse(&page.as_growthbook());
            if !parsed.is_understood() {
                Some("This isn't an address. Write it like /cart/* or *.shop.example/sale.".to_owned())
            } else if parsed.is_slow() {
                Some(
                    "Use at most three * in a part of the address. More of them can freeze a visitor's browser."
                        .to_owned(),
                )
            } else {
                None
            }
        };
        problems.extend(detail.map(|detail| Problem::new(format!("{pointer}/{i}/pattern"), detail)));
    }
    problems
}

/// Returns what is wrong with the name of an attribute that is hashed.
pub(super) fn attribute(pointer: &str, name: &str) -> Option<Problem> {
    if name.is_empty() {
        Some(Problem::new(pointer, "Enter the attribute that is hashed, usually 'id'."))
    } else if name.len() > MAX_ATTRIBUTE {
        Some(Problem::new(pointer, format!("Shorten the attribute's name to at most {MAX_ATTRIBUTE} characters.")))
    } else {
        None
    }
}

pub(super) fn sticky(pointer: &str, hash_attribute: &str, sticky: &Sticky) -> Vec<Problem> {
    let mut problems = Vec::new();
    if sticky.min_version > sticky.version {
        let detail = "The oldest version can't be newer than the version itself.";
        problems.push(Problem::new(format!("{pointer}/min_version"), detail));
    }
    if sticky.fallback_attribute == hash_attribute {
        let detail = "Choose an attribute other than the hashed one, or leave this empty.";
        problems.push(Problem::new(format!("{pointer}/fallback_attribute"), detail));
    }
    if !sticky.fallback_attribute.is_empty() {
        problems.extend(attribute(&format!("{pointer}/fallback_attribute"), &sticky.fallback_attribute));
    }
    problems
}

/// Returns what is wrong with an address that visitors are sent to.
pub(super) fn redirect(pointer: &str, address: &str) -> Option<Problem> {
    if address.len() > MAX_URL {
        return Some(Problem::new(pointer, format!("Shorten the address to at most {MAX_URL} characters.")));
    }
    let web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    (!web).then(|| Problem::new(pointer, "Enter the whole address, starting with https://."))
}

/// Returns true if a redirect leads to a page on which the experiment runs. beacon.js doesn't follow such a redirect,
/// so the variant would count no visitors, and the split would look broken.
pub(super) fn leads_back(address: &str, keep_query: bool, pages: &[PagePattern]) -> bool {
    let patterns: Vec<UrlPattern> = pages.iter().map(|page| UrlPattern::parse(&page.as_growthbook())).collect();
    // With the page's parameters, the address may be a page that it isn't without them.
    let visited = patterns.iter().filter(|_| keep_query).filter_map(UrlPattern::example);
    let kept = visited.filter_map(|page| redirect_url(page.as_str(), address, true));
    let targets = std::iter::once(address.to_owned()).chain(kept);
    targets.filter_map(|to| url::Url::parse(&to).ok()).any(|to| is_targeted(&to, &patterns))
}
