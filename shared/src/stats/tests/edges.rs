use super::*;

fn mean(units: u64, sum: f64, squares: f64) -> Sample {
    Sample::from(Mean::from_sums(units, [sum], [[squares]]).expect("finite"))
}

fn two(values: &[[f64; 2]]) -> Moments<2> {
    Moments::of(values.iter().copied()).expect("finite")
}

#[test]
fn what_cannot_be_computed_says_why() {
    let reason = |scale, a: (u64, u64), b: (u64, u64)| {
        contrast(scale, &proportion(a.0, a.1).into(), &proportion(b.0, b.1).into()).unwrap_err()
    };
    assert_eq!(reason(Scale::Absolute, (0, 0), (10, 1)), Reason::NoUnits);
    assert_eq!(reason(Scale::Absolute, (1, 1), (10, 1)), Reason::FewerThanTwoUnits);
    assert_eq!(reason(Scale::Relative, (10, 0), (10, 1)), Reason::ZeroBaseline);
    assert_eq!(reason(Scale::Absolute, (10, 0), (10, 1)), Reason::ZeroVariance);
    assert_eq!(reason(Scale::Relative, (10, 10), (10, 1)), Reason::ZeroVariance);
    assert_eq!(Proportion::new(1, 2), None);
    let (a, b) = (mean(2, 3.0, 5.0), Sample::Ratio(two(&[[1.0, 0.0], [2.0, 0.0]])));
    assert_eq!(contrast(Scale::Absolute, &a, &b), Err(Reason::DifferentKinds));
    assert_eq!(contrast(Scale::Absolute, &b, &b), Err(Reason::ZeroDenominator));
    // Rounded sums whose variance would be negative.
    assert_eq!(contrast(Scale::Absolute, &mean(3, 0.3, 0.0299999), &a), Err(Reason::ZeroVariance));
    let quantile = Sample::from(Quantile::of(&mut [1.0, 2.0], 0.5).expect("computable"));
    assert_eq!(contrast(Scale::Absolute, &quantile, &quantile), Err(Reason::TooFewUnits));
    assert_eq!(stratified_contrast(Scale::Absolute, &[]), Err(Reason::NoUnits));
    let c = contrast(Scale::Relative, &proportion(9, 3).into(), &proportion(9, 4).into()).expect("computable");
    for alpha in [0.0, 1.0, -1.0, f64::NAN] {
        assert_eq!(frequentist(&c, Tail::TwoSided, alpha, 0.0), Err(Reason::UnknownParameter));
        assert_eq!(sequential(&c, Tail::TwoSided, alpha, 5e3, 0.0), Err(Reason::UnknownParameter));
        assert_eq!(bayesian(&c, &Prior::default(), alpha, false), Err(Reason::UnknownParameter));
    }
    assert_eq!(sequential(&c, Tail::Greater, 0.5, 5e3, 0.0), Err(Reason::UnknownParameter));
    let flat = Prior { proper: true, standard_deviation: 0.0, ..Prior::default() };
    assert_eq!(bayesian(&c, &flat, 0.05, false), Err(Reason::UnknownParameter));
}

#[test]
fn nothing_is_ever_nan() {
    let sizes = [0, 1, 2, 3, 50, 1_000_000_000];
    let plans =
        [Engine::Frequentist, Engine::Sequential, Engine::Bayesian].map(|engine| Plan { engine, ..Plan::default() });
    for (a, b) in sizes.into_iter().flat_map(|a| sizes.into_iter().map(move |b| (a, b))) {
        for (x, y) in [(0, 0), (0, b), (a, 0), (a / 2, b / 2), (a, b), (a.min(1), b)] {
            for (plan, scale) in plans.iter().flat_map(|p| [(p, Scale::Absolute), (p, Scale::Relative)]) {
                let c = contrast(scale, &proportion(a, x).into(), &proportion(b, y).into());
                if let Ok(e) = c.and_then(|c| estimate(plan, &c, false)) {
                    let all = [e.effect, e.standard_error, e.lower, e.upper, e.p_value];
                    assert!(all.into_iter().all(f64::is_finite), "{plan:?} {scale:?} {x}/{a} {y}/{b}: {e:?}");
                    assert!(e.p_value > 0.0 && e.p_value <= 1.0);
                }
            }
        }
    }
}

