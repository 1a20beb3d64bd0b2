"""The stages that Dagster alone computes, each for some windows of finished hours.

Here: which stored rows a stage of ``state`` reads. Not here: the stages of the live radar (``stages``), and how rows
are stored (``store``). What is read lies before the end of the windows asked for, so that hours can be computed in any
order and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl
import psycopg

from latticeforge.model import UTC_TIME, Schema
from latticeforge.state.beliefs import beliefs
from latticeforge.state.causal import causal_links, is_graph_window
from latticeforge.state.fragility import MEMORY, fragilities
from latticeforge.state.regimes import HISTORY_ROWS, early_warnings, regimes
from latticeforge.state.signals import signals
from latticeforge.state.streams import DAY_ROWS, WEEK_ROWS, Board, attention_board, source_board
from latticeforge.store.generations import Frames, Write, computed_windows, read_active
from latticeforge.store.ledger import gaps_between
from latticeforge.windows import HOUR, WINDOW, Window, floor_to, windows_between

Computed = list[tuple[Window, Frames]]

_ITEMS = (
    "select t.window_start, t.source, count(*)::float8 from core.counting a join core.article t using (generation_id)"
    " where a.asset = 'articles' and t.counted and a.window_start >= %s and a.window_start < %s group by 1, 2"
)
_ITEM_COUNTS: Schema = {"window_start": UTC_TIME, "source": pl.String, "items": pl.Float64}
_MENTIONS = (
    "select date_bin('5 minutes', observed_at, timestamptz '1970-01-01 00:00:00+00'), platform, term,"
    " sum(count)::float8 from landing.attention where observed_at >= %s and observed_at < %s group by 1, 2, 3"
)
_MENTION_COUNTS: Schema = {
    "window_start": UTC_TIME,
    "platform": pl.String,
    "term": pl.String,
    "mentions": pl.Float64,
}


def compute_state(connection: psycopg.Connection, asset: str, windows: Sequence[Window]) -> list[Write]:
    """One asset of ``STATE_ASSETS`` for some windows, oldest first; see ``stages.compute``."""
    return [Write(asset, w, f) for w, f in STATE_STAGES[asset](connection, windows)] if windows else []


def read_boards(connection: psycopg.Connection, first: datetime, end: datetime, rows: int) -> list[Board]:
    """Sources and attention of the windows in ``[first, end)`` and of ``rows`` windows before; sources of a week."""
    return [_sources(connection, first - WEEK_ROWS * WINDOW, end), _attention(connection, first - rows * WINDOW, end)]


def _sources(connection: psycopg.Connection, start: datetime, end: datetime) -> Board:
    items = pl.DataFrame(connection.execute(_ITEMS, (start, end)).fetchall(), schema=_ITEM_COUNTS, orient="row")
    computed = computed_windows(connection, "articles", [w.start for w in windows_between(start, end)])
    return source_board(items, computed, gaps_between(connection, start, end), start, end)


def _attention(connection: psycopg.Connection, start: datetime, end: datetime) -> Board:
    counts = connection.execute(_MENTIONS, (start, end)).fetchall()
    mentions = pl.DataFrame(counts, schema=_MENTION_COUNTS, orient="row")
    known = connection.execute("select source from ops.source where kind = 'attention'").fetchall()
    gaps = gaps_between(connection, start, end)
    return attention_board(mentions, gaps.filter(pl.col("source").is_in([row[0] for row in known])), start, end)


def _signals(connection: psycopg.Connection, windows: Sequence[Window]) -> Computed:
    boards = read_boards(connection, windows[0].start, windows[-1].end, DAY_ROWS)
    narrative, baselines = (
        read_active(connection, asset, windows[0].start, windows[-1].end) for asset in ("narratives", "spike_baselines")
    )
    return [(w, (signals(boards, _own(narrative, w), _own(baselines, w), w),)) for w in windows]


def _regimes(connection: psycopg.Connection, windows: Sequence[Window]) -> Computed:
    boards = read_boards(connection, floor_to(windows[0].start, HOUR), windows[-1].end, HISTORY_ROWS)
    warnings = early_warnings(boards, windows)
    return [(w, (warnings[w.start], regimes(boards, w))) for w in windows]


def _beliefs(connection: psycopg.Connection, windows: Sequence[Window]) -> Computed:
    span = windows[0].start, windows[-1].end
    links, articles = (read_active(connection, asset, *span) for asset in ("correlations", "articles"))
    items = read_active(connection, "narratives", *span, table=1)
    return [(w, (beliefs(_own(links, w), _own(items, w), _own(articles, w), w),)) for w in windows]


def _causal_graph(connection: psycopg.Connection, windows: Sequence[Window]) -> Computed:
    drawn = any(is_graph_window(w) for w in windows)
    boards = read_boards(connection, windows[0].start, windows[-1].end, WEEK_ROWS) if drawn else []
    return [(w, causal_links(boards, w)) for w in windows]


def _fragility(connection: psycopg.Connection, windows: Sequence[Window]) -> Computed:
    start, end = windows[0].start - MEMORY, windows[-1].end
    links, tests = (read_active(connection, "causal_graph", start, end, table=n) for n in (0, 1))
    return [(w, fragilities(links, tests, w)) for w in windows]


def _own(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    return rows.filter(pl.col("window_start") == window.start)


STATE_STAGES: dict[str, Callable[[psycopg.Connection, Sequence[Window]], Computed]] = {
    "signals": _signals,
    "regimes": _regimes,
    "causal_graph": _causal_graph,
    "fragility": _fragility,
    "beliefs": _beliefs,
}
