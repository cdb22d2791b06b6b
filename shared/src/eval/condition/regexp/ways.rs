//! In how many ways a backtracking engine can try an expression before it knows that a text does not match.
//!
//! An expression becomes an automaton (Glushkov's: a state for each character of the expression). If two paths read the
//! same text from a state back to itself, the ways double with each repeat: the expression is refused. Otherwise loops
//! that follow each other multiply: each may end at any of the subject's characters. Bounded repeats are unrolled, or
//! stand as loops if that makes too many states: a loop has all ways of the bounded repeat, and more.

use std::ops::Range;

use super::super::fold::{Fold, Ranges, Units};
use super::syntax::{Node, Repeat};

/// The longest subject, in characters.
const SUBJECT: f64 = 1_000.0;
/// The most ways that are allowed: room for three loops one behind the other, and the search for the beginning of a
/// match is one of them. A browser tries about as many in a second.
const MAX_WAYS: f64 = 4e8;
/// The most states that an unrolled repeat may have.
const MAX_UNROLLED: usize = 100;
/// The most steps between the states of a loop: the work of the check grows with their square.
const MAX_STEPS: usize = 4_000;

/// Returns the place of the innermost repeat with too many ways, or of the whole pattern, which has `length` bytes.
pub fn too_many(node: &Node, fold: &Fold, length: usize) -> Option<Range<usize>> {
    let mut parts = vec![node];
    let mut repeats: Vec<&Repeat> = Vec::new();
    while let Some(node) = parts.pop() {
        match node {
            Node::Sequence(nodes) | Node::Choice(nodes) => parts.extend(nodes),
            Node::Group { part, .. } => parts.push(part),
            Node::Repeat(repeat) => {
                repeats.push(repeat);
                parts.push(&repeat.part);
            }
            Node::Char(_) | Node::Class { .. } | Node::Start | Node::End | Node::Boundary => {}
        }
    }
    let is_slow = |repeat: &&&Repeat| Automaton::of_repeat(repeat, fold).is_none_or(|ways| ways > MAX_WAYS);
    // A repeat stands before those inside it.
    let slow = repeats.iter().rev().find(is_slow).map(|repeat| repeat.place.clone());
    slow.or_else(|| ways(node, fold).is_none_or(|ways| ways > MAX_WAYS).then_some(0..length))
}

/// Returns the ways to try a whole expression; `None` if they double with each repeat.
fn ways(node: &Node, fold: &Fold) -> Option<f64> {
    let mut automaton = Automaton::new(fold);
    let part = automaton.node(&without_tail(node))?;
    let inside = automaton.count(&part.first)?;
    Some(if begins_at_start(node) { inside.count } else { inside.behind_loop(1.0).count })
}

/// Returns true if every match begins at the subject's start.
fn begins_at_start(node: &Node) -> bool {
    match node {
        Node::Start => true,
        Node::Sequence(parts) => parts.first().is_some_and(begins_at_start),
        Node::Choice(alternatives) => alternatives.iter().all(begins_at_start),
        Node::Group { part, .. } => begins_at_start(part),
        _ => false,
    }
}

/// Returns an expression without the repeats at its end that need not match: the search is over before them.
fn without_tail(node: &Node) -> Node {
    match node {
        Node::Sequence(parts) => {
            let mut parts = parts.clone();
            while matches!(parts.last(), Some(Node::Repeat(repeat)) if repeat.least == 0) {
                parts.pop();
            }
            if let Some(last) = parts.pop() {
                parts.push(without_tail(&last));
            }
            Node::Sequence(parts)
        }
        Node::Choice(alternatives) => Node::Choice(alternatives.iter().map(without_tail).collect()),
        Node::Group { part, captures } => Node::Group { part: Box::new(without_tail(part)), captures: *captures },
        Node::Repeat(repeat) if repeat.least == 1 => without_tail(&repeat.part),
        node => node.clone(),
    }
}

