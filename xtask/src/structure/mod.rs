//! Checks the tree of sources: modules form layers, files are short, and every file belongs to a crate.

mod imports;
mod modules;
mod tokens;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::command::say;
use crate::paths;
use crate::suites::{SCRIPT_FOLDERS, TESTED_APART, UNIT_TESTED};
use modules::Modules;

/// The most lines of a source file.
const MAX_LINES: usize = 500;

/// The endings of source files.
const SOURCES: [&str; 8] = ["rs", "ts", "mjs", "js", "css", "sql", "py", "sh"];

/// Folders that hold what was made or fetched.
const NOT_OURS: [&str; 6] = ["target", "node_modules", "dist", "build", "gen", "worlds"];

/// Fails when the tree is not what the documents say of it.
pub fn check() -> Result<()> {
    say("Modules and files.");
    let root = paths::root();
    let files = sources(&root);
    let problems = [
        long_files(&root, &files),
        module_problems(&root, &files),
        forgotten_tests(&root, &files),
        forgotten_scripts(&files),
    ]
    .concat();
    if problems.is_empty() {
        return Ok(());
    }
    bail!("The tree of sources is out of shape:\n  {}", problems.join("\n  "))
}

/// Every source file, by its path from the root.
fn sources(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) && !name.starts_with("target-") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| SOURCES.iter().any(|s| e == *s)) {
                found.extend(path.strip_prefix(root).map(Path::to_owned));
            }
        }
    }
    found.sort();
    found
}

fn long_files(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let lines = |file: &PathBuf| std::fs::read_to_string(root.join(file)).map_or(0, |text| text.lines().count());
    let long = files.iter().map(|file| (file, lines(file))).filter(|(_, lines)| *lines > MAX_LINES);
    long.map(|(file, lines)| format!("{} has {lines} lines: split it ({MAX_LINES} at most).", file.display())).collect()
}

/// Cycles, Rust files that belong to no crate, and modules beside a folder of their name.
fn module_problems(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut belong = BTreeSet::new();
    for file in files.iter().filter(|file| is_crate_root(file)) {
        let modules = Modules::read(file, |path| std::fs::read_to_string(root.join(path)).ok());
        for edge in modules.cycles() {
            let (from, to) = (edge.from.join("::"), edge.to.join("::"));
            problems.push(format!("{}: `{from}` imports `{to}`, which leads back to it.", edge.place));
        }
        belong.extend(modules.read);
    }
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
        if root.join(file.with_extension("")).is_dir() && !is_crate_root(file) {
            let place = file.with_extension("").join("mod.rs");
            problems.push(format!("{} stands beside its folder: move it to {}.", file.display(), place.display()));
        }
    }
    let orphans = files.iter().filter(|file| file.extension().is_some_and(|e| e == "rs") && !belong.contains(*file));
    problems.extend(orphans.map(|file| format!("{} belongs to no crate: declare it, or delete it.", file.display())));
    problems
}

/// Returns true for what cargo compiles as a crate of its own.
fn is_crate_root(file: &Path) -> bool {
    let names: Vec<_> = file.iter().rev().map(|part| part.to_string_lossy()).collect();
    let is_rust = file.extension().is_some_and(|e| e == "rs");
    let (name, parent) = (names[0].as_ref(), names.get(1).map_or("", AsRef::as_ref));
    is_rust
        && match parent {
            "src" => matches!(name, "lib.rs" | "main.rs"),
            "bin" => names.get(2).is_some_and(|folder| folder == "src"),
            "tests" | "benches" | "examples" => !names[2..].iter().any(|folder| folder == "src"),
            "fuzz_targets" => true,
            _ => name == "build.rs",
        }
}

/// Packages with tests that no task runs.
fn forgotten_tests(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let folder = |file: &PathBuf| {
        let above = file.ancestors().find(|folder| folder.ends_with("src") || folder.ends_with("tests"))?;
        above.ancestors().find(|folder| root.join(folder).join("Cargo.toml").is_file()).map(Path::to_owned)
    };
    let has_test = |file: &&PathBuf| {
        let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        text.lines().any(|line| matches!(line.trim(), "#[test]" | "#[tokio::test]"))
    };
    let packages: BTreeSet<PathBuf> = files.iter().filter(has_test).filter_map(folder).collect();
    let name = |folder: &PathBuf| {
        let manifest = std::fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap_or_default();
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        name.trim_matches('"').to_owned()
    };
    let runs = |name: &String| UNIT_TESTED.iter().chain(&TESTED_APART).any(|package| package == name);
    let forgotten = packages.iter().map(name).filter(|name| !runs(name));
    forgotten.map(|name| format!("No task runs the tests of {name}: add it to UNIT_TESTED.")).collect()
}

/// Tests in JavaScript that no task runs.
fn forgotten_scripts(files: &[PathBuf]) -> Vec<String> {
    let is_test = |file: &&PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().contains(".test."));
    let runs = |file: &PathBuf| SCRIPT_FOLDERS.iter().any(|folder| file.parent() == Some(Path::new(folder)));
    let forgotten = files.iter().filter(is_test).filter(|file| !runs(file));
    forgotten.map(|file| format!("{} is a test that no task runs.", file.display())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_crates() {
        let roots = ["a/src/lib.rs", "a/src/bin/x.rs", "tests/tests/x.rs", "build.rs", "f/fuzz_targets/y.rs"];
        assert!(roots.iter().all(|root| is_crate_root(Path::new(root))));
        let others = ["a/src/x.rs", "a/src/tests/x.rs", "a/src/bin/x/y.rs", "a/src/tests/mod.rs", "a/tests/x.ts"];
        assert!(others.iter().all(|other| !is_crate_root(Path::new(other))));
    }

    #[test]
    fn the_tree_is_found_and_tells_its_cycles() {
        let files = sources(&paths::root());
        assert!(files.iter().any(|f| f == Path::new("xtask/src/structure/mod.rs")));
        assert!(files.iter().all(|f| !f.starts_with("target")));
        let modules = Modules::read(Path::new("xtask/src/main.rs"), |path| {
            std::fs::read_to_string(paths::root().join(path)).ok()
        });
        assert!(modules.edges().len() > 10);
    }
}
