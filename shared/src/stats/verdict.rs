//! The verdict in sentences that a product manager can repeat, with their reasons.

use super::{
    Analysis, Comparison, Correction, Estimate, GuardrailState, MIN_NONZERO, MetricAnalysis, Reason, Standing, State,
    Verdict,
};
use crate::model::Role;
use crate::wording::{count, listed, percent, signed_percent_to};

pub(super) fn sentence(analysis: &Analysis) -> String {
    match &analysis.verdict {
        Verdict::Untrustworthy => untrustworthy(analysis),
        Verdict::TooEarly => too_early(analysis),
        Verdict::Undecided => undecided(analysis),
        Verdict::Futile => futile(analysis),
        Verdict::Winner { variant } => {
            let ship = if has_guardrails(analysis) { "Ship it: every guardrail is safe." } else { "Ship it." };
            with_rest(analysis, &[variant], format!("{} {ship}", claim(analysis, variant, true)))
        }
        Verdict::Winners { variants } => winners(analysis, variants),
        Verdict::Ahead { variants } => {
            let each: Vec<String> = variants.iter().map(|v| ahead(analysis, v)).collect();
            with_rest(analysis, &variants.iter().collect::<Vec<_>>(), each.join(" "))
        }
        Verdict::Loser { .. } => {
            let each: Vec<String> = analysis.standings.iter().map(|s| claim(analysis, &s.variant, false)).collect();
            format!("{} Keep {}.", each.join(" "), baseline(analysis))
        }
        Verdict::Conflict { variant, metric } => {
            let but = found(analysis, metric, variant).map(|(m, c)| format!(" But {}.", harm(m, c)));
            let text = format!(
                "{}{} Don't ship it before you know which of them matters more.",
                claim(analysis, variant, true),
                but.unwrap_or_default()
            );
            with_rest(analysis, &[variant], text)
        }
    }
}

fn untrustworthy(analysis: &Analysis) -> String {
    let health = &analysis.health;
    let why = if health.srm.alarm {
        "the split between the variants is not what was asked for (sample ratio mismatch)"
    } else if health.multiple_exposures_alarm {
        "more than 1% of the visitors saw several variants"
    } else {
        "the visitors who saw several variants, and are left out, come from one variant more than from another"
    };
    format!("Don't trust these numbers: {why}. Find out why before you decide.")
}

/// "Bold is better than As it is: at least +4%, likely about +8%, measured +12% (95% interval +4% to +20%, valid at every
/// look)."
fn claim(analysis: &Analysis, variant: &str, better: bool) -> String {
    let (name, baseline) = (name(analysis, variant), baseline(analysis));
    let direction = if better { "better" } else { "worse" };
    let Some((metric, comparison)) = evidence(analysis, variant, better) else {
        return format!("{name} is {direction} than {baseline}.");
    };
    let several = goals(analysis).count() > 1 || metric.metric.role != Role::Goal;
    let on = if several { format!(" on {}", metric.metric.name) } else { String::new() };
    let Some(estimate) = comparison.estimate() else {
        let moved = if comparison.higher { "higher" } else { "lower" };
        return format!("{name} is {direction} than {baseline}{on}: it is {moved}, by how much is not known yet.");
    };
    let unit = Unit::of(comparison, &estimate);
    let likely = comparison.likely.map(|likely| format!(" likely about {},", unit.text(likely)));
    format!(
        "{name} is {direction} than {baseline}{on}: {},{} measured {} ({}).",
        unit.at_least(&estimate),
        likely.unwrap_or_default(),
        unit.text(estimate.effect),
        uncertainty(analysis, comparison, &estimate)
    )
}

/// Returns the metric that the claim rests on: the first that says so, in the order of the experiment.
fn evidence<'a>(analysis: &'a Analysis, variant: &str, better: bool) -> Option<(&'a MetricAnalysis, &'a Comparison)> {
    let standing = standing(analysis, variant)?;
    let id = if better { standing.better.first() } else { standing.worse.first() }?;
    found(analysis, id, variant)
}

