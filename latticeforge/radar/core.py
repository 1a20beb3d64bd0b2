"""One tick of the radar: encode what landed, look at the last five minutes, close what the watermark has passed.

Here: the order of work and what is committed together. It is driven by a loop on the real clock (``service``), by the
simulated clock of the demo day, or by a file (``replay``); the time comes in as an argument. Not here: collecting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import psycopg

from latticeforge.embedding import Encoder
from latticeforge.instants import within
from latticeforge.model import Verdict
from latticeforge.narratives.articles import articles
from latticeforge.narratives.clusters import narratives
from latticeforge.radar.alerts import MEMORY, Alert, AlertBook, alerts_of, save_alerts
from latticeforge.radar.context import Context
from latticeforge.radar.stages import LONGEST_SCALE, Evaluation, Vectors, encode_missing, evaluate
from latticeforge.store import Store
from latticeforge.store.generations import write_generations
from latticeforge.store.landing import Arrival, arrivals, first_counted, read_items
from latticeforge.store.ledger import (
    ClosedWindow,
    clear_dirty,
    dirty_windows,
    gaps_between,
    last_closed,
    mark_dirty,
    read_cursor,
    record_event,
    save_cursor,
    save_windows,
)
from latticeforge.windows import HOUR, WINDOW, Window, closable, floor_to, windows_between

BATCH = 2048  # texts encoded in one transaction
WINDOWS_A_COMMIT = 12
HISTORY = timedelta(days=8)  # a first start goes back this far into what the feeds still hold
MOST_LOOKED_AT = 2000  # newest items of a look: shares need no more, and a second must be enough for it
LOOK_BACK_EVERY = timedelta(seconds=30)  # windows that wait to be closed hardly change from one second to the next
READER = "radar"
MIN_GROUP = 4  # fewer items in five minutes are no surge that a look could find before its window closes
NEAR = 0.35  # cosine; a little below the mean similarity inside a narrative (narratives.clusters)


@dataclass
class Tick:
    """What one tick did."""

    arrived: int = 0
    evaluated: bool = False
    closed: list[ClosedWindow] = field(default_factory=list)
    recomputed: list[ClosedWindow] = field(default_factory=list)
    published: list[Alert] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)  # item received to the end of the evaluation that saw it


class RadarCore:
    """The radar without its collectors and without a clock of its own.

    Args:
        origin: radar or replay: written into every generation.
        lateness: How long after its end a window waits for late items.
        on_windows: Called after each commit with what was closed, for progress on long work.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        *,
        lateness: timedelta,
        origin: str = "radar",
        on_windows: Callable[[Sequence[ClosedWindow]], None] = lambda _: None,
    ) -> None:
        self._store, self._encoder = store, encoder
        self.lateness, self._origin, self._on_windows = lateness, origin, on_windows
        self._context, self._book = Context(encoder), AlertBook()
        self._closed_until: datetime | None = None
        self._delays_s: list[float] = []
        self._fresh = False
        self._looked_back: dict[Window, datetime] = {}

    def resume(self, now: datetime, *, begin: datetime | None = None) -> None:
        """Go on from what is stored: closed windows, landed items, alerts of the last hours.

        Args:
            begin: Close windows from here on, whatever was closed before; a replay computes the whole of its range.
        """
        with self._store.connection() as c:
            self._closed_until = begin or last_closed(c)
            self._book.load(c, now)

    def tick(self, now: datetime, clock: Callable[[], datetime] | None = None) -> Tick:
        """Do all that is due at ``now``. ``clock`` gives the time after the work, for measuring delays."""
        done = Tick()
        received = self.take_in(done)
        self._restate(now, done)
        if self._fresh:
            self._look(now, done)
            self._fresh = False
        after = clock() if clock else now
        done.delays_s = [(after - at).total_seconds() for at in received]
        self._delays_s += done.delays_s
        self._close(now, done)
        if done.closed:
            self._recompute(now, done)
        return done

    def take_in(self, done: Tick | None = None) -> list[datetime]:
        """Encode every text that landed since the last time; return when each new item was first seen."""
        done = done or Tick()
        received: list[datetime] = []
        while True:
            with self._store.connection() as c:
                batch = arrivals(c, read_cursor(c, READER), BATCH)
                if not batch:
                    return received
                encode_missing(c, [a.text_hash for a in batch], [a.title for a in batch], self._encoder)
                mark_dirty(c, self._late(batch), "late items")
                save_cursor(c, READER, batch[-1].seq)
            self._fresh |= any(a.counted and a.first for a in batch)
            done.arrived += len(batch)
            received += [a.first_seen_at for a in batch if a.first]

    def _late(self, batch: Sequence[Arrival]) -> list[datetime]:
        """Closed windows an item of ``batch`` belongs to.

        Later windows look back on these too, over an hour and over days; one item more hardly moves them, and the hour
        that Dagster materialises takes it in. Computing twelve more windows an item cost a quarter of the radar's time.
        """
        closed = self._closed_until
        if closed is None:
            return []
        return sorted(
            {floor_to(a.window_at, WINDOW) for a in batch if a.first and closed - HISTORY <= a.window_at < closed}
        )

    def _restate(self, now: datetime, done: Tick) -> None:
        """Alerts in force say at once that data is missing, and take it back once it came."""
        with self._store.connection() as c:
            restated = self._book.restate(gaps_between(c, now - MEMORY - LONGEST_SCALE, now), now)
            save_alerts(c, restated)
        done.published += restated

    def _look(self, now: datetime, done: Tick) -> None:
        """Evaluate the five minutes that end now, without committing a window."""
        window = Window(now - WINDOW)
        with self._store.connection() as c:
            landed = read_items(c, window.start, window.end).tail(MOST_LOOKED_AT)
            if landed["event_at"].count() < MIN_GROUP:
                return
            article = articles(landed, window)
            vectors = self._vectors(c, article)
            if not _has_group(vectors[article["counted"].to_numpy()]):
                return
            self._context.refresh(c, [window])
            self._look_back(c, now, window)
            evaluation = evaluate(window, article, vectors, self._encoder.name, self._context.around(window))
            done.evaluated = True
            self._publish(c, evaluation, now, landed["first_seen_at"].max(), done)

    def _look_back(self, c: psycopg.Connection, now: datetime, window: Window) -> None:
        """Group what is there of the windows that are over and still wait for late items: they are history too."""
        waiting = list(windows_between(self._closed_until or window.start, floor_to(window.start, WINDOW)))
        self._looked_back = {w: at for w, at in self._looked_back.items() if w in waiting}
        for w in waiting:
            if w in self._looked_back and now - self._looked_back[w] < LOOK_BACK_EVERY:
                continue
            landed = read_items(c, w.start, w.end)
            article = articles(landed.gather_every(1 + landed.height // MOST_LOOKED_AT), w)
            self._context.put_narratives(w, narratives(article, self._vectors(c, article), w).narrative)
            self._looked_back[w] = now

    def _evaluate(self, c: psycopg.Connection, window: Window, landed: pl.DataFrame) -> Evaluation:
        article = articles(landed, window)
        return evaluate(window, article, self._vectors(c, article), self._encoder.name, self._context.around(window))

    def _vectors(self, c: psycopg.Connection, article: pl.DataFrame) -> Vectors:
        # an item may have landed since the texts of this tick were encoded
        return encode_missing(c, article["text_hash"].to_list(), article["title"].to_list(), self._encoder)

    def _publish(
        self, c: psycopg.Connection, evaluation: Evaluation, now: datetime, newest: object, done: Tick
    ) -> None:
        assert isinstance(newest, datetime)
        found = alerts_of(evaluation, now, newest)
        changed = self._book.update(found, gaps_between(c, now - MEMORY - LONGEST_SCALE, now), now) if found else []
        save_alerts(c, changed)
        done.published += changed

    def _close(self, now: datetime, done: Tick) -> None:
        if self._closed_until is None:
            with self._store.connection() as c:
                first = first_counted(c, now - HISTORY)
            if first is None:
                return
            self._closed_until = floor_to(first, WINDOW)
        windows = list(closable(self._closed_until, now - self.lateness))
        for batch in _batches(windows):
            done.closed += self._commit(batch, now, done, "")
            self._closed_until = batch[-1].end

    def _recompute(self, now: datetime, done: Tick) -> None:
        assert self._closed_until is not None
        with self._store.connection() as c:
            due = dirty_windows(c, self._closed_until)
        for batch in _batches([Window(at) for at in due]):
            done.recomputed += self._commit(batch, now, done, "; ".join(sorted({due[w.start] for w in batch})))

    def _commit(self, windows: Sequence[Window], now: datetime, done: Tick, reason: str) -> list[ClosedWindow]:
        """Evaluate neighbouring windows and commit them in one transaction."""
        began = time.perf_counter()
        with self._store.connection() as c:
            self._context.refresh(c, windows)
            landed = read_items(c, windows[0].start, windows[-1].end).with_columns(
                at=pl.coalesce("event_at", "first_seen_at")
            )
            evaluations = []
            for w in windows:
                rows = landed.filter(within("at", w.start, w.end))
                evaluations.append(self._evaluate(c, w, rows))
                self._context.put(evaluations[-1])
                if rows.height:
                    self._publish(c, evaluations[-1], now, rows["first_seen_at"].max(), done)
            writes = [write for e in evaluations for write in e.writes()]
            written = write_generations(c, writes, origin=self._origin, reason=reason)
            changed = {w.window.start for w in written if w.changed}
            closed = self._describe([e for e in evaluations if not reason or e.window.start in changed], now, began)
            save_windows(c, closed)
            clear_dirty(c, [w.start for w in windows])
            if reason and closed:
                self._record_recomputed(c, closed, reason, now)
        self._on_windows(closed)
        return closed

    def _describe(self, evaluations: Sequence[Evaluation], now: datetime, began: float) -> list[ClosedWindow]:
        delays = np.percentile(self._delays_s, [50, 95, 99]).tolist() if self._delays_s else [None] * 3
        self._delays_s.clear()
        close_s = (time.perf_counter() - began) / max(1, len(evaluations))
        return [_closed_window(e, now, now - self.lateness, self._origin, close_s, delays) for e in evaluations]

    def _record_recomputed(
        self, c: psycopg.Connection, closed: Sequence[ClosedWindow], reason: str, now: datetime
    ) -> None:
        record_event(
            c,
            "window.recomputed",
            f"{len(closed)} window(s) from {closed[0].window_start:%H:%M} computed again: {reason}",
            at=now,
            detail={"windows": [w.window_start.isoformat() for w in closed], "reason": reason},
        )


def _has_group(vectors: Vectors) -> bool:
    """Whether some item has enough others about it for a story; where none has, no narrative of the look can spike."""
    return bool(len(vectors) >= MIN_GROUP and ((vectors @ vectors.T >= NEAR).sum(axis=1) >= MIN_GROUP).any())


def _batches(windows: Sequence[Window]) -> Iterable[list[Window]]:
    """Runs of at most an hour."""
    batch: list[Window] = []
    for w in windows:
        if batch and (len(batch) == WINDOWS_A_COMMIT or w.end - batch[0].start > HOUR):
            yield batch
            batch = []
        batch.append(w)
    if batch:
        yield batch


def _closed_window(
    e: Evaluation,
    now: datetime,
    watermark: datetime,
    origin: str,
    close_s: float,
    delays: Sequence[float | None],
) -> ClosedWindow:
    score = e.frames["distraction_scores"][0]
    reported = sum(verdict in (Verdict.LIKELY, Verdict.CONTESTED) for verdict in score["verdict"])
    return ClosedWindow(
        window_start=e.window.start,
        closed_at=now,
        watermark=watermark,
        origin=origin,
        items=e.frames["articles"][0].height,
        narratives=e.frames["narratives"][0].height,
        spikes=e.frames["spikes"][0].height,
        links=e.frames["correlations"][0].height,
        reported=reported,
        close_s=close_s,
        delay_p50_s=delays[0],
        delay_p95_s=delays[1],
        delay_p99_s=delays[2],
        partial=e.around.partial,
    )
