"""gbstats on the inputs in the given file; prints seconds and results as JSON. Run by `cargo xtask bench`."""

import importlib.metadata
import json
import platform
import statistics
import sys
import time
from collections import defaultdict

from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic

data = json.load(open(sys.argv[1]))
prior = EffectBayesianConfig(prior_effect=GaussianPrior(mean=0, variance=0.09, proper=True))
tests = {
    "frequentist": lambda a, b: TwoSidedTTest(a, b),
    "bayesian": lambda a, b: EffectBayesianABTest(a, b, prior),
    "sequential": lambda a, b: SequentialTwoSidedTTest(a, b, SequentialConfig(sequential_tuning_parameter=5000)),
}


def arm(n, total, squares):
    return SampleMeanStatistic(n=int(n), sum=total, sum_squares=squares)


out = {"gbstats": importlib.metadata.version("gbstats"), "python": platform.python_version()}
for name, test in tests.items():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        results = [test(arm(*row[:3]), arm(*row[3:])).compute_result() for row in data["rows"]]
        seconds.append(time.perf_counter() - start)
    second = (lambda r: r.chance_to_win) if name == "bayesian" else (lambda r: r.p_value)
    out[name] = {
        "seconds_per_test": statistics.median(seconds) / len(results),
        "effects_and_errors": [[r.expected, second(r)] for r in results],
    }

start = time.perf_counter()
sums = defaultdict(lambda: [0, 0.0, 0.0])
for value, metric, variant, n, total, squares in data["cells"]:
    cell = sums[value, metric, variant]
    cell[0] += n
    cell[1] += total
    cell[2] += squares
count = 0
for (value, metric, variant), cell in sums.items():
    if variant != "variant0":
        TwoSidedTTest(arm(*sums[value, metric, "variant0"]), arm(*cell)).compute_result()
        count += 1
assert count == 900
out["experiment"] = {"seconds": time.perf_counter() - start}
print(json.dumps(out))
