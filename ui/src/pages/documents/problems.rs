//! Problems at the fields that they are about.

use beacon_shared::error::Problem;
use yew::AttrValue;

/// Returns the problem of the field at `pointer`.
pub fn problem_at(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    problems.iter().find(|p| p.pointer == pointer).map(|p| p.detail.clone().into())
}

/// Returns the first problem of the field at `pointer` or of a part of it.
pub fn problem_under(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    let under =
        |p: &&Problem| p.pointer.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    problems.iter().find(under).map(|p| p.detail.clone().into())
}
