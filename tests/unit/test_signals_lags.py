"""The lag test and the intervals on bursty, autocorrelated, seasonal counts: the rates they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from latticeforge.signals import correlation_interval, lag_test, mean_interval
from latticeforge.signals.lags import innovations
from latticeforge.signals.whiten import deseasoned, whitened

SEASON = 288


def counts(rng: np.random.Generator, rows: int, *, rate: float = 6.0, bursts: float = 0.01) -> np.ndarray:
    """Five-minute counts: a daily rhythm, a slow autoregression, bursts of Pareto size that die away in 40 minutes."""
    at = np.arange(rows)
    kernel = np.exp(-np.arange(400) / 20.0)
    slow = np.convolve(rng.normal(size=rows + 400), kernel / np.sqrt((kernel**2).sum()))[400 : 400 + rows]
    rhythm = 0.6 * np.cos(2 * np.pi * at / SEASON) + 0.3 * np.cos(4 * np.pi * at / SEASON + 1)
    size = np.where(rng.random(rows) < bursts, np.minimum(rng.pareto(1.5, rows) + 1, 50) * rate * 0.7, 0.0)
    burst = np.convolve(size, np.exp(-np.arange(60) / 8.0))[:rows]
    return rng.poisson(rate * np.exp(rhythm + 0.5 * slow - 0.125) + burst).astype(float)


@pytest.mark.parametrize("bursts", [0.01, 0.03])
def test_unrelated_counts_are_called_related_at_the_promised_rate(bursts: float) -> None:
    rng = np.random.default_rng(20)
    tests = [
        lag_test(counts(rng, 1500, bursts=bursts), counts(rng, 1500, bursts=bursts), season_rows=SEASON)
        for _ in range(600)
    ]
    p = np.array([one.p_value for one in tests])
    # 4 to 7 %, and two and a half standard errors of 600 draws
    assert 0.04 - 0.02 < (p <= 0.05).mean() < 0.07 + 0.025
    assert (p <= 0.01).mean() < 0.03
    assert 0.4 < np.median(p) < 0.6


def test_without_whitening_and_season_the_rate_would_be_far_off() -> None:
    rng = np.random.default_rng(21)
    hits = 0
    for _ in range(100):
        a, b = counts(rng, 1500), counts(rng, 1500)
        r = [np.corrcoef(a[: 1500 - k], b[k:])[0, 1] for k in range(25)]
        hits += max(map(abs, r)) * np.sqrt(1500) > 3.3  # 5 % over 49 independent lags
    assert hits > 60


def test_a_lead_of_some_rows_is_found_with_its_sign() -> None:
    rng = np.random.default_rng(22)
    cause = counts(rng, 1500)
    effect = counts(rng, 1500, bursts=0.0) + rng.poisson(0.6 * np.roll(cause, 9))
    forward, backward = lag_test(cause, effect, season_rows=SEASON), lag_test(effect, cause, season_rows=SEASON)
    assert forward.best_lag == 9
    assert backward.best_lag == -9
    assert forward.p_value == pytest.approx(backward.p_value, rel=1e-6)
    assert forward.p_value < 1e-6
    assert forward.p_rank == 1 / (1 + forward.shifts - 48)


def test_the_correlations_are_those_of_every_circular_shift() -> None:
    rng = np.random.default_rng(23)
    a, b = rng.poisson(4.0, (2, 500)).astype(float)
    made = lag_test(a, b, max_lag=5)
    x, y = innovations(a, None)[0], innovations(b, None)[0]
    rows = min(x.size, y.size)
    plain = [float((x[-rows:] * np.roll(y[-rows:], -lag)).mean()) for lag in range(-5, 6)]
    assert np.allclose(made.correlation, plain, atol=1e-12)


def test_the_autoregression_solves_yule_and_walkers_equations() -> None:
    x = np.convolve(np.random.default_rng(24).normal(size=3000), [1.0, 0.9, 0.5])[:3000]
    x -= x.mean()
    made = whitened(x)
    covariance = np.array([x[: 3000 - k] @ x[k:] for k in range(made.order + 1)]) / 3000
    matrix = covariance[np.abs(np.subtract.outer(np.arange(made.order), np.arange(made.order)))]
    assert made.order > 2
    assert np.allclose(made.coefficients, np.linalg.solve(matrix, covariance[1:]), atol=1e-9)
    left = made.values - made.values.mean()
    assert abs(left[1:] @ left[:-1]) / (left @ left) < 0.05


def test_the_season_goes_in_mean_and_in_spread() -> None:
    rng = np.random.default_rng(25)
    rows = np.arange(SEASON * 20)
    day = 1 + 0.7 * np.cos(2 * np.pi * rows / SEASON)
    left = deseasoned(10 * day + day * rng.normal(size=rows.size), SEASON).reshape(20, SEASON)
    assert np.abs(left.mean(axis=0)).mean() < 0.25
    quiet, loud = left[:, 120:168].std(), np.hstack([left[:, :24], left[:, -24:]]).std()
    assert quiet == pytest.approx(loud, rel=0.15)


def test_the_interval_of_the_mean_covers_it() -> None:
    rng = np.random.default_rng(26)
    truth = float(np.mean([counts(rng, SEASON * 100).mean() for _ in range(12)]))
    made = [mean_interval(counts(rng, SEASON * 14), season_rows=SEASON) for _ in range(300)]
    covered = np.mean([one.low <= truth <= one.high for one in made])
    naive = np.mean([abs(one.estimate - truth) < 1.96 * np.sqrt(12 / 4032) for one in made])
    assert covered >= 0.92 - 0.03  # two standard errors of 300 draws
    assert naive < 0.75
    assert all(one.low < one.estimate < one.high and one.effective_rows < 4032 for one in made)


def test_on_independent_normal_rows_it_is_students_interval() -> None:
    values = np.random.default_rng(27).normal(-2.0, 1.0, 4000)
    made = mean_interval(values)
    low, high = student.interval(0.95, 3999, values.mean(), values.std(ddof=1) / np.sqrt(4000))
    assert (made.high - made.low) / (high - low) == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_the_interval_of_a_correlation_covers_it(rho: float) -> None:
    rng = np.random.default_rng(28)
    covered = 0
    for _ in range(300):
        e, own = rng.standard_t(6, (2, 700))
        a = np.convolve(e, 0.8 ** np.arange(40))[:700]
        b = np.convolve(rho * np.roll(e, 3) + np.sqrt(1 - rho**2) * own, 0.6 ** np.arange(40))[:700]
        made = correlation_interval(a, b, 3)
        covered += made.low <= rho <= made.high
    assert covered / 300 >= 0.92 - 0.03


@pytest.mark.parametrize(
    "call",
    [
        lambda: lag_test(np.ones(100), np.ones(99)),
        lambda: lag_test(np.ones(100), np.ones(100), max_lag=24),
        lambda: lag_test(np.ones(100), np.full(100, np.nan), max_lag=2),
        lambda: mean_interval(np.ones(5)),
        lambda: mean_interval(np.ones(50), level=1.0),
        lambda: correlation_interval(np.ones(50), np.ones(50), 30),
    ],
)
def test_what_cannot_be_tested_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=r"\w{3}"):
        call()


def test_constant_series_are_not_related() -> None:
    assert lag_test(np.ones(500), np.ones(500)).p_value == 1.0
    assert mean_interval(np.ones(50)).high == 1.0
