//! Makes a case on which the evaluators differ as small as it goes.

use anyhow::Result;
use serde_json::{Map, Value};

use super::{Difference, first_difference};

/// The most attempts to make a case smaller.
const MOST_STEPS: usize = 300;

/// The smallest case found that still differs, with both answers.
///
/// # Errors
/// Node cannot be run.
pub fn smallest(case: Value, rust: Value, script: Value) -> Result<Difference> {
    let mut best = (case, rust, script);
    for _ in 0..MOST_STEPS {
        let mut smaller = Vec::new();
        smaller_than(&best.0, &mut |case| smaller.push(case));
        smaller.sort_by_key(|case| case.to_string().len());
        match first_difference(&smaller, &mut Map::new())? {
            Some(found) => best = found,
            None => break,
        }
    }
    Ok(best)
}

/// Every value that is this one with one part left out, or put in the place of what held it.
fn smaller_than(value: &Value, emit: &mut dyn FnMut(Value)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let mut without = members.clone();
                without.remove(key);
                emit(Value::Object(without));
                smaller_than(member, &mut |smaller| {
                    let mut with = members.clone();
                    with.insert(key.clone(), smaller);
                    emit(Value::Object(with));
                });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut without = items.clone();
                without.remove(index);
                emit(Value::Array(without));
                smaller_than(item, &mut |smaller| {
                    let mut with = items.clone();
                    with[index] = smaller;
                    emit(Value::Array(with));
                });
            }
        }
        _ => {}
    }
}
