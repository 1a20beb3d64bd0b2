"""Single events of a file: the radar's own stages on every window of the two hours after each event.

Here: which windows are looked at, and their history from the file. Not here: the stages (``stages``), the confirmed
test (``analyze_calendars``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import ARTICLE, CORRELATION, DISTRACTION_SCORE, EVENT_COLUMNS, NARRATIVE, SPIKE, CalendarEvent
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.history import History, history_windows
from latticeforge.radar.stages import Surroundings, evaluate
from latticeforge.windows import HOUR, WINDOW, Window, floor_to

MIN_GROUP = 4  # fewer items in five minutes cannot be a spike (see narratives.spikes)
_COLUMNS = ("window_start", "items", "voices", "centroid")
_NOTHING = NARRATIVE.empty().select(_COLUMNS)


@dataclass(frozen=True)
class Alarms:
    """What the single events of a file gave."""

    spikes: pl.DataFrame
    correlations: pl.DataFrame
    scores: pl.DataFrame
    windows: int  # looked at


class Archive:
    """The windows of a file, clustered when first asked for."""

    def __init__(self, items: pl.DataFrame, vectors: NDArray[np.float32], gaps: pl.DataFrame) -> None:
        self._items, self._vectors, self._gaps = items, vectors, gaps
        self._at = items["event_at"].dt.epoch("us").to_numpy()
        self._clusters: dict[datetime, pl.DataFrame] = {}
        self.start, self.end = items["window_start"][0], items["window_start"][-1] + WINDOW

    def articles(self, window: Window) -> tuple[pl.DataFrame, NDArray[np.float32]]:
        """The rows of a window in order of item_id, and their vectors."""
        low, high = (int(np.searchsorted(self._at, int(t.timestamp() * 1e6))) for t in (window.start, window.end))
        rows = self._items.slice(low, high - low).with_row_index("row", low).sort("item_id")
        return rows.select(list(ARTICLE.columns)), self._vectors[rows["row"].to_numpy()]

    def history(self, window: Window) -> History:
        """The trailing windows that the file covers."""
        wanted = history_windows(window)
        covered = {w.start for w in wanted if self.start <= w.start < self.end}
        rows = [self._narratives(w) for w in wanted if w.start in covered]
        return History.build(pl.concat([_NOTHING, *rows]), wanted, covered, self._gaps)

    def partial(self, window: Window) -> list[str]:
        """A line where collection had a hole in the hour up to the end of the window."""
        touching = (pl.col("from_at") < window.end) & (pl.col("to_at") > window.end - HOUR)
        return sorted(set(self._gaps.filter(touching)["reason"].to_list()))

    def _narratives(self, window: Window) -> pl.DataFrame:
        if window.start not in self._clusters:
            article, vectors = self.articles(window)
            found = narratives(article, vectors, window).narrative.select(_COLUMNS) if article.height else _NOTHING
            self._clusters[window.start] = found
        return self._clusters[window.start]


def event_alarms(
    archive: Archive, events: Sequence[CalendarEvent], event_vectors: NDArray[np.float32], model: str
) -> Alarms:
    """Evaluate every window that ends in the two hours from an event on and holds at least four items.

    Args:
        events: those with a known time; row i of ``event_vectors`` is its title.
    """
    table = pl.DataFrame([{name: getattr(e, name) for name in EVENT_COLUMNS} for e in events], schema=EVENT_COLUMNS)
    spikes, links, scores = [SPIKE.empty()], [CORRELATION.empty()], [DISTRACTION_SCORE.empty()]
    looked_at = 0
    for window in _windows(archive, events):
        article, vectors = archive.articles(window)
        if article.height < MIN_GROUP:
            continue
        looked_at += 1
        around = Surroundings(archive.history(window), table, event_vectors, set(), archive.partial(window))
        frames = evaluate(window, article, vectors, model, around).frames
        spikes.append(frames["spikes"][0])
        links.append(frames["correlations"][0])
        scores.append(frames["distraction_scores"][0])
    return Alarms(pl.concat(spikes), pl.concat(links), pl.concat(scores), looked_at)


def _windows(archive: Archive, events: Sequence[CalendarEvent]) -> list[Window]:
    starts = set()
    for event in events:
        first = floor_to(event.occurred_at, WINDOW)
        starts |= {first + WINDOW * n for n in range(LINK_SPAN // WINDOW)}
    return [Window(start) for start in sorted(starts) if archive.start <= start < archive.end]
