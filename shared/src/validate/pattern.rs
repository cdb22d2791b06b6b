//! What may be in a regular expression. Pages run it in a backtracking engine, in every visitor's browser.

use super::MAX_PATTERN;
use crate::eval::condition::compile_regex;

/// How often a counted group may repeat something that repeats without an end.
const MAX_REPEATS: u32 = 9;

/// Returns what is wrong with a regular expression.
pub(super) fn pattern(pattern: &str) -> Option<String> {
    if pattern.len() > MAX_PATTERN {
        return Some(format!("Shorten the pattern to at most {MAX_PATTERN} characters."));
    }
    if let Err(error) = compile_regex(pattern, false) {
        let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return Some(format!(
            "This pattern doesn't work on every side: {why}. Leave out look-around and back-references."
        ));
    }
    let slow = nested_repeat(pattern)?;
    Some(format!("'{slow}' repeats a repetition, which can freeze a visitor's browser. Repeat only one of the two."))
}

/// Returns the group that is repeated although it repeats something without an end inside, such as `(a+)+`. The pattern
/// is one that compiles.
fn nested_repeat(pattern: &str) -> Option<&str> {
    /// An open group, and whether something in it repeats without an end.
    struct Group {
        start: usize,
        repeats: bool,
    }
    let mut open = vec![Group { start: 0, repeats: false }];
    let mut closed: Option<Group> = None;
    let mut chars = pattern.char_indices();
    while let Some((index, char)) = chars.next() {
        let last = closed.take();
        match char {
            '\\' => drop(chars.next()),
            '[' => skip_class(&mut chars),
            '(' => open.push(Group { start: index, repeats: false }),
            ')' if open.len() > 1 => {
                closed = open.pop();
                let repeats = closed.as_ref().is_some_and(|group| group.repeats);
                open.last_mut().into_iter().for_each(|outer| outer.repeats |= repeats);
            }
            '*' | '+' | '{' => {
                let count = &pattern[index..=index + pattern[index..].find('}').filter(|_| char == '{').unwrap_or(0)];
                let most = most(count);
                if let Some(group) = last.filter(|group| group.repeats && most.is_none_or(|most| most > MAX_REPEATS)) {
                    return pattern.get(group.start..index + count.len());
                }
                open.last_mut().into_iter().for_each(|outer| outer.repeats |= most.is_none());
            }
            _ => {}
        }
    }
    None
}

/// The most repeats of a quantifier: `*`, `+`, `{2,}` have none.
fn most(quantifier: &str) -> Option<u32> {
    let inside = quantifier.strip_prefix('{')?.strip_suffix('}')?;
    inside.rsplit(',').next()?.parse().ok()
}

/// Skips a class, its bracket taken already.
fn skip_class(chars: &mut std::str::CharIndices<'_>) {
    while let Some((_, char)) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            ']' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backtracking_engine_cannot_bound_is_named() {
        for (text, named) in [
            ("^(a+)+$", "(a+)+"),
            ("^(a*)*$", "(a*)*"),
            (r"^([\w.]+)*@x$", r"([\w.]+)*"),
            ("^(?:(?:ab)+c)+$", "(?:(?:ab)+c)+"),
            ("^(x+x+)+y", "(x+x+)+"),
            ("^(a{2,})+$", "(a{2,})+"),
            ("^(a+){2,}$", "(a+){2,}"),
            ("^(a+){20}$", "(a+){20}"),
            ("^((a|b+))*$", "((a|b+))*"),
            ("é(ü+)+?", "(ü+)+"),
        ] {
            assert_eq!(nested_repeat(text), Some(named), "{text}");
            assert!(pattern(text).is_some_and(|detail| detail.contains("can freeze")), "{text}");
        }
    }

    #[test]
    fn what_repeats_once_is_fine() {
        for text in [
            "^/shop/.*$",
            "^(a+)?b*$",
            r"^(\d+\.){3}\d+$",
            "^(ab)+(cd)*$",
            r"^\(a+\)+$",
            "^[(a+)+]+$",
            "^([+*])+$",
            r"^(?:DE|AT|CH)+\w{2,5}$",
            "^(a{2,5})+$",
            r"^([\]+])+$",
            "^a+(b)+c+$",
        ] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }
}
