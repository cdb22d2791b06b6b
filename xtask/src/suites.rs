//! The places of tests. A test that no entry here names would never run, so `check` compares these lists with the tree.

/// The packages with tests beside their code that `check` runs.
pub const UNIT_TESTED: [&str; 6] =
    ["beacon-shared", "beacon-desktop", "beacon-edge", "beacon-ui", "beacon-statistics", "xtask"];

/// The packages whose tests have a task of their own: they take minutes, or need the built product.
pub const TESTED_APART: [&str; 2] = ["beacon-simulation", "beacon-tests"];

/// Folders in which `NAME.test.mjs` is a test.
pub const SCRIPT_FOLDERS: [&str; 2] = ["edge/sdk/test", "edge/local"];

#[cfg(test)]
mod tests {
    use crate::paths;

    /// The feature that breaks sync on purpose is in no program that people get.
    #[test]
    fn only_the_simulation_has_mutants() {
        let root = std::fs::read_to_string(paths::root().join("Cargo.toml")).unwrap();
        assert!(!root.contains("mutants"));
        let members = root.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
        let folders = members.split(',').map(|folder| folder.trim().trim_matches('"'));
        let has = |folder: &&str| {
            let manifest = std::fs::read_to_string(paths::root().join(folder).join("Cargo.toml")).unwrap();
            manifest.contains("\"mutants\"")
        };
        assert_eq!(folders.filter(has).collect::<Vec<_>>(), ["tests/simulation"]);
    }
}
