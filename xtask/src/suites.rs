//! The places of tests. A test that no entry here names would never run, so `check` compares these lists with the tree.

/// The packages with tests beside their code that `check` runs.
pub const UNIT_TESTED: [&str; 6] =
    ["beacon-shared", "beacon-desktop", "beacon-edge", "beacon-ui", "beacon-statistics", "xtask"];

/// The packages whose tests have a task of their own: they take minutes, or need the built product.
pub const TESTED_APART: [&str; 2] = ["beacon-simulation", "beacon-tests"];

/// Folders in which `NAME.test.mjs` is a test.
pub const SCRIPT_FOLDERS: [&str; 2] = ["edge/sdk/test", "edge/local"];
