"""Counts of invented narratives: seasons, drift, echoes, bursts and polling clumps, for ``calendar_links.py``.

Here: the simulated feed and the real one beside the project, both as panels. Not here: any part of the method.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.calendar_counts import (
    DAY_SLOTS,
    WINDOW_SLOTS,
    Baseline,
    Field,
    Panel,
    fit_baseline,
    score_field,
)
from latticeforge.narratives.codebook import NEAREST_SHARE, RELATED_SHARE, CodeBook, fit_code_book, narratives_for

REAL = Path(__file__).resolve().parents[2] / "shared" / "real" / "front-page-2021h2.csv.gz"
DEVELOPMENT_DAYS = 28
WEEK_S = 7 * 86_400


@dataclass(frozen=True, eq=False)
class Feed:
    """A panel with its baseline, scored over the whole tested era."""

    name: str
    panel: Panel
    field: Field
    baseline: Baseline
    usable: NDArray[np.bool_]
    book: CodeBook | None
    vectors: NDArray[np.float32] | None

    def gates(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """(n, K): for a real feed, of the titles of random items in place of events; else 10 to 30 % of them closed.

        Of real titles the gate closes 13 % (executive orders) to 23 % (titles of the same front page).
        """
        if self.book is not None and self.vectors is not None:
            return self.book.unrelated(self.vectors[rng.integers(len(self.vectors), size=n)])
        k = self.panel.narratives
        order = rng.random((n, k)).argsort(axis=1)
        return order >= rng.uniform(NEAREST_SHARE, RELATED_SHARE, size=(n, 1)) * k

    def slots(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """n event slots, any time of the tested era."""
        return np.sort(rng.choice(np.flatnonzero(self.usable), n, replace=False))


def simulated(seed: int, days: int = 56, narratives: int = 200, items_a_day: float = 6000.0) -> Feed:
    """200 narratives, 6,000 items a day: daily and weekly season, log-AR(1) drift of sd 0.5 and 12 h, 40 % echoes

    within hours, a Pareto(1.3) burst a day, and 24 sources polled every 5 to 30 minutes.
    """
    rng = np.random.default_rng(seed)
    slots = days * DAY_SLOTS
    hours = days * 24
    weight = rng.pareto(1.3, narratives) + 0.3
    phase = rng.uniform(0, 2 * np.pi, narratives)
    drift = np.zeros((hours, narratives))
    keep = np.exp(-1.0 / 12.0)
    for h in range(1, hours):
        drift[h] = keep * drift[h - 1] + 0.5 * np.sqrt(1 - keep**2) * rng.normal(size=narratives)
    hour = np.arange(hours)[:, None]
    season = 1 + 0.4 * np.cos(2 * np.pi * hour / 24 - phase) + 0.1 * np.cos(2 * np.pi * hour / 168 - phase / 2)
    rate = weight * np.exp(drift) * season
    rate *= items_a_day * 0.6 / 24 / rate.sum(axis=1).mean()
    counts = rng.poisson(rate)
    at = (np.repeat(np.arange(hours), counts.sum(axis=1)) + rng.random(int(counts.sum()))) * 12
    of = np.repeat(np.tile(np.arange(narratives), hours), counts.ravel())
    times, names = [at], [of]
    while at.size:
        echo = rng.random(at.size) < 0.4
        at, of = at[echo] + rng.exponential(12.0, int(echo.sum())), of[echo]
        times.append(at)
        names.append(of)
    for _ in range(days):
        size = int(min(8 * (1 + rng.pareto(1.3)), 400))
        times.append(rng.uniform(0, slots) + rng.exponential(18.0, size))
        names.append(np.full(size, rng.integers(narratives)))
    when, named = np.concatenate(times), np.concatenate(names)
    interval = rng.integers(1, 7, size=24)[rng.integers(24, size=when.size)]
    seen = (np.ceil(when / interval) * interval).astype(np.int64)
    inside = seen <= slots
    panel = Panel.build(seen[inside], named[inside], slots, narratives)
    return _feed(f"simulation {seed}", panel, 0, DEVELOPMENT_DAYS * DAY_SLOTS, None, None)


def front_page(cache: Path) -> Feed:
    """The real front page, its code book fitted on the first 28 days."""
    from latticeforge.embedding import load_encoder
    from latticeforge.embedding.cache import encode_cached

    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        rows = sorted((r["published_at"], r["title"]) for r in csv.DictReader(file))
    titles = [title for _, title in rows]
    vectors = encode_cached(titles, load_encoder("minilm-int8", cache / "models"), cache / "encodings")
    seconds = np.array([datetime.fromisoformat(at).timestamp() for at, _ in rows])
    origin = seconds[0] // WEEK_S * WEEK_S
    slot = np.ceil((seconds - origin) / 300).astype(np.int64)
    first = int(slot[0]) // DAY_SLOTS * DAY_SLOTS
    until = first + DEVELOPMENT_DAYS * DAY_SLOTS
    known = slot <= until
    length = int(slot[-1])
    k = narratives_for(len(titles) * WINDOW_SLOTS / (length - first), len({*titles[: int(known.sum())]}))
    book = fit_code_book(titles[: int(known.sum())], vectors[known], k, 0)
    panel = Panel.build(slot, book.nearest(vectors), length, len(book.labels))
    return _feed("front page", panel, first, until, book, vectors)


def with_effect(
    feed: Feed, slots: NDArray[np.int64], narrative: int, more: NDArray[np.int64], rng: np.random.Generator
) -> Feed:
    """The feed with ``more[e]`` items of one narrative put into the two hours after ``slots[e]``.

    The column is scored again with all its baselines; the other narratives' exposure is left as it was.
    """
    at = np.repeat(slots, more) + rng.integers(1, WINDOW_SLOTS + 1, size=int(more.sum()))
    added = np.cumsum(np.bincount(at, minlength=len(feed.panel.total)))
    column = Panel(
        feed.panel.cumulative[:, [narrative]] + added[:, None], feed.panel.total + added, feed.panel.narratives
    )
    one = score_field(column, feed.baseline, feed.field.slots)
    old = feed.field
    changed = [old.counts.copy(), old.expected.copy(), old.score.copy()]
    for matrix, new in zip(changed, (one.counts, one.expected, one.score), strict=True):
        matrix[:, narrative] = new[:, 0]
    mean, sd = old.mean.copy(), old.sd.copy()
    mean[narrative], sd[narrative] = one.mean[0], one.sd[0]
    field = Field(old.slots, *changed, old.total, mean, sd, feed.baseline)
    return Feed(feed.name, feed.panel, field, feed.baseline, feed.usable, feed.book, feed.vectors)


def _feed(
    name: str, panel: Panel, first: int, until: int, book: CodeBook | None, vectors: NDArray[np.float32] | None
) -> Feed:
    last = len(panel.total) - 1 - WINDOW_SLOTS
    baseline = fit_baseline(
        panel, np.arange(first + 7 * DAY_SLOTS, until - WINDOW_SLOTS + 1, WINDOW_SLOTS), WINDOW_SLOTS
    )
    usable = np.zeros(last + 1, dtype=np.bool_)
    usable[until:] = True
    return Feed(name, panel, score_field(panel, baseline, np.arange(until, last + 1)), baseline, usable, book, vectors)
