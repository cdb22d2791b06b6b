//! The texts that people typed, and their fate.
//!
//! Every text that is typed is a token of its own. A token may disappear only if somebody who had seen it removed it,
//! or gave it up in a conflict: "it is somewhere in the history" also holds for last-writer-wins, and checks nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A text that was typed once.
pub type Token = String;

/// The beginning of every token.
pub const MARK: &str = "tok-";

/// The tokens of one history.
#[derive(Default)]
pub struct Ledger {
    count: u64,
    /// The document of each token whose save was acknowledged.
    saved: BTreeMap<Token, String>,
    /// Tokens that a person who had seen them removed or gave up.
    excused: BTreeSet<Token>,
}

impl Ledger {
    /// Makes a token that nobody has typed before.
    pub fn fresh(&mut self) -> Token {
        self.count += 1;
        format!("{MARK}{}", self.count)
    }

    /// Notes a save that was acknowledged: the person saw `before` and left `after`.
    pub fn saved(&mut self, doc: &str, before: &Value, after: &Value) {
        let (before, after) = (tokens(before), tokens(after));
        for token in after.difference(&before) {
            self.saved.entry(token.clone()).or_insert_with(|| doc.to_owned());
        }
        self.excused.extend(before.difference(&after).cloned());
    }

    /// Notes that texts of one document are now in another one.
    pub fn moved(&mut self, texts: &Value, doc: &str) {
        for token in tokens(texts) {
            self.saved.insert(token, doc.to_owned());
        }
    }

    /// Notes that a person chose `kept` over `lost`, both seen.
    pub fn given_up(&mut self, lost: &Value, kept: &Value) {
        self.excused.extend(tokens(lost).difference(&tokens(kept)).cloned());
    }

    /// Returns the tokens of a document that are neither in `last` nor excused.
    pub fn lost(&self, doc: &str, last: &Value) -> Vec<&Token> {
        let here = tokens(last);
        let of_document = self.saved.iter().filter(|(_, of)| *of == doc).map(|(token, _)| token);
        of_document.filter(|token| !here.contains(*token) && !self.excused.contains(*token)).collect()
    }
}

/// Returns the tokens anywhere in a value.
pub fn tokens(value: &Value) -> BTreeSet<Token> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<Token>) {
    match value {
        Value::String(text) if text.starts_with(MARK) => drop(found.insert(text.clone())),
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}
