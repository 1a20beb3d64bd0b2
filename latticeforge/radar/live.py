"""The live radar: the collectors of the catalogue, put together with the core on the real clock.

Here: which collectors run. Not here: the loop (``service``) and the work (``core``).
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import psycopg
from psycopg import sql

from latticeforge.embedding import load_encoder
from latticeforge.radar.core import RadarCore
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.service import ClockWatcher, Collector, Drain, Radar, note_start, when_reached
from latticeforge.settings import Settings
from latticeforge.sources.attention import AttentionCollector, AttentionSource
from latticeforge.sources.calendar_poller import CalendarPoller, CalendarSource
from latticeforge.sources.catalogue import FeedSource, default_catalogue_path, load_catalogue
from latticeforge.sources.client import FeedClient
from latticeforge.sources.clock import Clock, SteadyClock, SystemClock
from latticeforge.sources.feed_poller import FeedPoller
from latticeforge.sources.health import SILENT, Gap, Resume
from latticeforge.sources.hosts import HostRecord, Hosts
from latticeforge.sources.jetstream import JetstreamCollector, stream_name
from latticeforge.store import Store, open_store
from latticeforge.store.ledger import save_source
from latticeforge.store.spool import Spool


def register_feeds(connection: psycopg.Connection, feeds: Sequence[FeedSource]) -> dict[str, Resume]:
    """Make every feed known to ``ops.source``; return what was remembered of each."""
    for f in feeds:
        save_source(
            connection,
            f.name,
            title=f.title,
            kind=f.kind,
            url=f.url,
            country=f.country,
            language=f.language,
            political=f.political,
            interval_s=f.interval_s,
        )
    return remembered(connection)


def remembered(connection: psycopg.Connection) -> dict[str, Resume]:
    """What the store knows of every source from before this start, open gaps among it."""
    rows = connection.execute(
        "select s.source, etag, last_modified, failures, last_success_at, next_attempt_at, last_item_at, cadence,"
        " g.gap_id, g.from_at, g.reason from ops.source s left join lateral (select * from ops.gap"
        " where source = s.source and state = 'open' order by gap_id limit 1) g on true"
    ).fetchall()
    return {
        source: Resume(etag, modified, failures, good_at, planned_at, item_at, cadence, _open_gap(*gap))
        for source, etag, modified, failures, good_at, planned_at, item_at, cadence, *gap in rows
    }


def _open_gap(gap_id: int | None, from_at: datetime | None, reason: str) -> Gap | None:
    return Gap(gap_id, from_at, reason.startswith(SILENT)) if gap_id is not None and from_at is not None else None


def known_hosts(connection: psycopg.Connection) -> list[HostRecord]:
    """How the hosts were doing before this start."""
    names = [f.name for f in fields(HostRecord)]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    rows = connection.execute(sql.SQL("select {} from ops.host").format(columns)).fetchall()
    return [HostRecord(*row) for row in rows]


def feed_pollers(
    feeds: Sequence[FeedSource],
    known: Mapping[str, Resume],
    client: FeedClient,
    clock: Clock,
    landing: StoreLanding,
    seed: int,
) -> list[FeedPoller]:
    """One poller a feed; ``seed`` spreads their polls in time."""
    return [
        FeedPoller(f, client, clock, landing, rng=random.Random(f"{seed}{f.name}"), resume=known.get(f.name))
        for f in feeds
    ]


def other_collectors(
    settings: Settings, store: Store, client: FeedClient, clock: Clock, landing: StoreLanding
) -> list[Collector]:
    """Calendars, attention counts and the stream of posts, where the settings name them."""
    found: list[Collector] = []
    rng = random.Random(0)
    with store.connection() as c:
        known = remembered(c)
    with store.connection() as c:
        for place in settings.calendars:
            name = PurePath(place).stem or place
            save_source(c, name, title=f"Calendar {name}", kind="calendar", url=place)
            found.append(
                CalendarPoller(CalendarSource(name, place), client, clock, landing, rng=rng, resume=known.get(name))
            )
        if settings.attention_url:
            save_source(c, "attention", title="Attention counts", kind="attention", url=settings.attention_url)
            source = AttentionSource("attention", settings.attention_url)
            row = c.execute("select max(observed_at) + interval '1 minute' from landing.attention").fetchone()
            since = row[0] if row else None  # what was missed while we were down is asked for
            resume = known.get(source.name)
            found.append(AttentionCollector(source, client, clock, landing, rng=rng, since=since, resume=resume))
        if settings.stream_url:
            resume = known.get(stream_name(settings.stream_url))
            stream = JetstreamCollector(settings.stream_url, clock, landing, rng=rng, resume=resume)
            save_source(c, stream.source, title="Stream of posts", kind="stream", url=settings.stream_url)
            found.append(stream)
    return found


async def run_live(settings: Settings) -> None:
    """Collect and evaluate until SIGINT or SIGTERM."""
    clock = SteadyClock(SystemClock())
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with await when_reached(lambda: open_store(settings)) as store:
        core = RadarCore(
            store,
            load_encoder(settings.encoder, settings.home / "models"),
            lateness=timedelta(seconds=settings.allowed_lateness_s),
        )
        await when_reached(lambda: note_start(store, "the radar has started", datetime.now(UTC)))
        await _collect(settings, store, core, clock, stop)


async def prepare(store: Store, landing: StoreLanding, feeds: Sequence[FeedSource]) -> tuple[dict[str, Resume], Hosts]:
    """Bring in what waited on disk, make the feeds known, and read what is remembered of them and of their hosts."""

    def read() -> tuple[dict[str, Resume], list[HostRecord]]:
        landing.drain_now()  # older than anything the database can tell us
        with store.connection() as c:
            return register_feeds(c, feeds), known_hosts(c)

    known, hosts = await when_reached(read)
    return known, Hosts(random.Random(), known=hosts, save=landing.save_host)


async def _collect(settings: Settings, store: Store, core: RadarCore, clock: SteadyClock, stop: asyncio.Event) -> None:
    feeds = load_catalogue(settings.feeds or default_catalogue_path())
    spool = Spool(settings.home / "spool", max_bytes=settings.spool_max_mb * 1_000_000)
    landing = StoreLanding(store, clock.now, spool)
    known, hosts = await prepare(store, landing, feeds)
    async with FeedClient(clock, hosts=hosts) as client:
        collectors: list[Collector] = [
            Drain(landing),
            ClockWatcher(clock, landing),
            *feed_pollers(feeds, known, client, clock, landing, seed=0),
            *other_collectors(settings, store, client, clock, landing),
        ]
        await Radar(store, core, collectors, clock).run(stop)
