"""The seven stages from landed items to scores, each for some windows.

Here: which inputs a stage reads and which pure function of ``narratives`` it calls. The radar calls ``evaluate`` on
what it holds in memory; Dagster calls ``compute`` on what is stored. Both end in the same functions and say the same.
Not here: when a window is computed (``radar``), how rows are stored (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

from latticeforge.embedding import Encoder
from latticeforge.instants import instant, within
from latticeforge.model import ARTICLE_EMBEDDING, EVENT_COLUMNS, NARRATIVE, POLITICAL_BURST, text_hash
from latticeforge.narratives.articles import articles
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.events import BURST_CALENDAR, LINK_SPAN, political_bursts
from latticeforge.narratives.history import History, history_windows, unit_rows
from latticeforge.narratives.links import correlations
from latticeforge.narratives.scores import distraction_scores
from latticeforge.narratives.spikes import spikes
from latticeforge.state_model import STATE_ASSETS
from latticeforge.store.generations import Frames, Write, computed_windows, read_active, read_table
from latticeforge.store.landing import read_events, read_items
from latticeforge.store.ledger import gaps_between, partial_reasons, political_sources
from latticeforge.store.vectors import load_vectors, save_vectors
from latticeforge.windows import Window

LONGEST_SCALE = timedelta(hours=1)

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Surroundings:
    """What a window is judged against."""

    history: History
    events: pl.DataFrame  # calendar entries and political bursts of the last two hours
    event_vectors: Vectors
    political: set[str]
    partial: list[str]


@dataclass(frozen=True)
class Evaluation:
    """All frames of one window, by asset."""

    window: Window
    frames: dict[str, Frames]
    around: Surroundings

    def writes(self) -> list[Write]:
        """What to commit."""
        return [Write(asset, self.window, frames) for asset, frames in self.frames.items()]


def evaluate(window: Window, article: pl.DataFrame, vectors: Vectors, model: str, around: Surroundings) -> Evaluation:
    """Every stage after the articles for one window, in memory.

    Args:
        article: What ``narratives.articles`` gives for the window.
        vectors: (n, 384) unit rows, row i for the i-th article.
    """
    embedded = embedding_rows(article, vectors, model, window)
    found = narratives(article, vectors, window)
    baseline = spike_baselines(found.narrative, around.history, window)
    spike = spikes(baseline, found.narrative, around.history, window)
    burst = bursts(spike, found.narrative, found.items, article, around.political, window)
    link = correlations(
        spike, found.narrative, found.items, article, around.events, around.event_vectors, around.history, window
    )
    score = distraction_scores(link, spike, found.narrative, found.items, article, around.partial)
    return Evaluation(
        window,
        {
            "articles": (article,),
            "embeddings": (embedded,),
            "narratives": (found.narrative, found.items),
            "spike_baselines": (baseline,),
            "spikes": (spike, burst),
            "correlations": (link,),
            "distraction_scores": (score,),
        },
        around,
    )


def embedding_rows(article: pl.DataFrame, vectors: Vectors, model: str, window: Window) -> pl.DataFrame:
    """Which vector stands for which article, with the vector's own SHA-256."""
    little = np.ascontiguousarray(vectors, dtype="<f4")
    return ARTICLE_EMBEDDING.shape(
        article.select("item_id", "text_hash").with_columns(
            window_start=instant(window.start),
            model=pl.lit(model),
            vector_sha256=pl.Series([sha256(row.tobytes()).digest() for row in little], dtype=pl.Binary),
        )
    )


def bursts(
    spike: pl.DataFrame,
    narrative: pl.DataFrame,
    items: pl.DataFrame,
    article: pl.DataFrame,
    political: set[str],
    window: Window,
) -> pl.DataFrame:
    """Political bursts of the window with the centroid that stands for their meaning."""
    found = political_bursts(spike, narrative, items, article, political)
    if found.is_empty():
        return POLITICAL_BURST.empty()
    ids = found["event_id"].str.strip_prefix(f"{BURST_CALENDAR}:")
    return POLITICAL_BURST.shape(
        found.with_columns(window_start=instant(window.start), narrative_id=ids).join(
            narrative.select("narrative_id", "centroid"), on="narrative_id"
        )
    )


