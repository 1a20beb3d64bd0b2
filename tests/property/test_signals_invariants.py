"""What must hold of any series: units, order, time turned round, ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latticeforge.signals import (
    Grid,
    SlidingMoments,
    gaussian_trend,
    kendall_tau,
    kuramoto_order,
    lag_test,
    normalise,
    resample,
)
from latticeforge.signals.moments import AVERAGE, LAG1, SKEWNESS, VARIANCE

values = arrays(np.float64, st.integers(8, 60), elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 3)))


@settings(max_examples=40, deadline=None)
@given(values=values, scale=st.sampled_from([-4.0, 0.5, 8.0]), rows=st.integers(2, 20))
def test_moments_follow_the_unit(values: np.ndarray, scale: float, rows: int) -> None:
    plain, scaled = SlidingMoments(rows).push(values), SlidingMoments(rows).push(scale * values)
    assert np.allclose(scaled[:, AVERAGE], scale * plain[:, AVERAGE], equal_nan=True)
    assert np.allclose(scaled[:, VARIANCE], scale**2 * plain[:, VARIANCE], equal_nan=True)
    assert np.allclose(scaled[:, LAG1], plain[:, LAG1], atol=1e-6, equal_nan=True)
    assert np.allclose(scaled[:, SKEWNESS], np.sign(scale) * plain[:, SKEWNESS], atol=1e-6, equal_nan=True)
    assert (plain[1:, VARIANCE] >= 0).all()


@settings(max_examples=60, deadline=None)
@given(values=values)
def test_time_turned_round_turns_tau(values: np.ndarray) -> None:
    forward, back = kendall_tau(values), kendall_tau(values[::-1])
    assert forward == pytest.approx(-back, abs=1e-12, nan_ok=True)
    assert np.isnan(forward) or -1 <= forward <= 1
    # any rising function keeps order; doubling is exact
    assert kendall_tau(2 * values) == pytest.approx(forward, abs=1e-12, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(values=values, sigma=st.floats(1.0, 100.0))
def test_a_trend_keeps_the_mean_and_stays_within_the_range(values: np.ndarray, sigma: float) -> None:
    trend = gaussian_trend(values, sigma)
    assert trend.mean() == pytest.approx(values.mean(), abs=1e-8)
    assert values.min() - 1e-6 <= trend.min()
    assert trend.max() <= values.max() + 1e-6
    assert np.allclose(gaussian_trend(values[::-1].copy(), sigma), trend[::-1], atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(values=values)
def test_what_is_clipped_and_what_is_kept_make_the_series(values: np.ndarray) -> None:
    made = normalise(values)
    assert (np.abs(made.values) <= 5).all()
    assert np.allclose((made.values + made.clipped) * (made.scale or 1.0) + made.centre, values, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(values=values, seed=st.integers(0, 1000), step=st.floats(0.5, 50.0))
def test_no_row_is_lost_on_a_grid(values: np.ndarray, seed: int, step: float) -> None:
    times = np.random.default_rng(seed).uniform(-1e4, 1e4, values.size)
    made = resample(times, values, Grid.covering(times, step), within="sum")
    assert made.rows.sum() == values.size
    assert np.nansum(made.values) == pytest.approx(values.sum(), abs=1e-6)
    order = np.random.default_rng(seed).permutation(values.size)
    again = resample(times[order], values[order], made.grid, within="mean")
    assert np.array_equal(again.missing, made.rows == 0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), signals=st.integers(1, 6), rows=st.integers(8, 200))
def test_the_order_parameter_knows_neither_unit_nor_order(seed: int, signals: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(signals, rows))
    order = kuramoto_order(made)
    assert ((order >= 0) & (order <= 1)).all()
    other = kuramoto_order((made * rng.uniform(0.5, 9.0, (signals, 1)) + 5)[::-1])
    assert np.quantile(np.abs(other - order), 0.9) < 1e-3  # a row where a signal is next to 0 has next to no phase


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_lag_test_read_backwards_is_itself(seed: int) -> None:
    a, b = np.random.default_rng(seed).poisson(3.0, (2, 300)).astype(float)
    forward, backward = lag_test(a, b, max_lag=6), lag_test(b, a, max_lag=6)
    assert np.allclose(forward.correlation, backward.correlation[::-1], atol=1e-9)
    assert forward.p_value == pytest.approx(backward.p_value, rel=1e-6)
    assert 0 < forward.p_value <= 1
    assert 0 < forward.p_rank <= 1
