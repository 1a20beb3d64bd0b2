"""Grids, scales, windows, trends, phases: each against a closed form or another implementation."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import hilbert
from scipy.stats import kendalltau, median_abs_deviation

import latticeforge.signals
from latticeforge.signals import (
    Grid,
    SlidingMoments,
    Streams,
    count_series,
    early_warning,
    gaussian_trend,
    kendall_tau,
    kuramoto_order,
    mean_field_coupling,
    normalise,
    resample,
    share_of_voice,
    synchrony,
)
from latticeforge.signals.moments import AVERAGE, LAG1, ROWS, SKEWNESS, SLOPE, VARIANCE

MODULES = [f"latticeforge.signals.{m.name}" for m in pkgutil.iter_modules(latticeforge.signals.__path__)]
START = datetime(2025, 1, 28, tzinfo=UTC)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_importing_the_library_loads_neither_scipy_nor_polars_and_compiles_nothing() -> None:
    code = (
        "import sys, latticeforge.signals, latticeforge.detectors\n"
        "assert not {'polars', 'pandas', 'scipy.signal', 'scipy.stats'} & set(sys.modules), 'heavy'\n"
        "from latticeforge.signals.moments import push_all\n"
        "assert not push_all.signatures, 'compiled at import'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_every_result_names_the_version_of_its_method() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 800))
    found = [
        early_warning(x),
        synchrony(np.stack([x, y])),
        normalise(x),
        latticeforge.signals.lag_test(x, y),
        latticeforge.signals.mean_interval(x),
        latticeforge.signals.correlation_interval(x, y),
    ]
    assert all("/" in one.version for one in found)
    assert len({one.version for one in found}) == 5  # both intervals share one


# --- grids and series


def test_a_hole_is_missing_and_silence_is_zero() -> None:
    made = resample(
        np.array([5.0, 65.0, np.nan, 400.0]), np.array([1.0, 2.0, 3.0, 4.0]), Grid(0.0, 60.0, 4), within="sum",
        gaps=[(119.0, 121.0)],
    )  # fmt: skip
    assert made.values.tolist()[0] == 1.0
    assert made.missing.tolist() == [False, True, True, False]
    assert made.values[3] == 0.0
    assert (made.outside, made.unusable) == (1, 1)


def test_the_last_reading_of_a_cell_is_the_latest_not_the_last_given() -> None:
    made = resample(np.array([50.0, 10.0]), np.array([1.0, 2.0]), Grid(0.0, 60.0, 1), within="last")
    assert made.values.tolist() == [1.0]


def test_a_grid_that_covers_holds_every_time() -> None:
    times = np.random.default_rng(3).uniform(-1e6, 1e6, 200)
    grid = Grid.covering(times, 37.0)
    assert (grid.cell_of(times) >= 0).all()
    assert grid.cell_of(np.array([times.min()])) == 0
    assert grid.cell_of(np.array([times.max()])) == grid.cells - 1


def attention() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    return pl.DataFrame(
        {
            "platform": rng.choice(["news", "social"], 500).tolist(),
            "term": rng.choice(["tariff", "scandal", "storm"], 500).tolist(),
            "observed_at": [START + timedelta(minutes=int(m)) for m in rng.integers(0, 60, 500)],
            "count": rng.integers(0, 9, 500),
        }
    )


@pytest.mark.parametrize("by", ["platform", "term"])
def test_counts_are_those_of_a_group_by(by: str) -> None:
    rows = attention()
    grid = Grid(START.timestamp(), 300.0, 12)
    made = count_series(rows, by, grid, time="observed_at", weight="count")
    plain = rows.group_by(by, pl.col("observed_at").dt.truncate("5m")).agg(pl.col("count").sum())
    for name, at, total in plain.iter_rows():
        assert made.of(name)[int((at - START).total_seconds() // 300)] == total
    assert made.values.sum() == rows["count"].sum()


def test_a_gap_of_one_source_is_its_own_and_a_gap_of_none_is_everyones() -> None:
    rows = pl.DataFrame({"event_at": [START, START], "source": ["a", "b"]})
    gaps = pl.DataFrame(
        {
            "source": ["a", None],
            "from_at": [START + timedelta(minutes=6), START + timedelta(minutes=11)],
            "to_at": [START + timedelta(minutes=7), None],
        }
    )
    made = count_series(rows, "source", Grid(START.timestamp(), 300.0, 4), gaps=gaps)
    assert np.isnan(made.of("a")).tolist() == [False, True, True, True]
    assert np.isnan(made.of("b")).tolist() == [False, False, True, True]
    assert made.partial.tolist() == [False, True, True, True]
    share = share_of_voice(made)
    assert share.of("a")[0] == 0.5
    assert np.isnan(share.values[:, 1:]).all()


def test_rows_that_cannot_be_counted_are_reported() -> None:
    rows = pl.DataFrame({"event_at": [START, None, START - timedelta(days=1)], "source": ["a", "a", None]})
    made = count_series(rows, "source", Grid(START.timestamp(), 300.0, 1))
    assert (made.values.sum(), made.left_out) == (1.0, 2)
    with pytest.raises(ValueError, match="lack the column"):
        count_series(rows, "platform", made.grid)
    with pytest.raises(KeyError, match="no series 'z'"):
        made.of("z")


# --- scales


def test_the_scale_is_that_of_scipy_and_what_is_clipped_is_kept() -> None:
    values = np.random.default_rng(5).standard_t(2, 999)
    made = normalise(values)
    assert made.scale == pytest.approx(median_abs_deviation(values, scale="normal"), rel=1e-9)
    assert np.abs(made.values).max() == 5.0
    assert np.allclose((made.values + made.clipped) * made.scale + made.centre, values, rtol=1e-12)
    assert made.clipped_rows == (np.abs(values - made.centre) > 5 * made.scale).sum() > 0
    assert made.clipped_total == pytest.approx(np.abs(made.clipped).sum())


def test_a_series_of_mostly_zeros_still_has_a_scale() -> None:
    made = normalise(np.array([0.0] * 50 + [3.0]))
    assert made.scale > 0
    assert made.values[-1] == 5.0
    assert normalise(np.full(5, 7.0)).values.tolist() == [0.0] * 5


# --- windows


def frame(values: np.ndarray, rows: int) -> dict[int, np.ndarray]:
    """The same figures by pandas, whole windows recomputed."""
    series = pd.Series(values)
    roll = series.rolling(rows, min_periods=1)
    lag1 = [np.nan] * values.size
    for i in range(values.size):
        part = series[max(0, i - rows + 1) : i + 1]
        pairs = pd.DataFrame({"x": part.shift(1), "y": part}).dropna()
        if len(pairs) > 1 and pairs["x"].std() > 0 and pairs["y"].std() > 0:
            lag1[i] = pairs["x"].corr(pairs["y"])
    return {
        ROWS: roll.count().to_numpy(),
        AVERAGE: roll.mean().to_numpy(),
        VARIANCE: roll.var().to_numpy(),
        SKEWNESS: np.array([series[max(0, i - rows + 1) : i + 1].skew() for i in range(values.size)]),
        LAG1: np.array(lag1),
    }


@pytest.mark.parametrize("rows", [3, 7, 40])
def test_the_window_is_that_of_pandas(rows: int) -> None:
    values = np.random.default_rng(rows).gamma(1.0, size=250)
    values[[10, 11, 60, 200]] = np.nan
    made = SlidingMoments(rows).push(values)
    for column, expected in frame(values, rows).items():
        assert np.allclose(made[:, column], expected, rtol=1e-9, atol=1e-9, equal_nan=True), column


def test_the_slope_is_the_regression_on_the_row_before() -> None:
    values = np.random.default_rng(6).normal(size=90).cumsum()
    made = SlidingMoments(30).push(values)[-1, SLOPE]
    assert made == pytest.approx(np.polyfit(values[-30:-1], values[-29:], 1)[0], rel=1e-9)


def test_a_huge_value_leaves_no_trace_once_it_has_passed() -> None:
    values = np.random.default_rng(7).normal(size=4000)
    spiked = values.copy()
    spiked[1000] = 1e12
    with_spike, without = SlidingMoments(100).push(spiked), SlidingMoments(100).push(values)
    assert np.allclose(with_spike[1101:], without[1101:], rtol=1e-9)


def test_a_large_level_costs_no_digits_in_a_long_stream() -> None:
    values = np.random.default_rng(8).normal(size=60_000)
    made = SlidingMoments(500).push(values + 1e8)[-1, VARIANCE]
    assert made == pytest.approx(values[-500:].var(ddof=1), rel=1e-6)


def test_fifty_streams_at_ten_times_the_volume_stay_flat() -> None:
    rng = np.random.default_rng(9)
    streams = Streams([f"s{i}" for i in range(60)], start_s=0.0, step_s=60.0, rows=288)
    held, counted = streams.nbytes, 0.0

    def run(minutes: range) -> None:
        nonlocal counted
        for minute in minutes:
            index = rng.integers(0, 60, 400)
            streams.count(index, minute * 60 + rng.uniform(0, 60, 400))
            counted += streams.close((minute + 1) * 60.0).sum()

    run(range(300))
    tracemalloc.start()
    run(range(300, 400))
    before = tracemalloc.get_traced_memory()[0]
    run(range(400, 1000))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert counted == 1000 * 400
    assert streams.nbytes == held
    assert grown < 20_000
    assert np.allclose(streams.figures[:, AVERAGE], streams.last(288).mean(axis=1))
    assert np.allclose(streams.figures[:, VARIANCE], streams.last(288).var(axis=1, ddof=1))


def test_late_and_early_rows_are_counted_not_lost_silently() -> None:
    streams = Streams(["a"], start_s=0.0, step_s=60.0, rows=4, ahead=2)
    streams.close(60.0)
    streams.count(np.zeros(4, dtype=np.int64), np.array([10.0, 60.0, 130.0, 1e6]))
    assert (streams.late, streams.early) == (1, 1)
    assert streams.close(180.0).tolist() == [[1.0], [1.0]]
    assert np.isnan(streams.close(240.0, missing=np.array([True]))).all()


# --- trends


@pytest.mark.parametrize(("rows", "sigma"), [(500, 100.0), (500, 3.0), (2001, 40.0), (64, 1.0)])
def test_the_trend_is_a_gaussian_filter(rows: int, sigma: float) -> None:
    values = np.random.default_rng(rows).normal(size=rows).cumsum() + 1000
    expected = gaussian_filter1d(values, sigma, mode="reflect", truncate=9)
    # a sampled Gaussian of one row is not quite the continuous one
    assert np.allclose(gaussian_trend(values, sigma), expected, atol=1e-9 if sigma > 1.5 else 0.05)


@pytest.mark.parametrize("levels", [2, 5, 10**9])
def test_tau_is_that_of_scipy(levels: int) -> None:
    rng = np.random.default_rng(levels)
    for size in (2, 3, 64, 65, 1000):
        values = np.append(rng.integers(0, levels, size - 1), 1.0)
        values[0] = 0.0
        assert kendall_tau(values) == pytest.approx(kendalltau(np.arange(size), values)[0], abs=1e-12)
    assert np.isnan(kendall_tau(np.ones(9)))
    assert np.isnan(kendall_tau(np.array([1.0, np.nan])))


def test_the_early_warning_set_is_that_of_pandas_and_scipy() -> None:
    values = np.random.default_rng(10).normal(size=800).cumsum()
    made = early_warning(values, window=0.25, bandwidth=0.1)
    series = pd.Series(values - gaussian_filter1d(values, 80, mode="reflect", truncate=9))
    roll = series.rolling(200)
    expected = {
        "variance": roll.var(),
        "skewness": roll.skew(),
        "lag1": series.rolling(199).corr(series.shift(1)),
    }
    for name, theirs in expected.items():
        assert np.allclose(getattr(made, name)[199:], theirs[199:], atol=1e-6), name
        tau = kendalltau(np.arange(601), getattr(made, name)[199:])[0]
        assert getattr(made, f"tau_{name}") == pytest.approx(tau, abs=1e-12)


# --- phases


@pytest.mark.parametrize("shape", [(2, 400), (5, 401), (1, 64), (7, 1000)])
def test_the_order_parameter_is_that_of_scipys_hilbert_transform(shape: tuple[int, int]) -> None:
    signals = np.random.default_rng(11).normal(3.0, 1.0, shape)
    analytic = hilbert(signals - signals.mean(axis=1, keepdims=True), axis=1)
    expected = np.abs(np.exp(1j * np.angle(analytic)).mean(axis=0))
    assert np.allclose(kuramoto_order(signals), expected, atol=1e-5)


def test_the_coupling_of_simulated_oscillators_comes_back() -> None:
    rng = np.random.default_rng(12)
    true, step = 0.05, 20  # radians a row, small steps between rows
    frequency = 0.2 + 0.02 * rng.standard_cauchy(40).clip(-3, 3)
    angle, kept = rng.uniform(0, 2 * np.pi, 40), []
    for i in range(600 * step):
        if i % step == 0:
            kept.append(angle)
        field = np.exp(1j * angle).mean()
        angle = angle + (frequency + true * (field * np.exp(-1j * angle)).imag) / step
    assert mean_field_coupling(np.array(kept).T) == pytest.approx(true, rel=0.15)


def test_independent_rhythms_stay_at_chance_and_equal_ones_at_one() -> None:
    rng = np.random.default_rng(13)
    rows = np.arange(2000)
    frequency, shift = rng.uniform(0.1, 0.5, (30, 1)), rng.uniform(0, 6, (30, 1))
    apart = synchrony(np.cos(frequency * rows + shift))
    assert apart.mean_order == pytest.approx(apart.chance_order, abs=0.05)
    together = synchrony(np.cos(0.3 * rows)[None].repeat(30, axis=0))
    assert together.mean_order > 0.999


@pytest.mark.parametrize(
    "call",
    [
        lambda: Grid(0.0, 0.0, 3),
        lambda: resample(np.zeros(2), np.zeros(3), Grid(0.0, 1.0, 1)),
        lambda: normalise(np.zeros(3), 0.0),
        lambda: SlidingMoments(1),
        lambda: Streams(["a", "a"], start_s=0.0, step_s=1.0, rows=3),
        lambda: Streams(["a"], start_s=0.0, step_s=1.0, rows=3).last(4),
        lambda: gaussian_trend(np.array([1.0, np.nan]), 2.0),
        lambda: gaussian_trend(np.ones(3), 0.5),
        lambda: early_warning(np.ones(8), window=2.0),
        lambda: early_warning(np.ones(8)),
        lambda: kuramoto_order(np.ones(4)),
        lambda: kuramoto_order(np.full((2, 4), np.nan)),
    ],
)
def test_what_cannot_be_computed_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=r"\w{3}"):
        call()


def test_the_package_stays_pure(root: Path) -> None:
    for path in (root / "latticeforge" / "signals").glob("*.py"):
        text = path.read_text()
        assert "np.random.seed" not in text
        assert "time.time" not in text
        assert "datetime.now" not in text
