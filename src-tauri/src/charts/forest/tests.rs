use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::{Engine, Plan, Proportion, analyse};

use super::*;
use crate::charts::words;

/// Variants by name and (units, conversions) for each metric.
fn analysis(names: &[&str], metrics: &[(&str, &[(u64, u64)])]) -> Analysis {
    let metric = |name: &str| {
        Metric::new(name.to_lowercase(), name, Role::Goal, MetricKind::Conversion { event: name.to_lowercase() })
    };
    let plan = Plan {
        engine: Engine::Sequential,
        alpha: 0.05,
        sequential_n: 5000.0,
        variants: names.iter().map(|n| n.to_lowercase()).collect(),
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        weights: vec![1.0 / names.len() as f64; names.len()],
        metrics: metrics.iter().map(|(name, _)| metric(name)).collect(),
        ..Plan::default()
    };
    let arms = |arms: &[(u64, u64)]| arms.iter().map(|(u, c)| Proportion::new(*u, *c).unwrap()).collect();
    let samples: Vec<Vec<Proportion>> = metrics.iter().map(|(_, a)| arms(a)).collect();
    analyse(&plan, &samples, 0)
}

fn typical() -> Analysis {
    analysis(
        &["Control", "Bold headline", "Quiet headline with a very long name", "Third <script>&\"'"],
        &[
            ("Sign-up", &[(12_000, 1000), (12_100, 1300), (11_950, 1040), (12_020, 780)]),
            ("First order", &[(12_000, 60), (12_100, 90), (11_950, 12), (12_020, 0)]),
        ],
    )
}

fn empty() -> Analysis {
    analysis(&["Control", "Treatment"], &[("Sign-up", &[(0, 0), (0, 0)])])
}

/// Open one in a browser to look at it: the folder is given by the environment.
#[test]
fn pictures_for_people() {
    let Ok(folder) = std::env::var("BEACON_CHART_DIR") else { return };
    let two = analysis(&["Control", "Treatment"], &[("Sign-up", &[(4000, 420), (4100, 612)])]);
    for (name, analysis) in [("typical", typical()), ("empty", empty()), ("two", two)] {
        for (suffix, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
            let path = std::path::Path::new(&folder).join(format!("{name}-{suffix}.svg"));
            std::fs::write(path, forest(&analysis, theme).unwrap()).unwrap();
        }
    }
}

#[test]
fn the_page_sizes_it_and_nothing_in_it_runs() {
    for theme in [Theme::Light, Theme::Dark] {
        let svg = forest(&typical(), theme).unwrap();
        let open = svg.split_once('>').unwrap().0;
        assert!(open.starts_with("<svg") && open.contains("viewBox=\"0 0 780 "), "{open}");
        assert!(!open.contains("width=") && !open.contains("height="), "{open}");
        assert!(!svg.contains("<script") && svg.contains("Third &lt;script&gt;&amp;&quot;&apos;"), "{svg}");
    }
    assert_ne!(forest(&typical(), Theme::Light).unwrap(), forest(&typical(), Theme::Dark).unwrap());
}

#[test]
fn it_shows_names_numbers_zero_and_reasons() {
    let svg = forest(&typical(), Theme::Light).unwrap();
    for part in [
        "Bold headline",
        "Quiet headline with…",
        "1,300 of 12,100 visitors",
        "Sign-up",
        "\n0 %\n",
        "First order",
        "too early",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    assert!(forest(&empty(), Theme::Light).unwrap().contains("No visitors yet"));
    let nothing = analysis(&["Control"], &[]);
    assert!(forest(&nothing, Theme::Dark).unwrap().contains("There is nothing to compare yet"));
    assert_eq!(words(&nothing), "Lift over Control with its 95 % interval. There is nothing to compare yet.");
}

#[test]
fn words_say_the_same() {
    let text = words(&typical());
    assert!(
        text.starts_with("Lift over Control with its 95 % interval. Sign-up, Bold headline: +28.9 %, from +"),
        "{text}"
    );
    assert!(text.contains("First order, Quiet headline with a very long name: −79.9 %, from "), "{text}");
    assert!(text.contains(", too early to decide."), "{text}");
    assert!(words(&empty()).ends_with("Sign-up, Treatment: no estimate, no visitors yet."));
}

#[test]
fn thousands_are_apart() {
    assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
}