/// Ways to go on from a state.
#[derive(Clone, Copy)]
struct Ways {
    count: f64,
    /// Loops behind each other on the way with the most ways.
    loops: f64,
}

impl Ways {
    const NONE: Self = Self { count: 0.0, loops: 0.0 };
    const ONE: Self = Self { count: 1.0, loops: 0.0 };

    /// Returns the ways of a loop that may end at any character, with this number of states at once. Loops end one
    /// after the other, so that `n` of them have a subject's length to the power of `n`, divided by `n!`.
    fn behind_loop(self, states: f64) -> Self {
        let loops = self.loops + 1.0;
        Self { count: SUBJECT / loops * states * self.count.max(1.0), loops }
    }
}

/// States with the number of ways that lead to each.
type States = Vec<(usize, f64)>;

/// The states of a part of an expression.
struct Part {
    /// Ways to match nothing.
    empty: f64,
    first: States,
    last: States,
}

impl Part {
    /// A part that reads no character.
    fn nothing() -> Self {
        Self { empty: 1.0, first: Vec::new(), last: Vec::new() }
    }

    /// The same part where it may be left out. JavaScript gives up an optional repeat that matches nothing.
    fn optional(self) -> Self {
        Self { empty: 1.0, ..self }
    }
}

struct Automaton<'a> {
    fold: &'a Fold,
    /// The characters that lead into each state.
    sets: Vec<Units>,
    next: Vec<States>,
    /// The states of each loop. An inner loop stands before its outer one.
    loops: Vec<Range<usize>>,
}

impl<'a> Automaton<'a> {
    fn new(fold: &'a Fold) -> Self {
        Self { fold, sets: Vec::new(), next: Vec::new(), loops: Vec::new() }
    }

    fn of_repeat(repeat: &Repeat, fold: &'a Fold) -> Option<f64> {
        let mut automaton = Self::new(fold);
        let part = automaton.repeat(repeat)?;
        Some(automaton.count(&part.first)?.count)
    }