/// "Bold is worse on Errors by more than the margin of 2%: +9%".
fn harm(metric: &MetricAnalysis, comparison: &Comparison) -> String {
    let name = &metric.metric.name;
    let amount = comparison.estimate().map(|e| format!(": {}", Unit::of(comparison, &e).text(e.effect)));
    let amount = amount.unwrap_or_default();
    match comparison.guardrail.map(|g| g.state) {
        Some(GuardrailState::WorseThanMargin) => format!("it is worse on {name} by more than the margin{amount}"),
        Some(_) => format!("it is worse on {name}, and whether by more than the margin is open{amount}"),
        None => format!("it is worse on {name}{amount}"),
    }
}

/// "Bold is better than As it is: …. Not cleared yet: Errors (needs about 3 times the visitors), Bounces."
fn ahead(analysis: &Analysis, variant: &str) -> String {
    let standing = standing(analysis, variant);
    let uncleared = standing.map_or(&[][..], |s| &s.uncleared).iter().filter_map(|id| found(analysis, id, variant));
    let each = uncleared.map(|(m, c)| {
        let more = c.guardrail.and_then(|g| g.more).map(|more| format!(" ({})", to_go(analysis, more)));
        format!("{}{}", m.metric.name, more.unwrap_or_default())
    });
    let each: Vec<String> = each.collect();
    format!("{} Not cleared yet: {}. Wait before you ship it.", claim(analysis, variant, true), listed(&each))
}

/// What is missing until a guardrail is cleared.
fn to_go(analysis: &Analysis, more: f64) -> String {
    match analysis.days {
        Some(days) if days > 0 => match ((more - 1.0) * days as f64).ceil() {
            more if more < 2.0 => "about 1 more day".to_owned(),
            more if more < 1000.0 => format!("about {} more days", more),
            _ => "years at this traffic".to_owned(),
        },
        _ => format!("needs about {} times the visitors", (more * 10.0).ceil() / 10.0),
    }
}

/// The same behind "a decision".
fn takes(analysis: &Analysis, more: f64) -> String {
    let to_go = to_go(analysis, more);
    if analysis.days.is_some_and(|days| days > 0) { format!("takes {to_go}") } else { to_go }
}

fn winners(analysis: &Analysis, variants: &[String]) -> String {
    let names: Vec<String> = variants.iter().map(|v| name(analysis, v).to_owned()).collect();
    let text = format!(
        "{} are better than {}; which of them is best is open. Keep them running, or ship any of them.",
        listed(&names),
        baseline(analysis)
    );
    with_rest(analysis, &variants.iter().collect::<Vec<_>>(), text)
}

fn undecided(analysis: &Analysis) -> String {
    let open: Vec<&Standing> =
        analysis.standings.iter().filter(|s| matches!(s.state, State::Open | State::Waiting)).collect();
    let best = open.iter().filter_map(|s| {
        let range = goals(analysis).filter_map(|m| m.variants.iter().find(|c| c.variant == s.variant).map(|c| (m, c)));
        let range = range.filter_map(|(m, c)| Some((m, c, c.estimate()?)));
        range.min_by(|a, b| p_value(a.1).total_cmp(&p_value(b.1)))
    });
    let best = best.min_by(|a, b| p_value(a.1).total_cmp(&p_value(b.1)));
    let mut text = match best {
        Some((m, c, e)) => {
            let unit = Unit::of(c, &e);
            let on = if goals(analysis).count() > 1 { format!(" on {}", m.metric.name) } else { String::new() };
            format!(
                "Not enough evidence yet: anything from {} to {} is compatible with what {} did{on} ({}).",
                unit.text(e.lower),
                unit.text(e.upper),
                name(analysis, &c.variant),
                confidence(analysis, c)
            )
        }
        None => "Not enough evidence yet.".to_owned(),
    };
    if let Some(more) = best.and_then(|(_, c, _)| c.more) {
        text.push_str(&format!(" If the lift stays as measured, a decision {}.", takes(analysis, more)));
    }
    text.push_str(&progress(analysis));
    for standing in &analysis.standings {
        match standing.state {
            State::Worse => text.push_str(&format!(" {} Drop it.", claim(analysis, &standing.variant, false))),
            State::Futile => text.push_str(&format!(" {} isn't worth waiting for.", name(analysis, &standing.variant))),
            _ => {}
        }
    }
    text
}

