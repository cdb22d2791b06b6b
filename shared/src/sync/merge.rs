use crate::pointer::child;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Content;
use super::mutant::{Mutant, is_active};

/// A place that was changed here and elsewhere, differently. A missing value is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// JSON pointer into the body; an element of a list is named by its id, not by its index.
    pub pointer: String,
    /// Value that both sides started from.
    pub base: Value,
    /// Value here.
    pub mine: Value,
    /// Value at the edge.
    pub theirs: Value,
}

/// The result of a three-way merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Both sides' changes, with mine where they conflict.
    pub content: Content,
    /// Base of a later merge of `content`: theirs, with the original base where they conflict. So a
    /// conflict stays one until it is decided, and what landed meanwhile never conflicts with itself.
    pub base: Option<Content>,
    /// The places to decide; empty when the merge is clean.
    pub conflicts: Vec<Conflict>,
}

/// Merges by unit: variants with their weights are one, an element of a list with ids is one, any other field of
/// the draft is one. The edge alone writes `released`. Without a base, every difference is a conflict.
pub fn merge(base: Option<&Content>, mine: &Content, theirs: &Content) -> Merged {
    let clean =
        |content: &Content| Merged { content: content.clone(), base: Some(theirs.clone()), conflicts: Vec::new() };
    if mine == theirs || base == Some(mine) || (mine.deleted && theirs.deleted) {
        return clean(theirs);
    }
    if base == Some(theirs) {
        return clean(mine);
    }
    if is_active(Mutant::MergeTakesMine) {
        return clean(mine);
    }
    if is_active(Mutant::MergeTakesTheirs) {
        return clean(theirs);
    }
    if mine.deleted != theirs.deleted {
        let conflict = Conflict {
            pointer: "/deleted".to_owned(),
            base: base.map_or(Value::Null, |b| Value::Bool(b.deleted)),
            mine: Value::Bool(mine.deleted),
            theirs: Value::Bool(theirs.deleted),
        };
        return Merged { content: mine.clone(), base: base.cloned(), conflicts: vec![conflict] };
    }
    let mut conflicts = Vec::new();
    let body = Sides { base: base.map(|b| &b.body), mine: Some(&mine.body), theirs: Some(&theirs.body) }
        .unit("", &mut conflicts);
    let content = |body: Option<Value>| Content { deleted: theirs.deleted, body: body.unwrap_or_default() };
    Merged { content: content(body.merged), base: Some(content(body.base)), conflicts }
}

/// One place on three sides; `None` where it is absent.
#[derive(Clone, Copy)]
struct Sides<'a> {
    base: Option<&'a Value>,
    mine: Option<&'a Value>,
    theirs: Option<&'a Value>,
}

/// The outcome for one place: the merged value, and the base of a later merge.
struct Unit {
    merged: Option<Value>,
    base: Option<Value>,
}

impl<'a> Sides<'a> {
    fn unit(self, pointer: &str, conflicts: &mut Vec<Conflict>) -> Unit {
        let Self { base, mine, theirs } = self;
        let settled = |v: Option<&Value>| Unit { merged: v.cloned(), base: theirs.cloned() };
        if mine == theirs || base == mine || (pointer == "/released" && !is_active(Mutant::ReleasedIsMine)) {
            return settled(theirs);
        }
        if base == theirs {
            return settled(mine);
        }
        if matches!(pointer, "" | "/draft")
            && let (Some(Value::Object(m)), Some(Value::Object(t))) = (mine, theirs)
        {
            return self.fields(pointer, m, t, conflicts);
        }
        if is_active(Mutant::ReleasedIsMine) && pointer == "/released" {
            return settled(mine);
        }
        if let Some(lists) = self.lists(pointer) {
            if is_active(Mutant::ListsAreMine) {
                return settled(mine);
            }
            return lists.unit(pointer, conflicts);
        }
        if is_active(Mutant::ConflictsAreMine) {
            return settled(mine);
        }
        conflicts.push(self.conflict(pointer));
        Unit { merged: mine.cloned(), base: base.cloned() }
    }

    fn conflict(self, pointer: &str) -> Conflict {
        let value = |v: Option<&Value>| v.cloned().unwrap_or_default();
        Conflict {
            pointer: pointer.to_owned(),
            base: value(self.base),
            mine: value(self.mine),
            theirs: value(self.theirs),
        }
    }

    fn fields(
        self,
        pointer: &str,
        mine: &Map<String, Value>,
        theirs: &Map<String, Value>,
        conflicts: &mut Vec<Conflict>,
    ) -> Unit {
        let base = self.base.and_then(Value::as_object);
        let mut keys: Vec<&String> = theirs.keys().chain(mine.keys()).collect();
        keys.sort();
        keys.dedup();
        let (mut merged, mut next) = (Map::new(), Map::new());
        for key in keys {
            let sides = Sides { base: base.and_then(|b| b.get(key)), mine: mine.get(key), theirs: theirs.get(key) };
            let unit = sides.unit(&child(pointer, key), conflicts);
            merged.extend(unit.merged.map(|v| (key.clone(), v)));
            next.extend(unit.base.map(|v| (key.clone(), v)));
        }
        Unit { merged: Some(Value::Object(merged)), base: Some(Value::Object(next)) }
    }