    /// Adds the states of a part; `None` for one that cannot be bounded.
    fn node(&mut self, node: &Node) -> Option<Part> {
        Some(match node {
            Node::Start | Node::End | Node::Boundary => Part::nothing(),
            Node::Char(c) => {
                let mut part = Part::nothing();
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // A surrogate is no character, and has no other case.
                    let set = self.fold.all(Ranges::from([(u32::from(*unit), u32::from(*unit))].as_slice()));
                    let state = self.state(set);
                    part = self.join(part, state);
                }
                part
            }
            Node::Class { set, negated } => {
                let set = self.fold.all(set.clone());
                self.state(if *negated { set.complement() } else { set })
            }
            Node::Sequence(parts) => {
                let mut all = Part::nothing();
                for part in parts {
                    let part = self.node(part)?;
                    all = self.join(all, part);
                }
                all
            }
            Node::Choice(alternatives) => {
                let mut any = Part { empty: 0.0, ..Part::nothing() };
                for alternative in alternatives {
                    let part = self.node(alternative)?;
                    any.empty += part.empty;
                    any.first.extend(part.first);
                    any.last.extend(part.last);
                }
                any
            }
            Node::Group { part, .. } => self.node(part)?,
            Node::Repeat(repeat) => self.repeat(repeat)?,
        })
    }

    fn state(&mut self, set: Ranges) -> Part {
        self.sets.push(set.units());
        self.next.push(Vec::new());
        let state = vec![(self.sets.len() - 1, 1.0)];
        Part { empty: 0.0, first: state.clone(), last: state }
    }

    /// Adds the ways from the last states of one part to the first ones of another.
    fn connect(&mut self, from: &States, to: &States) {
        for (from, ways) in from {
            let Some(next) = self.next.get_mut(*from) else { continue };
            for (to, more) in to {
                match next.iter_mut().find(|(state, _)| state == to) {
                    Some((_, known)) => *known += ways * more,
                    None => next.push((*to, ways * more)),
                }
            }
        }
    }

    fn join(&mut self, mut before: Part, mut after: Part) -> Part {
        self.connect(&before.last, &after.first);
        let scaled = |states: &States, by: f64| states.iter().map(|(state, ways)| (*state, ways * by)).collect();
        let skipping: States = if before.empty > 0.0 { scaled(&after.first, before.empty) } else { Vec::new() };
        let stopping: States = if after.empty > 0.0 { scaled(&before.last, after.empty) } else { Vec::new() };
        before.first.extend(skipping);
        after.last.extend(stopping);
        Part { empty: before.empty * after.empty, first: before.first, last: after.last }
    }

    fn repeat(&mut self, repeat: &Repeat) -> Option<Part> {
        let copies = repeat.most.unwrap_or(repeat.least).max(1) as usize;
        let begin = self.sets.len();
        let once = self.node(&repeat.part)?;
        let states = self.sets.len() - begin;
        match repeat.most {
            Some(0) => Some(Part::nothing()),
            Some(1) => Some(if repeat.least == 0 { once.optional() } else { once }),
            _ if copies == 1 || copies.saturating_mul(states) > MAX_UNROLLED => {
                // A repeat that must happen may match nothing, in any of the rounds.
                let countless = once.empty > 0.0 && repeat.least > 1;
                (!countless).then(|| self.looped(begin, once, repeat.least))
            }
            most => self.unrolled(repeat, once, most),
        }
    }

    /// Lets a part follow itself.
    fn looped(&mut self, begin: usize, mut once: Part, least: u32) -> Part {
        self.connect(&once.last, &once.first);
        self.loops.push(begin..self.sets.len());
        if least == 0 {
            return once.optional();
        }
        // The first round may match nothing, and the second be the first that reads something.
        once.first.iter_mut().for_each(|(_, ways)| *ways *= 1.0 + once.empty);
        once
    }

    /// Writes a repeat out, its first round already added.
    fn unrolled(&mut self, repeat: &Repeat, once: Part, most: Option<u32>) -> Option<Part> {
        let mut all = if repeat.least == 0 { once.optional() } else { once };
        for _ in 1..repeat.least {
            let again = self.node(&repeat.part)?;
            all = self.join(all, again);
        }
        let Some(most) = most else {
            let begin = self.sets.len();
            let again = self.node(&repeat.part)?;
            let rest = self.looped(begin, again, 0);
            return Some(self.join(all, rest));
        };
        // Each further round needs the one before it: only its states lead on, and any may be the last.
        let mut latest = all.last.clone();
        for round in repeat.least.max(1)..most {
            let again = self.node(&repeat.part)?;
            self.connect(&latest, &again.first);
            if round == repeat.least && all.empty > 0.0 {
                all.first.extend(again.first.iter().map(|(state, ways)| (*state, ways * all.empty)));
            }
            all.last.extend(again.last.iter().copied());
            latest = again.last;
        }
        Some(all)
    }

    /// Returns the ways from the first states; `None` if they double with each repeat.
    fn count(&self, first: &States) -> Option<Ways> {
        let mut ways = vec![Ways::ONE; self.sets.len()];
        let mut end = self.sets.len();
        // States lead to later ones, except within a loop; so those behind a state are counted before it.
        while let Some(state) = end.checked_sub(1) {
            let outermost = self.loops.iter().rfind(|states| states.contains(&state)).cloned();
            let begin = outermost.as_ref().map_or(state, |states| states.start);
            let value = match outermost {
                Some(states) => self.loop_ways(states, &ways)?,
                None => self.step(state, &ways),
            };
            ways.get_mut(begin..end)?.fill(value);
            end = begin;
        }
        Some(self.most(first, &ways))
    }

    /// Returns the ways of a state outside loops. A character that can be the next one, too, counts: a run of it is
    /// tried from each of its places.
    fn step(&self, state: usize, ways: &[Ways]) -> Ways {
        let next = self.after(state);
        let runs = next.iter().any(|(to, _)| self.share(state, *to));
        let Ways { count, loops } = self.most(next, ways);
        Ways { count: (count + f64::from(u8::from(runs))).max(1.0), loops }
    }

    fn loop_ways(&self, states: Range<usize>, ways: &[Ways]) -> Option<Ways> {
        let steps: usize = states.clone().map(|state| self.after(state).len()).sum();
        if steps > MAX_STEPS || self.doubles(&states) {
            return None;
        }
        let (mut exit, mut may_stay, mut several) = (Ways::NONE, false, false);
        for state in states.clone() {
            let (inside, outside): (States, States) =
                self.after(state).iter().copied().partition(|(to, _)| states.contains(to));
            exit = larger(exit, self.most(&outside, ways));
            may_stay |= outside.iter().any(|(out, _)| inside.iter().any(|(stay, _)| self.share(*out, *stay)));
            several |= inside.iter().any(|(a, _)| inside.iter().any(|(b, _)| a < b && self.share(*a, *b)));
        }
        let at_once = if several { states.len() as f64 } else { 1.0 };
        Some(if may_stay || several {
            exit.behind_loop(at_once)
        } else {
            Ways { count: SUBJECT + exit.count, loops: exit.loops }
        })
    }

    /// Returns true if two paths read the same text from a state of the loop to another one: with the loop, back to the
    /// first.
    fn doubles(&self, states: &Range<usize>) -> bool {
        let width = states.len();
        let shared: Vec<bool> = states.clone().flat_map(|a| states.clone().map(move |b| self.share(a, b))).collect();
        let place = |a: usize, b: usize| (a - states.start) * width + (b - states.start);
        let inside = |state: usize| self.after(state).iter().filter(|(to, _)| states.contains(to));
        if states.clone().any(|state| inside(state).any(|(_, ways)| *ways > 1.0)) {
            return true;
        }
        // Pairs of states that one text leads to, from one state.
        let mut pairs: Vec<(usize, usize)> = states.clone().map(|state| (state, state)).collect();
        let mut reached = vec![false; width * width];
        while let Some((here, there)) = pairs.pop() {
            for (a, _) in inside(here) {
                for (b, _) in inside(there).filter(|(b, _)| shared.get(place(*a, *b)) == Some(&true)) {
                    if a == b && here != there {
                        return true;
                    }
                    if let Some(reached) = reached.get_mut(place(*a, *b)).filter(|reached| a != b && !**reached) {
                        *reached = true;
                        pairs.push((*a, *b));
                    }
                }
            }
        }
        false
    }

    fn after(&self, state: usize) -> &[(usize, f64)] {
        self.next.get(state).map_or(&[], Vec::as_slice)
    }

    /// Returns true if a character leads into both states.
    fn share(&self, a: usize, b: usize) -> bool {
        matches!((self.sets.get(a), self.sets.get(b)), (Some(a), Some(b)) if a.overlaps(b))
    }

    /// Returns the most ways on from a character, of all characters.
    fn most(&self, next: &[(usize, f64)], ways: &[Ways]) -> Ways {
        let of = |(state, times): &(usize, f64)| {
            let ways = ways.get(*state).copied()?;
            Some((self.sets.get(*state)?, Ways { count: times * ways.count, ..ways }))
        };
        let next: Vec<(&Units, Ways)> = next.iter().filter_map(of).collect();
        let starts = next.iter().flat_map(|(set, _)| set.starts());
        let on = |unit| next.iter().filter(move |(set, _)| set.has(unit)).map(|(_, ways)| *ways);
        starts.map(|unit| on(unit).fold(Ways::NONE, sum)).fold(Ways::NONE, larger)
    }
}

fn larger(a: Ways, b: Ways) -> Ways {
    if a.count >= b.count { a } else { b }
}

/// Adds ways. The larger ones have the say over the loops.
fn sum(a: Ways, b: Ways) -> Ways {
    Ways { count: a.count + b.count, loops: larger(a, b).loops }
}
