"""Streams of one kind on the five-minute grid, missing where nothing is known.

Here: the grid of sources and of attention, and which streams lead. Not here: what is said of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.signals.grid import Grid
from latticeforge.signals.series import SeriesSet, count_series, share_of_voice
from latticeforge.windows import DAY, HOUR, WINDOW, Window

Floats = NDArray[np.float64]

STEP_S = WINDOW.total_seconds()
DAY_ROWS = DAY // WINDOW
HOUR_ROWS = HOUR // WINDOW
WEEK_ROWS = 7 * DAY_ROWS


@dataclass(frozen=True)
class Board:
    """The streams of one kind: m names, n windows from ``start`` on. NaN is missing, 0 is silence."""

    kind: str  # source or attention
    names: tuple[str, ...]  # sorted
    start: datetime
    values: Floats  # (m, n) counts a window
    share: Floats | None  # (m, n) of all that was counted in the window

    def rows_to(self, at: datetime) -> int:
        """How many rows begin before ``at``."""
        return max(0, min(len(self.values.T), math.ceil((at - self.start) / WINDOW)))

    def trailing(self, end: int, rows: int) -> Floats:
        """(m, rows <= a week) the rows before row ``end``; missing before the first that is held.

        A source is missing before its first item of that week: it may not have been read yet.
        """
        held = self.values[:, max(0, end - WEEK_ROWS) : end]
        if self.kind == "source":
            heard = held > 0
            began = np.where(heard.any(axis=1), heard.argmax(axis=1), held.shape[1])
            held = np.where(np.arange(held.shape[1]) < began[:, None], np.nan, held)
        held = held[:, max(0, held.shape[1] - rows) :]
        return np.pad(held, ((0, 0), (rows - held.shape[1], 0)), constant_values=np.nan)

    def leading(self, end: int, most: int, rows: int = DAY_ROWS) -> list[int]:
        """The streams with most in the ``rows`` before row ``end``, by name where equal; those without any are none."""
        total = np.nansum(self.values[:, max(0, end - rows) : end], axis=1)
        order = np.argsort(-total, kind="stable")[:most]
        return [int(i) for i in order if total[i] > 0]


def board_grid(start: datetime, end: datetime) -> Grid:
    """The windows that begin in ``[start, end)``."""
    return Grid(start.timestamp(), STEP_S, (end - start) // WINDOW)


def source_board(
    counts: pl.DataFrame, computed: Collection[datetime], gaps: pl.DataFrame, start: datetime, end: datetime
) -> Board:
    """Counted items by source.

    Args:
        counts: window_start, source, items; rows in any order, none for a silent window.
        computed: starts of the windows whose articles are known; the others are missing for every source.
        gaps: source, from_at, to_at (null: still open) of holes in collection that were not filled.
        start, end: aligned to the windows; a week before the first window that is asked for, or the answer depends on
            the span that was read.
    """
    series = count_series(counts, "source", board_grid(start, end), time="window_start", weight="items", gaps=gaps)
    series.values[:, [w not in computed for w in _starts(start, end)]] = np.nan
    return _board("source", series, start, share_of_voice(series).values)


def attention_board(counts: pl.DataFrame, gaps: pl.DataFrame, start: datetime, end: datetime) -> Board:
    """Mentions by platform and term.

    Args:
        counts: window_start, platform, term, mentions; rows in any order.
        gaps: from_at, to_at of holes in the collection of attention that were not filled.

    A window in which the platform gave no count of any term is missing for its terms; a term that it left out is 0.
    """
    named = counts.with_columns(stream=pl.col("platform") + "/" + pl.col("term"))
    grid = board_grid(start, end)
    spans = gaps.select("from_at", "to_at")
    series = count_series(named, "stream", grid, time="window_start", weight="mentions", gaps=spans)
    answered = count_series(named, "platform", grid, time="window_start")
    for row, name in zip(series.values, series.names, strict=True):
        row[answered.of(name.partition("/")[0]) == 0] = np.nan
    return _board("attention", series, start, None)


def _board(kind: str, series: SeriesSet, start: datetime, share: Floats | None) -> Board:
    return Board(kind, series.names, start, series.values, share)


def _starts(start: datetime, end: datetime) -> list[datetime]:
    return [start + WINDOW * i for i in range((end - start) // WINDOW)]


def row_of(board: Board, window: Window) -> int:
    """The row after that of ``window``: everything before it is known when the window ends."""
    return board.rows_to(window.end)
