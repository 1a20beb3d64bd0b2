"""Causal emergence against the paper's systems, closed forms and a plain reference; the conditional forms; macros."""

from __future__ import annotations

import doctest
import importlib
import math
from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from latticeforge.information import (
    conditional_forms,
    emergence,
    learned_linear,
    principal_component,
    share_of_voice,
)
from latticeforge.information.emergence import _overcounted
from latticeforge.information.estimate import jackknife

Floats = NDArray[np.float64]

MODULES = ("emergence", "conditional_emergence", "macros", "lagged", "estimate")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"latticeforge.information.{module}")).failed == 0


def plain_bits(a: Floats, b: Floats) -> float:
    """Gaussian information of two tables by determinants of numpy's covariances: an independent reference."""

    def log_det(table: Floats) -> float:
        return float(np.linalg.slogdet(np.atleast_2d(np.cov(table.T)))[1])

    return 0.5 * (log_det(a) + log_det(b) - log_det(np.hstack([a, b]))) / math.log(2)


def plain(x: Floats, v: Floats, lag: int, order: int) -> tuple[float, float, float]:
    """The paper's three formulas as they are written, one covariance at a time."""
    sets = [list(s) for s in combinations(range(x.shape[1]), order)]
    now, later, v_now, v_later = x[:-lag], x[lag:], v[:-lag], v[lag:]
    psi = plain_bits(v_now, v_later) - sum(plain_bits(now[:, s], v_later) for s in sets)
    to_parts = [plain_bits(v_now, later[:, s]) for s in sets]
    delta = max(
        own - sum(plain_bits(now[:, other], later[:, s]) for other in sets)
        for s, own in zip(sets, to_parts, strict=True)
    )
    return psi, delta, max(to_parts)


def memory(n: int, d: int, seed: int, coupling: float = 0.1) -> Floats:
    """(n, d): autoregressions that feed one another."""
    x = np.random.default_rng(seed).standard_normal((n, d))
    for t in range(1, n):
        x[t] += 0.4 * x[t - 1] + coupling * x[t - 1].sum()
    return x


def test_the_papers_xor_system_gives_0_1_1() -> None:
    """Fig. 1, right: X1' = X1 xor X2, X2 a coin, V = X1 xor X2: downward causation alone."""
    chance = np.random.default_rng(1)
    x = chance.integers(0, 2, (50_000, 2))
    for t in range(1, len(x)):
        x[t, 0] = x[t - 1, 0] ^ x[t - 1, 1]
    found = emergence(x, x[:, 0] ^ x[:, 1], estimator="discrete")
    assert (found.psi_bits, found.delta_bits, found.gamma_bits) == pytest.approx((0.0, 1.0, 1.0), abs=0.001)
    assert found.psi_interval_bits[0] < 0.0 < found.psi_interval_bits[1]
    assert found.delta_interval_bits[0] < 1.0


def test_a_parity_that_outlives_its_parts_is_decoupled() -> None:
    """The paper's other system: X1 a coin, the parity kept with probability 0.9: 1 - H(0.9), 0, 0."""
    chance = np.random.default_rng(2)
    keep, coin = chance.random(50_000) < 0.9, chance.integers(0, 2, 50_000)
    parity = np.bitwise_xor.accumulate((~keep).astype(np.int64))
    found = emergence(np.column_stack([coin, coin ^ parity]), parity, estimator="discrete")
    truth = 1 + 0.9 * math.log2(0.9) + 0.1 * math.log2(0.1)
    assert (found.psi_bits, found.delta_bits, found.gamma_bits) == pytest.approx((truth, 0.0, 0.0), abs=0.012)
    assert found.psi_interval_bits[0] < truth < found.psi_interval_bits[1]


