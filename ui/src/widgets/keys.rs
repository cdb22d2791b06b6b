//! Keys of rows that are known by an id.

use std::collections::BTreeMap;

/// Returns a key for each id. Two rows with one id, which a person is about to correct, still have two keys.
pub fn keys<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let key = |id: &'a str| {
        let count = seen.entry(id).and_modify(|count| *count += 1).or_insert(0u32);
        format!("{id} {count}")
    };
    ids.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn keys_are_unique_and_follow_their_ids() {
        assert_eq!(keys(["a", "b", "a", ""]), ["a 0", "b 0", "a 1", " 0"]);
        assert_eq!(keys(["b", "a"]), ["b 0", "a 0"]);
    }
}
