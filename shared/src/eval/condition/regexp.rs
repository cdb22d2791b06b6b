//! Regular expressions: written for JavaScript, run by the `regex` crate.
//!
//! The common set is what both understand, and understand alike: no look-around, no back-references, no escapes of
//! letters that mean something to one side only. Within it, the classes mean what they mean in JavaScript without its `u`
//! flag: `\d` and `\w` are ASCII, and `.` stops at every line terminator. Two differences are left: a character outside the
//! basic plane is one for `.` here and two in JavaScript, and a few letters beyond ASCII fold their case here only.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// The most UTF-16 units of a subject that a regular expression sees. It keeps the work small together with the
/// validator, which refuses repeated repetitions.
pub const MAX_SUBJECT: usize = 1_000;
/// The most bytes of a compiled regular expression.
const MAX_COMPILED: usize = 1 << 20;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
const ANYTHING: &str = r"\x{0}-\x{10FFFF}";

/// Compiles an expression as JavaScript writes it.
///
/// # Errors
/// What the `regex` crate says: a syntax error, something outside the common set, or one that is too large.
pub fn compile(pattern: &str, insensitive: bool) -> Result<Regex, regex::Error> {
    let outside = || regex::Error::Syntax("it is outside what JavaScript and Rust have in common".to_owned());
    let translated = translate(pattern).ok_or_else(outside)?;
    RegexBuilder::new(&translated).case_insensitive(insensitive).size_limit(MAX_COMPILED).build()
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

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// Nothing to repeat.
    Start,
    /// Something that may be repeated.
    Atom,
    /// A quantifier, which `?` makes lazy.
    Quantifier,
    /// A lazy quantifier.
    Lazy,
}

/// The same expression for the `regex` crate; `None` for one outside the common set.
fn translate(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut after = After::Start;
    while let Some(c) = chars.next() {
        after = match (c, after) {
            ('*' | '+', After::Atom) => put(&mut out, c, After::Quantifier),
            ('?', After::Atom) => put(&mut out, c, After::Quantifier),
            ('?', After::Quantifier) => put(&mut out, c, After::Lazy),
            ('{', After::Atom) => {
                out.push_str(&counted(&mut chars)?);
                After::Quantifier
            }
            ('*' | '+' | '?' | '{', _) => return None,
            ('\\', _) => match escaped(&mut chars)? {
                Atom::Boundary => {
                    out.push_str(r"(?-u:\b)");
                    After::Start
                }
                atom => {
                    out.push_str(&atom.alone());
                    After::Atom
                }
            },
            ('[', _) => {
                out.push_str(&class(&mut chars)?);
                After::Atom
            }
            ('(', _) => {
                out.push_str(&group(&mut chars)?);
                After::Start
            }
            ('.', _) => {
                out.push_str(r"[^\n\r\u{2028}\u{2029}]");
                After::Atom
            }
            ('^' | '$' | '|', _) => put(&mut out, c, After::Start),
            (')', _) => put(&mut out, c, After::Atom),
            _ => {
                out.push_str(&Atom::Char(c).alone());
                After::Atom
            }
        };
    }
    Some(out)
}

fn put(out: &mut String, c: char, after: After) -> After {
    out.push(c);
    after
}

/// `{2}`, `{2,}` or `{2,3}`, its brace taken already.
fn counted(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let inside: String = std::iter::from_fn(|| chars.next_if(|c| c.is_ascii_digit() || *c == ',')).collect();
    chars.next_if_eq(&'}')?;
    let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
    let sound = !least.is_empty() && !most.contains(',');
    sound.then(|| format!("{{{inside}}}"))
}

/// A group's beginning, its parenthesis taken already: of those with a `?`, the one that captures nothing.
fn group(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    if chars.next_if_eq(&'?').is_none() {
        return Some("(".to_owned());
    }
    chars.next_if_eq(&':').map(|_| "(?:".to_owned())
}

/// What stands for one character.
enum Atom {
    Char(char),
    /// One of these, as a class writes them.
    Set(&'static str),
    /// None of these.
    Not(&'static str),
    /// `\b`: in a class it is a backspace.
    Boundary,
}

impl Atom {
    fn alone(&self) -> String {
        match self {
            Self::Set(set) => format!("[{set}]"),
            Self::Not(set) => format!("[^{set}]"),
            _ => self.inside(),
        }
    }

    /// As a part of a class.
    fn inside(&self) -> String {
        match self {
            Self::Char(c) => format!(r"\x{{{:x}}}", u32::from(*c)),
            Self::Set(set) => (*set).to_owned(),
            Self::Not(set) => format!("[^{set}]"),
            Self::Boundary => r"\x08".to_owned(),
        }
    }
}

/// An escape, its backslash taken already.
fn escaped(chars: &mut Peekable<Chars<'_>>) -> Option<Atom> {
    Some(match chars.next()? {
        'd' => Atom::Set(DIGIT),
        'D' => Atom::Not(DIGIT),
        'w' => Atom::Set(WORD),
        'W' => Atom::Not(WORD),
        's' => Atom::Set(SPACE),
        'S' => Atom::Not(SPACE),
        'b' => Atom::Boundary,
        'n' => Atom::Char('\n'),
        'r' => Atom::Char('\r'),
        't' => Atom::Char('\t'),
        'f' => Atom::Char('\u{c}'),
        'v' => Atom::Char('\u{b}'),
        'x' => Atom::Char(hexadecimal(chars, 2)?),
        'u' => Atom::Char(hexadecimal(chars, 4)?),
        // Other letters and digits mean something to one side only.
        c if c.is_ascii_alphanumeric() => return None,
        c => Atom::Char(c),
    })
}

fn hexadecimal(chars: &mut Peekable<Chars<'_>>, digits: usize) -> Option<char> {
    let text: String = (0..digits).map_while(|_| chars.next_if(char::is_ascii_hexdigit)).collect();
    if text.len() == digits { char::from_u32(u32::from_str_radix(&text, 16).ok()?) } else { None }
}

/// A class, its bracket taken already.
fn class(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut items = String::new();
    while let Some(first) = member(chars)? {
        let mut ahead = chars.clone();
        let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']');
        if !is_range {
            items.push_str(&first.inside());
            continue;
        }
        chars.next();
        let last = member(chars)??;
        match (&first, &last) {
            (Atom::Set(_) | Atom::Not(_), _) | (_, Atom::Set(_) | Atom::Not(_)) => {
                // Beside a class the hyphen is one.
                items.extend([first.inside(), Atom::Char('-').inside(), last.inside()]);
            }
            _ => items.push_str(&format!("{}-{}", first.inside(), last.inside())),
        }
    }
    Some(match (items.is_empty(), negated) {
        // JavaScript has a class of nothing, and its opposite.
        (true, false) => format!("[^{ANYTHING}]"),
        (true, true) => format!("[{ANYTHING}]"),
        (false, false) => format!("[{items}]"),
        (false, true) => format!("[^{items}]"),
    })
}

/// The next part of a class; `Some(None)` at its end, `None` when it has none or holds what it may not.
fn member(chars: &mut Peekable<Chars<'_>>) -> Option<Option<Atom>> {
    Some(match chars.next()? {
        ']' => None,
        '\\' => Some(escaped(chars)?),
        c => Some(Atom::Char(c)),
    })
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
