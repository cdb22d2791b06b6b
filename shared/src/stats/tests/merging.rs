use super::*;

/// Returns everything that is computed from the moments.
fn numbers<const K: usize>(m: &Moments<K>) -> Vec<f64> {
    let means = (0..K).map(|i| m.mean(i));
    let covariances = (0..K).flat_map(|i| (i..K).map(move |j| (i, j))).map(|(i, j)| m.covariance(i, j));
    [m.units() as f64].into_iter().chain(means).chain(covariances).collect()
}

fn same<const K: usize>(a: &Moments<K>, b: &Moments<K>, what: &str) {
    for (a, b) in numbers(a).into_iter().zip(numbers(b)) {
        assert!((a - b).abs() <= 1e-12 * a.abs().max(b.abs()), "{what}: {a} is not {b}");
    }
}

/// Correlated, skewed and far from zero.
fn units(random: &mut Random, count: usize, offset: f64) -> Vec<[f64; 4]> {
    let unit = |r: &mut Random| {
        let (a, b) = (r.normal(), r.normal());
        [offset + a, offset + 0.6 * a + 0.8 * b, a.exp(), b.exp() + 1.0]
    };
    (0..count).map(|_| unit(random)).collect()
}

#[test]
fn any_split_merged_in_any_order_is_the_same() {
    let mut random = Random(7);
    for round in 0..200 {
        let offset = [0.0, 1.0, -1e6, 1e9][round % 4];
        let all = units(&mut random, 60, offset);
        let mut parts = [Moments::<4>::default(); 5];
        for unit in &all {
            parts[(random.uniform() * 5.0) as usize].push(*unit).expect("finite");
        }
        let [a, b, c, d, e] = parts;
        let forward = a.merge(&b).merge(&c).merge(&d).merge(&e);
        let nested = e.merge(&c.merge(&a)).merge(&d.merge(&b));
        same(&forward, &nested, "associative and commutative");
        same(&forward, &Moments::of(all).expect("finite"), "as one");
        same(&a.merge(&b), &b.merge(&a), "commutative");
        same(&a.merge(&Moments::default()), &a, "neutral");
    }
}

#[test]
fn integers_add_exactly() {
    let cells = [proportion(10, 3), proportion(0, 0), proportion(7, 7), proportion(1 << 40, 5)];
    let forward = cells.into_iter().fold(Proportion::default(), Proportion::merge);
    let backward = cells.into_iter().rev().fold(Proportion::default(), Proportion::merge);
    assert_eq!(forward, backward);
    assert_eq!(forward, proportion((1 << 40) + 17, 15));
}

/// Against the two-pass formula, on numbers whose variance is 1e-18 of their square.
#[test]
fn a_large_offset_leaves_the_variance_alone() {
    let all = units(&mut Random(3), 5000, 1e9);
    let m = Moments::of(all.clone()).expect("finite");
    let n = all.len() as f64;
    // Exact: the numbers less 1e9 are small.
    let centred: Vec<f64> = all.iter().map(|u| u[0] - 1e9).collect();
    let mean = centred.iter().sum::<f64>() / n;
    let variance = centred.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    within(m.covariance(0, 0), variance, 1e-12, "variance");
}

/// 2^30 units by doubling: more than a billion.
#[test]
fn a_billion_units_lose_nothing() {
    let few = Moments::of([[1e9], [1e9 + 1.0]]).expect("finite");
    let many = (0..29).fold(few, |m, _| m.merge(&m));
    assert_eq!(many.units(), 1 << 30);
    assert_eq!(many.mean(0), 1e9 + 0.5);
    let n = many.units() as f64;
    within(many.covariance(0, 0), 0.25 * n / (n - 1.0), 1e-12, "variance");
}

#[test]
fn only_what_adds_is_merged() {
    let mean = |x: f64| Sample::from(Mean::of([[x], [x + 1.0]]).expect("finite"));
    let quantile = Sample::from(Quantile::of(&mut [1.0, 2.0, 3.0], 0.5).expect("computable"));
    assert_eq!(mean(1.0).merge(&mean(2.0)).expect("merges").units(), 4);
    assert_eq!(quantile.merge(&quantile), Err(Reason::NotMergeable));
    assert_eq!(mean(1.0).merge(&Sample::from(proportion(2, 1))), Err(Reason::DifferentKinds));
    assert_eq!(mean(1.0).merge(&Sample::default()), Ok(mean(1.0)));
    assert_eq!(Sample::merged([&mean(1.0), &mean(2.0), &mean(3.0)]).expect("merges").units(), 6);
    assert_eq!(Mean::of([[1.0], [f64::NAN]]), Err(Reason::NotFinite));
}

#[test]
fn samples_survive_json_to_the_last_bit() {
    let m = Moments::of(units(&mut Random(5), 100, 1e9)).expect("finite");
    let ratio = Moments::of([[1.5, 1.0], [0.1, 0.0]]).expect("finite").with_binary([false, true]);
    for sample in [Sample::CupedRatio(Box::new(m)), Sample::Ratio(ratio), Sample::from(proportion(9, 4))] {
        let text = serde_json::to_string(&sample).expect("serialises");
        assert_eq!(serde_json::from_str::<Sample>(&text).expect("parses"), sample);
    }
    let broken = r#"{"ratio":{"units":2,"sums":[[1.0,0.0]],"products":[[1.0,0.0]]}}"#;
    assert!(serde_json::from_str::<Sample>(broken).is_err());
}
