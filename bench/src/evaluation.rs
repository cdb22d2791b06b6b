//! Flags, evaluated: `shared::eval` against GrowthBook's JavaScript and beacon.js, on the same payload and visitors.

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use beacon_shared::eval::definitions::Definitions;
use beacon_shared::eval::{Context, Source};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::allocations;

const FLAGS: usize = 100;
const VISITORS: usize = 200;
const ROUNDS: usize = 31;
/// How many times faster the native evaluator is to be than GrowthBook's JavaScript.
const GOAL: f64 = 20.0;

/// What Node measured: nanoseconds an evaluation, one number a round, and how many visitors an experiment took.
#[derive(Deserialize)]
struct Measured {
    nanoseconds: Vec<f64>,
    experiments: usize,
}

/// Each flag has a rule whose condition has three operators, the last of which fails for most, and an experiment.
fn payload() -> Value {
    let feature = |i: usize| {
        json!({"defaultValue": "off", "rules": [
            {"id": "some", "force": "some", "condition": {
                "country": {"$in": ["NL", "BE", "DE", "FR"]}, "plan": {"$ne": "free"}, "visits": {"$gt": 40}}},
            {"id": "test", "key": format!("test-{i}"), "hashVersion": 2, "hashAttribute": "id", "coverage": 1,
             "variations": ["a", "b"], "weights": [0.5, 0.5], "meta": [{"key": "a"}, {"key": "b"}]}
        ]})
    };
    let features: serde_json::Map<String, Value> = (0..FLAGS).map(|i| (format!("flag-{i}"), feature(i))).collect();
    json!({"features": features})
}

fn visitors() -> Vec<Value> {
    let countries = ["NL", "BE", "DE", "US"];
    let visitor = |i: usize| {
        json!({"id": format!("0190a5e4-7b1e-7c3a-9f00-{i:012}"), "country": countries[i % 4], "plan": "pro",
               "visits": i % 50, "browser": "firefox"})
    };
    (0..VISITORS).map(visitor).collect()
}

/// Runs it; `true` when the goals are met.
pub fn run() -> Result<bool> {
    let (payload, visitors) = (payload(), visitors());
    let (native, experiments, allocated) = native(&payload, &visitors);
    let question = json!({"payload": payload, "visitors": visitors, "rounds": ROUNDS});
    let growthbook = node("growthbook", &question)?;
    let beacon_js = node("beacon.js", &question)?;
    for (name, measured) in [("GrowthBook", &growthbook), ("beacon.js", &beacon_js)] {
        if measured.experiments != experiments {
            bail!("{name} put {} evaluations into an experiment, not {experiments}.", measured.experiments);
        }
    }
    let (native, growthbook, beacon_js) =
        (median(native), median(growthbook.nanoseconds), median(beacon_js.nanoseconds));
    println!("  {FLAGS} flags, {VISITORS} visitors, {ROUNDS} rounds; medians");
    let row = |name: &str, median: f64| {
        println!("  {name:<34} {median:>9.1} ns an evaluation, {:>6.1}x GrowthBook's speed", growthbook / median);
    };
    row("@growthbook/growthbook in Node", growthbook);
    row("beacon.js in Node", beacon_js);
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
    let keys: Vec<&String> = definitions.features.keys().collect();
    let contexts: Vec<Context<'_>> = visitors.iter().map(Context::new).collect();
    let round = || {
        let mut experiments = 0;
        for context in &contexts {
            for key in &keys {
                let result = black_box(definitions.feature(black_box(key), context));
                experiments += usize::from(result.source == Source::Experiment);
            }
        }
        experiments
    };
    let experiments = round();
    let evaluations = (keys.len() * contexts.len()) as f64;
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
