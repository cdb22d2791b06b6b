//! `bench PYTHON`: the engine and gbstats from PyPI on the same inputs, in one run. PYTHON has gbstats installed.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::{
    Cell, Engine, Inputs, Mean, Plan, Prior, Sample, Scale, Tail, Traffic, bayesian, contrast, frequentist, sequential,
};
use beacon_statistics::random::Random;
use serde_json::{Value, json};

const METRICS: usize = 10;
const VARIANTS: usize = 4;
const VALUES: usize = 30;
const DAYS: i64 = 90;
const TESTS: usize = 300;
const ROUNDS: usize = 21;

fn main() -> Result<()> {
    let python = std::env::args().nth(1).unwrap_or_else(|| "python3".to_owned());
    let mut random = Random::new(4);
    let rows: Vec<[f64; 6]> = (0..TESTS).map(|_| row(&mut random)).collect();
    let inputs = inputs(&mut random)?;
    let peer = peer(&python, &rows, &inputs)?;
    println!("gbstats {} on Python {}", peer["gbstats"], peer["python"]);
    println!("| what | Beacon | gbstats | ratio |\n|---|---|---|---|");
    for engine in [Engine::Frequentist, Engine::Bayesian, Engine::Sequential] {
        let name = format!("{engine:?}").to_lowercase();
        let ours = median(ROUNDS, || one_by_one(engine, &rows)) / TESTS as f64;
        agree(engine, &rows, &peer[&name]["effects_and_errors"])?;
        let theirs = number(&peer[&name], "seconds_per_test")?;
        println!("| one {name} test | {} | {} | {:.0} |", time(ours), time(theirs), theirs / ours);
    }
    let comparisons = METRICS * (VARIANTS - 1) * VALUES;
    let ours = median(ROUNDS, || {
        black_box(black_box(&inputs).analyse_by_value()).ok();
    });
    let theirs = number(&peer["experiment"], "seconds")?;
    println!(
        "| {} cells merged, {comparisons} comparisons | {} | {} | {:.0} |",
        inputs.cells.len(),
        time(ours),
        time(theirs),
        theirs / ours
    );
    if ours > 0.05 { bail!("one experiment takes more than 50 ms") } else { Ok(()) }
}

/// n, sum and sum of squares of both arms.
fn row(random: &mut Random) -> [f64; 6] {
    let mut arm = || {
        let n = 1000.0 + (9000.0 * random.uniform()).floor();
        let mean = 20.0 + random.normal();
        [n, n * mean, n * (mean * mean + 400.0 * (0.5 + random.uniform()))]
    };
    let (a, b) = (arm(), arm());
    [a[0], a[1], a[2], b[0], b[1], b[2]]
}

fn mean([n, sum, squares]: [f64; 3]) -> Sample {
    Mean::from_sums(n as u64, [sum], [[squares]]).map(Sample::Mean).unwrap_or_default()
}

fn effect_and_error(engine: Engine, [a, b, c, d, e, f]: [f64; 6]) -> Option<(f64, f64)> {
    let contrast = contrast(Scale::Relative, &mean([a, b, c]), &mean([d, e, f])).ok()?;
    Some(match engine {
        Engine::Frequentist => {
            let o = frequentist(&contrast, Tail::TwoSided, 0.05, 0.0).ok()?;
            (o.effect, o.p_value)
        }
        Engine::Sequential | Engine::PlannedEnd => {
            let o = sequential(&contrast, Tail::TwoSided, 0.05, 5000.0, 0.0).ok()?;
            (o.effect, o.p_value)
        }
        Engine::Bayesian => {
            let p = bayesian(&contrast, &Prior { proper: true, ..Prior::default() }, 0.05, false).ok()?;
            (p.effect, p.chance_to_win)
        }
    })
}

fn one_by_one(engine: Engine, rows: &[[f64; 6]]) {
    for row in rows {
        black_box(effect_and_error(engine, black_box(*row)));
    }
}

