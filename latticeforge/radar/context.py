"""What the radar keeps in memory so that a window need not read its whole past.

Here: narratives of trailing windows, political bursts, calendar entries and gaps, as ``Surroundings`` of a window.
Not here: anything that could not be read again from the store: losing this costs time, never data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import polars as pl
import psycopg

from latticeforge.embedding import Encoder
from latticeforge.instants import instant, within
from latticeforge.model import EVENT_COLUMNS, NARRATIVE, POLITICAL_BURST
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.history import History, history_windows
from latticeforge.radar.stages import (
    LONGEST_SCALE,
    Evaluation,
    Surroundings,
    Vectors,
    read_calendar,
    read_narratives,
    with_bursts,
)
from latticeforge.store.generations import computed_windows, read_table
from latticeforge.store.ledger import GAPS, gaps_between, moved_since, partial_reasons, political_sources
from latticeforge.windows import EPOCH, HOUR, WINDOW, Window, floor_to

MAX_CACHED_CLUSTERS = 100_000  # 150 MB of centroids; past that only what the next windows need is kept
_HISTORY_COLUMNS = ("window_start", "items", "voices", "centroid", "first_at")


@lru_cache(maxsize=64)
def _history_of_base(base: datetime) -> list[Window]:
    return history_windows(Window(base))


class Context:
    """Surroundings for windows that come in the order of time."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._narratives: dict[datetime, pl.DataFrame] = {}  # every computed window, even an empty one
        self._absent: set[datetime] = set()  # asked for and not computed
        self._bursts = POLITICAL_BURST.empty()
        self._calendar = pl.DataFrame(schema=EVENT_COLUMNS)
        self._calendar_vectors: Vectors = encoder.encode([])
        self._pruned_at = EPOCH
        self._gaps = self._item_gaps = pl.DataFrame(schema=GAPS)
        self._political: set[str] = set()
        self._history: tuple[datetime, History] | None = None
        self._moved_at: datetime | None = None

    def refresh(self, connection: psycopg.Connection, windows: Sequence[Window]) -> None:
        """Read what is missing for ``windows`` (oldest first)."""
        first, last = windows[0], windows[-1]
        wanted = sorted({h.start for w in windows for h in _history_of_base(floor_to(w.start, WINDOW))})
        self._forget_moved(connection)
        self._read_narratives(connection, [at for at in wanted if at < floor_to(first.start, WINDOW)])
        self._prune(set(wanted), first.start)
        self._bursts = read_table(connection, "spikes", POLITICAL_BURST, first.start - LINK_SPAN, first.start)
        self._calendar, self._calendar_vectors = read_calendar(
            connection, first.end - LINK_SPAN, last.end, self._encoder
        )
        self._gaps = gaps_between(connection, first.end - LONGEST_SCALE, last.end)
        self._item_gaps = gaps_between(connection, wanted[0], last.end, of_items=True)
        self._political = political_sources(connection)
        self._history = None

    def _forget_moved(self, connection: psycopg.Connection) -> None:
        """What was computed again elsewhere, or rolled back, is read anew."""
        self._moved_at, moved = moved_since(connection, "narratives", self._moved_at)
        for at in moved:
            self._narratives.pop(at, None)

    def _read_narratives(self, connection: psycopg.Connection, starts: Sequence[datetime]) -> None:
        unknown = [at for at in starts if at not in self._narratives and at not in self._absent]
        if not unknown:
            return
        computed = computed_windows(connection, "narratives", unknown)
        self._absent |= set(unknown) - computed
        rows = read_narratives(connection, sorted(computed)).select(_HISTORY_COLUMNS)
        parts = {part["window_start"][0]: part for part in rows.partition_by("window_start")}
        self._narratives |= {at: parts.get(at, rows.clear()) for at in computed}

    def _prune(self, wanted: set[datetime], now: datetime) -> None:
        self._absent &= wanted
        if abs(now - self._pruned_at) < HOUR:
            return
        self._pruned_at = now
        if sum(n.height for n in self._narratives.values()) > MAX_CACHED_CLUSTERS:
            oldest = now - timedelta(hours=7)
            self._narratives = {at: n for at, n in self._narratives.items() if at in wanted or at >= oldest}
        else:
            oldest = now - timedelta(days=7, hours=2)
            self._narratives = {at: n for at, n in self._narratives.items() if at >= oldest}

    def put(self, evaluation: Evaluation) -> None:
        """Take in a window that is being committed, so that the next one sees it."""
        at = evaluation.window.start
        self.put_narratives(evaluation.window, evaluation.frames["narratives"][0])
        bursts = evaluation.frames["spikes"][1]
        if self._bursts.height or bursts.height:
            self._bursts = pl.concat([self._bursts.filter(pl.col("window_start") != instant(at)), bursts])

    def put_narratives(self, window: Window, narrative: pl.DataFrame) -> None:
        """Take in narratives of a window that may still be open; closing it will replace them."""
        self._narratives[window.start] = narrative.select(_HISTORY_COLUMNS)
        self._absent.discard(window.start)
        self._history = None

    def around(self, window: Window) -> Surroundings:
        """What ``window`` is judged against; ``refresh`` must have covered it."""
        events, event_vectors = self._calendar, self._calendar_vectors
        if events.height:
            start, end = instant(window.end - LINK_SPAN), instant(window.end)
            reach = pl.col("occurred_at").is_between(start, end, closed="right")
            near = events.with_row_index("row").filter(reach)
            events, event_vectors = near.drop("row"), event_vectors[near["row"].to_numpy()]
        if self._bursts.height:
            recent = self._bursts.filter(within("window_start", window.start - LINK_SPAN, window.start))
            events, event_vectors = with_bursts(events, event_vectors, recent)
        partial = partial_reasons(self._gaps, window.end - LONGEST_SCALE, window.end)
        return Surroundings(self._history_of(window), events, event_vectors, self._political, partial)

    def _history_of(self, window: Window) -> History:
        base = floor_to(window.start, WINDOW)
        if self._history is None or self._history[0] != base:
            windows = _history_of_base(base)
            held = [self._narratives[w.start] for w in windows if w.start in self._narratives]
            rows = pl.concat([NARRATIVE.empty().select(_HISTORY_COLUMNS), *held])
            computed = {w.start for w in windows if w.start in self._narratives}
            self._history = (base, History.build(rows, windows, computed, self._item_gaps))
        return self._history[1]
