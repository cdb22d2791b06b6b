//! Regular expressions that pages can run without freezing. beacon.js runs the accepted ones of the same list.

use serde_json::{Value, json};

use crate::eval::condition::{compile_regex, slow_part};
use crate::validate::condition;

fn list(name: &str) -> Vec<Value> {
    let cases: Value = serde_json::from_str(include_str!("patterns.json")).expect("a list of patterns");
    cases[name].as_array().expect("a list").clone()
}

fn details(operator: &str, pattern: &str) -> Vec<String> {
    let source = json!({"page": {operator: pattern}});
    condition("", source.as_object().expect("an object")).into_iter().map(|problem| problem.detail).collect()
}

#[test]
fn safe_patterns_are_accepted() {
    for case in list("accepted") {
        let pattern = case[0].as_str().expect("a pattern");
        assert_eq!(details("$regex", pattern), [""; 0], "{pattern}");
    }
}

#[test]
fn slow_patterns_are_refused_at_the_part_that_is_slow() {
    for case in list("refused") {
        let (pattern, part) = (case[0].as_str().expect("a pattern"), case[1].as_str().expect("a part"));
        assert!(compile_regex(pattern, false).is_ok(), "{pattern}");
        assert_eq!(slow_part(pattern, false), Some(part), "{pattern}");
        assert!(details("$regex", pattern)[0].contains("can freeze"), "{pattern}");
    }
}

#[test]
fn letters_of_either_case_overlap_where_case_does_not_matter() {
    for pattern in ["^(a|A)*$", "^(é|É)+x", r"^([a-z]|[A-Z])+$", r"^(\xe9|É)+$"] {
        assert_eq!(details("$regex", pattern), [""; 0], "{pattern}");
        assert_eq!(details("$regexi", pattern).len(), 1, "{pattern}");
        assert_eq!(details("$notRegexi", pattern).len(), 1, "{pattern}");
    }
}

#[test]
fn the_check_itself_is_bounded() {
    let wide = format!("({})*", ".|".repeat(240));
    let nested = format!("{}a{}", "(?:".repeat(40), "{1,9})*".repeat(40));
    let optional = format!("^(?:{})*$", "a?".repeat(230));
    for pattern in [wide, nested, optional, format!("({})+", "a|b".repeat(120))] {
        let begin = std::time::Instant::now();
        let _ = slow_part(&pattern, true);
        assert!(begin.elapsed().as_secs() < 2, "{pattern} took {:?}", begin.elapsed());
    }
}
