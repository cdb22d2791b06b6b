//! One module for every page of the window.

mod document_parts;
mod exchange;
mod experiment_editor;
mod experiment_parts;
mod experiments;
mod flag_editor;
mod flags;
mod metric_counting;
mod metric_fields;
mod metric_kind;
mod publish;
mod results;
mod results_metric;
mod review_words;
mod settings;
mod sites;
mod workspaces;

pub use experiments::Experiments;
pub use flags::Flags;
pub use publish::Publish;
pub use results::Results;
pub use settings::Settings;
pub use sites::Sites;

use beacon_shared::error::Problem;
use yew::AttrValue;

/// What is wrong with the field at `pointer`.
fn problem_at(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    problems.iter().find(|p| p.pointer == pointer).map(|p| p.detail.clone().into())
}

/// What is wrong with the field at `pointer` or with a part of it.
fn problem_under(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    let under =
        |p: &&Problem| p.pointer.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    problems.iter().find(under).map(|p| p.detail.clone().into())
}
