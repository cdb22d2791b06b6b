//! The verdict in a sentence that a product manager can repeat, with its reason.

use super::decide::is_significant;
use super::{
    Analysis, Comparison, Correction, Estimate, GuardrailState, MIN_CONVERSIONS, MIN_UNITS, MetricAnalysis, Reason,
    Verdict,
};
use crate::model::Role;
use crate::wording::{percent, signed_percent};

pub(super) fn sentence(analysis: &Analysis) -> String {
    match &analysis.verdict {
        Verdict::Untrustworthy if analysis.health.srm.alarm => {
            "Do not trust these numbers: the split between the variants is not what was asked for (sample ratio \
             mismatch). Find out why before you decide."
                .to_owned()
        }
        Verdict::Untrustworthy => "Do not trust these numbers: more than 1% of the visitors saw several variants. \
                                   Find out why before you decide."
            .to_owned(),
        Verdict::TooEarly => too_early(analysis),
        Verdict::Undecided => undecided(analysis),
        Verdict::Winner { variant } => {
            format!("{} {}", claim(analysis, variant, true), advice(analysis, variant))
        }
        Verdict::Loser { variant } => format!("{} Keep the page as it is.", claim(analysis, variant, false)),
        Verdict::Conflict { variant, metric } => {
            let worse = analysis.metrics.iter().find(|m| m.metric.id == *metric);
            let but = worse.and_then(|m| found(m, variant).map(|(c, e)| (m, amount(c, &e))));
            let but = but.map_or_else(String::new, |(m, a)| format!(" But it is worse on {}: {a}.", m.metric.name));
            format!(
                "{}{but} Do not ship it before you know which of them matters more.",
                claim(analysis, variant, true)
            )
        }
    }
}

/// "Bold is better than As it is: +12.3% (95% interval +4.0% to +20.6%)."
fn claim(analysis: &Analysis, variant: &str, better: bool) -> String {
    let (name, baseline) = (name(analysis, variant), baseline(analysis));
    let direction = if better { "better" } else { "worse" };
    let Some((metric, comparison, estimate)) = evidence(analysis, variant, better) else {
        return format!("{name} is {direction} than {baseline}.");
    };
    let several = goals(analysis).count() > 1 || metric.metric.role != Role::Goal;
    let on = if several { format!(" on {}", metric.metric.name) } else { String::new() };
    format!(
        "{name} is {direction} than {baseline}{on}: {} ({}).",
        amount(comparison, &estimate),
        uncertainty(analysis, comparison, &estimate)
    )
}

/// Returns what the claim rests on: the significant goal with the largest effect that way, or else a guardrail.
fn evidence<'a>(
    analysis: &'a Analysis,
    variant: &str,
    better: bool,
) -> Option<(&'a MetricAnalysis, &'a Comparison, Estimate)> {
    let direction = |m: &MetricAnalysis| {
        if analysis.plan.options_of(&m.metric).lower_is_better == better { -1.0 } else { 1.0 }
    };
    let all = || analysis.metrics.iter().filter_map(|m| decided(m, variant).map(|(c, e)| (m, c, e)));
    let strength = |m: &MetricAnalysis, e: &Estimate| e.effect * direction(m);
    let goal = all()
        .filter(|(m, c, e)| m.metric.role == Role::Goal && is_significant(&analysis.plan, c, e))
        .filter(|(m, _, e)| strength(m, e) > 0.0)
        .max_by(|a, b| strength(a.0, &a.2).total_cmp(&strength(b.0, &b.2)));
    goal.or_else(|| all().find(|(_, c, _)| !better && c.guardrail.is_some_and(|g| g.state == GuardrailState::Worse)))
}

fn advice(analysis: &Analysis, variant: &str) -> String {
    let guardrails = || {
        analysis.metrics.iter().filter(|m| m.metric.role == Role::Guardrail).map(|m| {
            let comparison = m.variants.iter().find(|c| c.variant == variant);
            let safe = comparison
                .is_some_and(|c| c.undecided.is_none() && c.guardrail.is_some_and(|g| g.state == GuardrailState::Safe));
            (m.metric.name.as_str(), safe)
        })
    };
    let unclear: Vec<&str> = guardrails().filter(|(_, safe)| !safe).map(|(name, _)| name).collect();
    if guardrails().next().is_none() {
        "Ship it.".to_owned()
    } else if unclear.is_empty() {
        "Ship it: its guardrails are safe.".to_owned()
    } else {
        format!("Ship it, unless a guardrail says no: {} may still get worse.", unclear.join(", "))
    }
}

