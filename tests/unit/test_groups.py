"""The group after one event, ranked among slots on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from latticeforge.model import CalendarEvent
from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS
from latticeforge.narratives.calibration import BASE_RATE, Calibration
from latticeforge.narratives.groups import EFFECT_TIMES, Group, group_test, largest_group
from latticeforge.radar.analyze_calendars import grid_of
from latticeforge.radar.analyze_groups import Groups, event_groups
from latticeforge.radar.analyze_tables import group_ledger, group_rows

START = datetime(2025, 1, 2, tzinfo=UTC)  # a Thursday
NO_GAPS = pl.DataFrame(schema={"from_at": pl.Datetime("us", "UTC"), "to_at": pl.Datetime("us", "UTC")})
DAYS = 40


def near(rng: np.random.Generator, centre: NDArray[np.float32], count: int, cosine: float) -> NDArray[np.float32]:
    """Unit vectors with about this cosine to ``centre``."""
    noise = rng.normal(size=(count, centre.size))
    noise -= np.outer(noise @ centre, centre)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return (cosine * centre + np.sqrt(1 - cosine**2) * noise).astype(np.float32)


def unit(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    made = rng.normal(size=(count, 384))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_the_largest_group_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([unit(rng, 6), near(rng, unit(rng, 1)[0], 4, 0.9), near(rng, unit(rng, 1)[0], 5, 0.75)])
    group = largest_group(vectors, np.linspace(0.0, 1.0, 15))
    cosine = vectors @ vectors.T
    for theta, size, rows in zip((0.5, 0.65, 0.8), group.sizes, group.members, strict=True):
        assert size == max(int((row >= theta).sum()) for row in cosine) == rows.size
    assert group.members[0].tolist() == list(range(10, 15))
    assert group.closest == pytest.approx(np.max(cosine - np.eye(15)), abs=1e-4)
    assert group.delay == pytest.approx(12 / 14)
    assert largest_group(vectors[:0], np.zeros(0)).sizes.tolist() == [0, 0, 0]


def drawn(rng: np.random.Generator, count: int, busy: float = 1.0) -> list[Group]:
    """Largest groups of slots in which nothing happened; ``busy`` feeds have large ones."""
    none = (np.zeros(0, dtype=np.int64),) * 3
    sizes = 1.0 + np.floor(rng.poisson([0.8, 0.4, 0.1], size=(count, 3)) * busy)
    if busy > 1:
        sizes += np.floor(busy * rng.exponential(size=(count, 1)))
    return [
        Group(np.maximum.accumulate(row[::-1])[::-1], float(d), float(c), none)
        for row, d, c in zip(sizes, rng.random(count), rng.random(count), strict=True)
    ]


def hours(count: int) -> NDArray[np.int64]:
    return np.arange(count, dtype=np.int64) * HOUR_SLOTS


def test_p_is_uniform_where_the_event_is_any_slot() -> None:
    rng = np.random.default_rng(1)
    p = [group_test(drawn(rng, 300), hours(300), int(rng.integers(300)), i).p for i in range(300)]
    assert kstest(p, "uniform").pvalue > 0.01


def test_what_is_usual_at_an_hour_is_not_rare_there() -> None:
    rng = np.random.default_rng(5)
    at = hours(40 * 24)
    groups = drawn(rng, at.size)
    noon = at % DAY_SLOTS // HOUR_SLOTS == 12
    busy = [replace(g, sizes=g.sizes + 4.0) if n else g for g, n in zip(groups, noon, strict=True)]
    one = int(np.flatnonzero(noon)[20])
    assert group_test(busy, at, one, 0).p > 0.05
    assert group_test([*groups[:one], busy[one], *groups[one + 1 :]], at, one, 0).p < 0.01


def test_the_likelihood_grows_with_the_group_and_ties_count_against_it() -> None:
    placebo = drawn(np.random.default_rng(2), 601)
    tests = [
        group_test([*placebo[:300], replace(placebo[300], sizes=np.full(3, n)), *placebo[301:]], hours(601), 300, 0)
        for n in (1.0, 3.0, 5.0, 8.0)
    ]
    likelihood = [t.likelihood for t in tests]
    assert likelihood == sorted(likelihood)
    assert likelihood[-1] > 0.8 > 0.1 > likelihood[0]
    assert all(t.likelihood_low <= t.likelihood <= t.likelihood_high for t in tests)
    assert tests[-1].p == 1 / 601
    assert group_test([placebo[0]] * 100, hours(100), 50, 0).p == 1.0
    assert tests[-1].effect_low <= tests[-1].effect <= tests[-1].effect_high


def test_likelihoods_say_more_than_the_base_rate_in_a_feed_of_large_groups() -> None:
    """Beyond all 150 placebo slots there is little to know; even odds for each such slot would be worse than 5 %."""
    rng = np.random.default_rng(6)
    said, true = [], []
    for i in rng.choice(150, 120):
        groups, real = drawn(rng, 150, busy=15.0), len(said) % 2
        if real:
            story = 15.0 * rng.uniform(*EFFECT_TIMES)
            groups[i] = replace(groups[i], sizes=np.maximum(groups[i].sizes, [story, story // 2, story // 4]))
        said.append(group_test(groups, hours(150), int(i), len(said)).likelihood)
        true.append(real)
    p, y = np.array(said), np.array(true)
    weight = np.where(y == 1, BASE_RATE, 1 - BASE_RATE) / 60
    brier = float((weight * (p - y) ** 2).sum())
    assert 1 - brier / (BASE_RATE * (1 - BASE_RATE)) > 0.1
    assert float((weight * p).sum()) < BASE_RATE


def test_where_no_case_lies_the_likelihood_is_near_the_base_rate() -> None:
    known = Calibration(np.arange(250.0), np.repeat([0.0, 1.0], 125), np.repeat([1 - BASE_RATE, BASE_RATE], 125) / 125)
    highest = replace(known, real=np.zeros(250))
    assert highest.likelihood(300.0)[1:] == (0.0, 1.0)
    assert highest.likelihood(300.0)[0] == pytest.approx(0.5)
    assert highest.cautious(300.0)[0] == pytest.approx(BASE_RATE)
    said = [known.cautious(margin) for margin in np.linspace(-10.0, 300.0, 60)]
    assert [p for p, _, _ in said] == sorted(p for p, _, _ in said)
    assert all(low <= p <= high for p, low, high in said)


def record() -> tuple[pl.DataFrame, NDArray[np.float32], CalendarEvent, NDArray[np.float32]]:
    """40 days of 60 unlike items, four of one story within two hours after an event, three of its own coverage."""
    rng = np.random.default_rng(3)
    event = CalendarEvent("e1", "decree", "Decree", START + timedelta(days=20, hours=14), "decree", None, START)
    title = unit(rng, 1)
    story = near(rng, unit(rng, 1)[0], 4, 0.85)
    own = near(rng, title[0], 5, 0.8)
    minutes = np.concatenate(
        [rng.uniform(0, DAYS * 1440, 60 * DAYS), 20 * 1440 + 840 + np.array([10, 30, 50, 90] + [5] * 5)]
    )
    vectors = np.concatenate([unit(rng, 60 * DAYS), story, own])
    order = np.argsort(minutes, kind="stable")
    items = pl.DataFrame(
        {
            "item_id": [f"i{i:04d}" for i in order],
            "source": ["a"] * order.size,
            "title": [f"t{i}" for i in order],
            "url": [f"https://a.example/{i}" for i in order],
            "event_at": [START + timedelta(minutes=float(m)) for m in minutes[order]],
        }
    )
    return items, vectors[order], event, title


def test_a_story_of_four_is_found_without_the_events_own_coverage() -> None:
    items, vectors, event, title = record()
    times = items["event_at"].dt.epoch("us").to_numpy()
    grid = grid_of(times, NO_GAPS)
    slot = -((int(grid.origin.timestamp() * 1e6) - times) // 300_000_000)
    outside = replace(event, event_id="e2", occurred_at=START - timedelta(days=3))
    notes: list[str] = []
    groups = event_groups(Groups(items, slot, vectors, grid), [event, outside], np.repeat(title, 2, axis=0), 0, notes)
    assert len(groups) == 1
    assert "1 of 2 events" in notes[0]
    row = group_rows(groups, items, False)[0]
    assert sorted(row["evidence"]) == [f"i{60 * DAYS + i:04d}" for i in range(4)]
    assert row["q"] < 0.02
    assert row["verdict"] == "likely"
    assert row["lag_s"] == pytest.approx(600, abs=1)
    assert group_ledger(groups, items)[0]["test"] == "group in 2 h"
    # the same page listed four times is one report
    again = items.with_columns(
        url=pl.when(pl.col("item_id") >= f"i{60 * DAYS:04d}").then(pl.lit("https://a.example/x")).otherwise("url")
    )
    once = event_groups(Groups(again, slot, vectors, grid), [event], title, 0, notes)
    assert once[0].size == 1
    assert not group_rows(once, again, False)
    assert grid.length > DAY_SLOTS
