"""The placebo fan of a calendar: when the items came, and what is left out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from latticeforge.narratives.calendar_fan import COLUMNS, calendar_fan

SPAN = 24
RNG = np.random.default_rng(7)


def cumulative(slots: list[int], length: int) -> np.ndarray:
    counted = np.zeros(length + 1, dtype=np.int64)
    np.add.at(counted, slots, 1)
    return np.cumsum(counted)


def test_the_fan_shows_when_the_items_came() -> None:
    real = np.array([1000, 2000, 3000])
    items = cumulative([s + 7 for s in real.tolist() for _ in range(4)], 4000)  # 31-35 min after each event
    drawn = RNG.integers(100, 3900, size=(499, 3))
    fan = calendar_fan(items, real, drawn, np.ones(3, dtype=np.bool_), SPAN)
    assert fan.columns == list(COLUMNS)
    assert fan["minute"].to_list() == list(range(-120, 240, 30))
    assert dict(fan.select("minute", "real").iter_rows())[30] == pytest.approx(4.0)
    assert fan.filter(pl.col("minute") != 30)["real"].sum() == 0
    assert (fan["low"] <= fan["middle"]).all() and (fan["middle"] <= fan["high"]).all()


def test_an_event_that_is_the_narrative_s_own_subject_is_left_out() -> None:
    real = np.array([1000, 2000])
    items = cumulative([1003] * 6, 3000)
    drawn = np.tile(real, (9, 1))
    both = calendar_fan(items, real, drawn, np.array([True, True]), SPAN)
    second = calendar_fan(items, real, drawn, np.array([False, True]), SPAN)
    assert both["real"].sum() == pytest.approx(3.0) and second["real"].sum() == 0


def test_a_step_outside_the_record_is_left_out() -> None:
    items = cumulative(list(range(1, 101)), 100)
    fan = calendar_fan(items, np.array([80]), np.array([[70], [80]]), np.ones(1, dtype=np.bool_), SPAN)
    assert fan["minute"].max() == 60  # slots 92 to 98; the step after it would reach 104
    assert (fan["real"] == 6.0).all()
