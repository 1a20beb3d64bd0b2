"""What a window costs: time of a crowded one, memory over a week, and whether the age of the archive shows.

    python benchmarks/window_cost.py           # about three minutes on two cores
    python benchmarks/window_cost.py cost      # or: memory, age

- cost: 2,000 new items with 156 windows of 300 narratives each behind them (seven days), a pushed surge in every second
  window and an event: narratives + spikes + links + scores, p50 and p95. Two threads; `lf` itself uses one. CPU time is
  what a busy machine cannot blur; with two threads it is at most twice the time of an idle machine.
- memory: a week of 2,016 windows of 30 items, after eight days that are remembered; resident memory after each day.
- age: reading a window's history from Postgres with one week and with eight weeks of windows stored.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np
import polars as pl
import psutil
import psycopg
from clusters import labelled
from numpy.typing import NDArray
from single_event import event_at
from surges import START, story_vectors

from latticeforge.embedding import Encoder, load_encoder
from latticeforge.model import ARTICLE, NARRATIVE, NARRATIVE_ITEM, UTC_TIME, VECTOR, text_hash
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.history import History, history_windows, unit_rows
from latticeforge.narratives.links import correlations
from latticeforge.narratives.scores import distraction_scores
from latticeforge.narratives.spikes import spikes
from latticeforge.radar.stages import read_history
from latticeforge.settings import Settings
from latticeforge.store import Store, embedded_server
from latticeforge.store.generations import Write, write_generations
from latticeforge.windows import DAY, Window, windows_between

ITEMS, REPEATS = 2000, 24
CLUSTERS_A_WINDOW = 300
KEPT = 8 * DAY  # what is remembered of earlier windows
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
Vectors = NDArray[np.float32]
STAGES = ("history", "narratives", "baselines", "spikes", "links", "scores")


def article_rows(titles: list[str], window: Window, pushed: int) -> pl.DataFrame:
    """ARTICLE rows; the last ``pushed`` come from four accounts within a minute."""
    n = len(titles)
    usual = n - pushed
    step = timedelta(seconds=299) / max(usual, 1)
    rows = {
        "window_start": [window.start] * n,
        "item_id": [f"{window.start:%d%H%M}{i:06d}" for i in range(n)],
        "source": [f"source {i % 14}" if i < usual else "stream" for i in range(n)],
        "account": ["" if i < usual else f"account {i % 4}" for i in range(n)],
        "event_at": [
            window.start + (step * i if i < usual else timedelta(seconds=60 + 60 * (i - usual) / pushed))
            for i in range(n)
        ],
        "date_status": ["ok"] * n,
        "counted": [True] * n,
        "title": titles,
        "summary": [""] * n,
        "url": [""] * n,
        "text_hash": [text_hash(title) for title in titles],
    }
    return ARTICLE.shape(pl.DataFrame(rows, schema=ARTICLE.columns))


def history_rows(windows: list[Window], centroids: Vectors, clusters: int, rng: np.random.Generator) -> pl.DataFrame:
    """NARRATIVE rows: in each window some of the given meanings, each a little moved; sizes fall as 1 / rank."""
    n = len(windows) * clusters
    unit = centroids[rng.integers(len(centroids), size=n)] + 0.03 * rng.normal(size=(n, centroids.shape[1]))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    items = np.tile(np.maximum(1, (400 / (1 + np.arange(clusters))).astype(int)), len(windows))
    starts = np.repeat([w.start for w in windows], clusters)
    ids = [f"{w.start:%Y%m%dT%H%MZ}-{rank:03d}" for w in windows for rank in range(1, clusters + 1)]
    rows = {"window_start": starts.tolist(), "narrative_id": ids, "items": items, "voices": items}
    return NARRATIVE.shape(
        pl.DataFrame(rows | {"centroid": pl.Series(unit.astype(np.float32), dtype=VECTOR)}).with_columns(
            label=pl.lit(""), headline=pl.lit(""), sources=pl.lit(1), accounts=pl.lit(1), copy_share=pl.lit(0.0),
            source_hhi=pl.lit(1.0), first_at=pl.col("window_start"), last_at=pl.col("window_start"),
        )
    )  # fmt: skip


def judged(
    article: pl.DataFrame, vectors: Vectors, window: Window, past: pl.DataFrame
) -> tuple[NDArray[np.float64], pl.DataFrame]:
    """Seconds of each stage, (stages, 2): on the clock and of CPU; and the window's narratives."""
    marks = [(time.perf_counter(), time.process_time())]

    def mark() -> None:
        marks.append((time.perf_counter(), time.process_time()))

    windows = history_windows(window)
    history = History.build(past, windows, {w.start for w in windows}, NO_GAPS)
    mark()
    found = narratives(article, vectors, window)
    mark()
    baselines = spike_baselines(found.narrative, history, window)
    mark()
    spike = spikes(baselines, found.narrative, history, window)
    mark()
    event = event_at((window.start - START).total_seconds() - 600)
    links = correlations(
        spike, found.narrative, found.items, article, event, story_vectors(np.random.default_rng(0), 1), history, window
    )
    mark()
    distraction_scores(links, spike, found.narrative, found.items, article, ())
    mark()
    return np.diff(marks, axis=0), found.narrative


