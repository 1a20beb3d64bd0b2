"""The calendars of a file: each event type tested against the code book, or a line that says why not.

Here: the grid, the development part, gaps, which events can be tested, and the ledger of every test. Not here: the
statistics (``narratives.calendar_test``) and single events (``analyze_events``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.fusion import combine, support
from latticeforge.model import CalendarEvent
from latticeforge.narratives.calendar_counts import (
    DAY_SLOTS,
    HOUR_SLOTS,
    WINDOW_SLOTS,
    Baseline,
    Field,
    Panel,
    Slots,
    fit_baseline,
    score_field,
)
from latticeforge.narratives.calendar_test import (
    MIN_PLACEBO_DAYS,
    PLACEBOS,
    CalendarTest,
    Placebos,
    placebos,
    run_test,
)
from latticeforge.narratives.calibration import Calibration, calibrate
from latticeforge.narratives.links import MIN_UNRELATED
from latticeforge.windows import DAY, EPOCH, WINDOW

DEVELOPMENT = timedelta(days=28)
DEVELOPMENT_SHARE = 4  # of the record at most a fourth is spent on the code book and the baseline
MIN_DEVELOPMENT = timedelta(days=7)
MIN_EXPLORED = 5  # events; with fewer, no placebo calendar says anything
JITTER = HOUR_SLOTS
RELIABILITY = 0.9
_LOG_RATIO_LIMIT = 3.0
_WEEK = timedelta(days=7)

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Slots of five minutes since ``origin``, a midnight UTC of a Thursday, up to ``length``."""

    origin: datetime
    first: int  # slot of the first midnight of the record
    tested_from: int  # slot where the development part ends
    length: int
    gaps: tuple[tuple[int, int], ...]  # slots [from, to) in which nothing was collected

    def slot(self, at: datetime) -> int:
        """The first slot at or after an instant."""
        return -((self.origin - at) // WINDOW)

    def usable(self, span: int) -> NDArray[np.bool_]:
        """(T,) whether the window after each slot lies in the tested era and touches no gap."""
        usable = np.zeros(self.length - span + 1, dtype=np.bool_)
        usable[self.tested_from :] = True
        for low, high in self.gaps:
            usable[max(low - span + 1, 0) : high] = False
        return usable

    def development(self, span: int) -> Slots:
        """Starts of windows that do not overlap, after the first part of the development, which only serves as past."""
        past = min(7 * DAY_SLOTS, (self.tested_from - self.first) // 2 // DAY_SLOTS * DAY_SLOTS)
        starts = np.arange(self.first + past, self.tested_from - span + 1, span)
        touched = np.zeros(starts.size, dtype=np.bool_)
        for low, high in self.gaps:
            touched |= (starts < high) & (starts + span > low)
        return starts[~touched]


def grid_of(times: NDArray[np.int64], gaps: pl.DataFrame) -> Grid:
    """The grid of items at ``times`` (microseconds, ascending); gaps have from_at and to_at."""
    first, last = (EPOCH + timedelta(microseconds=int(times[i])) for i in (0, -1))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    origin = midnight - (midnight - EPOCH) % _WEEK
    spent = min(DEVELOPMENT, (last - first) / DEVELOPMENT_SHARE) // DAY * DAY
    slot = Grid(origin, 0, 0, 0, ()).slot
    holes = tuple((slot(a), slot(b)) for a, b in gaps.select("from_at", "to_at").iter_rows())
    return Grid(origin, slot(midnight), slot(midnight + max(spent, DAY)), slot(last), holes)


@dataclass(frozen=True, eq=False)
class Subject:
    """What is counted: K named series on one grid, with a vector each; items are absent for attention counts."""

    kind: str  # "items" or "attention"
    grid: Grid
    panel: Panel
    names: Sequence[str]
    item_slot: Slots  # (N,) ascending
    item_narrative: NDArray[np.int64]
    item_vectors: Vectors

    def own_coverage(self, slots: Slots, span: int, event_vectors: Vectors) -> NDArray[np.float64]:
        """(n, K) items in each event's window that are too close to its title to be anything but its coverage."""
        own = np.zeros((slots.size, len(self.names)))
        for e, at in enumerate(slots.tolist()):
            rows = self.inside(at, span)
            near = rows[self.related(rows, event_vectors[e])]
            np.add.at(own[e], self.item_narrative[near], 1.0)
        return own

    def inside(self, slot: int, span: int) -> NDArray[np.int64]:
        """Rows of the items in the window after a slot."""
        low, high = np.searchsorted(self.item_slot, [slot, slot + span], side="right")
        return np.arange(low, high)

    def related(self, rows: NDArray[np.int64], event_vector: Vectors) -> NDArray[np.bool_]:
        """Which of the items are the event's own coverage."""
        close: NDArray[np.bool_] = self.item_vectors[rows] @ event_vector > 1.0 - MIN_UNRELATED
        return close


@dataclass(frozen=True, eq=False)
class Tested:
    """One calendar against one subject."""

    calendar_id: str
    subject: Subject
    span: int
    events: Sequence[CalendarEvent]  # those that could be tested, in order of time
    event_vectors: Vectors
    unrelated: NDArray[np.bool_]  # (n, K)
    where: Placebos
    test: CalendarTest
    calibration: Calibration
    field: Field

    @property
    def name(self) -> str:
        """Which test this is."""
        return f"{self.subject.kind} in {self.span // HOUR_SLOTS} h"

    def conflict(self, k: int) -> float:
        """Dempster's K between the earlier and the later half of the events: does the effect rest on a few?"""
        real = self.calibration.margin[self.calibration.real > 0]
        typical = float(np.median(real) + np.median(self.test.placebo_max)) if real.size else 0.0
        rows = self.field.rows(self.where.slots)
        gated = self.field.score[rows, k].astype(np.float64) * self.unrelated[:, k]
        middle = len(gated) // 2
        halves = [gated[:middle].sum(), gated[middle:].sum()]
        sd, mean = self.test.centre.sd[k] / np.sqrt(2.0), self.test.centre.mean[k] / 2.0
        shift = typical / np.sqrt(2.0)
        ratios = [shift * (half - mean) / sd - shift**2 / 2.0 for half in halves]
        masses = [support(float(np.clip(r, -_LOG_RATIO_LIMIT, _LOG_RATIO_LIMIT)), RELIABILITY) for r in ratios]
        return combine(masses).conflict


class Tester:
    """Tests calendars on one subject; the baseline of a window length is fitted once."""

    def __init__(self, subject: Subject, seed: int) -> None:
        self._subject, self._seed = subject, seed
        self._baselines: dict[int, Baseline | None] = {}

    def test(
        self,
        calendar_id: str,
        events: Sequence[CalendarEvent],
        vectors: Vectors,
        unrelated: NDArray[np.bool_],
        notes: list[str],
    ) -> list[Tested]:
        """Events with a time are tested on the two hours after it, others on the 24 hours of their UTC day."""
        found = []
        for known, span, jitter in ((True, WINDOW_SLOTS, JITTER), (False, DAY_SLOTS, 0)):
            rows = [i for i, e in enumerate(events) if e.time_known == known]
            if not rows:
                continue
            kept, why = self._testable([events[i] for i in rows], span)
            notes += [f"{calendar_id}: {line}" for line in why]
            chosen = [rows[i] for i in kept]
            one = self._one(calendar_id, [events[i] for i in chosen], vectors[chosen], unrelated[chosen], span, jitter)
            if isinstance(one, str):
                notes.append(f"{calendar_id}: {self._subject.kind}: {one}; not tested")
            else:
                found.append(one)
        return found

    def _testable(self, events: Sequence[CalendarEvent], span: int) -> tuple[list[int], list[str]]:
        """Positions of the events whose window was observed in the tested era, and what became of the others."""
        grid = self._subject.grid
        usable = grid.usable(span) if grid.length > span else np.zeros(0, dtype=np.bool_)
        slots = [grid.slot(e.occurred_at) for e in events]
        inside = [grid.tested_from <= s < usable.size for s in slots]
        kept = [i for i, s in enumerate(slots) if inside[i] and usable[s]]
        outside, holes = len(events) - sum(inside), sum(inside) - len(kept)
        why = [f"{outside} of {len(events)} events lie outside the tested era"] if outside else []
        why += [f"{holes} of {len(events)} events lie in a gap of collection"] if holes else []
        return kept, why

    def _one(
        self,
        calendar_id: str,
        events: Sequence[CalendarEvent],
        vectors: Vectors,
        unrelated: NDArray[np.bool_],
        span: int,
        jitter: int,
    ) -> Tested | str:
        if len(events) < MIN_EXPLORED:
            return f"{len(events)} events with an observed window, at least {MIN_EXPLORED} are needed"
        baseline = self._baseline(span)
        if baseline is None:
            return "the record is too short for a baseline"
        grid = self._subject.grid
        slots = np.array([grid.slot(e.occurred_at) for e in events], dtype=np.int64)
        where = placebos(slots, grid.usable(span), jitter)
        if where.days < MIN_PLACEBO_DAYS:
            return f"its events could have fallen on {where.days} days, at least {MIN_PLACEBO_DAYS} are needed"
        field = score_field(self._subject.panel, baseline, where.field_slots())
        own = self._subject.own_coverage(slots, span, vectors)
        seed = _seed(self._seed, calendar_id, self._subject.kind, span)
        test = run_test(field, where, unrelated, own, seed)
        calibration = calibrate(test, field, unrelated, (*seed, 1))
        return Tested(calendar_id, self._subject, span, events, vectors, unrelated, where, test, calibration, field)

    def _baseline(self, span: int) -> Baseline | None:
        if span not in self._baselines:
            grid = self._subject.grid
            long_enough = (grid.tested_from - grid.first) * WINDOW >= MIN_DEVELOPMENT
            starts = grid.development(span)
            fitted = fit_baseline(self._subject.panel, starts, span) if long_enough and starts.size > 1 else None
            self._baselines[span] = fitted
        return self._baselines[span]


def _seed(seed: int, calendar_id: str, kind: str, span: int) -> tuple[int, ...]:
    """Draws of a calendar that do not depend on what else is in the file."""
    digest = hashlib.sha256(f"{calendar_id}\x1f{kind}\x1f{span}".encode()).digest()
    return seed, int.from_bytes(digest[:8], "big"), PLACEBOS
