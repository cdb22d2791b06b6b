//! Experiments that send visitors to another address.

use super::context::Context;
use super::definitions::{Definitions, Experiment};
use super::result::ExperimentResult;
use super::url;

/// The redirect experiment that a visitor of a page is in.
#[derive(Clone, Debug)]
pub struct Redirect<'e> {
    /// Its result.
    pub result: ExperimentResult<'e>,
    /// Target of the variation, as it is written; `None` for a variation that stays.
    pub target: Option<&'e str>,
    /// The address to go to; `None` to stay, also when the target is a page that the experiment itself is on.
    pub url: Option<String>,
}

impl Definitions {
    /// The first redirect experiment that the visitor is in. No further one applies to the same page.
    pub fn redirect<'e>(&'e self, context: &'e Context<'e>) -> Option<Redirect<'e>> {
        self.experiments.iter().filter(|e| is_redirect(e, context)).find_map(|experiment| {
            let result = self.run(experiment, context);
            result.in_experiment.then(|| outcome(experiment, result, context))
        })
    }
}

fn outcome<'e>(experiment: &Experiment, result: ExperimentResult<'e>, context: &Context<'_>) -> Redirect<'e> {
    let target = target(result.value());
    let loops = |to: &String| {
        let patterns = experiment.url_patterns.as_deref().unwrap_or_default();
        ::url::Url::parse(to).is_ok_and(|to| url::is_targeted(&to, patterns))
    };
    let url = target.and_then(|to| url::redirect_url(context.url, to, experiment.persist_query));
    Redirect { result, target, url: url.filter(|to| !loops(to)) }
}

fn target(variation: &serde_json::Value) -> Option<&str> {
    variation.get("urlRedirect")?.as_str().filter(|to| !to.is_empty())
}

/// Returns true if a variation of the experiment redirects, and all its targets are valid addresses.
fn is_redirect(experiment: &Experiment, context: &Context<'_>) -> bool {
    let mut targets = experiment.variations.iter().filter_map(target).peekable();
    experiment.url_patterns.is_some()
        && targets.peek().is_some()
        && ::url::Url::parse(context.url).is_ok()
        && targets.all(|to| ::url::Url::parse(to).is_ok())
}
