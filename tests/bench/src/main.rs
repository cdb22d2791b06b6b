//! `beacon-bench NAME`: runs a benchmark, prints medians and ratios, and fails when a goal is missed.

mod allocations;
mod collect;
mod documents;
mod evaluation;
mod publishing;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// The outcome of a benchmark: whether its goals were met.
type Benchmark = fn() -> Result<bool>;

const BENCHMARKS: &[(&str, Benchmark)] = &[
    ("evaluation", evaluation::run),
    ("collect", collect::run),
    ("documents", documents::run),
    ("publishing", publishing::run),
];

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: Option<&str>) -> Result<bool> {
    let chosen: Vec<_> = BENCHMARKS.iter().filter(|(known, _)| name.is_none_or(|name| name == *known)).collect();
    if chosen.is_empty() {
        let known: Vec<_> = BENCHMARKS.iter().map(|(name, _)| *name).collect();
        bail!("There is no such benchmark; there are: {}.", known.join(", "));
    }
    let mut met = true;
    for (name, benchmark) in chosen {
        println!("{name}");
        met &= benchmark()?;
    }
    Ok(met)
}
