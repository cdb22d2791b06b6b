//! `validity [RUNS]`: measures what the engines promise and writes docs/statistics-validity.md with its chart.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use beacon_statistics::row::{Promise, Row};
use beacon_statistics::validity::{Curve, Measured, measure};
use beacon_statistics::verdicts::Extent;
use plotters::prelude::*;

const RUNS: usize = 20_000;
const SEED: u64 = 20_260_921;
const CHART: &str = "images/statistics-validity.svg";
/// Okabe and Ito's colours, which colour-blind people can tell apart.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(86, 180, 233),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(213, 94, 0),
];

fn main() -> Result<()> {
    let runs = match std::env::args().nth(1) {
        Some(runs) => runs.parse().with_context(|| format!("`{runs}` is not a number of runs"))?,
        None => RUNS,
    };
    let start = Instant::now();
    let measured = measure(runs, SEED, Extent::Full);
    let text = page(&measured, runs);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::create_dir_all(docs.join("images"))?;
    std::fs::write(docs.join(CHART), chart(&measured.curves)?)?;
    std::fs::write(docs.join("statistics-validity.md"), text)?;
    let verdicts = measured.judged.iter().flat_map(|j| [&j.any, &j.missed]);
    let all: Vec<&Row> = measured.rows.iter().chain(verdicts).chain(&measured.effects).collect();
    let broken: Vec<&&Row> = all.iter().filter(|row| !row.holds()).collect();
    for row in &all {
        println!("{} {:>8} {}", if row.holds() { "ok    " } else { "BROKEN" }, percent(row.share), row.what);
    }
    println!("{} rows in {:.1} s", all.len(), start.elapsed().as_secs_f64());
    if broken.is_empty() { Ok(()) } else { bail!("{} promises are broken", broken.len()) }
}

fn page(measured: &Measured, runs: usize) -> String {
    let mut text = format!(
        "# What the verdict and the engines promise, measured\n\n\
         Written by `cargo xtask validity {runs}` ({runs} runs for a quick row of the engines, a fifth for a slow one, a tenth for \
         the verdict; seed {SEED} for the engines, each verdict's row has its own in `tests/statistics/src/verdicts.rs`). \
         A promise holds when the measured share is within four Monte Carlo standard errors of it. A short form runs with \
         the tests.\n\n"
    );
    verdicts(measured, &mut text);
    text.push_str("## The engines, one test at a time\n\n");
    rows(&measured.rows, &mut text);
    let _ = write!(
        text,
        "\n![Share of experiments without an effect that were ever called significant, by visitors]({CHART})\n\n\
         These rows test the relative effect by the delta method, as other engines do; the verdict does not use it. Rows \
         that promise nothing are there as a warning or for comparison: looking every day at a test made for one look, \
         looking at a sequence from the very first visitors, and not correcting for ten metrics.\n"
    );
    text
}

/// The whole verdict, through `analyse` with the plan that the app uses.
fn verdicts(measured: &Measured, text: &mut String) {
    text.push_str(
        "## The verdict\n\n\
         Whole experiments through `analyse` with the app's own plan, looked at 30 times unless another number is named, \
         each visitor assigned by chance. \"Better\" and \"worse\" are false decisions on any goal, variant or guardrail \
         at any look; at most 5% of the experiments may have one. \"Missed\" is an interval of any comparison at any look \
         that does not hold the truth, also at most 5%, except where each of several guardrails has a 95% interval of its \
         own. ± is one Monte Carlo standard error of \"any\". \"Awake\" is how many of the experiments had enough for the \
         confidence sequence to say anything at all: where it is near 0%, no false decision is no achievement.\n\n\
         | false better | false worse | any | missed | awake | runs | experiment |\n|---|---|---|---|---|---|---|\n",
    );
    for j in &measured.judged {
        let mark = if j.holds() { "" } else { " **broken**" };
        let [up, down, any, missed, awake] =
            [&j.up, &j.down, &j.any, &j.missed, &j.awake].map(|row| percent(row.share));
        let error = percent((j.any.share * (1.0 - j.any.share) / j.any.runs.max(1) as f64).sqrt());
        let _ = writeln!(
            text,
            "| {up} | {down} | {any} ± {error}{mark} | {missed} | {awake} | {} | {} |",
            j.any.runs, j.what
        );
    }
    text.push('\n');
    rows(&measured.effects, text);
    text.push('\n');
}

fn rows(rows: &[Row], text: &mut String) {
    text.push_str("| measured | promised | runs | |\n|---|---|---|---|\n");
    for row in rows {
        let promise = match row.promise {
            Promise::About(p) => format!("{} ± {}", percent(p), percent(row.tolerance())),
            Promise::AtMost(p) => format!("≤ {} + {}", percent(p), percent(row.tolerance())),
            Promise::AtLeast(p) => format!("≥ {} − {}", percent(p), percent(row.tolerance())),
            Promise::Nothing => "nothing".to_owned(),
        };
        let mark = if row.holds() { "" } else { " **broken**" };
        let _ = writeln!(text, "| {}{mark} | {promise} | {} | {} |", percent(row.share), row.runs, row.what);
    }
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn chart(curves: &[Curve]) -> Result<String> {
    let mut svg = String::new();
    draw(curves, SVGBackend::with_string(&mut svg, (820, 440))).map_err(|error| anyhow!("{error}"))?;
    Ok(svg)
}

fn draw(curves: &[Curve], backend: SVGBackend<'_>) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let shown: Vec<&Curve> = curves.iter().filter(|curve| curve.name.contains("no effect")).collect();
    let last = shown.iter().filter_map(|curve| curve.units.last()).max().copied().unwrap_or(1);
    let highest = shown.iter().filter_map(|curve| curve.ever.last()).copied().fold(0.1, f64::max);
    let area = backend.into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("No effect, yet called significant at some look so far", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..last as f64, 0.0..highest * 1.08)?;
    chart
        .configure_mesh()
        .x_desc("visitors in each arm")
        .y_desc("share of experiments")
        .y_label_formatter(&|y| format!("{:.0}%", y * 100.0))
        .x_label_formatter(&|x| format!("{x:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    chart
        .draw_series(DashedLineSeries::new([(0.0, 0.05), (last as f64, 0.05)], 6, 4, BLACK.stroke_width(1)))?
        .label("alpha, 5%")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK));
    for (curve, colour) in shown.into_iter().zip(COLOURS) {
        let points = curve.units.iter().zip(&curve.ever).map(|(x, y)| (*x as f64, *y));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(curve.name.replace(", no effect", ""))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.2))
        .draw()?;
    area.present()?;
    Ok(())
}
