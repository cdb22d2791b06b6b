//! The outcome of the cases, suite by suite.

use std::fmt::Display;

use serde_json::Value;

/// One suite of cases, run by one evaluator.
#[derive(Debug)]
pub struct Suite {
    name: String,
    evaluator: &'static str,
    passed: usize,
    failures: Vec<String>,
}

impl Suite {
    /// An empty suite: `name` is the group in the file, `evaluator` who runs it (`rust`, `beacon.js`).
    pub fn new(name: &str, evaluator: &'static str) -> Self {
        Self { name: name.to_owned(), evaluator, passed: 0, failures: Vec::new() }
    }

    /// Counts a case as passed.
    pub fn pass(&mut self) {
        self.passed += 1;
    }

    /// Counts a case as failed and keeps what was expected and what came.
    pub fn fail(&mut self, case: impl Display, expected: impl Display, actual: impl Display) {
        self.failures.push(format!("  {case}\n    expected {expected}\n    actual   {actual}"));
    }

    /// Passes the case when both values are equal.
    pub fn compare(&mut self, case: impl Display, expected: &Value, actual: &Value) {
        if expected == actual { self.pass() } else { self.fail(case, expected, actual) }
    }
}

/// All suites of a run.
#[derive(Debug, Default)]
pub struct Report {
    suites: Vec<Suite>,
}

impl Report {
    /// Prints the suite's line and its failures, and keeps the count.
    pub fn add(&mut self, suite: Suite) {
        println!("{} {}: {} passed, {} failed", suite.name, suite.evaluator, suite.passed, suite.failures.len());
        for failure in &suite.failures {
            println!("{failure}");
        }
        self.suites.push(suite);
    }

    /// Returns true if at least one case ran and none failed.
    pub fn is_clean(&self) -> bool {
        self.suites.iter().any(|suite| suite.passed > 0) && self.suites.iter().all(|suite| suite.failures.is_empty())
    }
}
