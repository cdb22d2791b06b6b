//! Where tests are: what no entry here names would never run, so `check` compares these lists with the tree.

/// The packages with tests beside their code. Those of `beacon-tests` need the built product.
pub const UNIT_TESTED: [&str; 6] =
    ["beacon-shared", "beacon-desktop", "beacon-edge", "beacon-ui", "beacon-statistics", "xtask"];

/// Where `NAME.test.mjs` is a test.
pub const SCRIPT_FOLDERS: [&str; 2] = ["edge/sdk/test", "edge/local"];
