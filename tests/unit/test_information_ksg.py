"""The nearest-neighbour estimators against scipy's trees, closed forms and themselves."""

from __future__ import annotations

import doctest
import importlib
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma

from latticeforge.information import (
    Embedding,
    conditional_mutual_information,
    mutual_information,
    ragwitz,
    transfer_entropies,
    transfer_entropy,
)
from latticeforge.information.ksg import local_transfer

Floats = NDArray[np.float64]

MODULES = ("estimate", "ksg", "lags", "ties")


def noise(n: int, columns: int, seed: int) -> Floats:
    """Autocorrelated series (n, columns) in which column 0 leads column 1 by a step."""
    x = np.random.default_rng(seed).standard_normal((n, columns))
    for t in range(1, n):
        x[t] += 0.5 * x[t - 1]
        x[t, 1] += 0.4 * x[t - 1, 0]
    return x


def by_trees(x: Floats, y: Floats, z: Floats, k: int) -> float:
    """Variant 1 by scipy's trees in float64: an independent search."""
    x, y, z = ((v - v.mean(axis=0)) / v.std(axis=0) for v in (x, y, z))
    joint = np.hstack([x, y, z])
    radius = np.nextafter(cKDTree(joint).query(joint, k + 1, p=np.inf)[0][:, -1], 0)

    def psi(points: Floats) -> Floats:
        return digamma(cKDTree(points).query_ball_point(points, radius, p=np.inf, return_length=True))

    local = digamma(k) + psi(z) - psi(np.hstack([x, z])) - psi(np.hstack([y, z]))
    return float(local.mean() / math.log(2))


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"latticeforge.information.{module}")).failed == 0


@pytest.mark.parametrize("k", [1, 4, 5, 30])
@pytest.mark.parametrize("how", [Embedding(), Embedding(target=3, source=2, delay=2, lag=4)])
def test_transfer_entropy_is_what_trees_in_float64_find(k: int, how: Embedding) -> None:
    series = noise(400, 2, seed=3)
    times = range(how.reach, 400)
    x = np.array([[series[t - how.lag - a * how.delay, 0] for a in range(how.source)] for t in times])
    z = np.array([[series[t - 1 - a * how.delay, 1] for a in range(how.target)] for t in times])
    expected = by_trees(x, series[how.reach :, 1:], z, k)
    assert transfer_entropy(series[:, 0], series[:, 1], k=k, embedding=how).bits == pytest.approx(expected, abs=2e-4)


def test_all_pairs_at_once_are_the_pairs_one_by_one() -> None:
    series = noise(300, 11, seed=5)
    found = transfer_entropies(series)
    assert np.isnan(np.diagonal(found.bits)).all()
    for i, j in [(0, 1), (1, 0), (10, 2)]:
        single = transfer_entropy(series[:, i], series[:, j])
        assert found.bits[i, j] == pytest.approx(single.bits, abs=1e-12)
        assert found.std_error_bits[i, j] == pytest.approx(single.std_error_bits)
    assert found.bits[0, 1] == np.nanmax(found.bits)


@pytest.mark.parametrize(("variant", "tolerance"), [(1, 0.05), (2, 0.05)])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
def test_mutual_information_of_a_gaussian(variant: int, tolerance: float, rho: float) -> None:
    x, e = np.random.default_rng(8).standard_normal((2, 2000))
    y = rho * x + math.sqrt(1 - rho**2) * e
    truth = -0.5 * math.log2(1 - rho**2)
    assert mutual_information(x, y, variant=variant).bits == pytest.approx(truth, abs=tolerance)


@pytest.mark.parametrize("variant", [1, 2])
def test_conditioning_takes_a_common_driver_away(variant: int) -> None:
    z, a, b = np.random.default_rng(2).standard_normal((3, 1500))
    x, y = z + 0.5 * a, z + 0.5 * b
    assert mutual_information(x, y, variant=variant).bits > 0.5
    assert abs(conditional_mutual_information(x, y, z, variant=variant).bits) < 0.08


@pytest.mark.parametrize("ties", ["dither", "inclusive"])
def test_counts_give_the_information_of_the_counts(ties: str) -> None:
    x = np.random.default_rng(0).integers(0, 4, 4000)
    y = np.where(np.random.default_rng(1).random(4000) < 0.8, x, np.random.default_rng(2).integers(0, 4, 4000))
    same, other = 0.85, 0.05  # probabilities of y given x
    truth = 2 + same * math.log2(same) + 3 * other * math.log2(other)
    assert mutual_information(x, y, ties=ties).bits == pytest.approx(truth, abs=0.08)


def test_a_missing_value_costs_only_the_times_it_touches() -> None:
    series = noise(500, 2, seed=1)
    holed = series.copy()
    holed[100, 0] = np.nan
    whole, less = transfer_entropy(series[:, 0], series[:, 1]), transfer_entropy(holed[:, 0], holed[:, 1])
    assert (whole.n, less.n) == (499, 498)
    assert less.bits == pytest.approx(whole.bits, abs=0.02)


def test_local_values_are_in_time_order() -> None:
    x, e = np.random.default_rng(4).standard_normal((2, 800))
    y = np.zeros(800)
    y[401:] = x[400:-1]  # x leads in the second half only
    y += 0.3 * e
    local = local_transfer(x[:, None], y, Embedding(), 4)[:, 0]
    assert local[450:].mean() > local[:350].mean() + 0.5


def test_the_interval_covers_the_truth_on_dependent_samples() -> None:
    covered = 0
    for seed in range(60):
        e = np.random.default_rng(seed).standard_normal((700, 2))
        for t in range(1, 700):
            e[t] += 0.7 * e[t - 1]
        e /= math.sqrt(1 / (1 - 0.49))
        low, high = mutual_information(e[:, 0], 0.6 * e[:, 0] + 0.8 * e[:, 1], k=16).interval(0.95)
        covered += low <= -0.5 * math.log2(1 - 0.36) <= high
    assert covered >= 0.88 * 60  # 92 % expected at least; 60 trials scatter by 3.5 %


def test_ragwitz_finds_the_order() -> None:
    x = np.random.default_rng(5).standard_normal(1500)
    assert ragwitz(x).target == 1
    for t in range(2, 1500):
        x[t] += 0.2 * x[t - 1] - 0.85 * x[t - 2]
    assert ragwitz(x).target >= 2


def test_what_cannot_be_estimated_is_refused() -> None:
    x = np.arange(10.0)
    with pytest.raises(ValueError, match="one length"):
        mutual_information(x, x[:5])
    with pytest.raises(ValueError, match="k = 10"):
        mutual_information(x, x, k=10)
    with pytest.raises(ValueError, match="infinite"):
        mutual_information(np.r_[x[:-1], np.inf], x)
    with pytest.raises(ValueError, match="too few"):
        transfer_entropy(x, x, embedding=Embedding(target=9, lag=9))
    with pytest.raises(ValueError, match="at least 1"):
        Embedding(lag=0)
