//! `statistics.json` through `shared::stats`.
//!
//! The file holds one list for each suite; what a case asks for is read from its parameters, and a case that asks for
//! something unknown fails and says so. Tolerances are relative 1e-7, for p-values absolute 1e-12 against the reference
//! (which computes 2(1 − cdf)) and relative 1e-7 against an `independent` value where a case has one.

mod bandits;
mod compare;
mod input;
mod planning;
mod reference;
mod tests;
mod various;

use anyhow::{Context, Result};
use serde_json::Value;

use self::compare::Check;
use crate::report::{Report, Suite};

/// Runs one case; the lists of the whole file are there to look inputs up in.
type Case = fn(&Value, &Value) -> Result<Check>;

const SUITES: &[(&str, Case)] = &[
    ("tests", tests::case),
    ("sequential_one_sided_extra", tests::one_sided_case),
    ("srm", various::srm_case),
    ("srm_growthbook_ts_constants", various::srm_constant),
    ("bandits", bandits::case),
    ("mid_experiment_power", planning::remaining_case),
    ("fixed_horizon_sample_size", planning::sample_size_case),
    ("multiple_testing", various::correction_case),
    ("posthog_engine_constants", various::other_engine_case),
];

/// Keys of the file that are no suites.
const NOT_SUITES: &[&str] = &["meta", "inputs", "growthbook_power_test_constants", "statsig_msprt_alternative"];

/// Runs all suites of the file.
pub fn run(file: &Value, report: &mut Report) -> Result<()> {
    let keys = file.as_object().context("the file is not an object")?;
    for (key, value) in keys {
        let known = SUITES.iter().any(|(suite, _)| suite == key) || NOT_SUITES.contains(&key.as_str());
        if !known {
            let mut suite = Suite::new(key, "rust");
            let actual = Value::from(format!("{} cases that nobody runs", length(value)));
            suite.compare(key, &Value::from("a suite that the runner knows"), &actual);
            report.add(suite);
        }
    }
    for (name, case) in SUITES {
        let Some(cases) = file.get(name) else { continue };
        // Constants of another engine are wrapped with their source.
        let Some(cases) = cases.get("cases").unwrap_or(cases).as_array() else { continue };
        report.add(suite(name, *case, cases, file));
    }
    if let Some(constants) = file.get("growthbook_power_test_constants") {
        report.add(suite(
            "growthbook_power_test_constants",
            planning::constants,
            std::slice::from_ref(constants),
            file,
        ));
    }
    if let Some(other) = file.get("statsig_msprt_alternative") {
        let count = length(other.get("cases").unwrap_or(other));
        println!("statsig_msprt_alternative: {count} not run: another sequential test, which Beacon does not have");
    }
    Ok(())
}

fn suite(name: &str, case: Case, cases: &[Value], file: &Value) -> Suite {
    let mut suite = Suite::new(name, "rust");
    for (index, value) in cases.iter().enumerate() {
        let id = value.get("id").and_then(Value::as_str).map_or_else(|| format!("{name}[{index}]"), str::to_owned);
        match case(value, file) {
            Ok(check) => check.report(&id, &mut suite),
            Err(error) => suite.fail(&id, "a case that can be run", format!("{error:#}")),
        }
    }
    suite
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(1, Vec::len)
}
