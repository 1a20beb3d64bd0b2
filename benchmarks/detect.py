"""How well surges are found in series of attention: `python benchmarks/detect.py`.

Prints the Numenta score (standard profile, 0 to 100) of simple rules and of `lf detect` on invented series with
labelled surges: ten series a seed, one configuration for all. Every method gets the threshold that suits it best on
each seed; `lf detect` is also shown at the fixed threshold of its label. Then what it says of series in which there is
nothing, and its time a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from attention_series import DAY, STEP_S, Series, corpus
from detect_rivals import bayesian_change_point, ewma, median_mad, z_score
from nab_score import Result, at_threshold, best_threshold
from numpy.typing import NDArray

from latticeforge.detectors.surges import LABEL, detect

SEEDS = (101, 102, 103, 104, 105, 106)
NULL_ROWS = 60 * DAY

Floats = NDArray[np.float64]
METHODS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "median/MAD of a day": lambda _, values: median_mad(values),
    "z-score of a day": lambda _, values: z_score(values),
    "EWMA chart": lambda _, values: ewma(values),
    "Bayesian change point": lambda _, values: bayesian_change_point(values),
    "lf detect": detect,
}


def accuracy() -> None:
    """Print one row a method: score over seeds, windows found, false rows a series of two months."""
    corpora = [corpus(seed) for seed in SEEDS]
    print(f"{'method':24} {'threshold':>10} {'score':>6} {'lowest':>7} {'highest':>8} {'found':>6} {'false rows':>10}")
    for name, method in METHODS.items():
        scored = [[(s.labelled, method(s.times_s, s.values)) for s in series] for series in corpora]
        _line(name, "best", [best_threshold(one) for one in scored], len(corpora[0]))
    _line("lf detect", "label", [at_threshold(one, LABEL) for one in scored], len(corpora[0]))


def _line(name: str, kind: str, results: Sequence[Result], size: int) -> None:
    scores = [result.score for result in results]
    found = sum(result.found for result in results) / sum(result.windows for result in results)
    false_rows = np.mean([result.false_rows for result in results]) / size
    figures = f"{np.mean(scores):6.1f} {min(scores):7.1f} {max(scores):8.1f} {found:6.2f} {false_rows:10.2f}"
    print(f"{name:24} {kind:>10} {figures}")


def nothing() -> None:
    """Print labels in two months of series without a surge."""
    rng = np.random.default_rng(7)
    times = STEP_S * np.arange(NULL_ROWS, dtype=np.float64)
    daily = np.exp(0.8 * np.sin(2 * np.pi * times / 86_400))
    rows = {
        "constant": [np.full(NULL_ROWS, 5.0)],
        "all zero": [np.zeros(NULL_ROWS)],
        "Poisson, daily rhythm": [rng.poisson(10 * daily).astype(float) for _ in range(20)],
        "negative binomial": [
            rng.poisson(10 * daily * rng.gamma(3, 1 / 3, NULL_ROWS)).astype(float) for _ in range(20)
        ],
        "Pareto spikes (index 1.5)": [rng.poisson(10 * daily) + np.floor(_spikes(rng)) for _ in range(20)],
    }
    for name, series in rows.items():
        labels = [int((detect(times, values) >= LABEL).sum()) for values in series]
        print(f"no surge: {name:28} {np.mean(labels):5.2f} labels in two months")


def _spikes(rng: np.random.Generator) -> Floats:
    return np.where(rng.random(NULL_ROWS) < 2 / DAY, 20 * (1 + rng.pareto(1.5, NULL_ROWS)), 0.0)


def speed(series: Series, repeats: int = 5) -> None:
    """Print the median time a row."""
    detect(series.times_s, series.values)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        detect(series.times_s, series.values)
        times.append(time.perf_counter() - start)
    print(f"{1e6 * np.median(times) / series.values.size:.2f} microseconds a row")


if __name__ == "__main__":
    accuracy()
    nothing()
    speed(corpus(1, size=1)[0])
