"""The group after one event: placebo events, stories put into real headlines and into many outlets with wire copies.

Run by ``honesty.py``. A story's items go into the feed, so that they lie in the overlapping slots too.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from calendar_links import Forecast, limits, murphy
from newsfeeds import REAL
from numpy.typing import NDArray
from scipy.stats import kstest
from surges import SPREAD, START, world

from latticeforge.model import CalendarEvent
from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, WINDOW_SLOTS
from latticeforge.narratives.placebo import benjamini_hochberg
from latticeforge.radar.analyze import gaps_of
from latticeforge.radar.analyze_calendars import Grid, grid_of
from latticeforge.radar.analyze_groups import Groups

LEVEL = 0.05
BASE_RATE = 0.05
_PUT = -1  # row of an item that was put in
_COPRIME = 25  # slots between those looked at for what is usual, so that all hours are
Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Record:
    """Items in order of time, with vectors."""

    name: str
    items: pl.DataFrame
    vectors: Vectors
    grid: Grid
    slot: NDArray[np.int64]
    story: Callable[[int, np.random.Generator], Vectors]  # the vectors of m items of one story
    usual: int  # items of the largest group of an ordinary slot, on which the effect prior stands


def one_outlet(cache: Path) -> Record:
    """The real front page; a story is m of its own items that all reach cosine 0.5 to one of them."""
    from latticeforge.embedding import load_encoder
    from latticeforge.embedding.cache import encode_cached

    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        rows = sorted((r["published_at"], r["title"], r["url"]) for r in csv.DictReader(file))
    vectors = encode_cached(
        [title for _, title, _ in rows], load_encoder("minilm-int8", cache / "models"), cache / "encodings"
    )
    seen = [datetime.fromisoformat(at) for at, _, _ in rows]

    def story(m: int, rng: np.random.Generator) -> Vectors:
        while True:
            centre = int(rng.integers(400, len(vectors) - 400))
            near = np.flatnonzero(vectors[centre - 400 : centre + 400] @ vectors[centre] >= 0.5) + centre - 400
            _, first = np.unique([rows[i][2] for i in near], return_index=True)
            if first.size >= m:
                return vectors[rng.choice(near[first], m, replace=False)]

    return _record("one outlet, real headlines", seen, [url for _, _, url in rows], vectors, story)


def many_outlets(seed: int, days: int = 42) -> Record:
    """24 outlets and a social stream, 860 items a day, wire copies, two natural bursts a day of Pareto size.

    A story is new, a third of its items are copies of one wording.
    """
    made = world(seed, days, items_per_window=3.0, live=60, bursts_a_day=2.0)
    noise = np.random.default_rng(seed).standard_normal((int(made.items.voice.max()) + 1, 384), dtype=np.float32)
    vectors = _about(made.stories[made.items.story], noise[made.items.voice])
    seen = [START + timedelta(seconds=float(s)) for s in made.items.at]

    def story(m: int, rng: np.random.Generator) -> Vectors:
        fresh = made.stories[-1 - int(rng.integers(500))]
        wording = np.maximum(np.arange(m) - m // 3, 0)
        return _about(np.repeat(fresh[None, :], m, axis=0), rng.standard_normal((m, 384), dtype=np.float32)[wording])

    return _record("24 outlets with wire copies, simulated", seen, [""] * len(seen), vectors, story)


def _about(centre: Vectors, noise: Vectors) -> Vectors:
    moved = centre + np.float32(SPREAD / np.sqrt(384)) * noise
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def _record(
    name: str,
    seen: list[datetime],
    urls: list[str],
    vectors: Vectors,
    story: Callable[[int, np.random.Generator], Vectors],
) -> Record:
    items = pl.DataFrame(
        {"item_id": [f"{i:08d}" for i in range(len(seen))], "source": "a", "url": urls, "event_at": seen}
    )
    grid = grid_of(items["event_at"].dt.epoch("us").to_numpy(), gaps_of(items["event_at"]))
    slot = np.array([grid.slot(at) for at in seen], dtype=np.int64)
    windows = Groups(items, slot, vectors, grid)
    every_day = np.flatnonzero(windows.usable())[::_COPRIME]
    usual = int(np.median([windows.largest(int(s)).sizes[0] for s in every_day]))
    return Record(name, items, vectors, grid, slot, story, usual)


class Raised(Groups):
    """The windows of a record with room for one story, put somewhere and taken away again."""

    _ROOM = 512

    def __init__(self, record: Record) -> None:
        super().__init__(record.items, record.slot, record.vectors, record.grid)
        self._own = len(self._row)
        self._vectors = np.concatenate([self._vectors, np.zeros((self._ROOM, 384), dtype=np.float32)])
        self._row = np.concatenate([self._row, np.full(self._ROOM, _PUT)])
        self._feed_slot = self._slot
        self._slot = np.concatenate([self._slot, np.full(self._ROOM, int(self._slot[-1]))])
        self._added = np.zeros(0, dtype=np.int64)

    def put(self, slots: NDArray[np.int64], vectors: Vectors) -> None:
        """Items at these slots, in place of the last story."""
        self._added = slots
        self._slot[self._own : self._own + slots.size] = slots
        self._vectors[self._own : self._own + len(vectors)] = vectors

    def _inside(self, slot: int) -> NDArray[np.int64]:
        held = np.flatnonzero((self._added > slot) & (self._added <= slot + WINDOW_SLOTS))
        low, high = np.searchsorted(self._feed_slot, [slot, slot + WINDOW_SLOTS], side="right")
        return np.append(np.arange(low, high), self._own + held)


@dataclass(frozen=True)
class Outcome:
    """One event: m items of a story after it (0: none)."""

    slot: int
    p: float
    likelihood: float
    found: bool  # whether the group that was judged is mostly the story


def outcomes(record: Record, m: int, events: int, seed: int) -> list[Outcome]:
    """Random events, each with a story of ``m`` items put into the two hours after it."""
    groups = Raised(record)
    usable = groups.usable()
    rng = np.random.default_rng((seed, m))
    title = np.zeros(record.vectors.shape[1], dtype=np.float32)  # related to nothing
    found = []
    for slot in rng.choice(np.flatnonzero(usable), events):
        at = record.grid.origin + int(slot) * timedelta(minutes=5)
        event = CalendarEvent(f"e{slot}", "c", "", at, "c", None, at)
        if m:
            groups.put(slot + rng.integers(1, WINDOW_SLOTS + 1, size=m), record.story(m, rng))
        one = groups.test(event, title, usable, 0)
        if one is not None:
            own = one.rows == _PUT
            found.append(Outcome(int(slot), one.test.p, one.test.likelihood, bool(own.sum() * 2 > own.size)))
    return found


def null_table(record: Record, events: int) -> list[Outcome]:
    """Placebo events: how often p is small, at any hour and in single parts of the day, and in calendars of 30."""
    null = outcomes(record, 0, events, 5)
    p, part = np.array([o.p for o in null]), np.array([o.slot % DAY_SLOTS // (3 * HOUR_SLOTS) for o in null])
    rng = np.random.default_rng(2)
    calendars = [rng.choice(p, 30, replace=False) for _ in range(1000)]
    hit = sum(min(benjamini_hochberg(list(c), 30)) <= LEVEL for c in calendars)
    parts = [np.mean(p[part == k] <= LEVEL) for k in range(8)]
    print(f"| {record.name} | {p.size} | {limits(int((p <= LEVEL).sum()), p.size)} | {np.mean(p <= 0.01):.4f} ", end="")
    print(f"| {min(parts):.3f}-{max(parts):.3f} ", end="")
    print(f"| {kstest(p, 'uniform').statistic:.3f} | {hit / 1000:.3f} |", flush=True)
    return null


def power_table(record: Record, null: list[Outcome], sizes: tuple[int, ...], events: int) -> dict[int, list[Outcome]]:
    """Recall and false-discovery rate by Benjamini-Hochberg over 200 events of which 20 % or 5 % have a story.

    A group found that is not the story is a false one.
    """
    found = {}
    for m in sizes:
        found[m] = outcomes(record, m, events, 3)
        cells = []
        for share in (0.2, 0.05):
            recall, fdr = together(found[m], null, share)
            cells.append(f"{recall:.2f} / {fdr:.3f}")
        alone = np.mean([o.p <= LEVEL and o.found for o in found[m]])
        median = float(np.median([o.p for o in found[m]]))
        print(f"| {record.name} | {m} | {alone:.2f} | {median:.4f} | {' | '.join(cells)} |", flush=True)
    return found


def together(true: list[Outcome], null: list[Outcome], share: float) -> tuple[float, float]:
    """(recall, FDR) of 200 events together, drawn from both pools."""
    rng = np.random.default_rng(4)
    p0 = np.array([o.p for o in null])
    n, k = 200, round(200 * share)
    recall, fdr = [], []
    for _ in range(300):
        drawn = [true[i] for i in rng.integers(len(true), size=k)]
        q = np.array(benjamini_hochberg([*(o.p for o in drawn), *rng.choice(p0, n - k, replace=False)], n))
        hit = q <= LEVEL
        right = int((hit[:k] & np.array([o.found for o in drawn])).sum())
        recall.append(right / k)
        fdr.append((int(hit.sum()) - right) / max(int(hit.sum()), 1))
    return float(np.mean(recall)), float(np.mean(fdr))


def probability(record: Record, null: list[Outcome], found: dict[int, list[Outcome]], label: str) -> Forecast:
    """Calibration of the likelihood at the stated base rate, stories of the given sizes equally often.

    True is a group that is the story; where another group is rarer, the statement was about that one.
    """
    stories = [o for pool in found.values() for o in pool]
    p = np.array([o.likelihood for o in [*null, *stories]])
    y = np.array([0.0] * len(null) + [float(o.found) for o in stories])
    w = np.array([(1 - BASE_RATE) / len(null)] * len(null) + [BASE_RATE / len(stories)] * len(stories))
    ece, skill, parts = murphy(p, y, w)
    by_size = " ".join(f"{m}: {np.mean([o.likelihood for o in pool]):.2f};" for m, pool in found.items())
    print(f"| {record.name} | {label} | {p.size} | {ece:.4f} | {skill:.2f} | {parts} | {by_size} |", flush=True)
    return p, y, w
