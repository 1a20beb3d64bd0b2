"""Gaussian, binned and surrogate estimates, the default path, the gradient and the sliding window."""

from __future__ import annotations

import doctest
import importlib
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm, pearson3

from latticeforge.information import (
    SlidingTransferEntropy,
    benjamini_yekutieli,
    binned_information,
    binned_transfer_entropy,
    circular_shifts,
    copula_transfers,
    effective_transfer_entropy,
    find_leads,
    gaussian_information,
    intentionality_gradient,
    mutual_information,
    scan_lags,
    shuffled_blocks,
    sliding_transfer_entropy,
    transfer_entropy,
)
from latticeforge.information.ksg import local_transfer
from latticeforge.information.lags import Embedding
from latticeforge.information.season import without_season
from latticeforge.information.surrogates import _tail
from latticeforge.signals.whiten import deseasoned, stabilised

Floats = NDArray[np.float64]

MODULES = ("gaussian", "binned", "surrogates", "leads", "scan", "season", "sliding")


def driven(n: int, strength: float, seed: int) -> Floats:
    """Two autocorrelated series (n, 2): the first leads the second by a step."""
    x = np.random.default_rng(seed).standard_normal((n, 2))
    for t in range(1, n):
        x[t] += 0.5 * x[t - 1]
        x[t, 1] += strength * x[t - 1, 0]
    return x


def bursts(n: int, seed: int) -> Floats:
    """Counts with a daily rhythm, a slow drift and bursts."""
    chance = np.random.default_rng(seed)
    drift = np.zeros(n)
    for t in range(1, n):
        drift[t] = 0.9 * drift[t - 1] + 0.25 * chance.standard_normal()
    burst = np.convolve(chance.random(n) < 0.01, 6 * 0.6 ** np.arange(8))[:n]
    season = 0.5 * np.sin(2 * np.pi * (np.arange(n) / 48 + chance.random()))
    return chance.poisson(2 * np.exp(drift + season) + burst).astype(np.float64)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"latticeforge.information.{module}")).failed == 0


def test_gaussian_information_is_the_formula_of_determinants() -> None:
    table = np.random.default_rng(1).standard_normal((500, 5)) @ np.random.default_rng(2).standard_normal((5, 5))
    x, y, z = table[:, :2], table[:, 2:3], table[:, 3:]

    def log_det(*parts: Floats) -> float:
        return float(np.linalg.slogdet(np.atleast_2d(np.cov(np.hstack(parts).T)))[1])

    nats = 0.5 * (log_det(x, z) + log_det(y, z) - log_det(z) - log_det(x, y, z))
    assert gaussian_information(x, y, z, copula=False).bits == pytest.approx(nats / math.log(2))


def test_nothing_is_left_to_tell_where_y_is_a_function_of_z() -> None:
    x, z = np.random.default_rng(0).standard_normal((2, 300))
    assert gaussian_information(x, 2.0 * z, z, copula=False).bits == 0.0


@pytest.mark.parametrize("how", [Embedding(), Embedding(target=2, source=2, delay=2, lag=3)])
def test_the_screen_is_gaussian_information_pair_by_pair(how: Embedding) -> None:
    series = np.exp(driven(300, 0.4, seed=3))
    found = copula_transfers(series, how)
    scores = copula_scores(series)
    times = range(how.reach, 300)
    x = np.array([[scores[t - how.lag - a * how.delay, 0] for a in range(how.source)] for t in times])
    z = np.array([[scores[t - 1 - a * how.delay, 1] for a in range(how.target)] for t in times])
    expected = gaussian_information(x, scores[how.reach :, 1], z, copula=False).bits
    assert found.bits[0, 1] == pytest.approx(expected, rel=1e-9)


def copula_scores(series: Floats) -> Floats:
    from latticeforge.information.gaussian import normal_scores

    return normal_scores(series)


def test_the_screen_calls_five_percent_of_unrelated_pairs() -> None:
    series = np.random.default_rng(9).standard_normal((400, 40))
    p_values = copula_transfers(series).p_value
    assert 0.035 <= np.nanmean(p_values <= 0.05) <= 0.065  # 1,560 pairs


