use super::*;

#[test]
fn a_past_is_learned() {
    let mut random = Random(3);
    let past = |random: &mut Random, spread: f64, n: u32| -> Vec<(f64, f64)> {
        let one = |i: u32| {
            let error = 0.01 + 0.002 * f64::from(i % 20);
            (spread * random.normal() + error * random.normal(), error)
        };
        (0..n).map(one).collect()
    };
    for spread in [0.02, 0.1] {
        let learned = PastLifts::of(&past(&mut random, spread, 2000));
        assert!((learned.spread / spread - 1.0).abs() < 0.1, "{learned:?} of {spread}");
        assert_eq!(learned.experiments, 2000);
    }
    assert!(PastLifts::of(&past(&mut random, 0.0, 2000)).spread < 0.01, "nothing had an effect");
    assert_eq!(PastLifts::of(&past(&mut random, 0.1, 19)), PastLifts::default());
    let broken = [(f64::NAN, 0.1), (0.1, 0.0), (0.1, f64::INFINITY)];
    assert_eq!(PastLifts::of(&broken.repeat(20)), PastLifts::default());
    assert_eq!(PastLifts::of(&[(0.0, 0.01); 30]).spread, 0.002);
}

#[test]
fn a_noisy_lift_shrinks() {
    let usual = PastLifts::default();
    assert!((usual.likely(0.13, 0.05) - 0.065).abs() < 1e-12);
    assert!(usual.likely(0.13, 0.001) > 0.1299 && usual.likely(-0.13, 0.5) > -0.002);
}