def encode_missing(
    connection: psycopg.Connection, hashes: Sequence[bytes], texts: Sequence[str], encoder: Encoder
) -> Vectors:
    """Vectors of the texts, in order; those not stored yet are encoded and kept (an embedding is computed once)."""
    vectors, found = load_vectors(connection, hashes, encoder.name)
    if not found.all():
        absent = {h: t for h, t, known in zip(hashes, texts, found, strict=True) if not known}
        save_vectors(connection, list(absent), encoder.name, encoder.encode(list(absent.values())))
        vectors, _ = load_vectors(connection, hashes, encoder.name)
    return vectors


def read_candidates(connection: psycopg.Connection, window: Window, encoder: Encoder) -> tuple[pl.DataFrame, Vectors]:
    """Events that a surge in ``window`` may be linked to: calendar entries, then bursts of earlier windows."""
    calendar, vectors = read_calendar(connection, window.end - LINK_SPAN, window.end, encoder)
    seen = read_table(connection, "spikes", POLITICAL_BURST, window.start - LINK_SPAN, window.start)
    return with_bursts(calendar, vectors, seen)


def read_calendar(
    connection: psycopg.Connection, start: datetime, end: datetime, encoder: Encoder
) -> tuple[pl.DataFrame, Vectors]:
    """Calendar entries with ``occurred_at`` in ``(start, end]``, and the vectors of their titles."""
    calendar = read_events(connection, start, end + timedelta(microseconds=1))
    titles = calendar["title"].to_list()
    return calendar, encode_missing(connection, [text_hash(t) for t in titles], titles, encoder)


def with_bursts(calendar: pl.DataFrame, vectors: Vectors, seen: pl.DataFrame) -> tuple[pl.DataFrame, Vectors]:
    """Calendar entries followed by political bursts (POLITICAL_BURST rows), with a vector for each."""
    rows = seen.with_columns(
        calendar_id=pl.lit(BURST_CALENDAR), category=pl.lit("political burst"), time_known=pl.lit(True)
    ).select(*EVENT_COLUMNS)
    return pl.concat([calendar, rows]), np.concatenate([vectors, unit_rows(seen["centroid"])])


def read_history(connection: psycopg.Connection, windows: Sequence[Window]) -> Callable[[Window], History]:
    """Load once what the histories of all ``windows`` need; return a function that gives each its own."""
    wanted = sorted({h.start for w in windows for h in history_windows(w)})
    rows = read_narratives(connection, wanted)
    computed = computed_windows(connection, "narratives", wanted)
    gaps = gaps_between(connection, wanted[0], wanted[-1] + LONGEST_SCALE, of_items=True)
    return lambda window: History.build(rows, history_windows(window), computed, gaps)


def read_narratives(connection: psycopg.Connection, starts: Sequence[datetime]) -> pl.DataFrame:
    """NARRATIVE rows of the active generations of the given windows, which may lie days apart."""
    parts = [NARRATIVE.empty()]
    for first, last in _runs(starts):
        parts.append(read_active(connection, "narratives", first, last + timedelta(microseconds=1)))
    return pl.concat(parts)


