"""The live radar watches what the settings name, and goes on where it stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from latticeforge.model import AttentionCount
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import other_collectors, register_feeds
from latticeforge.settings import Settings
from latticeforge.sources.attention import AttentionCollector
from latticeforge.sources.calendar_poller import CalendarPoller
from latticeforge.sources.catalogue import default_catalogue_path, load_catalogue
from latticeforge.sources.client import FeedClient
from latticeforge.sources.clock import SystemClock
from latticeforge.sources.jetstream import JetstreamCollector
from latticeforge.store import Store
from latticeforge.store.landing import land_attention
from latticeforge.store.ledger import update_source

AT = datetime(2025, 1, 28, 14, 16, tzinfo=UTC)


async def test_calendars_counts_and_stream_come_from_the_environment(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = tmp_path / "politics.csv"
    calendar.write_text("id,title,occurred_at,category,impact\n1,Minister resigns,2025-01-28T14:17:00Z,cabinet,0.9\n")
    monkeypatch.setenv("LF_CALENDARS", f'["{calendar}"]')
    monkeypatch.setenv("LF_ATTENTION_URL", "https://counts.example/api")
    monkeypatch.setenv("LF_STREAM_URL", "wss://stream.example/subscribe")
    with store.connection() as c:
        land_attention(c, [AttentionCount("square", "drones", AT, 3)], None, AT)
    clock = SystemClock()
    landing = StoreLanding(store, clock.now)
    async with FeedClient(clock) as client:
        politics, counts, stream = other_collectors(Settings(), store, client, clock, landing)
        assert isinstance(counts, AttentionCollector)
        assert counts.since == AT.replace(minute=17), "what was missed while we were down is asked for"
        assert isinstance(stream, JetstreamCollector)
        assert isinstance(politics, CalendarPoller)
        await politics.poll_once()
    with store.connection() as c:
        assert c.execute("select calendar_id, title from landing.calendar_event").fetchall() == [
            ("politics", "Minister resigns")
        ]
        kinds = c.execute("select kind from ops.source order by 1").fetchall()
    assert kinds == [("attention",), ("calendar",), ("stream",)]


def test_a_feed_is_remembered_over_a_restart(store: Store) -> None:
    feeds = load_catalogue(default_catalogue_path())
    with store.connection() as c:
        first = register_feeds(c, feeds)
        update_source(c, feeds[0].name, etag='"v1"', failures=2)
        again = register_feeds(c, feeds)
        count = c.execute("select count(*) from ops.source").fetchone()
    assert count == (len(feeds),)
    assert first[feeds[0].name].etag is None
    assert (again[feeds[0].name].etag, again[feeds[0].name].failures) == ('"v1"', 2)
