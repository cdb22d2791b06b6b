//! The groups of `evaluation.json`, through the evaluator that beacon.js ships, run by Node.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::evaluation;
use crate::report::{Report, Suite};

/// The evaluators that run these.
pub const BEACON_JS: &str = "beacon.js";

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Returns what a Node script of this package answers to `input`.
///
/// # Errors
/// beacon.js is not built, or Node fails.
pub fn node(script: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let evaluator = repository("edge/sdk/dist/evaluator.mjs");
    ensure!(evaluator.is_file(), "{} is missing: run `cargo xtask build sdk`.", evaluator.display());
    let program = std::env::var_os("BEACON_NODE").unwrap_or_else(|| "node".into());
    let mut child = Command::new(program)
        .arg(repository("tests/conformance").join(script))
        .arg(evaluator)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Node cannot be started: set BEACON_NODE.")?;
    // The scripts read all before they write, so this cannot block on a full pipe.
    child.stdin.take().context("Node has no input.")?.write_all(input)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "Node ended with {}.", output.status);
    Ok(output.stdout)
}

/// Runs every group that beacon.js speaks.
pub fn run(file: &Value, report: &mut Report) -> Result<()> {
    let answers = node("evaluate.mjs", &[], file.to_string().as_bytes())?;
    let answers: Value = serde_json::from_slice(&answers).context("What Node said is not JSON.")?;
    for (name, answers) in answers.as_object().context("What Node said is no object of groups.")? {
        let cases = file.get(name).with_context(|| format!("There is no group {name}."))?;
        report.add(suite(name, cases, answers.as_array().map_or(&[][..], Vec::as_slice))?);
    }
    Ok(())
}

fn suite(name: &str, cases: &Value, answers: &[Value]) -> Result<Suite> {
    let mut suite = Suite::new(name, BEACON_JS);
    let cases = if name == "versionCompare" { versions(cases) } else { cases.as_array().cloned().unwrap_or_default() };
    ensure!(cases.len() == answers.len(), "{name} has {} cases, and {} answers.", cases.len(), answers.len());
    for (case, answer) in cases.iter().zip(answers) {
        evaluation::judge(&mut suite, name, case, Some(answer.clone()));
    }
    Ok(suite)
}

/// The cases of all relations, in the file's order, as `[version, version, boolean, relation]`.
fn versions(cases: &Value) -> Vec<Value> {
    let of = |(relation, cases): (&String, &Value)| {
        let with = |case: &Value| {
            let mut parts: Vec<Value> = case.as_array().into_iter().flatten().take(3).cloned().collect();
            parts.push(json!(relation));
            Value::Array(parts)
        };
        cases.as_array().into_iter().flatten().map(with).collect::<Vec<_>>()
    };
    cases.as_object().into_iter().flatten().flat_map(of).collect()
}