    /// The three sides as lists with ids, where they are to be merged element by element.
    fn lists(self, pointer: &str) -> Option<Lists<'a>> {
        if pointer.matches('/').count() != 2 {
            return None;
        }
        let lists = Lists {
            base: self.base.map_or(Some(Vec::new()), elements)?,
            mine: elements(self.mine?)?,
            theirs: elements(self.theirs?)?,
        };
        // Weights that two people chose apart do not sum, so ids and weights move together.
        let allocation = |v: Option<&Value>| {
            let weights =
                |list: &Vec<Value>| list.iter().map(|v| (v["id"].clone(), v["weight"].clone())).collect::<Vec<_>>();
            v.and_then(Value::as_array).map(weights).unwrap_or_default()
        };
        let apart = pointer == "/draft/variants"
            && (allocation(self.base) != allocation(self.mine) || allocation(self.base) != allocation(self.theirs));
        (!apart || is_active(Mutant::WeightsMergeApart)).then_some(lists)
    }
}

type Element<'a> = (&'a str, &'a Value);

/// The elements of a list by id; `None` when one has no id, or two have the same.
fn elements(list: &Value) -> Option<Vec<Element<'_>>> {
    let elements: Vec<Element<'_>> =
        list.as_array()?.iter().map(|v| v["id"].as_str().map(|id| (id, v))).collect::<Option<_>>()?;
    let mut ids = ids(&elements);
    ids.sort_unstable();
    ids.windows(2).all(|w| w[0] != w[1]).then_some(elements)
}

fn ids<'a>(elements: &[Element<'a>]) -> Vec<&'a str> {
    elements.iter().map(|(id, _)| *id).collect()
}

/// Lists with ids. Which elements there are is one question, their order another.
struct Lists<'a> {
    base: Vec<Element<'a>>,
    mine: Vec<Element<'a>>,
    theirs: Vec<Element<'a>>,
}

impl Lists<'_> {
    fn unit(&self, pointer: &str, conflicts: &mut Vec<Conflict>) -> Unit {
        let (base, mine, theirs) = (ids(&self.base), ids(&self.mine), ids(&self.theirs));
        let (mine_moved, theirs_moved) = (moved(&base, &mine), moved(&base, &theirs));
        let disagree = mine_moved && theirs_moved && moved(&mine, &theirs);
        if disagree {
            let order = |ids: &[&str]| Some(Value::from(ids.to_vec()));
            let (base, mine, theirs) = (order(&base), order(&mine), order(&theirs));
            let sides = Sides { base: base.as_ref(), mine: mine.as_ref(), theirs: theirs.as_ref() };
            conflicts.push(sides.conflict(&format!("{pointer}/order")));
        }
        let merged_order = if mine_moved { weave(&mine, &theirs) } else { weave(&theirs, &mine) };
        let base_order = if disagree { weave(&base, &theirs) } else { weave(&theirs, &base) };
        let (mut merged, mut next) = (Vec::new(), Vec::new());
        for id in weave(&merged_order, &base) {
            let find = |list: &[Element<'_>]| list.iter().find(|(other, _)| *other == id).map(|(_, v)| (*v).clone());
            let (b, m, t) = (find(&self.base), find(&self.mine), find(&self.theirs));
            let sides = Sides { base: b.as_ref(), mine: m.as_ref(), theirs: t.as_ref() };
            let unit = sides.unit(&child(pointer, id), conflicts);
            merged.extend(unit.merged);
            next.extend(unit.base);
        }
        next.sort_by_key(|v: &Value| base_order.iter().position(|id| v["id"] == **id));
        Unit { merged: Some(Value::Array(merged)), base: Some(Value::Array(next)) }
    }
}

/// Returns true if the ids that both have stand in another order.
fn moved(from: &[&str], to: &[&str]) -> bool {
    let before = from.iter().filter(|id| to.contains(id));
    let after = to.iter().filter(|id| from.contains(id));
    !before.eq(after)
}

/// The first order, with what only the second has put behind its predecessor there.
fn weave<'a>(first: &[&'a str], second: &[&'a str]) -> Vec<&'a str> {
    let mut order = first.to_vec();
    let mut at = 0;
    for id in second {
        match order.iter().position(|other| other == id) {
            Some(found) => at = found + 1,
            None => {
                order.insert(at, id);
                at += 1;
            }
        }
    }
    order
}
