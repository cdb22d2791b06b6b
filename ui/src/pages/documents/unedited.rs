//! The parts of a definition that decide what visitors get and have no field in the window yet, in words.

use beacon_shared::model::{Experiment, Flag, Namespace, Prerequisite, Rule, Schedule};
use beacon_shared::wording::listed;
use yew::prelude::*;

use crate::format::{date_time, parts};

#[derive(Properties, PartialEq)]
pub struct UneditedProps {
    pub lines: Vec<String>,
}

/// Lists them, so that nobody takes a part of the definition for all of it.
#[component]
pub fn Unedited(props: &UneditedProps) -> Html {
    if props.lines.is_empty() {
        return Html::default();
    }
    html! {
        <ul class="plain unedited" data-testid="unedited">
            { for props.lines.iter().map(|line| html! { <li class="note">{ line.clone() }</li> }) }
        </ul>
    }
}

/// Returns what else keeps visitors out of an experiment.
pub fn of_experiment(e: &Experiment) -> Vec<String> {
    let a = &e.audience;
    let pages = |include: bool| {
        let patterns: Vec<_> = a.pages.iter().filter(|p| p.include == include).map(|p| p.pattern.as_str()).collect();
        (!patterns.is_empty()).then(|| listed(&patterns))
    };
    let holdout = a.holdout.as_ref();
    let redirects: Vec<_> = e.variants.iter().filter(|v| v.redirect.is_some()).map(|v| v.name.as_str()).collect();
    let mut lines: Vec<String> = pages(true).map(|pages| format!("Only on pages like {pages}.")).into_iter().collect();
    lines.extend(pages(false).map(|pages| format!("Not on pages like {pages}.")));
    lines.extend(schedule(&e.schedule, date_time));
    lines.extend(a.namespace.as_ref().map(namespace));
    lines.extend(holdout.map(|h| format!("{}% of visitors are held out by '{}'.", parts(h.share), h.key)));
    lines.extend(prerequisites(&a.prerequisites));
    lines.extend(hashed(&a.hash_attribute));
    lines.extend(
        (!redirects.is_empty()).then(|| format!("Visitors of {} are sent to another page.", listed(&redirects))),
    );
    lines
}

/// Returns what else decides about a flag.
pub fn of_flag(flag: &Flag) -> Vec<String> {
    schedule(&flag.schedule, date_time).into_iter().chain(prerequisites(&flag.prerequisites)).collect()
}

/// Returns what else decides about a rule of a flag.
pub fn of_rule(rule: &Rule) -> Vec<String> {
    let note = (!rule.note.is_empty()).then(|| format!("Note: {}", rule.note));
    let mut lines: Vec<String> = note.into_iter().collect();
    lines.extend(schedule(&rule.schedule, date_time));
    lines.extend(rule.namespace.as_ref().map(namespace));
    lines.extend(prerequisites(&rule.prerequisites));
    lines.extend(hashed(&rule.hash_attribute));
    lines
}

fn schedule(schedule: &Schedule, date: fn(i64) -> String) -> Option<String> {
    match (schedule.from.map(date), schedule.until.map(date)) {
        (Some(from), Some(until)) => Some(format!("Only from {from} until {until}.")),
        (Some(from), None) => Some(format!("Only from {from} on.")),
        (None, Some(until)) => Some(format!("Only until {until}.")),
        (None, None) => None,
    }
}

fn namespace(n: &Namespace) -> String {
    format!("Only the part from {}% to {}% of the namespace '{}'.", parts(n.from), parts(n.until), n.key)
}

fn prerequisites(needed: &[Prerequisite]) -> Option<String> {
    let flags: Vec<_> = needed.iter().map(|p| format!("'{}'", p.flag)).collect();
    match flags.len() {
        0 => None,
        1 => Some(format!("Only where the flag {} has the value it needs.", flags[0])),
        _ => Some(format!("Only where the flags {} have the values it needs.", listed(&flags))),
    }
}

fn hashed(attribute: &str) -> Option<String> {
    (attribute != "id").then(|| format!("Visitors are told apart by their attribute '{attribute}'."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// U5.
    #[test]
    fn every_part_that_decides_is_said() {
        let rule: Rule = serde_json::from_value(json!({
            "id": "r", "coverage": 10000, "value": true, "hash_attribute": "user_id", "note": "Until Black Friday",
            "namespace": {"key": "checkout", "from": 0, "until": 5000},
            "prerequisites": [{"flag": "beta", "condition": {"value": true}}]
        }))
        .expect("a rule");
        assert_eq!(
            of_rule(&rule),
            [
                "Note: Until Black Friday",
                "Only the part from 0% to 50% of the namespace 'checkout'.",
                "Only where the flag 'beta' has the value it needs.",
                "Visitors are told apart by their attribute 'user_id'.",
            ]
        );
        assert_eq!(of_rule(&Rule::default()), [""; 0]);
        let (from, until) = (Some(1), Some(2));
        let date = |time: i64| format!("day {time}");
        assert_eq!(schedule(&Schedule { from, until }, date).as_deref(), Some("Only from day 1 until day 2."));
        assert_eq!(schedule(&Schedule { from: None, until }, date).as_deref(), Some("Only until day 2."));
        assert_eq!(schedule(&Schedule::default(), date), None);
    }

    #[test]
    fn an_imported_experiment_says_where_it_runs() {
        let e: Experiment = serde_json::from_value(json!({
            "key": "e", "name": "E", "site_id": "s", "status": "draft", "seed": "e", "auto_activate": true, "metrics": [],
            "variants": [{"id": "b", "name": "Bold", "weight": 10000, "redirect": "/b"}],
            "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "holdout": {"key": "quiet", "share": 500},
            "pages": [
                {"kind": "simple", "pattern": "/shop/*"}, {"kind": "simple", "pattern": "/sale"},
                {"kind": "simple", "pattern": "/shop/help", "include": false}
            ]
        }))
        .expect("an experiment");
        assert_eq!(
            of_experiment(&e),
            [
                "Only on pages like /shop/* and /sale.",
                "Not on pages like /shop/help.",
                "5% of visitors are held out by 'quiet'.",
                "Visitors of Bold are sent to another page.",
            ]
        );
        assert_eq!(of_experiment(&Experiment::default()), [""; 0]);
    }
}