def test_binned_information_of_a_noisy_channel() -> None:
    x = np.random.default_rng(0).integers(0, 2, 20_000)
    y = x ^ (np.random.default_rng(1).random(20_000) < 0.1)
    truth = 1 + 0.1 * math.log2(0.1) + 0.9 * math.log2(0.9)
    found = binned_information(x, y)
    assert found.bits == pytest.approx(truth, abs=0.02)
    assert found.interval()[0] < truth < found.interval()[1]
    assert binned_transfer_entropy(x, np.roll(y, 1)).bits == pytest.approx(truth, abs=0.02)


def test_the_correction_takes_the_bias_of_few_samples_away() -> None:
    x, y = np.random.default_rng(3).random((2, 300))
    plain = binned_information(x, y, bins=8, corrected=False).bits
    assert plain > 0.08
    assert abs(binned_information(x, y, bins=8).bits) < 0.5 * plain


def test_surrogates_keep_the_values_and_shifts_keep_the_memory() -> None:
    x = np.cumsum(np.random.default_rng(0).standard_normal(200))
    shifted, blocks = circular_shifts(x, 20, seed=1), shuffled_blocks(x, 20, seed=1, block=20)
    for table in (shifted, blocks):
        assert np.array_equal(np.sort(table, axis=0), np.tile(np.sort(x)[:, None], 20))
    assert len({tuple(column) for column in shifted.T}) == 20
    steps = np.sort(np.abs(np.diff(np.r_[x, x[0]])))
    assert np.allclose(np.sort(np.abs(np.diff(np.r_[shifted[:, 3], shifted[0, 3]]))), steps)
    assert np.array_equal(circular_shifts(x, 20, seed=1), shifted)


@pytest.mark.parametrize("kind", ["circular", "block"])
def test_bursty_counts_are_not_called_linked_too_often(kind: str) -> None:
    called = 0
    trials = 100
    for seed in range(trials):
        a, b = bursts(300, 2 * seed), bursts(300, 2 * seed + 1)
        found = effective_transfer_entropy(a, b, surrogates=39, kind=kind, block=48, k=8, seed=seed)
        called += found.p_value <= 0.05
    assert called <= 12  # 5 expected; more than 12 comes once in 600


@pytest.mark.parametrize("skewness", [0.0, 0.7, 1.5])
def test_the_tail_is_that_of_the_surrogates_distribution(skewness: float) -> None:
    chance = np.random.default_rng(4)
    law = pearson3(skewness) if skewness else norm()
    found = [_tail(float(law.rvs(random_state=chance)), law.rvs(200, random_state=chance)) for _ in range(1500)]
    for level in (0.05, 0.01):
        assert np.mean(np.array(found) <= level) == pytest.approx(level, rel=0.6)
    many = law.rvs(200_000, random_state=chance)
    assert _tail(3.0, many) == pytest.approx(law.sf(3.0), rel=0.05)
    assert _tail(1e6, many[:50]) > 0.0 and _tail(1.0, np.ones(30)) == 1.0


def test_a_real_lead_is_found_against_surrogates() -> None:
    series = driven(500, 0.5, seed=2)
    there = effective_transfer_entropy(series[:, 0], series[:, 1], surrogates=99)
    back = effective_transfer_entropy(series[:, 1], series[:, 0], surrogates=99)
    assert there.p_value == 0.01
    assert there.tail_p_value < 1e-4
    assert back.p_value > 0.05
    assert there.bits == pytest.approx(there.estimate.bits - there.surrogate_mean_bits)


def test_q_values_are_scipys() -> None:
    p = np.random.default_rng(0).random(40) ** 3
    assert np.allclose(benjamini_yekutieli(p), false_discovery_control(p, method="by"))
    holed = np.r_[p[:10], np.nan, p[10:]].reshape(41, 1)
    assert np.allclose(np.delete(benjamini_yekutieli(holed).ravel(), 10), benjamini_yekutieli(p))


def test_the_default_path_finds_the_chain_and_nothing_else() -> None:
    x = np.random.default_rng(6).standard_normal((500, 5))
    x[1:, 1] += 0.6 * x[:-1, 0]
    x[1:, 2] += 0.6 * x[:-1, 1]
    found = find_leads(x, list("abcde"), surrogates=60)
    assert {(lead.source, lead.target) for lead in found.significant()} == {("a", "b"), ("b", "c")}
    assert found.pairs == 20
    assert all(lead.q_value >= lead.tail_p_value for lead in found.found)


