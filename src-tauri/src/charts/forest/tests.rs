use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::{Engine, Mean, MetricOptions, Plan, Proportion, Traffic, analyse};

use super::*;
use crate::charts::alt_text;

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
    analyse(&plan, &samples, &Traffic::default())
}

fn typical() -> Analysis {
    analysis(
        &["Control", "Bold headline", "Quiet headline with a very long name", "Third <script>&\"'"],
        &[
            ("Sign-up", &[(12_000, 1000), (12_100, 1300), (11_950, 1040), (12_020, 780)]),
            ("First order", &[(12_000, 60), (12_100, 90), (11_950, 42), (12_020, 0)]),
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
        "\n0%\n",
        "First order",
        "too early",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    assert!(forest(&empty(), Theme::Light).unwrap().contains("No visitors yet"));
    let nothing = analysis(&["Control"], &[]);
    assert!(forest(&nothing, Theme::Dark).unwrap().contains("There is nothing to compare yet"));
    assert_eq!(alt_text(&nothing), "Lift over Control with its 95% interval. There is nothing to compare yet.");
}

#[test]
fn words_say_the_same() {
    let text = alt_text(&typical());
    assert!(
        text.starts_with("Lift over Control with its 99.2% interval. Sign-up, Bold headline: +28.9%, from +"),
        "{text}"
    );
    assert!(text.contains("First order, Quiet headline with a very long name: −29.7%, from "), "{text}");
    assert!(text.contains(", too early to decide."), "{text}");
    assert!(alt_text(&empty()).ends_with("Sign-up, Treatment: no estimate, no visitors yet."));
}

/// Returns a goal of this kind on two arms with these means; less of it is better.
fn less_is_better(kind: MetricKind, control: f64, treatment: f64) -> Analysis {
    let metric = Metric::new("waiting", "Waiting", Role::Goal, kind);
    let options = MetricOptions { lower_is_better: true, ..MetricOptions::default() };
    let plan = Plan {
        variants: vec!["control".into(), "treatment".into()],
        weights: vec![0.5; 2],
        metrics: vec![metric],
        options: [("waiting".to_owned(), options)].into(),
        ..Plan::default()
    };
    let arm = |mean: f64| Mean::of((0..4000).map(|i| [mean + f64::from(i % 3) - 1.0])).unwrap();
    analyse(&plan, &[vec![arm(control), arm(treatment)]], &Traffic::default())
}

#[test]
fn less_may_be_better() {
    let kind = || MetricKind::Value { event: "wait".into() };
    let better = less_is_better(kind(), 1240.0, 1200.0);
    let svg = forest(&better, Theme::Light).unwrap();
    assert!(svg.contains("mean 1,200 of 4,000 visitors"), "{svg}");
    assert!(alt_text(&better).contains("Waiting (less is better), treatment: −3.2%"), "{}", alt_text(&better));
    let color = |RGBColor(r, g, b)| format!("#{r:02X}{g:02X}{b:02X}");
    let (good, bad) = (color(palette(Theme::Light).better), color(palette(Theme::Light).worse));
    assert!(svg.contains(&good) && !svg.contains(&bad), "{svg}");
    let worse = forest(&less_is_better(kind(), 1200.0, 1240.0), Theme::Light).unwrap();
    assert!(worse.contains(&bad) && !worse.contains(&good), "{worse}");
}

#[test]
fn counts_fit_the_kind() {
    let kind = MetricKind::Quantile { event: "wait".into(), level: 0.95 };
    let svg = forest(&less_is_better(kind, 3.0, 2.5), Theme::Dark).unwrap();
    assert!(svg.contains("p95 2.50 of 4,000 visitors"), "{svg}");
}
