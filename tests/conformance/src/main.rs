//! `beacon-conformance differential [--seed N] [--cases N]`: random cases, one evaluator against the other.
//! `beacon-conformance DIR`: runs the files of reference cases in DIR, prints a line a suite and evaluator, and fails
//! when a case fails or none ran.

mod beacon_js;
mod differential;
mod evaluation;
mod report;
mod statistics;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::report::Report;

/// Runs one file's cases and adds its suites to the report.
type Runner = fn(&Value, &mut Report) -> Result<()>;

const FILES: &[(&str, Runner)] =
    &[("evaluation.json", evaluation::run), ("evaluation.json", beacon_js::run), ("statistics.json", statistics::run)];

/// The cases of a differential run that names no number.
const CASES: u64 = 20_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == "differential" => differ(rest),
        first => run(&first.map_or_else(|| PathBuf::from("tests/vectors"), |(folder, _)| PathBuf::from(folder)))
            .map(|report| report.is_clean()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn differ(arguments: &[String]) -> Result<bool> {
    let (mut seed, mut cases) = (1, CASES);
    for pair in arguments.chunks(2) {
        match pair {
            [name, n] if name == "--seed" => seed = n.parse().context("--seed wants a number.")?,
            [name, n] if name == "--cases" => cases = n.parse().context("--cases wants a number.")?,
            _ => bail!("`differential` takes only --seed N and --cases N."),
        }
    }
    differential::run(seed, cases).map(|()| true)
}

fn run(folder: &Path) -> Result<Report> {
    let mut report = Report::default();
    for (name, runner) in FILES {
        let path = folder.join(name);
        if !path.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let cases = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        runner(&cases, &mut report)?;
    }
    Ok(report)
}