def test_a_linear_system_reaches_its_closed_form() -> None:
    d, n = 5, 60_000
    step = 0.5 * np.eye(d) + 0.05 * np.ones((d, d))
    see = np.vstack([np.eye(d), np.ones(d)])
    now = see @ solve_discrete_lyapunov(step, np.eye(d)) @ see.T
    later = see @ solve_discrete_lyapunov(step, np.eye(d)) @ step.T @ see.T
    bits = -0.5 * np.log2(1 - later**2 / np.outer(np.diag(now), np.diag(now)))
    truth = (
        bits[-1, -1] - bits[:-1, -1].sum(),
        (bits[-1, :-1] - bits[:-1, :-1].sum(axis=0)).max(),
        bits[-1, :-1].max(),
    )
    x = np.random.default_rng(3).standard_normal((n, d))
    for t in range(1, n):
        x[t] += step @ x[t - 1]
    found = emergence(x, x.sum(axis=1))
    assert (found.psi_bits, found.delta_bits, found.gamma_bits) == pytest.approx(truth, abs=0.02)
    for interval, value in zip(
        (found.psi_interval_bits, found.delta_interval_bits, found.gamma_interval_bits), truth, strict=True
    ):
        assert interval[0] <= value <= interval[1]


@pytest.mark.parametrize(("order", "lag", "wide"), [(1, 1, False), (1, 3, False), (2, 1, False), (3, 2, True)])
def test_it_is_the_plain_reference(order: int, lag: int, wide: bool) -> None:
    x = memory(403, 5, seed=4)
    v = np.column_stack([x.sum(axis=1), x[:, 0] - x[:, 1]]) if wide else x.sum(axis=1, keepdims=True)
    found = emergence(x, v, order=order, lag=lag)
    assert (found.psi_bits, found.delta_bits, found.gamma_bits) == pytest.approx(plain(x, v, lag, order), rel=1e-9)
    assert found.macro_bits == pytest.approx(plain_bits(v[:-lag], v[lag:]), rel=1e-9)


def test_the_jackknife_leaves_each_tenth_out() -> None:
    x = memory(437, 4, seed=5)
    v = x.sum(axis=1)
    before, after = np.column_stack([x, v])[:-1], np.column_stack([x, v])[1:]
    whole = plain_psi(before, after)
    without = [plain_psi(np.delete(before, s, 0), np.delete(after, s, 0)) for s in np.arange(430).reshape(10, 43)]
    corrected, error = jackknife(np.array([whole]), np.array(without)[:, None])
    found = emergence(x, v)
    assert found.psi_bits - found.psi_bias_bits == pytest.approx(corrected[0], rel=1e-9)
    assert found.psi_std_error_bits == pytest.approx(error[0], rel=1e-9)
    assert math.isnan(emergence(x, v, errors=False).psi_bias_bits)


def plain_psi(before: Floats, after: Floats) -> float:
    end = after[:, -1:]
    return plain_bits(before[:, -1:], end) - sum(plain_bits(before[:, [i]], end) for i in range(before.shape[1] - 1))


@pytest.mark.parametrize("layers", [0, 1, 2, 3, 4])
def test_the_correction_counts_shared_information_once(layers: int) -> None:
    """Against the lattice itself: what exactly a set of terms shares, by Möbius inversion of the minimum redundancy."""
    terms = np.array([0.3, 0.05, 0.8, 0.8, 0.2])
    m = len(terms)
    members = [frozenset(s) for size in range(m, 0, -1) for s in combinations(range(m), size)]
    exactly: dict[frozenset[int], float] = {}
    for one in members:  # largest first: what one shares, less what a larger set with it shares
        exactly[one] = min(terms[i] for i in one) - sum(value for other, value in exactly.items() if one < other)
    expected = sum((len(one) - 1) * value for one, value in exactly.items() if len(one) > m - layers)
    assert _overcounted(terms[None, :, None], layers)[0, 0] == pytest.approx(expected, abs=1e-12)


def test_all_layers_leave_the_largest_term() -> None:
    x = memory(600, 4, seed=6)
    plainly, corrected = emergence(x, x.sum(axis=1)), emergence(x, x.sum(axis=1), lattice=3)
    largest = max(plain_bits(x[:-1, [i]], x[1:].sum(axis=1, keepdims=True)) for i in range(4))
    assert corrected.psi_bits == pytest.approx(corrected.macro_bits - largest, rel=1e-9)
    assert plainly.psi_bits < emergence(x, x.sum(axis=1), lattice=1).psi_bits < corrected.psi_bits
    assert corrected.gamma_bits == plainly.gamma_bits


