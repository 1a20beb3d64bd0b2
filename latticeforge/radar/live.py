"""The live radar: the collectors of the catalogue, put together with the core on the real clock.

Here: which collectors run. Not here: the loop (``service``) and the work (``core``).
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import psycopg

from latticeforge.embedding import load_encoder
from latticeforge.radar.core import RadarCore
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.service import Collector, Radar, note_start
from latticeforge.settings import Settings
from latticeforge.sources.attention import AttentionCollector, AttentionSource
from latticeforge.sources.calendar_poller import CalendarPoller, CalendarSource
from latticeforge.sources.catalogue import FeedSource, default_catalogue_path, load_catalogue
from latticeforge.sources.client import FeedClient
from latticeforge.sources.clock import Clock, SystemClock
from latticeforge.sources.feed_poller import FeedPoller, Resume
from latticeforge.sources.jetstream import JetstreamCollector
from latticeforge.store import Store, open_store
from latticeforge.store.ledger import save_source


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
    rows = connection.execute(
        "select source, etag, last_modified, failures, last_success_at from ops.source where source = any(%s)",
        ([f.name for f in feeds],),
    ).fetchall()
    return {source: Resume(etag, modified, failures, good) for source, etag, modified, failures, good in rows}


def feed_pollers(
    feeds: Sequence[FeedSource],
    remembered: dict[str, Resume],
    client: FeedClient,
    clock: Clock,
    landing: StoreLanding,
    seed: int,
) -> list[FeedPoller]:
    """One poller a feed; ``seed`` spreads their polls in time."""
    return [
        FeedPoller(f, client, clock, landing, rng=random.Random(f"{seed}{f.name}"), resume=remembered.get(f.name))
        for f in feeds
    ]


def other_collectors(
    settings: Settings, store: Store, client: FeedClient, clock: Clock, landing: StoreLanding
) -> list[Collector]:
    """Calendars, attention counts and the stream of posts, where the settings name them."""
    found: list[Collector] = []
    rng = random.Random(0)
    with store.connection() as c:
        for place in settings.calendars:
            name = PurePath(place).stem or place
            save_source(c, name, title=f"Calendar {name}", kind="calendar", url=place)
            found.append(CalendarPoller(CalendarSource(name, place), client, clock, landing, rng=rng))
        if settings.attention_url:
            save_source(c, "attention", title="Attention counts", kind="attention", url=settings.attention_url)
            source = AttentionSource("attention", settings.attention_url)
            row = c.execute("select max(observed_at) + interval '1 minute' from landing.attention").fetchone()
            since = row[0] if row else None  # what was missed while we were down is asked for
            found.append(AttentionCollector(source, client, clock, landing, rng=rng, since=since))
        if settings.stream_url:
            stream = JetstreamCollector(settings.stream_url, clock, landing, rng=rng)
            save_source(c, stream.source, title="Stream of posts", kind="stream", url=settings.stream_url)
            found.append(stream)
    return found


async def run_live(settings: Settings) -> None:
    """Collect and evaluate until SIGINT or SIGTERM."""
    clock = SystemClock()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with open_store(settings) as store:
        core = RadarCore(
            store,
            load_encoder(settings.encoder, settings.home / "models"),
            lateness=timedelta(seconds=settings.allowed_lateness_s),
        )
        note_start(store, "the radar has started", datetime.now(UTC))
        await _collect(settings, store, core, clock, stop)


async def _collect(settings: Settings, store: Store, core: RadarCore, clock: Clock, stop: asyncio.Event) -> None:
    feeds = load_catalogue(settings.feeds or default_catalogue_path())
    landing = StoreLanding(store, clock.now)
    with store.connection() as c:
        remembered = register_feeds(c, feeds)
    async with FeedClient(clock) as client:
        collectors: list[Collector] = [
            *feed_pollers(feeds, remembered, client, clock, landing, seed=0),
            *other_collectors(settings, store, client, clock, landing),
        ]
        await Radar(store, core, collectors, clock).run(stop)
