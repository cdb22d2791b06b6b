use super::condition::condition;
use super::{MAX_SEGMENT, key, name, targeting, text};
use crate::error::Problem;
use crate::model::{Members, Segment};

/// The problems of a segment.
pub fn segment(segment: &Segment) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &segment.key));
    problems.extend(name("/name", &segment.name));
    problems.extend(text("/description", &segment.description));
    match &segment.members {
        Members::List { attribute, values } => {
            problems.extend(targeting::attribute("/attribute", attribute));
            if values.len() > MAX_SEGMENT {
                problems.push(Problem::new("/values", format!("A segment can have up to {MAX_SEGMENT} values.")));
            }
            if let Some(i) = values.iter().position(|value| !(value.is_string() || value.is_number())) {
                problems.push(Problem::new(format!("/values/{i}"), "List texts and numbers only."));
            }
        }
        Members::Condition { condition: members } => {
            if members.is_empty() {
                problems
                    .push(Problem::new("/condition", "Enter a condition. An empty one would include every visitor."));
            }
            problems.extend(condition("/condition", members));
        }
    }
    problems
}
