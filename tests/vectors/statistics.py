"""Reference cases of the statistics, computed with SciPy from unit-level data and textbook formulas.

    pip install scipy statsmodels && python tests/vectors/statistics.py > tests/vectors/statistics.json

Nothing here shares code with Beacon: gradients are complex steps, integrals are SciPy's, t and normal tails are SciPy's.
"""

import json

import numpy as np
from scipy import integrate, optimize, stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20260921)


def moments(x):
    return {"n": len(x), "sum": float(np.sum(x)), "sum_squares": float(np.sum(x * x))}


def mean_arm(x):
    return moments(x), [x], lambda m: m[0], None


def proportion_arm(n, k):
    x = np.repeat([1.0, 0.0], [k, n - k])
    return {"n": n, "sum": k}, [x], lambda m: m[0], 0


def ratio_arm(m, d):
    arm = {"n": len(m), "m": moments(m), "d": moments(d), "m_d_sum_of_products": float(m @ d)}
    return arm, [m, d], lambda v: v[0] / v[1], None


def cuped_arm(post, pre):
    arm = {"n": len(post), "post": moments(post), "pre": moments(pre), "post_pre_sum_of_products": float(post @ pre)}
    return arm, [post, pre], None, None


def gradient(f, at):
    """By the complex step, which has no rounding error (Squire & Trapp, SIAM Review 40, 1998)."""
    steps = 1e-30j * np.eye(len(at))
    return np.array([f(np.array(at, dtype=complex) + step).imag / 1e-30 for step in steps])


def effect(kind, a, b, relative):
    """Effect, variance and degrees of freedom by the delta method with complex-step gradients."""
    (_, xa, f, ddof), (_, xb, _, _) = a, b
    if kind == "cuped_mean":
        both = np.cov(np.concatenate([xa[0], xb[0]]), np.concatenate([xa[1], xb[1]]))
        theta = both[0, 1] / both[1, 1]
        f = lambda v: v[0] - theta * v[1]
    plain = (lambda v: v[0]) if kind == "cuped_mean" else f
    ma, mb = [x.mean() for x in xa], [x.mean() for x in xb]
    cov = lambda x: np.atleast_2d(np.cov(np.array(x), ddof=1 if ddof is None else ddof))
    ca, cb, na, nb = cov(xa), cov(xb), len(xa[0]), len(xb[0])
    value = (f(mb) - f(ma)) / (abs(plain(ma)) if relative else 1)
    # CUPED's convention: the unadjusted difference in the baseline's gradient.
    shift = (plain(mb) - plain(ma)) - (f(mb) - f(ma)) if kind == "cuped_mean" else 0
    # |x| is not analytic; its sign is known.
    size = lambda v: np.sign(plain(ma)) * plain(v) if relative else 1
    g = lambda v, w: (f(w) - f(v) + shift) / size(v)
    ga, gb = gradient(lambda v: g(v, mb), ma), gradient(lambda w: g(ma, w), mb)
    variance = ga @ ca @ ga / na + gb @ cb @ gb / nb
    ha, hb = gradient(f, ma), gradient(f, mb)
    va, vb = ha @ ca @ ha / na, hb @ cb @ hb / nb
    return float(value), float(variance), float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1))), na + nb, plain(ma)


def frequentist(e, v, dof, alpha, tail):
    se = np.sqrt(v)
    t = e / se
    if tail == "two_sided_welch_t":
        h = stats.t.isf(alpha / 2, dof) * se
        return {"ci": [e - h, e + h], "p_value": float(2 * stats.t.sf(abs(t), dof))}
    h = stats.t.isf(alpha, dof) * se
    if tail == "one_sided_greater":
        return {"ci": [e - h, "inf"], "p_value": float(stats.t.sf(t, dof))}
    return {"ci": ["-inf", e + h], "p_value": float(stats.t.cdf(t, dof))}


def sequential(e, v, n, alpha, tuning):
    rho2 = (-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))) / tuning
    h = lambda a: np.sqrt(v * n * 2 * (n * rho2 + 1) / (n * n * rho2) * np.log(np.sqrt(n * rho2 + 1) / a))
    # The p-value is the alpha at which the interval touches zero.
    touching = optimize.brentq(lambda la: h(np.exp(la)) - abs(e), -300, np.log(np.sqrt(n * rho2 + 1)) - 1e-12, xtol=1e-14)
    return {"ci": [e - h(alpha), e + h(alpha)], "p_value": float(min(1, np.exp(touching)))}


