"""No row's score depends on a later row, on how rows are cut into batches, or on the unit of measurement."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeforge.detectors.surges import SurgeDetector, detect

ROWS = 1500


def series(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Irregular times, spikes, holes and missing values."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.choice([0.0, 300.0, 300.0, 300.0, 310.0, 4000.0], ROWS, p=[0.02, 0.6, 0.2, 0.1, 0.07, 0.01]))
    values = rng.poisson(rng.gamma(2, rng.uniform(0.5, 30), ROWS)).astype(float)
    values[rng.integers(ROWS, size=15)] *= 20
    values[rng.random(ROWS) < 0.03] = np.nan
    return times, values


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, ROWS))
def test_what_comes_later_changes_nothing(seed: int, cut: int) -> None:
    times, values = series(seed)
    other = values.copy()
    other[cut:] = other[cut:][::-1] * 7 + 3
    assert np.array_equal(detect(times, values)[:cut], detect(times, other)[:cut])
    assert np.array_equal(detect(times, values)[:cut], detect(times[:cut], values[:cut]))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, ROWS), max_size=8))
def test_batches_change_nothing(seed: int, cuts: list[int]) -> None:
    times, values = series(seed)
    edges = [0, *sorted(cuts), ROWS]
    detector = SurgeDetector()
    parts = [detector.score(times[a:b], values[a:b]) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), detect(times, values))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), power=st.integers(-30, 30))
def test_the_unit_of_a_measurement_changes_nothing(seed: int, power: int) -> None:
    times, values = series(seed)
    measured = values + 0.37
    assert np.array_equal(detect(times, measured * 2.0**power), detect(times, measured))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), weeks=st.integers(-2000, 2000))
def test_a_shift_by_whole_weeks_changes_nothing(seed: int, weeks: int) -> None:
    times, values = series(seed)
    assert np.array_equal(detect(times + weeks * 604_800.0, values), detect(times, values))
