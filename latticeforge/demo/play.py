"""Playing the demo day against the real pipeline on a simulated clock.

Here: putting publishers, collectors, radar and Dagster together for one day, and telling what happens as it happens.
Not here: what the day holds (``day``), whether it went as it should (``expectations``), how it looks (cli).
Nothing in the pipeline knows that the day is simulated: it polls HTTP, and its clock is the one thing that is not real.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from latticeforge.demo.calendar import CALENDAR_ID
from latticeforge.demo.day import DemoDay
from latticeforge.demo.publishers import PublisherServer
from latticeforge.demo.variant import DAY_END, DAY_START
from latticeforge.embedding import Encoder
from latticeforge.model import Landed
from latticeforge.radar.clock import SimulatedClock
from latticeforge.radar.core import RadarCore, Tick
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import feed_pollers, register_feeds
from latticeforge.radar.service import Collector, Radar
from latticeforge.sources.attention import AttentionCollector, AttentionSource
from latticeforge.sources.calendar_poller import CalendarPoller, CalendarSource
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import FeedClient
from latticeforge.sources.feed_poller import FeedPoller
from latticeforge.store import Store
from latticeforge.store.database import reader_url
from latticeforge.store.ledger import save_source

LATENESS = timedelta(seconds=660)  # the papers are polled every 600 seconds, give or take a twentieth
TICK_S = 60.0
TOLD = ("gap.", "collect.failed", "collect.recovered", "source.clock", "window.recomputed")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline. ``at`` is simulated time."""

    at: datetime
    kind: str  # event, alert, gap, clock, window, dagster, snapshot
    text: str


@dataclass
class Played:
    """What a played day left, apart from the database itself."""

    lines: list[Line] = field(default_factory=list)
    landing: StoreLanding | None = None
    items: Landed = field(default_factory=Landed)  # every entry read from a feed, by what became of it
    seen_on_board: dict[str, datetime] = field(default_factory=dict)  # alert_id to first sight in the marts
    windows: int = 0
    recomputed: int = 0
    wall_s: float = 0.0


class Player:
    """One day, played once.

    Args:
        marts: What builds the marts; the first look at the board waits for it. None: they are there.
        on_line: Told each line of the timeline as it happens.
        on_time: Told the simulated time after each tick, for a progress bar.
        until: Simulated time at which to stop; the end of the day by default.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        day: DemoDay,
        *,
        disturbed: bool = True,
        marts: Future[Any] | None = None,
        until: datetime = DAY_END,
        on_line: Callable[[Line], None] = lambda _: None,
        on_time: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        self._store, self._encoder, self._day, self._disturbed, self._until = store, encoder, day, disturbed, until
        self._on_line, self._on_time = on_line, on_time
        self._marts = marts
        self._clock = SimulatedClock(DAY_START)
        self._stop = asyncio.Event()
        self._told_seq = 0
        self._pollers: list[FeedPoller] = []
        self._happenings = sorted((e.occurred_at, e.title) for e in day.calendar if e.occurred_at >= DAY_START)
        self.played = Played()

    def play(self) -> Played:
        """Play the day; return when simulated time has reached its end."""
        began = time.perf_counter()
        asyncio.run(self._play())
        self.played.wall_s = time.perf_counter() - began
        self.played.items = sum((p.landed for p in self._pollers), Landed())
        return self.played

    async def _play(self) -> None:
        core = RadarCore(self._store, self._encoder, lateness=LATENESS)
        self.played.landing = StoreLanding(self._store, self._clock.now)
        with PublisherServer(self._day, self._clock.now, self._disturbed) as publishers:
            async with FeedClient(self._clock, allow_loopback=True) as client:
                collectors = self._collectors(publishers, client, self.played.landing)
                radar = Radar(
                    self._store,
                    core,
                    collectors,
                    self._clock,
                    start=self._clock.join,
                    tick_s=TICK_S,
                    offset_s=1.0,
                    on_tick=self._after_tick,
                )
                await radar.run(self._stop)

    def _collectors(
        self, publishers: PublisherServer, client: FeedClient, landing: StoreLanding
    ) -> Sequence[Collector]:
        feeds = [FeedSource(**f._asdict()) for f in publishers.feeds()]
        with self._store.connection() as c:
            remembered = register_feeds(c, feeds)
            save_source(c, "attention", title="Attention counts", kind="attention", url=publishers.attention_url)
            save_source(c, CALENDAR_ID, title="Political calendar", kind="calendar", url=publishers.calendar_url)
        attention = AttentionSource("attention", publishers.attention_url)
        politics = CalendarSource(CALENDAR_ID, publishers.calendar_url, interval_s=120.0)
        seed = self._day.seed
        self._pollers = feed_pollers(feeds, remembered, client, self._clock, landing, seed)
        return [
            *self._pollers,
            AttentionCollector(
                attention, client, self._clock, landing, rng=random.Random(f"{seed}attention"), since=DAY_START
            ),
            CalendarPoller(politics, client, self._clock, landing, rng=random.Random(f"{seed}calendar")),
        ]

    def _after_tick(self, now: datetime, tick: Tick) -> None:
        self.played.windows += len(tick.closed)
        self.played.recomputed += len(tick.recomputed)
        while self._happenings and self._happenings[0][0] <= now:
            self._tell(Line(self._happenings[0][0], "event", self._happenings.pop(0)[1]))
        for alert in tick.published:
            self._tell(Line(now, "alert", _alert_text(alert)))
        self._tell_ops()
        if tick.published:
            self._look_at_board(now)
        self._on_time(now)
        if now >= self._until + LATENESS + timedelta(minutes=1):
            self._stop.set()

    def _tell_ops(self) -> None:
        with self._store.connection() as c:
            rows = c.execute(
                "select seq, at, kind, message from ops.event where seq > %s order by seq", (self._told_seq,)
            ).fetchall()
        for seq, at, kind, message in rows:
            self._told_seq = seq
            if kind.startswith(TOLD) and "late items" not in message:
                self._tell(Line(at, kind.split(".")[0], message))

    def _look_at_board(self, now: datetime) -> None:
        """What the dashboard's read-only role sees right now."""
        if self._marts is not None:
            self._marts.result()
        with psycopg.connect(reader_url(self._store.url)) as c:
            rows = c.execute("select statement_id from marts.link_board where statement_id like 'live:%'").fetchall()
        for (statement_id,) in rows:
            self.played.seen_on_board.setdefault(statement_id.removeprefix("live:"), now)

    def _tell(self, line: Line) -> None:
        self.played.lines.append(line)
        self._on_line(line)


def _alert_text(alert: Any) -> str:
    likelihood = "no number" if alert.likelihood is None else f"{alert.likelihood:.0%}"
    interval = "" if alert.likelihood is None else f" ({alert.likelihood_low:.0%}-{alert.likelihood_high:.0%})"
    partial = f" · partial: {'; '.join(alert.partial)}" if alert.partial else ""
    lag_minutes = alert.lag_s / 60
    return (
        f"{alert.verdict}: '{alert.label}' {lag_minutes:.0f} min after '{alert.event_title}', "
        f"likelihood {likelihood}{interval}{partial}"
    )