def cost(encoder: Encoder) -> None:
    """Print p50 and p95 of each stage."""
    titles = labelled(9, size=3 * ITEMS).titles
    distinct = sorted(set(titles))
    encoded = dict(zip(distinct, encoder.encode(distinct), strict=True))
    rng = np.random.default_rng(1)
    pool = narratives(
        article_rows(titles[:ITEMS], Window(START), 1), np.array([encoded[t] for t in titles[:ITEMS]]), Window(START)
    ).narrative
    centroids = unit_rows(pool["centroid"])
    surge = encoder.encode(["drones over the harbour tonight, why is nobody talking about this"])[0]
    window = Window(START + 8 * DAY)
    past = history_rows(history_windows(window), centroids, CLUSTERS_A_WINDOW, rng)
    taken = []
    for number in range(REPEATS + 2):
        pushed = 80 if number % 2 else 0
        own = [titles[i] for i in rng.integers(len(titles), size=ITEMS - pushed)]
        vectors = np.array([encoded[t] for t in own] + [surge] * pushed, dtype=np.float32)
        own += [
            f"drones over the harbour tonight, why is nobody talking about this {chr(97 + i % 5)}"
            for i in range(pushed)
        ]
        article = article_rows(own, window, pushed)
        taken.append(judged(article, vectors, window, past)[0])
    seconds = np.array(taken[2:])  # the first two warm caches and compiled code
    print(f"{ITEMS} items, {past.height} clusters of history, {REPEATS} windows")
    print(f"  {'ms':12} {'p50':>7} {'p95':>7} {'CPU p50':>8} {'CPU p95':>8}")
    whole = seconds[:, 1:].sum(axis=1, keepdims=True)  # the radar keeps the history from one look to the next
    for name, column in zip((*STAGES, "all but history"), np.moveaxis(np.hstack([seconds, whole]), 1, 0), strict=True):
        middle, high = 1000 * np.median(column, axis=0), 1000 * np.quantile(column, 0.95, axis=0)
        print(f"  {name:15} {middle[0]:7.1f} {high[0]:7.1f} {middle[1]:8.1f} {high[1]:8.1f}")


def memory(encoder: Encoder) -> None:
    """Print resident memory after each of seven days."""
    titles = labelled(5, size=4000).titles
    distinct = sorted(set(titles))
    encoded = dict(zip(distinct, encoder.encode(distinct), strict=True))
    rng = np.random.default_rng(2)
    process, columns = psutil.Process(), ["window_start", "items", "voices", "centroid"]
    meanings = encoder.encode(distinct[::40])
    before = list(windows_between(START, START + KEPT))
    filled = history_rows(before, meanings, 25, rng).select(columns).partition_by("window_start", as_dict=True)
    held: dict[datetime, pl.DataFrame] = {w.start: filled[w.start,].clone() for w in before}
    del filled
    for day in range(8, 15):
        began = time.process_time()
        for window in windows_between(START + day * DAY, START + (day + 1) * DAY):
            own = [titles[i] for i in rng.integers(len(titles), size=30)]
            wanted = [held[w.start] for w in history_windows(window) if w.start in held]
            past = pl.concat([NARRATIVE.empty().select(columns), *wanted])
            vectors = np.array([encoded[t] for t in own], dtype=np.float32)
            held[window.start] = judged(article_rows(own, window, 1), vectors, window, past)[1].select(columns)
            held = {at: rows for at, rows in held.items() if at > window.start - KEPT}
        size = process.memory_info().rss / 2**20
        print(
            f"  day {day - 7}: {size:7.1f} MiB, {1000 * (time.process_time() - began) / 288:.1f} ms of CPU a window",
            flush=True,
        )


def age(weeks: tuple[int, ...] = (1, 8)) -> None:
    """Print how long one window's history takes to read as the archive grows."""
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(40, 384))
    centroids = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    stored = START
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Store(embedded_server(Path(folder))).open() as store,
    ):
        for goal in weeks:
            while stored < START + goal * 7 * DAY:
                windows = list(windows_between(stored, stored + DAY))
                rows = history_rows(windows, centroids, 6, rng).partition_by("window_start", as_dict=True)
                writes = [Write("narratives", w, (rows[w.start,], NARRATIVE_ITEM.empty())) for w in windows]
                with store.connection() as c:
                    write_generations(c, writes, origin="replay")
                stored += DAY
            with store.connection() as c:
                c.execute("analyze")
                taken_ms = 1000 * median_s(partial(read, c, stored))
                print(f"  {goal} week(s): history of a window read in {taken_ms:.1f} ms", flush=True)


def read(connection: psycopg.Connection, stored: datetime) -> None:
    """The history of the window after what is stored."""
    window = Window(stored)
    read_history(connection, [window])(window)


def median_s(run: Callable[[], object], repeats: int = 15) -> float:
    """Median seconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def main(parts: list[str]) -> None:
    """Run the parts named, or all."""
    settings = Settings()
    encoder = load_encoder(settings.encoder, settings.home / "models")
    if "cost" in parts:
        cost(encoder)
    if "memory" in parts:
        print("a week of windows of 30 items")
        memory(encoder)
    if "age" in parts:
        print("the age of the archive")
        age()


if __name__ == "__main__":
    main(sys.argv[1:] or ["cost", "memory", "age"])
