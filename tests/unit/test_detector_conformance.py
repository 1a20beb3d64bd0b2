"""One suite that every detector passes: causal, the same in any batches, silent on silence, honest about holes."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import latticeforge.detectors
from latticeforge.detectors.catalogue import DEFAULT, DETECTORS, detector
from latticeforge.detectors.compression import Compression
from latticeforge.detectors.critical_slowing import CriticalSlowing
from latticeforge.detectors.phase_transition import PhaseTransition
from latticeforge.detectors.protocol import Alert, Batch, State, Watch
from latticeforge.detectors.regimes import RegimeWatch
from latticeforge.detectors.surge_watch import SurgeWatch
from latticeforge.detectors.synchrony import SynchronyWatch

ROWS, SERIES, STEP_S = 900, 5, 300.0
MODULES = [f"latticeforge.detectors.{m.name}" for m in pkgutil.iter_modules(latticeforge.detectors.__path__)]


def spread(window: np.ndarray) -> float:
    """A stand-in for emergence that moves with the rows: any number of bits will do here."""
    return float(window.mean(axis=0).var())


MAKERS: dict[str, Callable[[], Watch]] = {
    "critical-slowing": lambda: CriticalSlowing(trend_rows=40, window_rows=40, tau_rows=150),
    "phase-transition": lambda: PhaseTransition(1.5, short_rows=25, long_rows=150),
    "compression": lambda: Compression(0.5, short_rows=25, long_rows=150, memory_rows=100),
    "surge": SurgeWatch,
    "synchrony": lambda: SynchronyWatch(0.5, window_rows=64, every_rows=4),
    "regimes": lambda: RegimeWatch(spread, window_rows=64, every_rows=4),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def batch(make: Callable[[], Watch], seed: int = 0) -> Batch:
    """Rows that give every detector something to warn of: calm, narrow, then one growing rhythm and a surge."""
    rng = np.random.default_rng(seed)
    at = np.arange(ROWS)
    size = np.select([at < 500, at < 600], [1.0, 0.3], 1 + (at - 600) / 60)
    rhythm = np.where(at < 600, 0.0, 4 * np.sin(at / 4))
    values = 20 + size[:, None] * (rng.normal(size=(ROWS, SERIES)) + rhythm[:, None])
    values[850] += 500
    values[rng.random((ROWS, SERIES)) < 0.03] = np.nan
    values[300:304] = np.nan
    return Batch(STEP_S * at, values if make().series == "several" else values[:, 0])


def cut(whole: Batch, begin: int, end: int) -> Batch:
    return Batch(whole.times_s[begin:end], whole.values[begin:end])


def same(a: Alert | None, b: Alert | None) -> bool:
    if a is None or b is None:
        return a is b
    plain = (replace(a, figures={}), replace(b, figures={}))
    return plain[0] == plain[1] and np.array_equal(
        list(a.figures.values()), list(b.figures.values()), equal_nan=True
    )  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@every
def test_it_warns_where_there_is_something_to_warn_of(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    watch = make()
    state = watch.ingest(whole)
    alert = watch.query(ROWS * STEP_S)
    assert isinstance(state, State)
    assert isinstance(alert, Alert)
    assert alert.score >= alert.threshold == watch.threshold
    assert alert.since_s <= alert.raised_at_s <= state.at_s
    assert whole.times_s[0] <= alert.since_s
    assert alert.figures["score"] == alert.score
    assert state.scores[int(alert.raised_at_s / STEP_S)] == alert.score
    assert len(alert.reason) > 20
    assert alert.version == state.version == watch.version
    assert "/" in watch.version


@every
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 50), cuts=st.lists(st.integers(0, ROWS), max_size=6))
def test_batches_change_nothing(make: Callable[[], Watch], seed: int, cuts: list[int]) -> None:
    whole = batch(make, seed)
    one, many = make(), make()
    state = one.ingest(whole)
    parts = [many.ingest(cut(whole, a, b)) for a, b in pairwise([0, *sorted(cuts), ROWS])]
    assert np.array_equal(np.concatenate([part.scores for part in parts]), state.scores, equal_nan=True)
    assert (parts[-1].rows, parts[-1].missing, parts[-1].ready) == (state.rows, state.missing, state.ready)
    assert np.array_equal(list(parts[-1].figures.values()), list(state.figures.values()), equal_nan=True)
    assert same(one.query(1e9), many.query(1e9))


@every
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 50), row=st.integers(0, ROWS))
def test_what_comes_later_changes_nothing(make: Callable[[], Watch], seed: int, row: int) -> None:
    whole = batch(make, seed)
    other = Batch(whole.times_s, np.concatenate([whole.values[:row], 7 - 3 * whole.values[row:]]))
    assert np.array_equal(make().ingest(whole).scores[:row], make().ingest(other).scores[:row], equal_nan=True)


@every
def test_a_longer_horizon_never_loses_an_alert(make: Callable[[], Watch]) -> None:
    watch = make()
    whole = batch(make)
    watch.ingest(whole)
    answers = [watch.query(h) is not None for h in (0.0, 300.0, 3000.0, 30_000.0, 300_000.0)]
    assert answers == sorted(answers)
    alert = watch.query(300_000.0)
    assert alert is not None
    age = whole.times_s[-1] - alert.raised_at_s
    assert watch.query(age) == alert
    assert age == 0 or watch.query(age - 1) is None


@every
@pytest.mark.parametrize("level", [0.0, 0.1, 1e9])
def test_silence_raises_nothing(make: Callable[[], Watch], level: float) -> None:
    watch = make()
    whole = batch(make)
    state = watch.ingest(Batch(whole.times_s, np.full(whole.values.shape, level)))
    assert watch.query(1e9) is None
    assert not (state.scores[np.isfinite(state.scores)] >= watch.threshold).any()
    assert state.missing == 0


@every
def test_a_hole_is_counted_and_not_scored(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    whole.values[700:720] = np.nan
    whole.values[720] = np.inf
    state = make().ingest(whole)
    assert np.isnan(state.scores[700:721]).all()
    gone = ~np.isfinite(whole.values.reshape(ROWS, -1)).any(axis=1)
    assert state.missing == gone.sum() >= 25
    assert np.isfinite(state.scores[760:800]).any()


@every
def test_a_series_of_holes_only_is_never_ready(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    state = make().ingest(Batch(whole.times_s, np.full(whole.values.shape, np.nan)))
    assert not state.ready
    assert np.isnan(state.scores).all()
    assert state.missing == ROWS


@every
def test_an_empty_batch_is_no_news(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    watch = make()
    first = watch.ingest(cut(whole, 0, 0))
    assert (first.rows, first.ready) == (0, False)
    assert watch.query(1e9) is None
    watch.ingest(cut(whole, 0, 800))
    again = watch.ingest(cut(whole, 0, 0))
    assert again.rows == 800
    assert again.at_s == 799 * STEP_S


@every
def test_the_unit_of_measurement_changes_nothing(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    # not less than half a count each: the surge detector takes whole numbers for counts
    scaled = Batch(whole.times_s, 4 * whole.values)
    first, second = make().ingest(whole).scores, make().ingest(scaled).scores
    assert np.allclose(first, second, rtol=1e-6, atol=1e-9, equal_nan=True)


@every
def test_rows_out_of_order_and_of_the_wrong_shape_are_refused(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    watch = make()
    watch.ingest(cut(whole, 100, 200))
    with pytest.raises(ValueError, match="before the last row"):
        watch.ingest(cut(whole, 0, 50))
    other = whole.values[200:210, 0] if whole.values.ndim == 2 else whole.values[200:210, None]
    with pytest.raises(ValueError, match="series"):
        watch.ingest(Batch(whole.times_s[200:210], other))
    with pytest.raises(ValueError, match="horizon"):
        watch.query(-1.0)
    with pytest.raises(ValueError, match="must not fall"):
        Batch(np.array([2.0, 1.0]), np.zeros(2))
    with pytest.raises(ValueError, match="do not fit"):
        Batch(np.zeros(3), np.zeros(2))


@every
def test_an_alert_is_raised_once_an_onset(make: Callable[[], Watch]) -> None:
    whole = batch(make)
    watch = make()
    raised = []
    for row in range(ROWS):
        watch.ingest(cut(whole, row, row + 1))
        if (alert := watch.query(0.0)) is not None:
            raised.append(alert.raised_at_s)
    assert raised == sorted(set(raised))
    scores = make().ingest(whole).scores
    rows = [round(at / STEP_S) for at in raised]
    assert rows
    assert rows[0] == np.flatnonzero(scores >= watch.threshold)[0]
    for before, after in pairwise(rows):
        between = scores[before + 1 : after]
        assert (between < watch.threshold).sum() >= watch.rearm_rows


def test_every_named_detector_is_in_the_suite() -> None:
    assert set(DETECTORS) <= set(MAKERS)
    assert DEFAULT in DETECTORS
    for name in DETECTORS:
        assert type(detector(name)) is type(MAKERS[name]())
    assert detector("surge", 0.4).threshold == 0.4
    with pytest.raises(ValueError, match="no detector 'tea leaves'"):
        detector("tea leaves")