/// The peer's effects, and its p-values or chances to win.
fn agree(engine: Engine, rows: &[[f64; 6]], theirs: &Value) -> Result<()> {
    let theirs = theirs.as_array().context("the peer gave no results")?;
    if theirs.len() != rows.len() {
        bail!("the peer gave {} results for {} tests", theirs.len(), rows.len());
    }
    for (row, theirs) in rows.iter().zip(theirs) {
        let (effect, error) = effect_and_error(engine, *row).context("a test gave no result")?;
        let (theirs, p) = (theirs[0].as_f64().unwrap_or(f64::NAN), theirs[1].as_f64().unwrap_or(f64::NAN));
        if !((effect / theirs - 1.0).abs() < 1e-7 && (error - p).abs() < 1e-9) {
            bail!("{engine:?} on {row:?}: {effect} {error} here, {theirs} {p} there");
        }
    }
    Ok(())
}

/// Ten metrics, four variants, thirty values of a dimension, ninety days.
fn inputs(random: &mut Random) -> Result<Inputs> {
    let name = |what: &str, i: usize| format!("{what}{i}");
    let metric = |i: usize| {
        let role = if i == 0 { Role::Goal } else { Role::Secondary };
        Metric::new(name("metric", i), name("Metric ", i), role, MetricKind::Conversion { event: name("event", i) })
    };
    let plan = Plan {
        variants: (0..VARIANTS).map(|v| name("variant", v)).collect(),
        weights: vec![1.0; VARIANTS],
        metrics: (0..METRICS).map(metric).collect(),
        engine: Engine::Frequentist,
        ..Plan::default()
    };
    let mut cells = Vec::with_capacity(METRICS * VARIANTS * VALUES * DAYS as usize);
    for day in 0..DAYS {
        for (value, m, v) in
            (0..VALUES).flat_map(|c| (0..METRICS).flat_map(move |m| (0..VARIANTS).map(move |v| (c, m, v))))
        {
            let average = 20.0 + random.uniform();
            let sample = mean([40.0, 40.0 * average, 40.0 * (average * average + 300.0)]);
            cells.push(Cell {
                variant: name("variant", v),
                metric: name("metric", m),
                day: Some(day),
                value: name("value", value),
                sample,
            });
        }
    }
    Ok(Inputs {
        definition_revision: 1,
        event_watermark: 1,
        plan,
        dimension: "country".into(),
        cells,
        traffic: Traffic::default(),
    })
}

/// Runs the peer over the same inputs, written to a file.
fn peer(python: &str, rows: &[[f64; 6]], inputs: &Inputs) -> Result<Value> {
    let cells: Vec<Value> = inputs
        .cells
        .iter()
        .map(|cell| {
            let Sample::Mean(m) = &cell.sample else { return Value::Null };
            let squares = 40.0 * ((m.sum(0) / 40.0).powi(2) + 300.0);
            json!([cell.value, cell.metric, cell.variant, m.units(), m.sum(0), squares])
        })
        .collect();
    let file = std::env::temp_dir().join(format!("beacon-bench-{}.json", std::process::id()));
    std::fs::write(&file, json!({ "rows": rows, "cells": cells }).to_string())?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench.py");
    let output = Command::new(python).arg(script).arg(&file).output();
    std::fs::remove_file(&file)?;
    let output = output.with_context(|| format!("`{python}` cannot be started"))?;
    if !output.status.success() {
        bail!("the peer failed (`pip install gbstats==0.8.0`?): {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("the peer's answer is not JSON")
}

fn median(rounds: usize, mut work: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_unstable_by(f64::total_cmp);
    seconds.get(rounds / 2).copied().unwrap_or_default()
}

fn number(value: &Value, key: &str) -> Result<f64> {
    value[key].as_f64().with_context(|| format!("the peer gave no `{key}`"))
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.2} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
