//! Flags, evaluated: `shared::eval` natively and as wasm on workerd, beacon.js, and GrowthBook's JavaScript, on the
//! same payload and visitors.

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use beacon_bench::flags::{self, FLAGS, VISITORS};
use beacon_shared::eval::definitions::Definitions;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::allocations;

const ROUNDS: usize = 31;
/// The goal: times that the native evaluator is faster than GrowthBook's JavaScript.
const GOAL: f64 = 20.0;

/// Node's measurements: nanoseconds an evaluation, one number a round, and how many evaluations an experiment decided.
#[derive(Deserialize)]
struct Measured {
    nanoseconds: Vec<f64>,
    experiments: usize,
}

/// Runs it; `true` when the goals are met.
pub fn run() -> Result<bool> {
    let (payload, visitors) = (flags::payload(), flags::visitors());
    let (native, experiments, allocated) = native(&payload, &visitors);
    let question = json!({"payload": payload, "visitors": visitors, "rounds": ROUNDS});
    let measured = |evaluator: &str| {
        let measured = node(evaluator, &question)?;
        if measured.experiments != experiments {
            bail!("{evaluator}: experiments decided {}, not {experiments}.", measured.experiments);
        }
        Ok(median(measured.nanoseconds))
    };
    let (growthbook, beacon_js, workerd) = (measured("growthbook")?, measured("beacon.js")?, measured("workerd")?);
    let native = median(native);
    println!("  {FLAGS} flags, {VISITORS} visitors, {ROUNDS} rounds; medians");
    let row = |name: &str, median: f64| {
        println!("  {name:<34} {median:>9.1} ns an evaluation, {:>6.1}x GrowthBook's speed", growthbook / median);
    };
    row("@growthbook/growthbook in Node", growthbook);
    row("beacon.js in Node", beacon_js);
    row("shared::eval, wasm on workerd", workerd);
    row("shared::eval, native", native);
    println!("  allocations an evaluation, native: {allocated:.3}");
    let mut met = true;
    for (goal, holds) in [
        (format!("native is at least {GOAL} times faster than GrowthBook"), growthbook / native >= GOAL),
        ("beacon.js is no slower than GrowthBook".to_owned(), beacon_js <= growthbook),
        ("nothing is allocated".to_owned(), allocated == 0.0),
    ] {
        println!("  {}: {goal}", if holds { "met" } else { "MISSED" });
        met &= holds;
    }
    Ok(met)
}

/// Nanoseconds an evaluation by round, evaluations that an experiment decided, and allocations an evaluation.
fn native(payload: &Value, visitors: &[Value]) -> (Vec<f64>, usize, f64) {
    let definitions = Definitions::parse(payload);
    let contexts = flags::contexts(visitors);
    let round = || flags::round(&definitions, &contexts);
    let experiments = round();
    let evaluations = (FLAGS * VISITORS) as f64;
    let time = |_| {
        let start = Instant::now();
        black_box(round());
        start.elapsed().as_nanos() as f64 / evaluations
    };
    let times = (0..ROUNDS).map(time).collect();
    let allocated = allocations::count(|| assert_eq!(black_box(round()), experiments)) as f64 / evaluations;
    (times, experiments, allocated)
}

fn node(evaluator: &str, question: &Value) -> Result<Measured> {
    let node = std::env::var_os("BEACON_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("evaluation.mjs");
    let mut process = Command::new(node)
        .arg(script)
        .arg(evaluator)
        .env("NODE_ENV", "production")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Node does not start: set BEACON_NODE.")?;
    process.stdin.take().context("Node has no input.")?.write_all(question.to_string().as_bytes())?;
    let output = process.wait_with_output()?;
    if !output.status.success() {
        bail!("{evaluator} failed in Node; its message is above.");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
