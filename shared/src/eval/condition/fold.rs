//! Sets of characters, and the letters that JavaScript takes for the same when case does not matter.

use std::fmt::{self, Write as _};

const LAST: u32 = 0x0010_FFFF;
/// The end of the basic plane: beyond it JavaScript folds nothing without its `u` flag.
const BASIC: u32 = 0xFFFF;

/// A set of characters, as ranges of code points, both ends included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(Vec<(u32, u32)>);

impl From<&[(u32, u32)]> for Ranges {
    fn from(ranges: &[(u32, u32)]) -> Self {
        Self(ranges.to_vec())
    }
}

impl From<char> for Ranges {
    fn from(c: char) -> Self {
        Self(vec![(u32::from(c), u32::from(c))])
    }
}

impl Ranges {
    /// Adds the characters of another set.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns all other characters.
    pub fn complement(mut self) -> Self {
        self.0.sort_unstable();
        let (mut rest, mut next) = (Vec::new(), 0);
        for (from, to) in self.0 {
            if from > next {
                rest.push((next, from - 1));
            }
            next = next.max(to + 1);
        }
        if next <= LAST {
            rest.push((next, LAST));
        }
        Self(rest)
    }

    /// Returns a class of all other characters.
    pub fn negated(&self) -> String {
        self.class("^")
    }

    /// Returns the set as JavaScript sees it: a character beyond the basic plane stands for any surrogate.
    pub fn units(mut self) -> Units {
        self.0.sort_unstable();
        let surrogates = self.0.last().is_some_and(|(_, to)| *to > BASIC).then_some((0xD800, 0xDFFF));
        let basic = self.0.into_iter().filter(|(from, _)| *from <= BASIC).map(|(from, to)| (from, to.min(BASIC)));
        let mut units: Vec<(u32, u32)> = basic.chain(surrogates).collect();
        units.sort_unstable();
        let mut apart: Vec<(u32, u32)> = Vec::with_capacity(units.len());
        for (from, to) in units {
            match apart.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => apart.push((from, to)),
            }
        }
        Units(apart)
    }

    fn has(&self, code: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&code))
    }

    fn class(&self, negation: &str) -> String {
        let mut out = format!("[{negation}");
        for (from, to) in &self.0 {
            for (from, to) in around_surrogates(*from, *to) {
                // Writing to a String cannot fail.
                let _ = write!(out, r"\x{{{from:x}}}-\x{{{to:x}}}");
            }
        }
        match (self.0.is_empty(), negation.is_empty()) {
            // JavaScript has a class of nothing, and its opposite.
            (true, true) => Self(vec![(0, LAST)]).class("^"),
            (true, false) => Self(vec![(0, LAST)]).class(""),
            _ => out + "]",
        }
    }
}

/// A set of UTF-16 units, as ranges in order that do not overlap.
#[derive(Debug)]
pub struct Units(Vec<(u32, u32)>);

impl Units {
    /// Returns true if both sets have a unit in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut these, mut those) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((from, to)), Some((start, end))) = (these.peek(), those.peek()) {
            if from <= end && start <= to {
                return true;
            }
            if to < end {
                these.next()
            } else {
                those.next()
            };
        }
        false
    }

    /// Returns the first unit of each range.
    pub fn starts(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(from, _)| *from)
    }

    /// Returns true if the unit is in the set.
    pub fn has(&self, unit: u32) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= unit);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, to)| unit <= *to)
    }
}

/// Returns a range without the surrogates, which are no characters.
fn around_surrogates(from: u32, to: u32) -> impl Iterator<Item = (u32, u32)> {
    let parts = [(from, to.min(0xD7FF)), (from.max(0xE000), to)];
    parts.into_iter().filter(|(from, to)| from <= to)
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class(""))
    }
}

/// Adds the letters that differ in case only.
pub struct Fold {
    /// The letters whose upper case is another letter, with it. Empty when case matters.
    upper: Vec<(u32, u32)>,
}

impl Fold {
    /// Returns one that adds nothing.
    pub fn none() -> Self {
        Self { upper: Vec::new() }
    }

    /// Returns one for a pattern. Only a pattern beyond ASCII needs a walk over the whole basic plane: JavaScript takes
    /// no other letter for one of ASCII.
    pub fn of(pattern: &str) -> Self {
        let last = if pattern.is_ascii() { 0x7F } else { BASIC };
        let pair = |code| Some((code, upper(char::from_u32(code)?))).filter(|(code, upper)| code != upper);
        Self { upper: (0..=last).filter_map(pair).collect() }
    }

    /// Returns the set with every letter that JavaScript takes for one of its letters.
    pub fn all(&self, mut set: Ranges) -> Ranges {
        let wanted: Vec<u32> = self
            .upper
            .iter()
            .filter(|(code, upper)| set.has(*code) || set.has(*upper))
            .map(|(_, upper)| *upper)
            .collect();
        for (code, upper) in self.upper.iter().filter(|(_, upper)| wanted.contains(upper)) {
            for code in [*code, *upper] {
                if !set.has(code) {
                    set.0.push((code, code));
                }
            }
        }
        set
    }
}

/// ECMAScript's `Canonicalize` without the `u` flag: upper case, unless that is several units or the only ASCII one.
fn upper(c: char) -> u32 {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) if one.is_ascii() == c.is_ascii() && u32::from(one) <= BASIC => u32::from(one),
        _ => u32::from(c),
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile_regex;

    #[test]
    fn letters_fold_as_javascript_folds_them() {
        // Each expectation is what `new RegExp(pattern, "i").test(text)` says.
        for (pattern, text, expected) in [
            ("^straße$", "STRAßE", true),
            ("^straße$", "STRASSE", false),
            ("^köln$", "KÖLN", true),
            ("^ΣΊΣΥΦΟΣ$", "σίσυφος", true),
            ("^[а-я]+$", "ПРИВЕТ", true),
            ("^[^à-ü]$", "É", false),
            ("^µ$", "μ", true),
            ("^k$", "\u{212a}", false),
            ("^s$", "\u{17f}", false),
            ("^ÿ$", "Ÿ", true),
            ("^i$", "İ", false),
            ("^ǆ$", "ǅ", true),
            ("^[^]é$", "\nÉ", true),
        ] {
            let regex = compile_regex(pattern, true).expect("in the common set");
            assert_eq!(regex.is_match(text), expected, "{pattern} on {text}");
        }
    }
}
