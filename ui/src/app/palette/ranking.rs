//! How well a name fits what is looked for. Pure.

/// Returns how well `name` fits: higher is better, `None` not at all. Every letter that is looked for is in the name, in
/// this order; letters that follow each other and beginnings of words count more.
pub fn score(wanted: &str, name: &str) -> Option<u32> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut score, mut from, mut last) = (0, 0, None::<usize>);
    for letter in wanted.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let index = place(&name, from, letter, last)?;
        let begins_word = index == 0 || !name[index - 1].is_alphanumeric();
        let follows = last.is_some_and(|last| last + 1 == index);
        score += 1 + u32::from(begins_word) * 4 + u32::from(follows) * 6 + u32::from(index == 0) * 2;
        (from, last) = (index + 1, Some(index));
    }
    Some(score)
}

/// Returns the place of a letter: the next one if it follows the letter before, else the beginning of a word, else the
/// first that there is.
fn place(name: &[char], from: usize, letter: char, last: Option<usize>) -> Option<usize> {
    let places = || (from..name.len()).filter(|index| name[*index] == letter);
    let follows = last.map(|last| last + 1).filter(|next| name.get(*next) == Some(&letter));
    let begins = || places().find(|index| *index == 0 || !name[*index - 1].is_alphanumeric());
    follows.or_else(begins).or_else(|| places().next())
}

/// Returns the entries that fit best, in their order where they fit as well.
pub fn best<E>(entries: Vec<E>, most: usize, score: impl Fn(&E) -> Option<u32>) -> Vec<E> {
    let mut scored: Vec<(u32, E)> = entries.into_iter().filter_map(|entry| Some((score(&entry)?, entry))).collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().take(most).map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_fit_comes_first() {
        let names = ["New experiment", "Home hero", "The home page", "Hero of the month", "home_hero"];
        let found = |wanted: &str| best(names.to_vec(), 3, |name| score(wanted, name));
        assert_eq!(found("home"), ["Home hero", "home_hero", "The home page"]);
        assert_eq!(found("nexp"), ["New experiment"]);
        assert_eq!(found("HH")[..2], ["Home hero", "home_hero"]);
        assert_eq!(found(""), names[..3], "nothing is looked for");
        assert_eq!(found("xyz"), [""; 0]);
        assert_eq!(score("aa", "a"), None, "each letter once");
    }
}
