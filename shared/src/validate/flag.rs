use serde_json::Value;

use super::{MAX_RULES, first_duplicate, key, name, share, text, value};
use crate::error::Problem;
use crate::model::Flag;

/// The problems of a flag.
pub fn flag(f: &Flag) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &f.key));
    problems.extend(name("/name", &f.name));
    problems.extend(text("/description", &f.description));
    problems.extend(value("/default_value", &f.default_value));
    if f.site_ids.is_empty() {
        problems.push(Problem::new("/site_ids", "Choose at least one site that gets the flag."));
    }
    if f.rules.len() > MAX_RULES {
        problems.push(Problem::new("/rules", format!("Have at most {MAX_RULES} rules.")));
    }
    for (i, rule) in f.rules.iter().enumerate() {
        problems.extend(key(&format!("/rules/{i}/id"), &rule.id));
        problems.extend(share(&format!("/rules/{i}/coverage"), rule.coverage));
        problems.extend(value(&format!("/rules/{i}/value"), &rule.value));
        if json_type(&rule.value) != json_type(&f.default_value) {
            let detail = format!(
                "Make this a {} like the flag's default, or code that reads it breaks.",
                json_type(&f.default_value)
            );
            problems.push(Problem::new(format!("/rules/{i}/value"), detail));
        }
    }
    if let Some((i, id)) = first_duplicate(f.rules.iter().map(|r| r.id.as_str())) {
        problems.push(Problem::new(format!("/rules/{i}/id"), format!("Two rules are called '{id}'.")));
    }
    problems
}

fn json_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "JSON object",
    }
}
