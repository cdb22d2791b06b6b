//! `cargo xtask`: every task that a person repeats, so that nobody has to remember one.

mod bench;
mod build;
mod check;
mod command;
mod conformance;
mod display;
mod doctor;
mod edge;
mod fuzz;
mod node;
mod packages;
mod paths;
mod processes;
mod run;
mod setup;
mod sim;
mod statistics;
mod structure;
mod suites;
mod test;
mod tools;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};

type Task = (&'static str, &'static str, fn(&[String]) -> Result<()>);

const TASKS: &[Task] = &[
    ("run", "[--demo] [--reset] [--state DIR]  the app on a local edge; Ctrl-C ends both", run::task),
    (
        "test",
        "[--full]  everything: set up, check, build, test on the real runtime and in real windows; --full adds long suites",
        test::task,
    ),
    ("check", "[--structure]  the shape of the tree, formatting, lints and unit tests: the fast ring", check::task),
    ("conformance", "[--vectors DIR]  reference cases, through both evaluators and the statistics", conformance::task),
    (
        "bench",
        "[evaluation|collect|documents|publishing|statistics]  how fast, next to a named peer in the same run",
        bench::task,
    ),
    ("differential", "[--seed N] [--cases N]  random cases, Rust against beacon.js", conformance::differential),
    (
        "sim",
        "[--seeds N] [--start S] [--mutants]  sync over faulty histories; --mutants proves that faults are seen",
        sim::task,
    ),
    ("fuzz", "[TARGET] [SECONDS]  coverage-guided fuzzing, a minute a target", fuzz::task),
    (
        "validity",
        "[RUNS]  measures what the statistics promise; writes docs/statistics-validity.md",
        statistics::validity,
    ),
    ("agreement", "the statistics natively and as wasm in Node, to 1e-12", statistics::agreement),
    ("build", "[sdk|ui|edge|app]  one part, or all of them", build::task),
    ("setup", "installs what is missing, and says first what and why", setup::task),
    ("doctor", "shows what is there and what is missing; changes nothing", doctor::task),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        list();
        return Ok(());
    };
    match TASKS.iter().find(|(task, ..)| task == name) {
        Some((.., work)) => work(rest),
        None => {
            list();
            bail!("There is no task `{name}`.")
        }
    }
}

fn list() {
    println!("cargo xtask TASK");
    for (name, about, _) in TASKS {
        println!("  {name:<12} {about}");
    }
}

/// Refuses every argument, for the tasks that take none.
fn no_arguments(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(unknown) => bail!("This task takes no `{unknown}`."),
    }
}
