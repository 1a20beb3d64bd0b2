"""What each detector of warnings says, against the same figure recomputed plainly, and what a backtest makes of it."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from latticeforge.detectors.backtest import alert_times, backtest, leads, ranking_score
from latticeforge.detectors.catalogue import DEFAULT, DETECTORS
from latticeforge.detectors.compression import Compression
from latticeforge.detectors.critical_slowing import CriticalSlowing
from latticeforge.detectors.phase_transition import PhaseTransition
from latticeforge.detectors.protocol import Batch
from latticeforge.detectors.regimes import LABELS, NOT_AN_ATTRACTOR, RegimeWatch, label_of, validated
from latticeforge.detectors.synchrony import SynchronyWatch
from latticeforge.detectors.trailing import fresh_tau, push_tau
from latticeforge.signals import kuramoto_order, normalise

STEP_S = 300.0


def rows(values: np.ndarray) -> Batch:
    return Batch(STEP_S * np.arange(values.shape[0]), values)


def autoregression(rng: np.random.Generator, phi: np.ndarray) -> np.ndarray:
    values = np.zeros(phi.size)
    noise = rng.normal(size=phi.size)
    for i in range(1, phi.size):
        values[i] = phi[i] * values[i - 1] + noise[i]
    return values


@pytest.mark.parametrize("levels", [3, 10**6])
def test_the_trailing_tau_is_that_of_scipy(levels: int) -> None:
    rng = np.random.default_rng(levels)
    values = rng.integers(0, levels, 200).astype(float)
    tau = fresh_tau(40)
    for i, value in enumerate(values):
        made = push_tau(tau, value)
        if i < 39:
            assert math.isnan(made)
        else:
            assert made == pytest.approx(kendalltau(np.arange(40), values[i - 39 : i + 1])[0], abs=1e-12)
    before = made
    assert push_tau(tau, math.nan) == before


def test_critical_slowing_is_tau_of_the_detrended_variance() -> None:
    values = np.random.default_rng(1).uniform(-1, 1, 400).cumsum()
    scores = CriticalSlowing(trend_rows=30, window_rows=40, tau_rows=100).ingest(rows(values)).scores
    series = pd.Series(values)
    residual = series - series.rolling(30, min_periods=15).mean()
    variance = residual.rolling(40, min_periods=20).var()
    known = variance[variance.first_valid_index() : 400][-100:]
    assert np.abs(normalise(residual.dropna().to_numpy()).clipped).sum() == 0  # else the two would differ
    assert scores[-1] == pytest.approx(kendalltau(np.arange(100), known)[0], abs=1e-12)


def test_slowing_down_is_warned_of_and_steady_memory_is_not() -> None:
    rng = np.random.default_rng(2)
    slowing = np.where(np.arange(3000) < 1500, 0.5, 0.5 + 0.48 * (np.arange(3000) - 1500) / 1500)
    warned = CriticalSlowing(0.5)
    state = warned.ingest(rows(autoregression(rng, slowing)))
    alert = warned.query(3000 * STEP_S)
    assert alert is not None
    assert 1500 * STEP_S < alert.raised_at_s < 2990 * STEP_S
    assert state.figures["tau_lag1"] > 0.4
    calm = CriticalSlowing(0.5)
    calm.ingest(rows(autoregression(rng, np.full(3000, 0.5))))
    assert calm.query(3000 * STEP_S) is None


def test_phase_transition_is_the_variance_of_steps_over_that_before() -> None:
    values = np.random.default_rng(3).uniform(-1, 1, 600)
    watch = PhaseTransition(short_rows=20, long_rows=100)
    figures = watch.ingest(rows(values)).figures
    steps = pd.Series(values).diff()
    usual = steps[:-20]
    assert figures["variance_ratio"] == pytest.approx(steps[-20:].var() / usual[-100:].var(), rel=1e-9)
    assert figures["derivative"] == pytest.approx(steps[-20:].mean(), abs=1e-12)
    late, before = values[-20:], values[-120:-20]
    assert figures["order_parameter"] == pytest.approx((late.mean() - before.mean()) / before.std(ddof=1), rel=1e-9)
    assert figures["lag1"] == pytest.approx(np.corrcoef(late[:-1], late[1:])[0, 1], rel=1e-9)
    slope = np.polyfit(late[:-1], late[1:], 1)[0]
    assert figures["restoring_rate"] == pytest.approx(1 - slope - (1 + 3 * slope) / 19, rel=1e-9)
    assert figures["clipped"] == 0


def test_a_steady_climb_crosses_nothing_and_scores_nothing() -> None:
    rng = np.random.default_rng(4)
    climb = np.arange(600) * 3.0 + rng.normal(size=600) * np.where(np.arange(600) < 580, 0.1, 0.5)
    state = PhaseTransition(short_rows=20, long_rows=100).ingest(rows(climb))
    assert state.figures["variance_ratio"] > 4
    assert state.figures["score"] == 0


def test_the_restoring_rate_is_that_of_the_autoregression_and_turns_where_it_is_lost() -> None:
    rng = np.random.default_rng(5)
    phi = np.where(np.arange(3000) < 2900, 0.7, 1.06)
    watch = PhaseTransition(short_rows=60, long_rows=200)
    values = autoregression(rng, phi)
    rate = [watch.ingest(Batch(STEP_S * np.arange(i, i + 50), values[i : i + 50])) for i in range(0, 2900, 50)]
    known = [one.figures["restoring_rate"] for one in rate[10:]]
    assert np.mean(known) == pytest.approx(0.3, abs=0.05)
    turned = [
        watch.ingest(Batch(np.array([STEP_S * i]), values[i : i + 1])).figures["sign_change"] for i in range(2900, 3000)
    ]
    assert sum(turned) >= 1


def test_compression_needs_the_narrowing_and_the_widening() -> None:
    rng = np.random.default_rng(6)
    noise = rng.normal(size=1400)
    at = np.arange(1400)
    shapes = {
        "both": np.select([at < 1000, at < 1150], [1.0, 0.2], 1.5),
        "widening alone": np.where(at < 1150, 1.0, 3.0),
        "narrowing alone": np.where(at < 1150, 1.0, 0.2),
    }
    alerts = {}
    for name, size in shapes.items():
        watch = Compression(1.5, short_rows=60, memory_rows=300)
        watch.ingest(rows(size * noise))
        alerts[name] = watch.query(1400 * STEP_S)
    assert alerts["widening alone"] is None
    assert alerts["narrowing alone"] is None
    assert alerts["both"] is not None
    assert 1150 <= alerts["both"].raised_at_s / STEP_S < 1250
    assert 1020 <= alerts["both"].since_s / STEP_S <= 1160
    assert alerts["both"].score == min(alerts["both"].figures["depth"], alerts["both"].figures["rebound"])


def test_synchrony_reads_the_order_parameter_of_the_window() -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(128, 6))
    state = SynchronyWatch(window_rows=128, every_rows=1).ingest(rows(values))
    made = np.stack([normalise(values[:, j]).values for j in range(6)])
    assert state.figures["score"] == pytest.approx(kuramoto_order(made)[96:120].mean(), rel=1e-6)
    assert state.figures["chance_order"] == pytest.approx(math.sqrt(math.pi / 24))


def test_a_series_that_is_mostly_missing_is_left_out_of_the_chorus() -> None:
    values = np.random.default_rng(8).normal(size=(128, 6))
    values[::3, 2] = np.nan
    values[: 100, 4] = np.nan  # fmt: skip
    assert SynchronyWatch(window_rows=128).ingest(rows(values)).figures["series"] == 5
    watch = SynchronyWatch(window_rows=128)
    watch.ingest(rows(values))
    with pytest.raises(ValueError, match="number must stay"):
        watch.ingest(Batch(np.array([1e9]), np.zeros((1, 7))))


def test_a_label_without_emergence_is_not_shown() -> None:
    for label in LABELS:
        hidden = validated(label, 0.099)
        assert (hidden.verdict, hidden.shown, hidden.label) == (NOT_AN_ATTRACTOR, False, label)
        assert validated(label, 0.1).shown
    assert not validated("steady", math.nan).shown
    assert not validated("steady", 0.3, least_psi_bits=0.5).shown
    with pytest.raises(ValueError, match="a label is one of"):
        validated("doomed", 1.0)
    assert label_of(0.2, 0.0, -1.2) == "quiet"
    assert label_of(0.2, -3.5, 2.0) == "shifted"


def test_the_regime_watch_asks_for_psi_of_the_window_it_labels() -> None:
    rng = np.random.default_rng(9)
    values = np.sin(np.arange(200) / 5)[:, None] + 0.1 * rng.normal(size=(200, 4))
    asked: list[tuple[int, ...]] = []

    def psi(window: np.ndarray) -> float:
        asked.append(window.shape)
        return 0.05

    watch = RegimeWatch(psi, window_rows=64, every_rows=16)
    watch.ingest(rows(values))
    assert set(asked) == {(4, 64)}
    assert watch.regime is not None
    assert (watch.regime.label, watch.regime.verdict) == ("synchronised", NOT_AN_ATTRACTOR)
    assert watch.query(1e9) is None


# --- backtest


class Told(CriticalSlowing):
    """A detector whose score is the value itself, to know what must come out."""

    version = "told/1"

    def _advance(self, times_s: np.ndarray, values: np.ndarray, out: np.ndarray) -> None:
        out[:, 0] = values


def told(alarms: list[int], size: int = 4032) -> tuple[Told, Batch]:
    values = np.zeros(size)
    values[alarms] = 1.0
    watch = Told(0.5)
    watch.rearm_rows = 1
    return watch, rows(values)


def test_lead_times_precision_recall_and_false_alarms() -> None:
    watch, batch = told([100, 105, 1000, 3000])
    events = [STEP_S * row for row in (110, 1010, 2000)] + [1e12]
    made = backtest(watch, batch, events, 20 * STEP_S, seed=1)
    assert (made.alerts, made.events, made.warned) == (4, 3, 2)
    assert made.recall == pytest.approx(2 / 3)
    assert made.precision == pytest.approx(3 / 4)
    assert made.lead_s == (10 * STEP_S, 10 * STEP_S)
    assert made.false_alarms_per_week == pytest.approx(1 / (4031 * STEP_S / 604_800))
    assert made.p_value < 0.05
    assert made.placebo_recall < 0.1
    assert made.placebos == 199


def test_alerts_that_come_by_the_clock_are_no_better_than_placebos() -> None:
    watch, batch = told(list(range(10, 4032, 20)))
    made = backtest(watch, batch, [STEP_S * r for r in range(33, 4000, 391)], 30 * STEP_S, seed=1)
    assert made.recall == 1.0
    assert made.placebo_recall == pytest.approx(1.0, abs=0.01)
    assert made.p_value > 0.9


def test_nothing_to_compare_is_said_as_nothing() -> None:
    watch, batch = told([])
    made = backtest(watch, batch, [], 3600.0, seed=1)
    assert math.isnan(made.recall)
    assert math.isnan(made.precision)
    assert math.isnan(made.median_lead_s)
    assert (made.p_value, made.placebos) == (1.0, 0)
    empty = backtest(Told(0.5), rows(np.full(10, np.nan)), [5.0], 3600.0, seed=1)
    assert (empty.alerts, empty.events, empty.span_s) == (0, 0, 0.0)
    with pytest.raises(ValueError, match="horizon"):
        backtest(Told(0.5), batch, [1.0], 0.0, seed=1)


def test_the_same_seed_gives_the_same_placebos() -> None:
    events = [STEP_S * r for r in (400, 1700, 2900)]
    made = [backtest(*told([390, 1000]), events, 6000.0, seed=seed) for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert made[0].placebo_recall != made[2].placebo_recall or made[0].placebo_precision != made[2].placebo_precision


def test_alerts_of_a_backtest_are_those_of_the_live_detector() -> None:
    values = autoregression(np.random.default_rng(10), np.linspace(0.2, 0.97, 1500))
    batch = rows(values)
    make = lambda: PhaseTransition(1.2, short_rows=20, long_rows=100)  # noqa: E731
    live, raised = make(), []
    for row in range(1500):
        live.ingest(Batch(batch.times_s[row : row + 1], values[row : row + 1]))
        if (alert := live.query(0.0)) is not None:
            raised.append(alert.raised_at_s)
    assert len(raised) > 1
    assert alert_times(make(), batch)[0].tolist() == raised


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(11)
    null, signal = rng.integers(0, 5, 30).astype(float), rng.integers(1, 7, 40).astype(float)
    pairs = [(s > n) + 0.5 * (s == n) for s in signal for n in null]
    assert ranking_score(null, signal) == pytest.approx(np.mean(pairs))
    assert leads(np.array([]), np.array([1.0]), 5.0).size == 0


@pytest.fixture(scope="module")
def benchmark() -> dict[str, Any]:
    root = Path(__file__).parents[2]
    return runpy.run_path(str(root / "benchmarks" / "early_warning.py"), run_name="early_warning")


def test_before_a_fold_the_default_detector_ranks_first(benchmark: dict[str, Any]) -> None:
    found = {name: figures for name, *figures in benchmark["table"](100, 31, falling=True)}
    assert found[DEFAULT][0] == max(found[name][0] for name in DETECTORS)
    assert found[DEFAULT][0] > 0.9
    assert found["critical-slowing"][0] > 0.85
