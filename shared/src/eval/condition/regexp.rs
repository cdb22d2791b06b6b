//! Regular expressions: written for JavaScript, run by the `regex` crate.
//!
//! The common set is what that crate can run: no look-around and no back-references. Within it, the classes mean what
//! they mean in JavaScript without its `u` flag: `\d` and `\w` are ASCII, and `.` stops at every line terminator.

use regex::{Regex, RegexBuilder};

/// The most UTF-16 units of a subject that a regular expression sees, so that both sides do bounded work.
pub const MAX_SUBJECT: usize = 1_000;
/// The most bytes of a compiled regular expression.
const MAX_COMPILED: usize = 1 << 20;

const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// Compiles an expression as JavaScript writes it.
///
/// # Errors
/// What the `regex` crate says: a syntax error, something outside the common set, or one that is too large.
pub fn compile(pattern: &str, insensitive: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&translate(pattern)).case_insensitive(insensitive).size_limit(MAX_COMPILED).build()
}

/// The part of a subject that expressions see.
pub(super) fn subject(text: &str) -> &str {
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

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(chars.next(), in_class, &mut out),
            '[' if in_class => out.push_str("\\["),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                in_class = chars.next_if_eq(&']').is_none();
                // JavaScript has a class of nothing, and its opposite.
                out.push_str(match (in_class, negated) {
                    (true, false) => "[",
                    (true, true) => "[^",
                    (false, false) => r"[^\x{0}-\x{10FFFF}]",
                    (false, true) => r"[\x{0}-\x{10FFFF}]",
                });
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            // Doubled, these are set operations in the `regex` crate's classes.
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && chars.next_if_eq(&'-').is_some() => out.push_str(r"-\-"),
            '.' if !in_class => out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
            _ => out.push(c),
        }
    }
    out
}

fn escape(c: Option<char>, in_class: bool, out: &mut String) {
    match c {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.extend(["[", WORD, "]"]),
        Some('W') => out.extend(["[^", WORD, "]"]),
        Some('s') => out.extend(["[", SPACE, "]"]),
        Some('S') => out.extend(["[^", SPACE, "]"]),
        Some('b') if in_class => out.push_str(r"\x08"),
        Some('b') => out.push_str(r"(?-u:\b)"),
        Some('/') => out.push('/'),
        // Without JavaScript's `u` flag these are letters, in the `regex` crate classes: not in the common set.
        Some('p' | 'P') => out.push_str(r"\p{}"),
        Some(c) => out.extend(['\\', c]),
        None => out.push('\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_classes_are_not_in_the_common_set() {
        for pattern in [r"\p{L}", r"\P{Lu}+", r"[\p{Greek}]", r"\pL"] {
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
