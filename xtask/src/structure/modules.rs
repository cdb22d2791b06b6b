//! The modules of a crate, and which of them import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::imports::Source;

/// A crate's modules by their path; the root is the empty one.
#[derive(Debug, Default)]
pub struct Modules {
    sources: BTreeMap<Vec<String>, Source>,
    files: BTreeMap<Vec<String>, PathBuf>,
    /// All files that belong to the crate, those of its tests too.
    pub read: BTreeSet<PathBuf>,
}

/// An import from one module in another: their paths up to where they part, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub place: String,
}

impl Modules {
    /// Reads a crate from its root file, such as `lib.rs`.
    pub fn read(root: &Path, source: impl Fn(&Path) -> Option<String>) -> Self {
        let mut modules = Self::default();
        modules.add(Vec::new(), root, false, &source);
        modules
    }

    fn add(&mut self, path: Vec<String>, file: &Path, is_test: bool, source: &impl Fn(&Path) -> Option<String>) {
        let Some(text) = source(file) else { return };
        if !self.read.insert(file.to_owned()) {
            return;
        }
        let read = Source::read(&text);
        // A file that is a root or is called `mod.rs` has its modules beside it; another one in a folder of its name.
        let is_own_folder = path.is_empty() || file.ends_with("mod.rs");
        let folder = if is_own_folder { file.parent().unwrap_or(file).to_owned() } else { file.with_extension("") };
        for declared in &read.files {
            let child = [path.as_slice(), declared.path.as_slice()].concat();
            let place: PathBuf = declared.path.iter().fold(folder.clone(), |folder, name| folder.join(name));
            for candidate in [place.with_extension("rs"), place.join("mod.rs")] {
                self.add(child.clone(), &candidate, is_test || declared.only_in_tests, source);
            }
        }
        if !is_test {
            for inline in &read.inline {
                self.sources.entry([path.as_slice(), inline.as_slice()].concat()).or_default();
            }
            self.files.insert(path.clone(), file.to_owned());
            self.sources.insert(path, read);
        }
    }

    /// The module in which a path that is written in `module` ends; `None` outside of the crate.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (first, mut rest) = path.split_first()?;
        let mut current = module.to_vec();
        match first.as_str() {
            "crate" => current.clear(),
            "self" => {}
            "super" => drop(current.pop()),
            _ => rest = path,
        }
        let is_bare = rest.len() == path.len();
        for (index, name) in rest.iter().enumerate() {
            let child = [current.as_slice(), std::slice::from_ref(name)].concat();
            if name == "super" {
                current.pop();
            } else if self.sources.contains_key(&child) {
                current = child;
            } else if let Some(stands_for) =
                self.alias(&current, name).filter(|_| depth < 8 && !(is_bare && index == 0))
            {
                let whole = [stands_for.as_slice(), &rest[index + 1..]].concat();
                return self.resolve(&current, &whole, depth + 1);
            } else if is_bare && index == 0 {
                return None;
            } else {
                break;
            }
        }
        Some(current)
    }

    fn alias(&self, module: &[String], name: &str) -> Option<&Vec<String>> {
        self.sources.get(module)?.aliases.get(&(Vec::new(), name.to_owned()))
    }

    /// Returns the imports between modules that don't contain each other. A module and those in it are one family: that
    /// `mod.rs` declares them and they use what it holds is no cycle.
    pub fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (module, source) in &self.sources {
            for import in &source.imports {
                let from = [module.as_slice(), import.inside.as_slice()].concat();
                let Some(to) = self.resolve(&from, &import.path, 0) else { continue };
                let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if common < from.len() && common < to.len() {
                    let file = self.files.get(module).map_or(String::new(), |file| file.display().to_string());
                    let place = format!("{file}:{}", import.line);
                    edges.insert(Edge { from: from[..=common].to_vec(), to: to[..=common].to_vec(), place });
                }
            }
        }
        edges
    }

    /// The imports that close a cycle: from each of them, the way leads back.
    pub fn cycles(&self) -> Vec<Edge> {
        let edges = self.edges();
        let reaches = |from: &Vec<String>, goal: &Vec<String>| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(module) = next.pop() {
                if module == goal {
                    return true;
                }
                if seen.insert(module) {
                    next.extend(edges.iter().filter(|e| e.from == *module).map(|e| &e.to));
                }
            }
            false
        };
        edges.iter().filter(|e| reaches(&e.to, &e.from)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        let find = |path: &Path| files.iter().find(|(p, _)| Path::new(p) == path).map(|(_, s)| (*s).to_owned());
        Modules::read(Path::new("src/lib.rs"), find)
    }

    fn cycle(files: &[(&str, &str)]) -> Vec<String> {
        modules(files).cycles().iter().map(|e| format!("{} -> {}", e.from.join("::"), e.to.join("::"))).collect()
    }

    #[test]
    fn two_modules_that_import_each_other_are_a_cycle() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use crate::b::X;"),
            ("src/b.rs", "fn f(x: super::a::Y) {}"),
        ];
        assert_eq!(cycle(&files), ["a -> b", "b -> a"]);
        assert!(cycle(&files[..2]).is_empty());
    }

    #[test]
    fn a_cycle_may_be_long_and_deep() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
            ("src/a/mod.rs", "mod x;"),
            ("src/a/x.rs", "use crate::{b, d};"),
            ("src/b.rs", "use crate::c::deep::Z;"),
            ("src/c.rs", "pub mod deep;"),
            ("src/c/deep.rs", "use crate::a::*;"),
            ("src/d.rs", "use serde::a;"),
        ];
        assert_eq!(cycle(&files), ["a -> b", "b -> c", "c -> a"]);
    }

    #[test]
    fn a_name_that_is_exported_further_leads_to_where_it_is() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a/mod.rs", "mod x; mod y; pub use x::X; pub use y::Y;"),
            ("src/a/x.rs", "use super::Y;"),
            ("src/a/y.rs", "use super::X;"),
        ];
        assert_eq!(cycle(&files), ["a::x -> a::y", "a::y -> a::x"]);
    }

    #[test]
    fn a_module_and_those_in_it_are_one_family() {
        let files = [
            ("src/lib.rs", "mod a; use a::b; fn f() {} #[cfg(test)] mod tests;"),
            ("src/a/mod.rs", "pub mod b; use b::C; pub struct D;"),
            ("src/a/b.rs", "use super::D; use crate::f;"),
            ("src/tests.rs", "use crate::a;"),
        ];
        assert!(cycle(&files).is_empty());
        assert_eq!(modules(&files).read.len(), 4);
    }
}