def test_a_scan_is_the_lags_one_by_one_on_the_same_samples() -> None:
    series = driven(400, 0.5, seed=3)
    found = scan_lags(series[:, 0], series[:, 1], range(1, 7), k=5, surrogates=30)
    assert found.best_lag == 1 and found.n == 394
    for lag in (1, 6):
        single = transfer_entropy(series[6 - lag :, 0], series[6 - lag :, 1], embedding=Embedding(lag=lag), k=5)
        assert single.n == 394
        assert found.bits[lag - 1] == pytest.approx(single.bits, abs=0.02)  # their scales differ by the first samples
    assert found.std_error_bits > 0.0
    holed = series.copy()
    holed[200, 0] = np.nan
    assert scan_lags(holed[:, 0], holed[:, 1], range(1, 7), surrogates=9).n == 388
    with pytest.raises(ValueError, match="at least 1"):
        scan_lags(series[:, 0], series[:, 1], [0, 1])


def test_the_p_value_of_a_scan_counts_every_lag() -> None:
    called = 0
    for seed in range(60):
        x = np.random.default_rng(seed).standard_normal((200, 2))
        called += scan_lags(x[:, 0], x[:, 1], range(1, 9), surrogates=19, seed=seed).p_value <= 0.05
    assert called <= 9  # 3 expected; more than 9 comes once in a thousand


def test_a_rhythm_in_common_is_no_lead_once_it_is_taken_out() -> None:
    chance = np.random.default_rng(12)
    rate = 6 * np.exp(0.6 * np.cos(2 * np.pi * np.arange(1000)[:, None] / 288))
    counts = chance.poisson(np.tile(rate, 5)).astype(np.float64)
    counts[1:, 4] += chance.poisson(0.6 * counts[:-1, 0])

    def called(season: float | None) -> set[tuple[str, str]]:
        found = find_leads(counts, list("abcde"), season_rows=season, surrogates=40, k=16)
        return {(lead.source, lead.target) for lead in found.found if lead.tail_p_value <= 0.05}

    assert len(called(None)) > 8
    left = called(288)
    assert ("a", "e") in left and len(left) <= 4  # 19 others at 5 %


def test_the_season_goes_as_the_signal_library_takes_it() -> None:
    level = np.sqrt(bursts(500, 3) + np.random.default_rng(1).random(500))
    assert np.allclose(without_season(level[:, None], 48.0)[:, 0], deseasoned(level, 48.0))
    with pytest.raises(ValueError, match="two seasons"):
        without_season(level[:, None], 300.0)


def test_the_hour_is_not_left_in_the_digits_of_counts() -> None:
    """Two series with one rhythm and nothing else in common; few neighbours read the finest digits."""
    rate = 3 * np.exp(0.8 * np.cos(2 * np.pi * np.arange(4000) / 96))
    counts = np.random.default_rng(2).poisson(rate[:, None], (4000, 2)).astype(np.float64)
    left = without_season(counts, 96.0)
    exact = np.column_stack([deseasoned(stabilised(column), 96.0) for column in counts.T])
    assert mutual_information(exact[:, 0], exact[:, 1]).bits > 0.2
    assert abs(mutual_information(left[:, 0], left[:, 1]).bits) < 0.05


def test_holes_cost_the_times_they_touch_at_every_stage() -> None:
    series = driven(600, 0.5, seed=7)
    holed = series.copy()
    holed[np.random.default_rng(1).random((600, 2)) < 0.03] = np.nan
    whole = np.isfinite(holed).all(axis=1)
    kept = int((whole[1:] & whole[:-1]).sum())
    assert copula_transfers(holed).n == kept
    assert binned_transfer_entropy(holed[:, 0], holed[:, 1], bins=4).n >= kept
    found = effective_transfer_entropy(holed[:, 0], holed[:, 1], surrogates=60)
    assert found.estimate.n >= kept > 400
    assert found.p_value == pytest.approx(1 / 61)
    assert [lead.source for lead in find_leads(holed, ["a", "b"], surrogates=60).significant()] == ["a"]


def test_a_change_of_leader_is_named() -> None:
    first, second = driven(900, 0.8, seed=1), driven(900, 0.8, seed=2)[:, ::-1]
    series = np.vstack([first, second])
    found = intentionality_gradient(series[:, 0], series[:, 1], window=300)
    assert found.slope_interval[1] < 0 and found.slope_bits_per_step < 0
    (flip,) = found.flips
    assert (flip.before, flip.after) == (600, 900)
    assert (flip.leader_before, flip.leader_after) == ("source", "target")


