//! Regular expressions: written for JavaScript, run by the `regex-lite` crate in time linear in the subject.
//!
//! The common set is what both understand, and understand alike: no look-around, no back-references, no escapes of
//! letters that mean something to one side only. Within it, the classes mean what they mean in JavaScript without its `u`
//! flag: `\d` and `\w` are ASCII, `.` stops at every line terminator, and letters fold their case as `toUpperCase` does.
//! One difference is left: a character outside the basic plane is one for `.` here and two in JavaScript.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use regex_lite::{Regex, RegexBuilder};

use super::fold::{Fold, Ranges};

/// The most UTF-16 units of a subject that a regular expression sees. It keeps the work small together with the
/// validator, which refuses repeated repetitions.
pub const MAX_SUBJECT: usize = 1_000;
/// The most bytes of a compiled regular expression.
const MAX_COMPILED: usize = 1 << 20;

const DIGIT: &[(u32, u32)] = &[(0x30, 0x39)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const SPACE: &[(u32, u32)] = &[
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

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
    // Escapes can name letters that do not stand in the pattern, so they count as beyond ASCII.
    let fold = match (insensitive, pattern.contains(r"\u") || pattern.contains(r"\x")) {
        (false, _) => Fold::none(),
        (true, false) => Fold::of(pattern),
        (true, true) => Fold::of("\u{80}"),
    };
    let translated = translate(pattern, &fold).ok_or_else(outside)?;
    RegexBuilder::new(&translated).size_limit(MAX_COMPILED).build().map_err(|e| Unusable(e.to_string()))
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

/// Returns the same expression for the `regex-lite` crate; `None` for one outside the common set.
fn translate(pattern: &str, fold: &Fold) -> Option<String> {
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
                    out.push_str(r"\b");
                    After::Start
                }
                atom => {
                    out.push_str(&atom.alone(fold));
                    After::Atom
                }
            },
            ('[', _) => {
                out.push_str(&class(&mut chars, fold)?);
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
                out.push_str(&Atom::Char(c).alone(fold));
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
#[derive(Clone, Copy)]
enum Atom {
    Char(char),
    /// One of these.
    Set(&'static [(u32, u32)]),
    /// None of these.
    Not(&'static [(u32, u32)]),
    /// `\b`: in a class it is a backspace.
    Boundary,
}

impl Atom {
    fn alone(self, fold: &Fold) -> String {
        match self {
            Self::Char(c) if !c.is_alphabetic() => format!(r"\x{{{:x}}}", u32::from(c)),
            _ => fold.all(self.ranges()).to_string(),
        }
    }

    /// Returns the characters it stands for in a class.
    fn ranges(self) -> Ranges {
        match self {
            Self::Char(c) => Ranges::from([(u32::from(c), u32::from(c))].as_slice()),
            Self::Set(set) => Ranges::from(set),
            Self::Not(set) => Ranges::from(set).complement(),
            Self::Boundary => Ranges::from([(8, 8)].as_slice()),
        }
    }

    /// Returns the character that a range begins or ends with.
    fn end(self) -> Option<u32> {
        match self {
            Self::Char(c) => Some(u32::from(c)),
            Self::Boundary => Some(8),
            Self::Set(_) | Self::Not(_) => None,
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
fn class(chars: &mut Peekable<Chars<'_>>, fold: &Fold) -> Option<String> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut set = Ranges::default();
    while let Some(first) = member(chars)? {
        let mut ahead = chars.clone();
        let is_range = ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']');
        if !is_range {
            set.extend(first.ranges());
            continue;
        }
        chars.next();
        let last = member(chars)??;
        match (first.end(), last.end()) {
            (Some(from), Some(to)) if from <= to => set.extend(Ranges::from([(from, to)].as_slice())),
            (Some(_), Some(_)) => return None,
            // Beside a class the hyphen is one.
            _ => [first, Atom::Char('-'), last].into_iter().for_each(|atom| set.extend(atom.ranges())),
        }
    }
    let folded = fold.all(set);
    Some(if negated { folded.negated() } else { folded.to_string() })
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
