//! Random JSON for property tests: payloads, attributes and conditions, sound and unsound, from a seed.

use serde_json::{Map, Value, json};

use super::condition::OPERATORS;

/// A small generator (SplitMix64): the same seed gives the same JSON on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn text(&mut self) -> String {
        self.pick(&[
            "",
            "a",
            "b",
            "id",
            "1",
            "2",
            "0",
            "value",
            "ümlaut",
            "😀",
            "1.2.3",
            "v2.0.0-rc.1",
            " 7 ",
            "-1",
            "1e3",
            "NaN",
            "true",
            "null",
            "$in",
            "a.b",
            "^a",
            "(",
            "[]",
            ".*",
            "http://x.example/?a=1",
            "/p/*",
            "é\u{0}",
        ])
        .to_owned()
    }

    pub fn scalar(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(5)),
            3 => json!(-1.5),
            4 => self.pick(&[json!(0).as_f64(), Some(1e300), Some(-1e-300), Some(0.5)]).into(),
            5 => json!(self.next()),
            _ => json!(self.text()),
        }
    }

    /// Anything at all.
    pub fn any(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 4 } else { 7 }) {
            4 => (0..self.below(4)).map(|_| self.any(depth - 1)).collect(),
            5 | 6 => {
                let members = (0..self.below(4)).map(|_| (self.text(), self.any(depth - 1)));
                Value::Object(members.collect::<Vec<_>>().into_iter().collect())
            }
            _ => self.scalar(),
        }
    }

    /// The sound value, or once in a while anything else.
    fn mostly(&mut self, sound: Value) -> Value {
        if self.below(12) == 0 { self.any(2) } else { sound }
    }

    pub fn condition(&mut self, depth: usize) -> Value {
        let mut out = Map::new();
        for _ in 0..self.below(3) {
            let (key, value) = match self.below(if depth == 0 { 1 } else { 5 }) {
                1 | 2 => {
                    let key = self.pick(&["$and", "$or", "$nor"]);
                    (key.to_owned(), (0..self.below(3)).map(|_| self.condition(depth - 1)).collect())
                }
                3 => ("$not".to_owned(), self.condition(depth - 1)),
                _ => (self.text(), self.test(depth)),
            };
            let value = self.mostly(value);
            out.insert(key, value);
        }
        Value::Object(out)
    }

    fn test(&mut self, depth: usize) -> Value {
        if self.below(3) == 0 {
            return self.any(1);
        }
        // Once in a while one that there is not.
        let at = self.below(OPERATORS.len() + 1);
        let operator = OPERATORS.get(at).copied().unwrap_or("$near");
        let argument = match operator {
            "$in" | "$nin" | "$ini" | "$nini" | "$all" | "$alli" => (0..self.below(3)).map(|_| self.scalar()).collect(),
            "$not" | "$size" | "$elemMatch" if depth > 0 => self.test(depth - 1),
            _ => self.scalar(),
        };
        json!({operator: self.mostly(argument)})
    }

    /// An experiment, or the rule that describes one.
    pub fn experiment(&mut self, depth: usize) -> Value {
        let n = self.below(4);
        let mut out = Map::new();
        let mut set =
            |chance: usize, name: &str, value: Value| drop((chance == 0).then(|| out.insert(name.into(), value)));
        let share = |r: &mut Self| r.pick(&[-1.0, 0.0, 0.1, 0.5, 0.9, 1.0, 2.0]);
        let ranges = |r: &mut Self| -> Value { (0..r.below(4)).map(|_| json!([share(r), share(r)])).collect() };
        let text = json!(self.text());
        set(0, "key", self.mostly(text));
        let variations = (0..n).map(|_| self.any(1)).collect();
        set(0, if self.below(9) == 0 { "contextualVariations" } else { "variations" }, self.mostly(variations));
        let weights = (0..n).map(|_| json!(share(self))).collect();
        set(self.below(2), "weights", self.mostly(weights));
        set(self.below(3), "coverage", json!(share(self)));
        set(self.below(4), "ranges", ranges(self));
        let version = json!(self.below(4));
        set(self.below(2), "hashVersion", self.mostly(version));
        set(self.below(3), "hashAttribute", json!(self.text()));
        set(self.below(3), "fallbackAttribute", json!(self.text()));
        set(self.below(4), "seed", json!(self.text()));
        set(self.below(4), "namespace", json!([self.text(), share(self), share(self)]));
        set(self.below(4), "filters", json!([{"seed": self.text(), "attribute": self.text(), "ranges": ranges(self)}]));
        set(self.below(2), "condition", self.condition(depth));
        set(self.below(5), "parentConditions", self.parents());
        set(self.below(6), "urlPatterns", json!([{"type": "simple", "pattern": self.text(), "include": true}]));
        set(self.below(6), "status", json!(self.pick(&["draft", "running", "stopped"])));
        set(self.below(9), "force", json!(self.pick(&[-1, 0, 1, 9])));
        set(
            self.below(3),
            "meta",
            (0..n).map(|_| json!({"key": self.text(), "passthrough": self.below(5) == 0})).collect(),
        );
        set(self.below(5), "minBucketVersion", json!(self.below(3)));
        set(self.below(9), "contextualBanditRef", json!(self.text()));
        Value::Object(out)
    }

    fn parents(&mut self) -> Value {
        let key = json!(self.pick(&["f0", "f1", "f2", "f3", "none"]));
        let parent = json!({"id": key, "condition": {"value": self.test(1)}, "gate": self.below(2) == 0});
        json!([self.mostly(parent)])
    }

    fn rule(&mut self) -> Value {
        if self.below(2) == 0 {
            return self.experiment(2);
        }
        let mut rule = json!({"id": self.text(), "force": self.any(1), "condition": self.condition(2)});
        if self.below(2) == 0 {
            rule["coverage"] = json!(self.pick(&[0.0, 0.3, 1.0]));
        }
        if self.below(4) == 0 {
            rule["parentConditions"] = self.parents();
        }
        rule
    }

    pub fn payload(&mut self) -> Value {
        let mut features = Map::new();
        for i in 0..4 {
            let rules = (0..self.below(4)).map(|_| self.rule()).collect();
            features.insert(format!("f{i}"), json!({"defaultValue": self.any(1), "rules": self.mostly(rules)}));
        }
        let experiments = (0..self.below(3)).map(|_| self.experiment(2)).collect();
        let groups = json!({"a": [self.scalar(), self.scalar()], "b": self.any(2)});
        let leaf = json!({"leafId": self.scalar(), "condition": self.condition(1), "weights": [0.5, 0.5]});
        let bandits = json!({"a": {"banditVersion": self.scalar(), "contexts": self.mostly(json!([leaf]))}});
        json!({
            "features": self.mostly(Value::Object(features)), "experiments": self.mostly(experiments),
            "savedGroups": self.mostly(groups), "contextualBandits": self.mostly(bandits),
        })
    }

    pub fn attributes(&mut self) -> Value {
        let mut out = Map::new();
        for name in ["id", "a", "b", "value", "ümlaut"] {
            if self.below(4) > 0 {
                out.insert(name.to_owned(), self.any(2));
            }
        }
        let out = Value::Object(out);
        self.mostly(out)
    }
}
