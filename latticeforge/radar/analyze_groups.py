"""Single events of a file against slots on both sides: the largest group of same-story items in the two hours after.

Here: which slots an event is ranked among, and the largest group of each. Not here: the rank (``narratives.groups``)
and live alarms on the same events (``analyze_events``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import CalendarEvent
from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, WINDOW_SLOTS
from latticeforge.narratives.calendar_test import ERA_DAYS, MIN_PLACEBO_DAYS, placebos
from latticeforge.narratives.groups import MIN_GROUP, Group, GroupTest, group_test, largest_group
from latticeforge.narratives.links import MIN_UNRELATED
from latticeforge.radar.analyze_calendars import Grid
from latticeforge.windows import WINDOW

MOST_ITEMS = 600  # of one window, evenly spread over it; in a busier feed a group counts by its share

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Grouped:
    """One event and the group after it."""

    event: CalendarEvent
    test: GroupTest
    rows: NDArray[np.int64]  # of the items in the group
    size: int

    @property
    def found(self) -> bool:
        """Whether the group is large enough to be shown."""
        return self.size >= MIN_GROUP


class Groups:
    """The windows of a record; the largest group of each is found once."""

    def __init__(self, items: pl.DataFrame, slot: NDArray[np.int64], vectors: Vectors, grid: Grid) -> None:
        first = _first_wording(items)
        self._slot, self._row, self._vectors, self._grid = slot[first], first, vectors[first], grid
        self._known: dict[int, Group] = {}

    def usable(self) -> NDArray[np.bool_]:
        """(T,) whether the window after each slot lies in the record and touches no gap."""
        usable = np.zeros(max(self._grid.length - WINDOW_SLOTS + 1, 0), dtype=np.bool_)
        usable[self._grid.first :] = True
        for low, high in self._grid.gaps:
            usable[max(low - WINDOW_SLOTS + 1, 0) : high] = False
        return usable

    def test(self, event: CalendarEvent, event_vector: Vectors, usable: NDArray[np.bool_], seed: int) -> Grouped | None:
        """Rank the event's window among those at the same minute of all hours of its era; None with too few days.

        The event's own coverage is taken out of its window and of those that overlap it, and of no other: that can only
        weaken a link.
        """
        at = self._grid.slot(event.occurred_at)
        if not (0 <= at < usable.size and usable[at]):
            return None
        if placebos(np.array([at]), usable, HOUR_SLOTS).clusters[0].days < MIN_PLACEBO_DAYS:
            return None
        era = np.arange(at - ERA_DAYS * DAY_SLOTS, at + ERA_DAYS * DAY_SLOTS + 1, HOUR_SLOTS)
        era = era[(era >= 0) & (era < usable.size)]
        slots = era[usable[era]]
        found = [
            self._without(event_vector, int(s)) if abs(int(s) - at) < WINDOW_SLOTS else self.largest(int(s))
            for s in slots
        ]
        real = int(np.searchsorted(slots, at))
        test = group_test(found, slots, real, _seed(seed, event))
        kept = _spread(self._unrelated(self._inside(at), event_vector))
        return Grouped(
            event, test, self._row[kept[found[real].members[test.theta]]], int(found[real].sizes[test.theta])
        )

    def _without(self, event_vector: Vectors, slot: int) -> Group:
        return self._largest(self._unrelated(self._inside(slot), event_vector), slot)

    def _unrelated(self, rows: NDArray[np.int64], event_vector: Vectors) -> NDArray[np.int64]:
        return rows[self._vectors[rows] @ event_vector <= 1.0 - MIN_UNRELATED]

    def _inside(self, slot: int) -> NDArray[np.int64]:
        low, high = np.searchsorted(self._slot, [slot, slot + WINDOW_SLOTS], side="right")
        return np.arange(low, high)

    def largest(self, slot: int) -> Group:
        """The largest groups of the window after a slot, no event's coverage taken out."""
        if slot not in self._known:
            self._known[slot] = self._largest(self._inside(slot), slot)
        return self._known[slot]

    def _largest(self, rows: NDArray[np.int64], slot: int) -> Group:
        rows = _spread(rows)
        return largest_group(self._vectors[rows], (self._slot[rows] - slot) / WINDOW_SLOTS)


def event_groups(
    groups: Groups, events: Sequence[CalendarEvent], event_vectors: Vectors, seed: int, notes: list[str]
) -> list[Grouped]:
    """The test of every event with a known time that has slots to be ranked among."""
    usable = groups.usable()
    tested = [groups.test(e, v, usable, seed) for e, v in zip(events, event_vectors, strict=True)]
    done = [one for one in tested if one is not None]
    if len(done) < len(tested):
        notes.append(
            f"{len(tested) - len(done)} of {len(tested)} events lie in a gap, outside the record or in one with fewer"
            f" than {MIN_PLACEBO_DAYS} comparable days; not tested for groups of items"
        )
    return done


def _first_wording(items: pl.DataFrame) -> NDArray[np.int64]:
    """Rows of the first item of each page: a headline that is worded anew, or listed again, is no second report."""
    page = pl.when(pl.col("url") == "").then("item_id").otherwise("url")
    first = items.with_row_index("row").group_by("source", page.alias("page")).agg(pl.col("row").min())
    return first["row"].sort().cast(pl.Int64).to_numpy()


def _spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most MOST_ITEMS of the rows, evenly spread."""
    if rows.size <= MOST_ITEMS:
        return rows
    return rows[np.linspace(0, rows.size - 1, MOST_ITEMS).astype(np.int64)]


def _seed(seed: int, event: CalendarEvent) -> tuple[int, ...]:
    digest = hashlib.sha256(f"{event.event_id}\x1f{event.occurred_at.isoformat()}\x1f{WINDOW}".encode()).digest()
    return seed, int.from_bytes(digest[:8], "big")