/// Numbers at the ends of what a double can hold give a reason or numbers.
#[test]
fn enormous_and_tiny_numbers() {
    let sizes = [1e-300, 1e-160, 1e-9, 1.0, 1e9, 1e100, 1e150, 1e300];
    for (x, y) in sizes.into_iter().flat_map(|x| sizes.into_iter().map(move |y| (x, y))) {
        let arm = |x: f64| Mean::of([[x], [2.0 * x], [-x]]).map(Sample::from);
        let (Ok(a), Ok(b)) = (arm(x), arm(y)) else { continue };
        for scale in [Scale::Absolute, Scale::Relative] {
            let Ok(c) = contrast(scale, &a, &b) else { continue };
            let judged = [frequentist(&c, Tail::TwoSided, 0.05, 0.0), sequential(&c, Tail::Greater, 0.05, 5e3, 0.0)];
            for o in judged.into_iter().flatten() {
                let ends = [o.lower, o.upper].into_iter().flatten();
                assert!(ends.chain([o.effect, o.standard_error, o.p_value]).all(f64::is_finite), "{x} {y}: {o:?}");
            }
        }
    }
}

/// A covariate that never varies adjusts nothing.
#[test]
fn cuped_falls_back() {
    let constant = two(&[[1.0, 3.0], [2.0, 3.0], [4.0, 3.0]]);
    let adjusted = contrast(Scale::Relative, &Sample::Cuped(constant), &Sample::Cuped(constant));
    let plain = mean(3, 7.0, 21.0);
    assert_eq!(adjusted, contrast(Scale::Relative, &plain, &plain));
    let quad = Moments::of([[1.0, 2.0, 0.0, 0.0], [2.0, 3.0, 0.0, 0.0], [5.0, 4.0, 0.0, 0.0]]).expect("finite");
    let ratio = Sample::Ratio(two(&[[1.0, 2.0], [2.0, 3.0], [5.0, 4.0]]));
    let quad = Sample::CupedRatio(Box::new(quad));
    assert_eq!(contrast(Scale::Relative, &quad, &quad), contrast(Scale::Relative, &ratio, &ratio));
}

/// The sign of the baseline turns nothing around: more is more.
#[test]
fn a_negative_baseline_keeps_the_direction() {
    let (a, b) = (mean(100, -1000.0, 10_900.0), mean(100, -900.0, 9_000.0));
    let c = contrast(Scale::Relative, &a, &b).expect("computable");
    close(c.effect, 0.1, "effect");
    let mirrored = [mean(100, 1000.0, 10_900.0), mean(100, 900.0, 9_000.0)];
    let m = contrast(Scale::Relative, &mirrored[0], &mirrored[1]).expect("computable");
    assert_eq!((m.effect, m.variance), (-c.effect, c.variance));
}

/// One stratum is no stratification; and what differs between strata is taken out.
#[test]
fn post_stratification() {
    let (a, b) = (Sample::from(proportion(1000, 100)), Sample::from(proportion(1100, 130)));
    for scale in [Scale::Absolute, Scale::Relative] {
        assert_eq!(stratified_contrast(scale, &[(a.clone(), b.clone())]), contrast(scale, &a, &b));
    }
    // Both strata have no effect, but unequal parts: pooled, it looks like one.
    let arm = |units, conversions| Sample::from(proportion(units, conversions));
    let strata = [(arm(9000, 900), arm(5000, 500)), (arm(1000, 500), arm(5000, 2500))];
    let c = stratified_contrast(Scale::Relative, &strata).expect("computable");
    assert!(c.effect.abs() < 1e-12, "{c:?}");
    // w = 0.7, 0.3: 0.49 · 0.09 (1/9000 + 1/5000) + 0.09 · 0.25 (1/1000 + 1/5000), over μ² = 0.22², with equal strata
    // effects on the relative scale (gradient −1, 1 at equal means) nothing between them.
    let variance = 0.49 * 0.09 * (1.0 / 9000.0 + 1.0 / 5000.0) + 0.09 * 0.25 * (1.0 / 1000.0 + 1.0 / 5000.0);
    close(c.variance, variance / 0.22f64.powi(2), "variance");
    // A stratum too small for a variance joins its likes, and nobody is lost.
    let crumbs = [strata[0].clone(), strata[1].clone(), (arm(1, 0), arm(0, 0)), (arm(1, 1), arm(1, 0))];
    assert_eq!(stratified_contrast(Scale::Relative, &crumbs).expect("computable").units, 20_003.0);
}
