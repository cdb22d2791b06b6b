//! One experiment that runs on pages by itself.

use serde_json::{Map, Value};

use super::Importer;
use super::flag::{refuse, share, variant_id};
use super::shares::weights;
use super::targeting::{Filters, Why, filters, known, schedule, seed, sticky};
use crate::eval::definitions;
use crate::model::{Audience, Experiment, PagePattern, PatternKind, Status, Variant};
use crate::validate;

/// Members that GrowthBook's visual editor puts into a variation.
const VISUAL: [&str; 3] = ["domMutations", "css", "js"];

impl Importer<'_> {
    pub(super) fn experiment(&mut self, at: &str, source: &Value) -> Result<Experiment, Why> {
        let parsed = definitions::Experiment::parse(source, None).ok_or("It has no variations.")?;
        refuse(&parsed)?;
        let (gates, others) = self.parents(source)?;
        let Filters { holdout, namespace } =
            filters(parsed.filters.as_deref(), parsed.namespace.as_ref(), &parsed.hash_attribute)?;
        let (parts, coverage) =
            weights(&parsed.ranges, share(&parsed)).ok_or("Its ranges are not those of weights with one coverage.")?;
        let flag = |name: &str| source.get(name).and_then(Value::as_bool);
        let experiment = Experiment {
            name: source.get("name").and_then(Value::as_str).unwrap_or(&parsed.key).to_owned(),
            site_id: self.site_id.to_owned(),
            status: Status::Draft,
            variants: parsed.variations.iter().zip(parts).enumerate().map(|(i, v)| variant(&parsed, i, v)).collect(),
            audience: Audience {
                coverage,
                hash_attribute: parsed.hash_attribute.clone(),
                hash_version: known(parsed.hash_version)?,
                namespace,
                holdout,
                sticky: sticky(&parsed)?,
                pages: pages(source)?,
                // For an experiment all prerequisites are the same: a visitor who lacks one is out.
                prerequisites: gates.into_iter().chain(others).collect(),
            },
            seed: seed(&parsed.seed)?,
            auto_activate: flag("autoActivate").unwrap_or(flag("manual") != Some(true)),
            condition: self.condition(source)?,
            keep_query: parsed.persist_query,
            schedule: schedule(source),
            key: parsed.key.clone(),
            ..Experiment::default()
        };
        self.notes(at, &parsed, &experiment);
        Ok(experiment)
    }

    fn notes(&mut self, at: &str, parsed: &definitions::Experiment, experiment: &Experiment) {
        self.note_stickiness(at, parsed);
        self.note_experiment_attributes(at, experiment);
        if parsed.variations.iter().any(|v| VISUAL.iter().any(|name| v.get(name).is_some())) {
            let detail = "Visual changes are kept as the variant's config: the page's own code has to apply them.";
            self.note(at, detail);
        }
        // A draft needs a metric before it starts, and an import has none.
        for problem in validate::experiment(experiment).into_iter().filter(|p| !p.pointer.starts_with("/metrics")) {
            self.note(at, format!("{} ({} of the experiment)", problem.detail, problem.pointer));
        }
    }
}

fn variant(e: &definitions::Experiment, index: usize, (variation, weight): (&Value, u32)) -> Variant {
    let redirect = variation.get("urlRedirect").and_then(Value::as_str).filter(|url| !url.is_empty());
    let mut config = variation.clone();
    if let (Some(_), Some(members)) = (redirect, config.as_object_mut()) {
        members.remove("urlRedirect");
    }
    let id = variant_id(e, index);
    Variant {
        name: e.meta.get(index).and_then(|m| m.name.clone()).unwrap_or_else(|| id.clone()),
        id,
        weight,
        config,
        redirect: redirect.map(str::to_owned),
        extra: Map::new(),
    }
}

fn pages(source: &Value) -> Result<Vec<PagePattern>, Why> {
    let Some(patterns) = source.get("urlPatterns").and_then(Value::as_array) else { return Ok(Vec::new()) };
    if patterns.is_empty() {
        return Err("It runs on no page.".into());
    }
    let page = |pattern: &Value| {
        let kind = match pattern.get("type").and_then(Value::as_str) {
            Some("simple") => PatternKind::Simple,
            Some("regex") => PatternKind::Regex,
            _ => return Err("It has a URL pattern of a kind that nobody knows.".to_owned()),
        };
        let text = pattern.get("pattern").and_then(Value::as_str).unwrap_or_default();
        let include = pattern.get("include") != Some(&Value::Bool(false));
        Ok(PagePattern { kind, pattern: text.to_owned(), include })
    };
    patterns.iter().map(page).collect()
}
