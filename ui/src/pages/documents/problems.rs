//! Problems at the fields that they are about.

use beacon_shared::error::Problem;
use yew::AttrValue;

/// Returns the problem of the field at `pointer`.
pub fn problem_at(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    problems.iter().find(|p| p.pointer == pointer).map(|p| p.detail.clone().into())
}

/// Returns all problems of the field at `pointer` and of its parts, as one text.
pub fn problems_under(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    let all: Vec<&str> = problems.iter().filter(|p| is_under(p, pointer)).map(|p| p.detail.as_str()).collect();
    (!all.is_empty()).then(|| all.join(" ").into())
}

/// Returns the first problem of the field at `pointer` or of a part of it.
pub fn problem_under(problems: &[Problem], pointer: &str) -> Option<AttrValue> {
    problems.iter().find(|p| is_under(p, pointer)).map(|p| p.detail.clone().into())
}

fn is_under(problem: &Problem, pointer: &str) -> bool {
    problem.pointer.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
