//! The limits of conditions: only what both evaluators understand, and not too much of it.

use serde_json::{Map, Value};

use super::pattern::pattern;
use super::{MAX_CONDITION_DEPTH, MAX_CONDITION_PARTS, MAX_LIST};
use crate::error::Problem;
use crate::eval::condition::OPERATORS;
use crate::pointer::child;

/// The problems of a condition, each at the part that is wrong.
pub fn condition(pointer: &str, condition: &Map<String, Value>) -> Vec<Problem> {
    let mut check = Check { problems: Vec::new(), parts: 0 };
    check.condition(pointer, condition, 0);
    if check.parts > MAX_CONDITION_PARTS {
        let detail =
            format!("Shorten the condition to at most {MAX_CONDITION_PARTS} parts, or move some into a segment.");
        check.problems.push(Problem::new(pointer, detail));
    }
    check.problems
}

struct Check {
    problems: Vec<Problem>,
    parts: usize,
}

impl Check {
    fn say(&mut self, pointer: &str, detail: impl Into<String>) {
        self.problems.push(Problem::new(pointer, detail));
    }

    /// Returns true if there is room one level deeper. Adds a problem if there is not.
    fn fits(&mut self, pointer: &str, depth: usize) -> bool {
        self.parts += 1;
        if depth >= MAX_CONDITION_DEPTH {
            self.say(pointer, format!("Nest conditions at most {MAX_CONDITION_DEPTH} levels deep."));
        }
        depth < MAX_CONDITION_DEPTH && self.parts <= MAX_CONDITION_PARTS
    }

    fn condition(&mut self, pointer: &str, condition: &Map<String, Value>, depth: usize) {
        for (key, value) in condition {
            let at = child(pointer, key);
            if !self.fits(&at, depth) {
                return;
            }
            match key.as_str() {
                "$and" | "$or" | "$nor" => self.conditions(&at, value, depth),
                "$not" => self.nested(&at, value, depth),
                "$savedGroup" => self.segment(&at, value.get("id").unwrap_or(&Value::Null)),
                "" => self.say(&at, "Enter the attribute's name."),
                operator if OPERATORS.contains(&operator) => {
                    self.say(
                        &at,
                        format!("Put '{operator}' behind an attribute: {{\"country\": {{\"{operator}\": …}}}}."),
                    );
                }
                _ => self.test(&at, value, depth + 1),
            }
        }
    }

    fn conditions(&mut self, pointer: &str, value: &Value, depth: usize) {
        match value.as_array() {
            Some(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    self.nested(&format!("{pointer}/{i}"), item, depth);
                }
            }
            _ => self.say(pointer, "Add at least one condition."),
        }
    }

    fn nested(&mut self, pointer: &str, value: &Value, depth: usize) {
        match value.as_object() {
            Some(nested) => self.condition(pointer, nested, depth + 1),
            None => self.say(pointer, "Enter a condition: an object of attributes."),
        }
    }

    /// Checks what an attribute has to satisfy.
    fn test(&mut self, pointer: &str, value: &Value, depth: usize) {
        let Some(members) = value.as_object() else { return self.literal(pointer, value) };
        let operators = members.keys().filter(|key| key.starts_with('$')).count();
        if operators == 0 || operators < members.len() {
            let detail = "Compare with a text, a number, a list, true, false or null, or use operators such as $in.";
            return self.say(pointer, detail);
        }
        for (operator, argument) in members {
            let at = child(pointer, operator);
            if !self.fits(&at, depth) {
                return;
            }
            self.operator(&at, operator, argument, depth);
        }
    }

    fn literal(&mut self, pointer: &str, value: &Value) {
        if value.as_array().is_some_and(|items| items.len() > MAX_LIST) {
            self.too_long(pointer);
        }
    }

    fn too_long(&mut self, pointer: &str) {
        self.say(pointer, format!("List at most {MAX_LIST} values. Use a segment for a longer list."));
    }

    fn operator(&mut self, pointer: &str, operator: &str, argument: &Value, depth: usize) {
        match operator {
            "$eq" | "$ne" if !is_scalar(argument) => {
                self.say(pointer, format!("'{operator}' compares with a text, a number, true, false or null."));
            }
            "$lt" | "$lte" | "$gt" | "$gte" if !(argument.is_number() || argument.is_string()) => {
                self.say(pointer, format!("'{operator}' compares with a number or a text."));
            }
            "$veq" | "$vne" | "$vlt" | "$vlte" | "$vgt" | "$vgte" if !argument.is_string() => {
                self.say(pointer, format!("'{operator}' compares with a version, such as \"1.2.3\"."));
            }
            "$exists" if !argument.is_boolean() => self.say(pointer, "'$exists' is true or false."),
            "$in" | "$nin" | "$ini" | "$nini" => self.scalars(pointer, operator, argument),
            "$inGroup" | "$notInGroup" => self.segment(pointer, argument),
            "$all" | "$alli" => self.tests(pointer, operator, argument, depth),
            "$not" | "$size" => self.test(pointer, argument, depth + 1),
            "$elemMatch" => self.element(pointer, argument, depth),
            "$regex" | "$regexi" | "$notRegex" | "$notRegexi" => self.regex(pointer, argument, operator.ends_with('i')),
            "$type" if !argument.as_str().is_some_and(is_type) => {
                self.say(pointer, "'$type' is null, boolean, number, string, array or object.");
            }
            _ if OPERATORS.contains(&operator) => {}
            _ => self.say(pointer, format!("There's no operator '{operator}'.")),
        }
    }

    fn scalars(&mut self, pointer: &str, operator: &str, argument: &Value) {
        match argument.as_array() {
            None => self.say(pointer, format!("'{operator}' takes a list.")),
            Some(items) if items.len() > MAX_LIST => self.too_long(pointer),
            Some(items) => {
                if let Some(i) = items.iter().position(|item| !is_scalar(item)) {
                    self.say(
                        &format!("{pointer}/{i}"),
                        "Use texts, numbers, true, false or null. Nothing else can match.",
                    );
                }
            }
        }
    }

    fn tests(&mut self, pointer: &str, operator: &str, argument: &Value, depth: usize) {
        let Some(items) = argument.as_array() else { return self.say(pointer, format!("'{operator}' takes a list.")) };
        for (i, item) in items.iter().enumerate() {
            let at = format!("{pointer}/{i}");
            if !self.fits(&at, depth) {
                return;
            }
            self.test(&at, item, depth + 1);
        }
    }

    fn element(&mut self, pointer: &str, argument: &Value, depth: usize) {
        match argument.as_object() {
            Some(members) if !members.is_empty() && members.keys().all(|key| key.starts_with('$')) => {
                self.test(pointer, argument, depth + 1);
            }
            Some(members) => self.condition(pointer, members, depth + 1),
            None => self.say(pointer, "'$elemMatch' takes operators, or a condition on an element's members."),
        }
    }

    fn segment(&mut self, pointer: &str, argument: &Value) {
        if argument.as_str().is_none_or(str::is_empty) {
            self.say(pointer, "Enter the segment's key.");
        }
    }

    fn regex(&mut self, pointer: &str, argument: &Value, insensitive: bool) {
        if let Some(detail) =
            argument.as_str().map_or(Some("Write the pattern as a text.".to_owned()), |text| pattern(text, insensitive))
        {
            self.say(pointer, detail);
        }
    }
}

fn is_scalar(value: &Value) -> bool {
    !(value.is_array() || value.is_object())
}

fn is_type(name: &str) -> bool {
    matches!(name, "null" | "boolean" | "number" | "string" | "array" | "object")
}
