//! The verdict in a sentence that a product manager can repeat.

use super::{Analysis, Comparison, Estimate, MIN_CONVERSIONS, Reason, Verdict};
use crate::model::Role;

pub(super) fn sentence(analysis: &Analysis) -> String {
    match &analysis.verdict {
        Verdict::Untrustworthy if analysis.health.srm.alarm => {
            "Do not trust these numbers: the split between the variants is not what was asked for (sample ratio \
             mismatch). Find out why before you decide."
                .to_owned()
        }
        Verdict::Untrustworthy => "Do not trust these numbers: more than 1 % of the visitors saw several variants. \
                                   Find out why before you decide."
            .to_owned(),
        Verdict::TooEarly => too_early(analysis),
        Verdict::Undecided => match goal(analysis).and_then(strongest) {
            Some((c, e)) => format!(
                "No difference yet: {} is at {} against {} ({} interval {} to {}), which may still be chance.",
                name(analysis, &c.variant),
                percent(e.effect),
                baseline(analysis),
                confidence(analysis),
                percent(e.lower),
                percent(e.upper),
            ),
            None => "No difference yet.".to_owned(),
        },
        Verdict::Winner { variant } => decided(analysis, variant, "better", "Ship it, unless a guardrail says no."),
        Verdict::Loser { variant } => decided(analysis, variant, "worse", "Keep the page as it is."),
    }
}

fn decided(analysis: &Analysis, variant: &str, direction: &str, advice: &str) -> String {
    let estimate = goal(analysis)
        .and_then(|variants| variants.iter().find(|c| c.variant == variant))
        .and_then(|c| c.relative?.ok());
    let name = name(analysis, variant);
    let baseline = baseline(analysis);
    match estimate {
        Some(e) => format!(
            "{name} is {direction} than {baseline}: {} ({} interval {} to {}). {advice}",
            percent(e.effect),
            confidence(analysis),
            percent(e.lower),
            percent(e.upper),
        ),
        None => format!("{name} is {direction} than {baseline}. {advice}"),
    }
}

fn too_early(analysis: &Analysis) -> String {
    let Some(variants) = goal(analysis) else { return "There is no goal metric to decide by.".to_owned() };
    if variants.iter().all(|c| c.units == 0) {
        return "No visitor has seen this experiment yet.".to_owned();
    }
    let fewest = variants.iter().map(|c| c.conversions).min().unwrap_or_default();
    if variants.iter().any(|c| c.undecided == Some(Reason::TooFewConversions)) {
        return format!(
            "Too early to say: a variant has {fewest} of the {MIN_CONVERSIONS} conversions that every variant needs first."
        );
    }
    "Too early to say: there is not enough data to compare the variants.".to_owned()
}

fn goal(analysis: &Analysis) -> Option<&[Comparison]> {
    analysis.metrics.iter().find(|m| m.metric.role == Role::Goal).map(|m| m.variants.as_slice())
}

/// The comparison with the smallest p-value.
fn strongest(variants: &[Comparison]) -> Option<(&Comparison, Estimate)> {
    let computed = variants.iter().filter_map(|c| Some((c, c.relative?.ok()?)));
    computed.min_by(|a, b| a.1.p_value.total_cmp(&b.1.p_value))
}

fn name<'a>(analysis: &'a Analysis, variant: &'a str) -> &'a str {
    let index = analysis.plan.variants.iter().position(|v| v == variant);
    index.and_then(|i| analysis.plan.names.get(i)).map_or(variant, String::as_str)
}

fn baseline(analysis: &Analysis) -> &str {
    analysis.plan.variants.first().map_or("the baseline", |v| name(analysis, v))
}

fn confidence(analysis: &Analysis) -> String {
    format!("{} %", ((1.0 - analysis.plan.alpha) * 1000.0).round() / 10.0)
}

/// A signed percentage with one decimal: a fraction of 0.123 is `+12.3 %`.
pub fn percent(fraction: f64) -> String {
    let rounded = (fraction * 1000.0).round() / 10.0;
    let sign = if rounded < 0.0 { "−" } else { "+" };
    format!("{sign}{:.1} %", rounded.abs())
}
