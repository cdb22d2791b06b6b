//! The problems of a draft as links to the fields that they are about.

use beacon_shared::error::Problem;
use beacon_shared::model::Kind;
use yew::prelude::*;

use crate::focus;

/// The most problems that are listed at once.
const LISTED: usize = 4;

#[derive(Properties, PartialEq)]
pub struct ProblemLinksProps {
    pub kind: Kind,
    pub problems: Vec<Problem>,
    /// Words behind the number of problems, such as `before you can start`.
    pub purpose: AttrValue,
}

/// Lists what is left to do. A click leads to the field.
#[component]
pub fn ProblemLinks(props: &ProblemLinksProps) -> Html {
    let has_key = props.problems.iter().all(|problem| problem.pointer != "/key");
    // The seed follows the key of a new experiment: it is nothing to do by itself.
    let problems: Vec<_> = props.problems.iter().filter(|p| has_key || p.pointer != "/seed").collect();
    let count = problems.len();
    if count == 0 {
        return Html::default();
    }
    let link = |problem: &Problem| {
        let places = places(props.kind, &problem.pointer);
        html! {
            <li>
                <button type="button" class="quiet link" data-testid="problem-link"
                    data-pointer={problem.pointer.clone()}
                    onclick={move |_: MouseEvent| focus::give(&places)}>{ problem.detail.clone() }</button>
            </li>
        }
    };
    let things = if count == 1 { "1 thing left".to_owned() } else { format!("{count} things left") };
    html! {
        <div class="problems" data-testid="problems">
            <p class="note">{ format!("{things} {}", props.purpose) }</p>
            <ul class="plain">{ for problems.iter().take(LISTED).map(|problem| link(problem)) }</ul>
            if count > LISTED { <p class="note">{ format!("… and {} more.", count - LISTED) }</p> }
        </div>
    }
}

/// Goes to the field of a problem.
pub fn go_to(kind: Kind, problem: &Problem) {
    focus::give(&places(kind, &problem.pointer));
}

/// Returns the test ids of the fields where the value at a pointer is edited, the best one first.
fn places(kind: Kind, pointer: &str) -> Vec<String> {
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    let found: Vec<String> = match (kind, tokens.as_slice()) {
        (Kind::Experiment, ["variants"]) => vec!["variant-weight-0".into()],
        (Kind::Experiment, ["variants", i, field, ..]) => vec![format!("variant-{field}-{i}")],
        (Kind::Experiment, ["metrics"]) => ["metric-new-name", "metric-find", "metric-add"].map(String::from).into(),
        (Kind::Experiment, ["metrics", i, field, ..]) => {
            vec![format!("metric-{field}-{i}"), format!("metric-open-{i}"), format!("metric-role-{i}")]
        }
        (Kind::Experiment, ["seed"]) => vec!["experiment-key".into()],
        (Kind::Experiment, ["site_id"]) => vec!["experiment-site".into()],
        (Kind::Experiment, [field, ..]) => vec![format!("experiment-{field}")],
        (Kind::Flag, ["site_ids", ..]) => vec!["flag-sites".into()],
        (Kind::Flag, ["default_value", ..]) => vec!["flag-default".into()],
        (Kind::Flag, ["rules"]) => vec!["flag-rule-add".into()],
        (Kind::Flag, ["rules", i, field, ..]) => vec![format!("rule-{field}-{i}"), format!("rule-{i}")],
        (Kind::Flag, [field, ..]) => vec![format!("flag-{field}")],
        (Kind::Site, ["time_zone"]) => vec!["site-time-zone".into()],
        (Kind::Site, [field, ..]) => vec![format!("site-{field}")],
        (Kind::Metric, [part @ ("numerator" | "denominator"), ..]) => vec![format!("metric-{part}-event")],
        (Kind::Metric, ["cap"]) => vec!["metric-cap-at".into(), "metric-cap".into()],
        (Kind::Metric, ["adjust"]) => vec!["metric-adjust-days".into(), "metric-adjust".into()],
        (Kind::Metric, [field, ..]) => vec![format!("metric-{field}")],
        _ => Vec::new(),
    };
    // What no field edits is at least on the page: its top says what is wrong.
    found.into_iter().chain(["problems".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::places;
    use beacon_shared::model::Kind;

    /// U7.
    #[test]
    fn a_problem_leads_to_its_field() {
        for (kind, pointer, expected) in [
            (Kind::Experiment, "/name", "experiment-name"),
            (Kind::Experiment, "/coverage", "experiment-coverage"),
            (Kind::Experiment, "/variants", "variant-weight-0"),
            (Kind::Experiment, "/variants/2/weight", "variant-weight-2"),
            (Kind::Experiment, "/variants/1/config", "variant-config-1"),
            (Kind::Experiment, "/metrics/0/margin", "metric-margin-0"),
            (Kind::Experiment, "/condition/country/$foo", "experiment-condition"),
            (Kind::Flag, "/rules/1/condition/$or", "rule-condition-1"),
            (Kind::Flag, "/rules/1/experiment/arms", "rule-experiment-1"),
            (Kind::Flag, "/default_value", "flag-default"),
            (Kind::Site, "/domains/0", "site-domains"),
            (Kind::Metric, "/event", "metric-event"),
            (Kind::Metric, "/denominator", "metric-denominator-event"),
            (Kind::Metric, "", "problems"),
        ] {
            assert_eq!(places(kind, pointer)[0], expected, "{pointer}");
        }
    }
}
