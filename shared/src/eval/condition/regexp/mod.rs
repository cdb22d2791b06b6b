//! Regular expressions: written for JavaScript, run by the `regex-lite` crate in time linear in the subject.
//!
//! The common set is what both understand, and understand alike: no look-around, no back-references, no escapes of
//! letters that mean something to one side only. Within it, the classes mean what they mean in JavaScript without its
//! `u` flag: `\d` and `\w` are ASCII, `.` stops at every line terminator, and letters fold their case as `toUpperCase`
//! does. One difference is left: a character outside the basic plane is one for `.` here and two in JavaScript.

mod syntax;
mod ways;

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

use super::fold::{Fold, Ranges};
use syntax::Node;

/// The most UTF-16 units of a subject that a regular expression sees.
pub const MAX_SUBJECT: usize = 1_000;
/// The most bytes of a compiled regular expression.
const MAX_COMPILED: usize = 1 << 20;

/// A regular expression that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Compiles an expression as JavaScript writes it.
///
/// # Errors
/// A syntax error, something outside the common set, or an expression that is too large.
pub fn compile(pattern: &str, insensitive: bool) -> Result<Regex, Unusable> {
    let outside = || Unusable("it is outside what JavaScript and Rust have in common".to_owned());
    let node = Node::parse(pattern).ok_or_else(outside)?;
    let mut translated = String::with_capacity(pattern.len() + 16);
    translate(&node, &fold(pattern, insensitive), &mut translated);
    RegexBuilder::new(&translated).size_limit(MAX_COMPILED).build().map_err(|e| Unusable(e.to_string()))
}

/// Returns the part of an expression that a backtracking engine, such as a browser's, can try in too many ways, such as
/// `(a|a)*` in `^(a|a)*$`: it would freeze the page. `None` for a safe expression, and for one that does not compile.
pub fn slow_part(pattern: &str, insensitive: bool) -> Option<&str> {
    pattern.get(ways::too_many(&Node::parse(pattern)?, &fold(pattern, insensitive), pattern.len())?)
}

/// Returns the letters that count as the same.
fn fold(pattern: &str, insensitive: bool) -> Fold {
    // Escapes can name letters that do not stand in the pattern, so they count as beyond ASCII.
    match (insensitive, pattern.contains(r"\u") || pattern.contains(r"\x")) {
        (false, _) => Fold::none(),
        (true, false) => Fold::of(pattern),
        (true, true) => Fold::of("\u{80}"),
    }
}

/// The part of a subject that expressions see.
pub fn subject(text: &str) -> &str {
    if text.len() <= MAX_SUBJECT {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MAX_SUBJECT
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// Writes the same expression for the `regex-lite` crate.
fn translate(node: &Node, fold: &Fold, out: &mut String) {
    match node {
        Node::Char(c) if c.is_alphabetic() => out.push_str(&fold.all(Ranges::from(*c)).to_string()),
        Node::Char(c) => out.push_str(&format!(r"\x{{{:x}}}", u32::from(*c))),
        Node::Class { set, negated: false } => out.push_str(&fold.all(set.clone()).to_string()),
        Node::Class { set, negated: true } => out.push_str(&fold.all(set.clone()).negated()),
        Node::Start => out.push('^'),
        Node::End => out.push('$'),
        Node::Boundary => out.push_str(r"\b"),
        Node::Sequence(parts) => parts.iter().for_each(|part| translate(part, fold, out)),
        Node::Choice(alternatives) => {
            for (i, alternative) in alternatives.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "|" });
                translate(alternative, fold, out);
            }
        }
        Node::Group { part, captures } => {
            out.push_str(if *captures { "(" } else { "(?:" });
            translate(part, fold, out);
            out.push(')');
        }
        Node::Repeat(repeat) => {
            translate(&repeat.part, fold, out);
            out.push_str(&repeat.quantifier);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_reads_differently_is_not_in_the_common_set() {
        for pattern in [
            r"\p{L}",
            r"[\p{Greek}]",
            r"\pL",
            r"\Acat\z",
            r"\a",
            r"\x{41}",
            r"\u{41}",
            r"\U00000041",
            r"\Bcat",
            "(?i)cat",
            "(?x)a b",
            r"(?P<y>\d)",
            "^[a-z]++$",
            "a**",
            "a{,3}",
            "a{",
            "*a",
            "a|+",
            r"\0",
            r"\cA",
            "[z-a]",
        ] {
            assert!(compile(pattern, false).is_err(), "{pattern}");
        }
    }

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern, false).expect("in the common set").is_match(subject(text))
    }

    #[test]
    fn classes_are_javascripts() {
        for (pattern, text, expected) in [
            (r"^\d+$", "42", true),
            (r"^\d+$", "٤٢", false),
            (r"^\w+$", "größe", false),
            (r"^\W$", "ö", true),
            (r"\bcat\b", "a cat.", true),
            (r"^[\w.-]+@[\w-]+\.[a-z]{2,}$", "a.b-c@d-e.org", true),
            (r"^[[a]$", "[", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^[+--]$", ",", true),
            (r"^a[^]b$", "a\nb", true),
            ("[]", "a", false),
            (r"^[^\s]+$", "a b", false),
            (r"^\s$", "\u{feff}", true),
            (r"^a.b$", "a\rb", false),
            (r"^[.]$", "x", false),
            (r"^\/a\/b$", "/a/b", true),
            (r"^[+-\d]+$", "+-12", true),
            (r"^[.-\w]+$", "a.b-c", true),
            (r"^[^a-\d]$", "-", false),
            (r"^[--9]+$", "5", true),
            (r"\<b\>", "a <b>", true),
            (r"^\x41\u00e9$", "Aé", true),
            (r"^a{2,3}?$", "aaa", true),
            (r"^[\b]$", "\u{8}", true),
            ("^a}]$", "a}]", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_is_outside_the_common_set_is_an_error() {
        for pattern in ["(?=a)", "(?<!a)b", r"(a)\1", "(", "[", "a{9999999}", "\\"] {
            assert!(compile(pattern, false).is_err(), "{pattern}");
        }
    }

    #[test]
    fn subjects_are_cut_by_utf_16_units() {
        let long = format!("{}end", "x".repeat(MAX_SUBJECT - 1));
        assert!(matches("e$", &long) && !matches("end", &long));
        let wide = format!("{}end", "😀".repeat(MAX_SUBJECT / 2));
        assert!(!matches("end", &wide) && matches("^(?:😀)+$", &wide));
    }
}