def test_a_steady_lead_has_no_slope_and_no_flip() -> None:
    series = driven(1500, 0.5, seed=4)
    found = intentionality_gradient(series[:, 0], series[:, 1], window=300)
    assert found.slope_interval[0] < 0 < found.slope_interval[1]
    assert found.flips == ()


@pytest.mark.parametrize("k", [1, 4, 7])
def test_a_sliding_window_is_the_window_counted_anew(k: int) -> None:
    series = driven(260, 0.4, seed=5)
    series = (series - series.mean(axis=0)) / series.std(axis=0)
    slid = sliding_transfer_entropy(series[:, 0], series[:, 1], 100, k=k)
    for end in (100, 101, 137, 259):
        expected = unscaled(series[end - 100 : end + 1], k)
        assert slid[end] == pytest.approx(expected, abs=1e-3)


def unscaled(part: Floats, k: int) -> float:
    """Variant 1 on a window as it is, by all pairs in float64."""
    from scipy.special import digamma

    a, b, c = part[1:, 1], part[:-1, 1], part[:-1, 0]
    da, db, dc = (np.abs(v[:, None] - v) for v in (a, b, c))
    joint = np.maximum(np.maximum(da, db), dc)
    np.fill_diagonal(joint, np.inf)
    radius = np.sort(joint, axis=1)[:, k - 1][:, None]
    n_z, n_yz, n_xz = ((np.maximum(db, other) < radius).sum(axis=1) for other in (db, da, dc))
    return float((digamma(k) + digamma(n_z) - digamma(n_yz) - digamma(n_xz)).mean() / math.log(2))


def test_pushing_is_sliding_and_a_hole_ends_a_transition() -> None:
    series = driven(200, 0.4, seed=8)
    unit = series.std(axis=0)
    live = SlidingTransferEntropy(80, source_unit=unit[0], target_unit=unit[1])
    pushed = [live.push(float(a), float(b)) for a, b in series]
    whole = sliding_transfer_entropy(series[:, 0], series[:, 1], 80)
    assert np.allclose(pushed, whole, equal_nan=True, atol=2e-4)
    before = pushed[-1]
    assert live.push(float("nan"), 0.0) == before
    assert live.push(0.0, 0.0) == before
    assert live.push(0.1, 0.2) != before


def test_every_estimate_has_an_error() -> None:
    series = driven(1000, 0.4, seed=9)
    screen = copula_transfers(series, errors=True)
    single = gaussian_information(series[:-1, 0], series[1:, 1], series[:-1, 1])
    assert screen.std_error_bits[0, 1] == pytest.approx(single.std_error_bits, rel=0.1)
    assert np.isnan(copula_transfers(series).std_error_bits).all()
    found = effective_transfer_entropy(series[:, 0], series[:, 1], surrogates=50)
    expected = math.hypot(found.estimate.std_error_bits, found.surrogate_sd_bits / math.sqrt(50))
    assert found.std_error_bits == pytest.approx(expected)


def test_the_sliding_windows_estimate_is_that_of_the_window() -> None:
    series = driven(700, 0.4, seed=10)
    series /= series.std(axis=0)
    live = SlidingTransferEntropy(600)
    with pytest.raises(ValueError, match="0 of 600"):
        live.estimate()
    last = [live.push(float(a), float(b)) for a, b in series][-1]
    found, anew = live.estimate(), transfer_entropy(series[99:, 0], series[99:, 1])
    assert (found.bits, found.n) == (last, 600)
    assert found.std_error_bits == pytest.approx(anew.std_error_bits, rel=0.02)
    assert found.bits == pytest.approx(anew.bits, abs=0.02)


def test_repeated_values_do_not_break_a_sliding_window() -> None:
    counts = np.random.default_rng(0).poisson(1.0, (200, 2)).astype(np.float64)
    live = SlidingTransferEntropy(50)
    values = [live.push(a, b) for a, b in counts]
    assert np.isfinite(values[50:]).all()
    slid = sliding_transfer_entropy(counts[:, 0], counts[:, 1], 150)
    expected = local_transfer(counts[:, :1], counts[:, 1], Embedding(), 4, ties="inclusive").mean()
    assert abs(slid[-1] - expected) < 0.3