fn undecided(analysis: &Analysis) -> String {
    let strongest = goals(analysis)
        .flat_map(|m| m.variants.iter().filter_map(move |c| c.estimate().map(|e| (m, c, e))))
        .filter(|(_, c, _)| c.undecided.is_none())
        .min_by(|a, b| a.2.p_value.total_cmp(&b.2.p_value));
    match strongest {
        Some((_, c, e)) => format!(
            "No difference yet: {} is at {} against {} ({}), which may still be chance.",
            name(analysis, &c.variant),
            amount(c, &e),
            baseline(analysis),
            uncertainty(analysis, c, &e),
        ),
        None => "No difference yet.".to_owned(),
    }
}

fn too_early(analysis: &Analysis) -> String {
    let Some(goal) = goals(analysis).next() else { return "There is no goal metric to decide by.".to_owned() };
    let variants = &goal.variants;
    if analysis.health.missing.iter().any(|missing| missing.metric == goal.metric.id) {
        return format!("The numbers of {} are not complete: nothing can be said about it.", goal.metric.name);
    }
    if variants.iter().all(|c| c.units == 0) {
        return "No visitor has seen this experiment yet.".to_owned();
    }
    if variants.iter().any(|c| c.undecided == Some(Reason::TooFewConversions)) {
        let fewest = variants.iter().map(|c| c.conversions).min().unwrap_or_default();
        return format!(
            "Too early to say: a variant has {fewest} of the {MIN_CONVERSIONS} conversions that every variant needs first."
        );
    }
    if variants.iter().any(|c| c.undecided == Some(Reason::TooFewUnits)) {
        let fewest = variants.iter().map(|c| c.units).min().unwrap_or_default();
        return format!(
            "Too early to say: a variant has {fewest} of the {MIN_UNITS} visitors that every variant needs first."
        );
    }
    "Too early to say: there is not enough data to compare the variants.".to_owned()
}

fn goals(analysis: &Analysis) -> impl Iterator<Item = &MetricAnalysis> {
    analysis.metrics.iter().filter(|m| m.metric.role == Role::Goal)
}

fn found<'a>(metric: &'a MetricAnalysis, variant: &str) -> Option<(&'a Comparison, Estimate)> {
    let comparison = metric.variants.iter().find(|c| c.variant == variant)?;
    Some((comparison, comparison.estimate()?))
}

/// The same, unless it decides nothing yet.
fn decided<'a>(metric: &'a MetricAnalysis, variant: &str) -> Option<(&'a Comparison, Estimate)> {
    found(metric, variant).filter(|(comparison, _)| comparison.undecided.is_none())
}

fn name<'a>(analysis: &'a Analysis, variant: &'a str) -> &'a str {
    let index = analysis.plan.variants.iter().position(|v| v == variant);
    index.and_then(|i| analysis.plan.names.get(i)).map_or(variant, String::as_str)
}

fn baseline(analysis: &Analysis) -> &str {
    analysis.plan.variants.get(analysis.plan.baseline).map_or("the baseline", |v| name(analysis, v))
}

/// The effect: relative in per cent, or absolute where the baseline is zero.
fn amount(comparison: &Comparison, estimate: &Estimate) -> String {
    in_unit(comparison, estimate.effect)
}

fn in_unit(comparison: &Comparison, effect: f64) -> String {
    if matches!(comparison.relative, Some(Ok(_))) { signed_percent(effect) } else { format!("{effect:+.4} absolute") }
}

fn uncertainty(analysis: &Analysis, comparison: &Comparison, estimate: &Estimate) -> String {
    let plan = &analysis.plan;
    let confidence = ((1.0 - plan.alpha) * 1000.0).round() / 10.0;
    let (low, high) = (in_unit(comparison, estimate.lower), in_unit(comparison, estimate.upper));
    let mut text = format!("{confidence}% interval {low} to {high}");
    if let Some(chance) = estimate.chance_to_win {
        text.push_str(&format!(", chance to win {}", percent(chance, 1)));
    }
    let how = match plan.correction {
        Correction::None => return text,
        Correction::Holm => "Holm",
        Correction::BenjaminiHochberg => "Benjamini–Hochberg",
        Correction::Bonferroni => "Bonferroni",
    };
    if let Some(p) = comparison.adjusted_p {
        text.push_str(&format!(", p-value {p:.2e} after {how}'s correction"));
    }
    text
}
