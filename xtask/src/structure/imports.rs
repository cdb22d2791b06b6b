//! The declarations and imports of one source file.

use std::collections::BTreeMap;

use super::tokens::{Token, tokens};

/// A file's declarations and imports. Code behind `#[cfg(test)]` is left out, save the names of its modules.
#[derive(Debug, Default)]
pub struct Source {
    /// Modules in files of their own, by the path from this file (inline modules in between).
    pub files: Vec<Declared>,
    /// Paths that begin with `crate`, `self` or `super`, or that a `use` names.
    pub imports: Vec<Import>,
    /// Names that a `use` gives, by the inline module it is in, with the paths that they stand for.
    pub aliases: BTreeMap<(Vec<String>, String), Vec<String>>,
    /// Inline modules.
    pub inline: Vec<Vec<String>>,
}

/// `mod name;`
#[derive(Debug, PartialEq, Eq)]
pub struct Declared {
    pub path: Vec<String>,
    pub only_in_tests: bool,
}

/// A path, and where it is written.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub inside: Vec<String>,
    pub path: Vec<String>,
    pub line: usize,
}

impl Source {
    /// Reads a file.
    pub fn read(source: &str) -> Self {
        let tokens = tokens(source);
        let mut read = Self::default();
        let mut inside: Vec<(String, usize)> = Vec::new();
        let (mut at, mut depth) = (0, 0);
        while at < tokens.len() {
            if is_test_attribute(&tokens[at..]) {
                at = read.skip_test_item(&tokens, at, &names(&inside));
                continue;
            }
            match word(&tokens, at) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inside.pop_if(|(_, opened)| *opened == depth);
                }
                "mod" if matches!(word(&tokens, at + 2), ";" | "{") => {
                    let mut path = names(&inside);
                    path.push(word(&tokens, at + 1).to_owned());
                    if word(&tokens, at + 2) == ";" {
                        read.files.push(Declared { path, only_in_tests: false });
                    } else {
                        inside.push((word(&tokens, at + 1).to_owned(), depth));
                        read.inline.push(path);
                    }
                    at += 2;
                    continue;
                }
                "use" => {
                    at = read.use_tree(&tokens, at + 1, &names(&inside), &[]);
                    continue;
                }
                "crate" | "self" | "super" if word(&tokens, at + 1) == "::" => {
                    let (line, start) = (tokens[at].line, at);
                    at += 1;
                    while word(&tokens, at) == "::" && is_name(word(&tokens, at + 1)) {
                        at += 2;
                    }
                    let path = tokens[start..at].iter().map(|t| t.text.clone()).filter(|t| t != "::").collect();
                    read.imports.push(Import { inside: names(&inside), path, line });
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        read
    }

    /// Reads `a::{b, c as d, e::*}` and gives the position behind it.
    fn use_tree(&mut self, tokens: &[Token], mut at: usize, inside: &[String], prefix: &[String]) -> usize {
        let (mut path, mut name) = (prefix.to_vec(), None);
        let line = tokens.get(at).map_or(0, |t| t.line);
        loop {
            match word(tokens, at) {
                "::" => {}
                "{" => {
                    at += 1;
                    while !matches!(word(tokens, at), "}" | "") {
                        at = self.use_tree(tokens, at, inside, &path);
                        at += usize::from(word(tokens, at) == ",");
                    }
                    return at + 1;
                }
                "as" => {
                    at += 1;
                    name = Some(word(tokens, at).to_owned());
                }
                "self" if !path.is_empty() => name = path.last().cloned(),
                "*" => name = Some("*".to_owned()),
                text if is_name(text) => path.push(text.to_owned()),
                _ => break,
            }
            at += 1;
        }
        if let Some(name) = name.or_else(|| path.last().cloned()).filter(|name| name != "*") {
            self.aliases.insert((inside.to_vec(), name), path.clone());
        }
        self.imports.push(Import { inside: inside.to_vec(), path, line });
        at
    }

    /// Leaves out the item behind `#[cfg(test)]` and gives the position behind it.
    fn skip_test_item(&mut self, tokens: &[Token], mut at: usize, inside: &[String]) -> usize {
        while word(tokens, at) == "#" {
            at = end_of_brackets(tokens, at + 1);
        }
        let mut depth = 0;
        while at < tokens.len() {
            match word(tokens, at) {
                "mod" if depth == 0 && word(tokens, at + 2) == ";" => {
                    let path = inside.iter().cloned().chain([word(tokens, at + 1).to_owned()]).collect();
                    self.files.push(Declared { path, only_in_tests: true });
                }
                "{" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" if depth <= 1 => return at + 1,
                "}" => depth -= 1,
                ";" if depth == 0 => return at + 1,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

fn names(inside: &[(String, usize)]) -> Vec<String> {
    inside.iter().map(|(name, _)| name.clone()).collect()
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |t| &t.text)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    attribute.iter().enumerate().all(|(at, text)| word(tokens, at) == *text)
}

fn end_of_brackets(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        match word(tokens, at) {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        Source::read(source).imports.iter().map(|i| i.path.join("::")).collect()
    }

    #[test]
    fn imports_of_every_shape() {
        let source = "use crate::{a::b as c, d::{self, e}, f::*};\nfn g() { super::h::i(self.j); vec![crate::k::L] }";
        let expected = ["crate::a::b", "crate::d", "crate::d::e", "crate::f", "super::h::i", "crate::k::L"];
        assert_eq!(paths(source), expected);
        let alias = Source::read(source).aliases;
        assert_eq!(alias[&(vec![], "c".to_owned())], ["crate", "a", "b"]);
        assert_eq!(alias[&(vec![], "d".to_owned())], ["crate", "d"]);
        assert_eq!(alias.len(), 3, "what a glob brings has no name here");
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let source = "#[cfg(test)]\n#[allow(x)]\nmod tests;\n#[cfg(test)]\nmod more { use crate::a; }\nuse crate::b;\n\
                      #[cfg(test)]\nfn f() -> [u8; 2] { crate::c() }\nmod d;";
        let read = Source::read(source);
        assert_eq!(paths(source), ["crate::b"]);
        let files: Vec<_> = read.files.iter().map(|f| (f.path.join("::"), f.only_in_tests)).collect();
        assert_eq!(files, [("tests".to_owned(), true), ("d".to_owned(), false)]);
    }

    #[test]
    fn inline_modules_have_their_own_place() {
        let read = Source::read("mod a { pub mod b { use super::c; } mod d; } use self::e;");
        assert_eq!(read.imports[0].inside, ["a", "b"]);
        assert_eq!(read.files[0].path, ["a", "d"]);
        assert!(read.imports[1].inside.is_empty());
    }
}