/// " 18,000 of the planned 40,000 visitors have come; the others take about 12 more days."
fn progress(analysis: &Analysis) -> String {
    let Some(planned) = analysis.plan.planned.filter(|_| analysis.visitors > 0) else { return String::new() };
    if analysis.visitors >= planned {
        return format!(" All of the planned {} visitors have come.", count(planned));
    }
    let times = planned as f64 / analysis.visitors as f64;
    let rest = analysis.days.filter(|days| *days > 0).map(|_| format!("; the others take {}", to_go(analysis, times)));
    let (came, planned) = (count(analysis.visitors), count(planned));
    format!(" {came} of the planned {planned} visitors have come{}.", rest.unwrap_or_default())
}

/// "Not worth waiting for: Bold is not better than As it is by 5% or more, which this experiment was planned to find…"
fn futile(analysis: &Analysis) -> String {
    let mut text = "Not worth waiting for:".to_owned();
    for standing in analysis.standings.iter().filter(|s| s.state == State::Futile) {
        let goal = goals(analysis).find_map(|m| Some((m, m.variants.iter().find(|c| c.variant == standing.variant)?)));
        let Some((m, c)) = goal else { continue };
        let (Some(Ok(e)), Some(smallest)) = (c.relative, analysis.plan.options_of(&m.metric).smallest_lift) else {
            continue;
        };
        let on = if goals(analysis).count() > 1 { format!(" on {}", m.metric.name) } else { String::new() };
        text.push_str(&format!(
            " {} isn't better than {}{on} by {} or more, the smallest lift this experiment was planned to find ({}).",
            name(analysis, &standing.variant),
            baseline(analysis),
            percent(smallest, usize::from(smallest < 0.1)),
            uncertainty(analysis, c, &e)
        ));
    }
    for worse in analysis.standings.iter().filter(|s| s.state == State::Worse) {
        text.push_str(&format!(" {}", claim(analysis, &worse.variant, false)));
    }
    text.push_str(&format!(" Keep {}, or plan for more visitors.", baseline(analysis)));
    text
}

/// Adds what is known of the variants that the verdict does not name.
fn with_rest(analysis: &Analysis, named: &[&String], mut text: String) -> String {
    for standing in analysis.standings.iter().filter(|s| !named.contains(&&s.variant)) {
        match standing.state {
            State::Worse => text.push_str(&format!(" {}", claim(analysis, &standing.variant, false))),
            State::Open | State::Waiting => {
                text.push_str(&format!(" {} is still open.", name(analysis, &standing.variant)));
            }
            State::Futile => text.push_str(&format!(" {} isn't worth waiting for.", name(analysis, &standing.variant))),
            State::Ahead => text.push_str(&format!(" {}", ahead(analysis, &standing.variant))),
            State::Ready | State::Mixed => {}
        }
    }
    text
}

fn too_early(analysis: &Analysis) -> String {
    let Some(goal) = goals(analysis).next() else { return "There is no goal metric to decide by.".to_owned() };
    let variants = &goal.variants;
    if analysis.health.missing.iter().any(|missing| missing.metric == goal.metric.id) {
        return format!("The numbers of {} are not complete: nothing can be said about it.", goal.metric.name);
    }
    if variants.iter().all(|c| c.units == 0) {
        return match variants.iter().map(|c| c.open).sum::<u64>() {
            0 => "No visitor has seen this experiment yet.".to_owned(),
            n => format!("Too early to say: the windows of all {} visitors are still open.", count(n)),
        };
    }
    let fewest = variants.iter().map(|c| c.nonzero).min().unwrap_or_default();
    let waits_for = |reason| variants.iter().any(|c| c.undecided == Some(reason)) && fewest < MIN_NONZERO;
    let needed = |what: &str| {
        format!("Too early to say: a variant has {fewest} of the {MIN_NONZERO} {what} that every variant needs first.")
    };
    if waits_for(Reason::TooFewConversions) {
        return needed("conversions");
    }
    if waits_for(Reason::TooFewNonzero) {
        return needed("visitors with a value");
    }
    if variants.iter().any(|c| matches!(c.relative, Some(Err(Reason::TooFewValues)))) {
        return format!(
            "{} has too few distinct values for a quantile. Measure a mean or a conversion instead.",
            goal.metric.name
        );
    }
    "Too early to say: there is not enough data to compare the variants.".to_owned()
}