def bayesian(e, v, alpha, prior, inverse):
    if prior["proper"]:
        v2 = 1 / (1 / v + 1 / prior["variance"])
        e, v = v2 * (e / v + prior["mean"] / prior["variance"]), v2
    x = stats.norm(e, np.sqrt(v))
    reach = [e - 12 * np.sqrt(v), e + 12 * np.sqrt(v)]
    part = lambda a, b, f: integrate.quad(f, a, b, epsabs=1e-16, epsrel=1e-12, limit=500)[0] if a < b else 0.0
    gain = part(max(0, reach[0]), max(0, reach[1]), lambda u: u * x.pdf(u))
    loss = part(min(0, reach[0]), min(0, reach[1]), lambda u: -u * x.pdf(u))
    win = x.cdf(0) if inverse else x.sf(0)
    risk = [loss, gain] if inverse else [gain, loss]
    out = {"ci": [float(x.ppf(alpha / 2)), float(x.isf(alpha / 2))], "chance_to_win": float(win), "risk": risk}
    return {"expected": float(e), "stderr": float(np.sqrt(v)), **out}


def inputs():
    revenue = lambda n, s: np.round(rng.lognormal(2.5, s, n), 2) * (rng.random(n) < 0.3)
    pre = [np.round(rng.normal(30, 6, n), 3) for n in (900, 700)]
    post = [np.round(0.8 * p + rng.normal(6.5 + i, 4, len(p)), 3) for i, p in enumerate(pre)]
    orders = [1.0 + rng.poisson(1.4, n) for n in (1200, 1300)]
    spent = [np.round(o * rng.gamma(4, 6, len(o)) + i, 2) for i, o in enumerate(orders)]
    return {
        "proportion": {
            "signup": (proportion_arm(4200, 371), proportion_arm(4150, 433)),
            "small": (proportion_arm(61, 9), proportion_arm(58, 15)),
            "huge": (proportion_arm(3_000_000, 240_000), proportion_arm(3_000_000, 241_900)),
        },
        "mean": {
            "revenue": (mean_arm(revenue(2500, 1.0)), mean_arm(revenue(2400, 1.05))),
            "loss": (mean_arm(np.round(rng.normal(-8, 5, 400), 2)), mean_arm(np.round(rng.normal(-7, 5, 450), 2))),
        },
        "ratio": {"order_value": (ratio_arm(spent[0], orders[0]), ratio_arm(spent[1], orders[1]))},
        "cuped_mean": {"spend": (cuped_arm(post[0], pre[0]), cuped_arm(post[1], pre[1]))},
    }


def cases(groups):
    flat = {"mean": 0, "variance": 1, "proper": False}
    proper = {"mean": 0.02, "variance": 0.04, "proper": True}
    for kind, group in groups.items():
        for name, (a, b) in group.items():
            for difference in ("relative", "absolute"):
                e, v, dof, n, base = effect(kind, a, b, difference == "relative")
                own = {"expected": e, "stderr": float(np.sqrt(v))}
                case = lambda params, result: {
                    "id": f"{name}__{params['test']}_{difference}_{params['alpha']}",
                    "metric": kind,
                    "input": name,
                    "params": {"difference_type": difference, **params},
                    "expected": {**own, **result},
                    **({"independent": {**own, **result}} if "p_value" in result and "inf" not in map(str, result["ci"]) else {}),
                }
                for tail in ("two_sided_welch_t", "one_sided_greater", "one_sided_lesser"):
                    yield case({"test": tail, "alpha": 0.1}, frequentist(e, v, dof, 0.1, tail))
                params = {"test": "sequential_two_sided", "alpha": 0.05, "sequential_tuning_parameter": 3000}
                yield case(params, sequential(e, v, n, 0.05, 3000))
                size = 1 if difference == "relative" else abs(base)
                for prior, inverse in ((flat, True), (proper, False)):
                    scaled = {**prior, "mean": prior["mean"] * size, "variance": prior["variance"] * size**2}
                    params = {"test": "bayesian_effect", "alpha": 0.05 if inverse else 0.2, "prior": prior}
                    params |= {"prior_type": "relative", "inverse": inverse}
                    yield case(params, bayesian(e, v, params["alpha"], scaled, inverse))