def test_sets_of_two_see_what_single_parts_do_not() -> None:
    """V' is the xor of two parts: beyond each part, not beyond the pair."""
    x = np.random.default_rng(7).integers(0, 2, (4000, 3))
    for t in range(1, len(x)):
        x[t, 2] = x[t - 1, 0] ^ x[t - 1, 1]
    v = 2 * (x[:, 0] ^ x[:, 1]) + x[:, 2]
    single, pairs = (emergence(x, v, order=order, estimator="discrete") for order in (1, 2))
    assert single.psi_bits > 0.95 and single.delta_bits > 0.95
    assert pairs.psi_bits < 0.05 and pairs.delta_bits < 0.05


def test_intervals_cover_the_truth_though_the_largest_part_was_picked() -> None:
    """Eight equal parts, so that the largest of eight is always too large by chance."""
    d, step = 8, 0.5
    own, share = -0.5 * math.log2(1 - step**2), -0.5 * math.log2(1 - step**2 / d)
    truth = (own - d * share, share - own, share)
    covered = np.zeros(3)
    for seed in range(100):
        x = np.random.default_rng(100 + seed).standard_normal((800, d))
        for t in range(1, 800):
            x[t] += step * x[t - 1]
        found = emergence(x, x.sum(axis=1))
        for i, (low, high) in enumerate(
            (found.psi_interval_bits, found.delta_interval_bits, found.gamma_interval_bits)
        ):
            covered[i] += low <= truth[i] <= high
    assert (covered >= 88).all()  # 95 expected; fewer than 88 comes once in 300


def test_a_hole_costs_the_times_it_touches_and_no_times_are_joined_over_it() -> None:
    x = memory(500, 3, seed=8)
    holed = x.copy()
    holed[250, 1] = np.nan
    found = emergence(holed, x.sum(axis=1), lag=2)
    assert found.n == 496  # of 498: the hole as now, and as later
    kept = np.delete(np.arange(498), [248, 250])
    table = np.column_stack([x, x.sum(axis=1)])
    assert found.psi_bits == pytest.approx(plain_psi(table[kept], table[kept + 2]), rel=1e-9)


def test_constants_and_duplicates_tell_nothing_more() -> None:
    x = memory(400, 3, seed=9)
    v = x.sum(axis=1)
    still = np.column_stack([x, np.full(400, 7.3)])
    for order in (1, 2):
        found = emergence(still, v, order=order)
        assert np.isfinite([found.psi_bits, found.delta_bits, found.gamma_bits]).all()
    assert emergence(still, v).psi_bits == pytest.approx(emergence(x, v).psi_bits, rel=1e-9)
    forms = conditional_forms(x, np.full(400, 7.3))
    assert (forms.macro_beyond_micro_bits, forms.macro_self_beyond_micro_bits) == (0.0, 0.0)
    twice = emergence(np.column_stack([x, x[:, 0]]), v, order=4)
    assert twice.psi_bits == pytest.approx(emergence(x, v, order=3).psi_bits, abs=1e-6)


def test_a_level_far_from_zero_costs_no_digits() -> None:
    x = memory(500, 4, seed=16)
    v = x.sum(axis=1)
    near, far = emergence(x, v), emergence(x + 1e6, v - 1e6)
    assert far.psi_bits == pytest.approx(near.psi_bits, abs=1e-7)
    assert far.delta_interval_bits == pytest.approx(near.delta_interval_bits, abs=1e-6)


@pytest.mark.parametrize("estimator", ["gaussian", "discrete"])
def test_conditional_forms_of_a_function_of_the_parts_are_zero(estimator: str) -> None:
    x = np.random.default_rng(10).integers(0, 3, (600, 3)).astype(np.float64)
    x[1:, 0] = (x[:-1, 0] + x[:-1, 1]) % 3
    v = x.sum(axis=1) if estimator == "gaussian" else (x[:, 0] + x[:, 1]) % 3
    found = conditional_forms(x, v, estimator=estimator)
    assert found.macro_beyond_micro_bits == pytest.approx(0.0, abs=1e-12)
    assert found.macro_self_beyond_micro_bits == pytest.approx(0.0, abs=1e-12)
    assert found.std_errors_bits[1:] == pytest.approx((0.0, 0.0), abs=1e-12)