def _runs(starts: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """Stretches of neighbouring windows: (first, last) of each."""
    runs: list[tuple[datetime, datetime]] = []
    for at in starts:
        if runs and at - runs[-1][1] <= timedelta(minutes=5):
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


class _Stored:
    """Active rows of the windows being computed, read once per table."""

    def __init__(self, connection: psycopg.Connection, windows: Sequence[Window]) -> None:
        self._connection = connection
        self._start, self._end = windows[0].start, windows[-1].end
        self._cache: dict[tuple[str, int], tuple[pl.DataFrame, dict[datetime, pl.DataFrame]]] = {}

    def rows(self, asset: str, window: Window, table: int = 0) -> pl.DataFrame:
        if (asset, table) not in self._cache:
            frame = read_active(self._connection, asset, self._start, self._end, table=table)
            parts = frame.partition_by("window_start", maintain_order=True)
            self._cache[asset, table] = frame.clear(), {part["window_start"][0]: part for part in parts}
        empty, by_window = self._cache[asset, table]
        return by_window.get(window.start, empty)


def compute(connection: psycopg.Connection, asset: str, windows: Sequence[Window], *, encoder: Encoder) -> list[Write]:
    """One asset for some windows, from landing and the active rows of the assets before it.

    Args:
        windows: Aligned, oldest first; an hour or a day of them, so that inputs are read once.

    Raises:
        KeyError: there is no asset of that name.
    """
    if not windows:
        return []
    if asset in STATE_ASSETS:
        from latticeforge.radar.state_stages import compute_state  # takes a second to load; the radar never asks

        return compute_state(connection, asset, windows)
    return [Write(asset, w, f) for w, f in _STAGES[asset](connection, windows, encoder)]


_Computed = list[tuple[Window, Frames]]


def _articles(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    landed = read_items(connection, windows[0].start, windows[-1].end).with_columns(
        at=pl.coalesce("event_at", "first_seen_at")
    )
    return [(w, (articles(landed.filter(within("at", w.start, w.end)), w),)) for w in windows]


def _embeddings(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored = _Stored(connection, windows)
    computed: _Computed = []
    for w in windows:
        article = stored.rows("articles", w)
        vectors = encode_missing(connection, article["text_hash"].to_list(), article["title"].to_list(), encoder)
        computed.append((w, (embedding_rows(article, vectors, encoder.name, w),)))
    return computed


def _narratives(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored = _Stored(connection, windows)
    computed: _Computed = []
    for w in windows:
        article = stored.rows("articles", w)
        vectors, _ = load_vectors(connection, article["text_hash"].to_list(), encoder.name)
        found = narratives(article, vectors, w)
        computed.append((w, (found.narrative, found.items)))
    return computed


def _spike_baselines(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored, history = _Stored(connection, windows), read_history(connection, windows)
    return [(w, (spike_baselines(stored.rows("narratives", w), history(w), w),)) for w in windows]


def _spikes(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored, history, political = (
        _Stored(connection, windows),
        read_history(connection, windows),
        political_sources(connection),
    )
    computed: _Computed = []
    for w in windows:
        narrative, items = stored.rows("narratives", w), stored.rows("narratives", w, 1)
        found = spikes(stored.rows("spike_baselines", w), narrative, history(w), w)
        computed.append((w, (found, bursts(found, narrative, items, stored.rows("articles", w), political, w))))
    return computed


def _correlations(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored, history = _Stored(connection, windows), read_history(connection, windows)
    computed: _Computed = []
    for w in windows:
        events, vectors = read_candidates(connection, w, encoder)
        rows = correlations(
            stored.rows("spikes", w),
            stored.rows("narratives", w),
            stored.rows("narratives", w, 1),
            stored.rows("articles", w),
            events,
            vectors,
            history(w),
            w,
        )
        computed.append((w, (rows,)))
    return computed


def _distraction_scores(connection: psycopg.Connection, windows: Sequence[Window], encoder: Encoder) -> _Computed:
    stored = _Stored(connection, windows)
    gaps = gaps_between(connection, windows[0].start - LONGEST_SCALE, windows[-1].end)
    computed: _Computed = []
    for w in windows:
        rows = distraction_scores(
            stored.rows("correlations", w),
            stored.rows("spikes", w),
            stored.rows("narratives", w),
            stored.rows("narratives", w, 1),
            stored.rows("articles", w),
            partial_reasons(gaps, w.end - LONGEST_SCALE, w.end),
        )
        computed.append((w, (rows,)))
    return computed


_STAGES: dict[str, Callable[[psycopg.Connection, Sequence[Window], Encoder], _Computed]] = {
    "articles": _articles,
    "embeddings": _embeddings,
    "narratives": _narratives,
    "spike_baselines": _spike_baselines,
    "spikes": _spikes,
    "correlations": _correlations,
    "distraction_scores": _distraction_scores,
}