fn goals(analysis: &Analysis) -> impl Iterator<Item = &MetricAnalysis> {
    analysis.metrics.iter().filter(|m| m.metric.role == Role::Goal)
}

fn has_guardrails(analysis: &Analysis) -> bool {
    analysis.metrics.iter().any(|m| m.metric.role == Role::Guardrail)
}

fn standing<'a>(analysis: &'a Analysis, variant: &str) -> Option<&'a Standing> {
    analysis.standings.iter().find(|s| s.variant == variant)
}

fn found<'a>(analysis: &'a Analysis, metric: &str, variant: &str) -> Option<(&'a MetricAnalysis, &'a Comparison)> {
    let metric = analysis.metrics.iter().find(|m| m.metric.id == metric)?;
    Some((metric, metric.variants.iter().find(|c| c.variant == variant)?))
}

fn p_value(comparison: &Comparison) -> f64 {
    comparison.p_value.unwrap_or(1.0)
}

fn name<'a>(analysis: &'a Analysis, variant: &'a str) -> &'a str {
    let index = analysis.plan.variants.iter().position(|v| v == variant);
    index.and_then(|i| analysis.plan.names.get(i)).map_or(variant, String::as_str)
}

fn baseline(analysis: &Analysis) -> &str {
    analysis.plan.variants.get(analysis.plan.baseline).map_or("the baseline", |v| name(analysis, v))
}

/// How a comparison's numbers are written: relative in per cent, or absolute where there is no lift; with no more digits
/// than the interval's width allows.
#[derive(Clone, Copy)]
struct Unit {
    is_relative: bool,
    width: f64,
}

impl Unit {
    fn of(comparison: &Comparison, estimate: &Estimate) -> Self {
        let is_relative = matches!(comparison.relative, Some(Ok(_)));
        Self { is_relative, width: estimate.upper - estimate.lower }
    }

    fn text(self, effect: f64) -> String {
        if self.is_relative { signed_percent_to(effect, self.width) } else { format!("{effect:+.4} absolute") }
    }

    /// The end of the interval that is nearer to nothing.
    fn at_least(self, estimate: &Estimate) -> String {
        let end = if estimate.effect >= 0.0 { estimate.lower } else { estimate.upper };
        format!("at least {}", self.text(end))
    }
}

fn confidence(analysis: &Analysis, comparison: &Comparison) -> String {
    let confidence = ((1.0 - comparison.alpha) * 1000.0).round() / 10.0;
    let look = if analysis.plan.engine.holds_at_every_look() { ", valid at every look" } else { "" };
    format!("{confidence}% interval{look}")
}

fn uncertainty(analysis: &Analysis, comparison: &Comparison, estimate: &Estimate) -> String {
    let plan = &analysis.plan;
    let unit = Unit::of(comparison, estimate);
    let confidence = ((1.0 - comparison.alpha) * 1000.0).round() / 10.0;
    let mut text = format!("{confidence}% interval {} to {}", unit.text(estimate.lower), unit.text(estimate.upper));
    if plan.engine.holds_at_every_look() {
        text.push_str(", valid at every look");
    }
    if let Some(chance) = estimate.chance_to_win {
        text.push_str(&format!(", chance to win {}", percent(chance, 1)));
    }
    let how = match plan.correction {
        Correction::None => return text,
        Correction::Holm => "Holm",
        Correction::BenjaminiHochberg => "Benjamini–Hochberg",
        Correction::Bonferroni => "Bonferroni",
    };
    let family = goals(analysis).flat_map(|m| &m.variants).filter(|c| c.adjusted_p.is_some()).count();
    if comparison.adjusted_p.is_some() && family > 1 {
        text.push_str(&format!(", {how}'s correction for {family} comparisons"));
    }
    text
}