def test_conditional_forms_miss_what_emergence_finds() -> None:
    """On the xor system I(V;X'|X) is 0 and Delta 1 bit; the difference form, I(V;X') - I(X;X'|V), is 1 bit too."""
    x = np.random.default_rng(11).integers(0, 2, (20_000, 2))
    for t in range(1, len(x)):
        x[t, 0] = x[t - 1, 0] ^ x[t - 1, 1]
    v = x[:, 0] ^ x[:, 1]
    found = conditional_forms(x, v, estimator="discrete")
    assert found.macro_beyond_micro_bits == pytest.approx(0.0, abs=1e-12)
    assert found.macro_over_micro_bits == pytest.approx(1.0, abs=0.002)
    assert emergence(x, v, estimator="discrete").delta_bits == pytest.approx(1.0, abs=0.002)


def test_conditional_forms_are_the_formulas_of_determinants() -> None:
    chance = np.random.default_rng(12)
    x = memory(800, 3, seed=12)
    v = np.r_[0.0, x[:-1].sum(axis=1)] + 0.5 * chance.standard_normal(800)  # has a memory of its own
    now, then, v_now, v_then = x[:-1], x[1:], v[:-1, None], v[1:, None]

    def given(a: Floats, b: Floats, c: Floats) -> float:
        return plain_bits(np.hstack([a, c]), b) - plain_bits(c, b)

    found = conditional_forms(x, v)
    assert found.macro_over_micro_bits == pytest.approx(plain_bits(v_now, then) - given(now, then, v_now), rel=1e-6)
    assert found.macro_beyond_micro_bits == pytest.approx(given(v_now, then, now), rel=1e-6)
    assert found.macro_self_beyond_micro_bits == pytest.approx(given(v_now, v_then, now), rel=1e-6)
    assert min(found.std_errors_bits) > 0.0


def test_the_learned_macro_beats_every_direction_tried() -> None:
    x = memory(3000, 4, seed=13, coupling=0.05)
    best = emergence(x, learned_linear(x).of(x)).psi_bits
    assert best > emergence(x, principal_component(x).of(x)).psi_bits
    for weights in product((-1.0, 0.0, 1.0), repeat=4):
        if any(weights):
            assert best >= emergence(x, x @ np.array(weights), errors=False).psi_bits - 1e-4
    assert np.array_equal(learned_linear(x, seed=5).weights, learned_linear(x, seed=5).weights)


def test_the_principal_component_is_that_of_the_correlation_matrix() -> None:
    x = memory(500, 4, seed=14) * np.array([1.0, 100.0, 0.01, 3.0])
    vector = np.linalg.eigh(np.corrcoef(x.T))[1][:, -1] / x.std(axis=0)
    found = principal_component(x)
    assert np.allclose(np.abs(found.weights), np.abs(vector) / np.linalg.norm(vector))
    assert abs(np.corrcoef(found.of(x), x.mean(axis=1))[0, 1]) > 0.0


def test_share_of_voice_is_a_share() -> None:
    found = share_of_voice(np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0], [np.nan, 1.0, 2.0]]), [0, 1])
    assert found[0] == 0.75 and np.isnan(found[1:]).all()
    with pytest.raises(ValueError, match="not negative"):
        share_of_voice([[-1.0, 2.0], [1.0, 1.0]], [0])


def test_what_cannot_be_asked_is_refused() -> None:
    x = memory(300, 3, seed=15)
    v = x.sum(axis=1)
    with pytest.raises(ValueError, match="one length"):
        emergence(x, v[:-1])
    with pytest.raises(ValueError, match="one length"):
        conditional_forms(x, v[:-1])
    with pytest.raises(ValueError, match="lag of 299"):
        emergence(x, v, lag=299)
    with pytest.raises(ValueError, match="1 to 3, not 4"):
        emergence(x, v, order=4)
    with pytest.raises(ValueError, match="0 to 2 layers"):
        emergence(x, v, lattice=3)
    with pytest.raises(ValueError, match="more than 1000"):
        emergence(np.zeros((50, 20)), np.zeros(50), order=5)