def srm():
    for users, weights in (([4120, 3980], [1, 1]), ([700, 1290, 610], [0.25, 0.5, 0.25]), ([800, 790, 3], [2, 2, 0])):
        live = [i for i, w in enumerate(weights) if w > 0]
        total, weight = sum(users[i] for i in live), sum(weights)
        chi2 = stats.chisquare([users[i] for i in live], [total * weights[i] / weight for i in live])
        p = float(chi2.pvalue)
        yield {"users": users, "weights": weights, "gbstats_check_srm_p": p, "scipy_chisquare_p_positive_weight_arms_only": p}


def bandits():
    for name, inverse, floor, arms in (
        ("three", False, 0.02, [(400, 88, 88), (420, 70, 70), (390, 90, 90)]),
        ("least", True, 0.05, [(150, 900, 6000), (160, 930, 6100), (140, 800, 5300), (170, 990, 6400)]),
        ("few", False, 0.01, [(60, 6, 6), (500, 70, 70)]),
    ):
        arms = [{"n": n, "sum": s, "sum_squares": q} for n, s, q in arms]
        variance = lambda a: (a["sum_squares"] - a["sum"] ** 2 / a["n"]) / (a["n"] - 1)
        precision = [a["n"] / variance(a) + 1e-4 for a in arms]
        sd = [p**-0.5 for p in precision]
        mean = [(a["n"] / variance(a)) * (a["sum"] / a["n"]) / p for a, p in zip(arms, precision)]
        sign = -1 if inverse else 1
        density = lambda x, i: stats.norm.pdf(x, sign * mean[i], sd[i]) * np.prod(
            [stats.norm.cdf(x, sign * mean[j], sd[j]) for j in range(len(arms)) if j != i]
        )
        cut = sorted(sign * m + c * s for m, s in zip(mean, sd) for c in (-9, -4, 0, 4, 9))
        quad = lambda i: sum(
            integrate.quad(density, lo, hi, args=(i,), epsabs=1e-15, epsrel=1e-13)[0] for lo, hi in zip(cut, cut[1:])
        )
        p = [quad(i) for i in range(len(arms))]
        enough = all(a["n"] >= 100 for a in arms)
        yield {
            "id": name,
            "kind": "mean",
            "arms": arms,
            "inverse": inverse,
            "min_variation_weight": floor,
            "prior": {"mean": 0, "variance": 1e4, "proper": True},
            "posterior_mean": mean,
            "posterior_sd": sd,
            "ci_95": [list(stats.norm.interval(0.95, a["sum"] / a["n"], s)) for a, s in zip(arms, sd)],
            "exact_best_arm_prob_quadrature": p,
            "weights_from_exact_prob": [floor + (1 - len(arms) * floor) * x for x in p] if enough else None,
            "enough_units": enough,
        }


def corrections():
    for p in ([0.012, 0.21, 0.004, 0.03, 0.03], [0.5, 0.0001, 0.049], [0.02]):
        adjusted = {f"{k}_adjusted": list(multipletests(p, method=m)[1]) for k, m in
                    (("holm", "holm"), ("benjamini_hochberg", "fdr_bh"), ("bonferroni", "bonferroni"))}
        yield {"p_values": p, **adjusted}


def sample_sizes():
    for p, mde, alpha, power, k in ((0.08, 0.15, 0.05, 0.8, 1), (0.4, -0.05, 0.02, 0.9, 0.5)):
        q = p * (1 + mde)
        z = stats.norm.isf(alpha / 2) + stats.norm.isf(1 - power)
        n = z * z * (p * (1 - p) + q * (1 - q) / k) / (q - p) ** 2
        yield {"baseline": p, "relative_mde": mde, "alpha": alpha, "power": power, "ratio_treat_to_control": k, "n_control_unpooled_z": n}


groups = inputs()
arms = {k: {n: {"control": a[0], "treatment": b[0]} for n, (a, b) in g.items()} for k, g in groups.items()}
print(json.dumps({
    "meta": {"how_to_read": "computed by statistics.py with SciPy, from unit-level data"},
    "inputs": arms,
    "tests": list(cases(groups)),
    "srm": list(srm()),
    "bandits": list(bandits()),
    "multiple_testing": list(corrections()),
    "fixed_horizon_sample_size": list(sample_sizes()),
}, indent=1))
