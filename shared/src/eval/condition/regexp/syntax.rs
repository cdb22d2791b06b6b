//! The notation of regular expressions, as far as JavaScript and Rust understand it alike.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use super::super::fold::Ranges;

/// The most groups inside each other. The `regex-lite` crate has the same limit.
const MAX_DEPTH: usize = 50;

const DIGIT: &[(u32, u32)] = &[(0x30, 0x39)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const LINE_END: &[(u32, u32)] = &[(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)];
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

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    /// One character.
    Char(char),
    /// One character of a set, or of all others.
    Class { set: Ranges, negated: bool },
    /// `^`.
    Start,
    /// `$`.
    End,
    /// `\b`.
    Boundary,
    /// One part after the other.
    Sequence(Vec<Self>),
    /// The first part that matches.
    Choice(Vec<Self>),
    /// A part in parentheses.
    Group { part: Box<Self>, captures: bool },
    /// A part several times.
    Repeat(Box<Repeat>),
}

/// A part with a quantifier.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// The repeated part.
    pub part: Node,
    /// Fewest repeats.
    pub least: u32,
    /// Most repeats; none without an end.
    pub most: Option<u32>,
    /// The quantifier as it is written.
    pub quantifier: String,
    /// Place in the pattern, quantifier included, without the question mark of a lazy one.
    pub place: Range<usize>,
}

impl Node {
    /// Parses a pattern; `None` for one outside the common set.
    pub fn parse(pattern: &str) -> Option<Self> {
        let mut parser = Parser { chars: pattern.char_indices().peekable(), end: pattern.len(), depth: 0 };
        let node = parser.choice()?;
        parser.chars.next().is_none().then_some(node)
    }
}

struct Parser<'a> {
    chars: Peekable<CharIndices<'a>>,
    /// The pattern's length in bytes.
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    /// Parses alternatives, up to a closing parenthesis or the end.
    fn choice(&mut self) -> Option<Node> {
        let mut alternatives = vec![self.sequence()?];
        while self.next_if('|') {
            alternatives.push(self.sequence()?);
        }
        if alternatives.len() == 1 { alternatives.pop() } else { Some(Node::Choice(alternatives)) }
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            parts.push(self.quantified()?);
        }
        Some(Node::Sequence(parts))
    }

    fn quantified(&mut self) -> Option<Node> {
        let from = self.position();
        let part = self.part()?;
        let repeatable = !matches!(part, Node::Start | Node::End | Node::Boundary);
        let (mut quantifier, least, most) = match self.peek() {
            Some(c @ ('*' | '+' | '?')) if repeatable => {
                self.chars.next();
                (c.to_string(), u32::from(c == '+'), (c == '?').then_some(1))
            }
            Some('{') if repeatable => self.counted()?,
            Some('*' | '+' | '?' | '{') => return None,
            _ => return Some(part),
        };
        let place = from..self.position();
        if self.next_if('?') {
            quantifier.push('?');
        }
        if self.peek().is_some_and(|c| matches!(c, '*' | '+' | '?' | '{')) {
            return None;
        }
        Some(Node::Repeat(Box::new(Repeat { part, least, most, quantifier, place })))
    }

    /// Parses `{2}`, `{2,}` or `{2,3}`.
    fn counted(&mut self) -> Option<(String, u32, Option<u32>)> {
        self.chars.next();
        let mut inside = String::new();
        while let Some((_, c)) = self.chars.next_if(|(_, c)| c.is_ascii_digit() || *c == ',') {
            inside.push(c);
        }
        if !self.next_if('}') {
            return None;
        }
        let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        let most = if most.is_empty() { None } else { Some(most.parse().ok()?) };
        Some((format!("{{{inside}}}"), least.parse().ok()?, most))
    }

    fn part(&mut self) -> Option<Node> {
        Some(match self.take()? {
            '*' | '+' | '?' | '{' => return None,
            '^' => Node::Start,
            '$' => Node::End,
            '.' => Node::Class { set: Ranges::from(LINE_END), negated: true },
            '\\' => match self.escaped()? {
                Atom::Boundary => Node::Boundary,
                Atom::Char(c) => Node::Char(c),
                atom => Node::Class { set: atom.ranges(), negated: false },
            },
            '[' => self.class()?,
            '(' => self.group()?,
            c => Node::Char(c),
        })
    }

    /// Parses a group after its parenthesis: of those with a `?`, only the one that captures nothing.
    fn group(&mut self) -> Option<Node> {
        self.depth += 1;
        let captures = !self.next_if('?');
        if self.depth > MAX_DEPTH || !(captures || self.next_if(':')) {
            return None;
        }
        let part = Box::new(self.choice()?);
        self.depth -= 1;
        self.next_if(')').then_some(Node::Group { part, captures })
    }

    /// Parses an escape after its backslash.
    fn escaped(&mut self) -> Option<Atom> {
        Some(match self.take()? {
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
            'x' => Atom::Char(self.hexadecimal(2)?),
            'u' => Atom::Char(self.hexadecimal(4)?),
            // Other letters and digits mean something to one side only.
            c if c.is_ascii_alphanumeric() => return None,
            c => Atom::Char(c),
        })
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<char> {
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16 + self.take()?.to_digit(16)?;
        }
        char::from_u32(code)
    }

    /// Parses a class after its bracket.
    fn class(&mut self) -> Option<Node> {
        let negated = self.next_if('^');
        let mut set = Ranges::default();
        while let Some(first) = self.member()? {
            let mut ahead = self.chars.clone();
            let is_range = ahead.next().is_some_and(|(_, c)| c == '-') && ahead.peek().is_some_and(|(_, c)| *c != ']');
            if !is_range {
                set.extend(first.ranges());
                continue;
            }
            self.chars.next();
            let last = self.member()??;
            match (first.end(), last.end()) {
                (Some(from), Some(to)) if from <= to => set.extend(Ranges::from([(from, to)].as_slice())),
                (Some(_), Some(_)) => return None,
                // Beside a class the hyphen is one.
                _ => [first, Atom::Char('-'), last].into_iter().for_each(|atom| set.extend(atom.ranges())),
            }
        }
        Some(Node::Class { set, negated })
    }

    /// Parses the next part of a class; `Some(None)` at its end, `None` for one outside the common set.
    fn member(&mut self) -> Option<Option<Atom>> {
        Some(match self.take()? {
            ']' => None,
            '\\' => Some(self.escaped()?),
            c => Some(Atom::Char(c)),
        })
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn take(&mut self) -> Option<char> {
        self.chars.next().map(|(_, c)| c)
    }

    fn next_if(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.end, |(index, _)| *index)
    }
}

/// A character or an escape.
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
    /// Returns the characters it stands for in a class.
    fn ranges(self) -> Ranges {
        match self {
            Self::Char(c) => Ranges::from(c),
            Self::Set(set) => Ranges::from(set),
            Self::Not(set) => Ranges::from(set).complement(),
            Self::Boundary => Ranges::from('\u{8}'),
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
