"""The stream collector against a real websocket server on loopback that breaks off."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import serve

from latticeforge.model import DateStatus
from latticeforge.sources.clock import SystemClock
from latticeforge.sources.jetstream import Batching, JetstreamCollector, read_post


class ShortClock(SystemClock):
    """Real time, but nobody waits longer than a moment."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


CLOCK = ShortClock()


def post(number: int, text: str | None = None, **changes) -> str:
    at = CLOCK.now() - timedelta(seconds=5)
    commit = {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"k{number}",
        "record": {"text": text or f"post {number}", "createdAt": at.isoformat(), "langs": ["en"]},
    }
    message = {"did": f"did:plc:{number % 3}", "time_us": 1_700_000_000_000_000 + number * 1_000_000, "kind": "commit"}
    return json.dumps({**message, "commit": {**commit, **changes}})


class Stream:
    """Sends ``scripts[n]`` to the n-th connection, then closes it (the last stays open)."""

    def __init__(self, scripts: list[list[str]]) -> None:
        self.scripts, self.cursors = scripts, []

    async def handle(self, connection) -> None:
        query = parse_qs(urlsplit(connection.request.path).query)
        self.cursors.append(query.get("cursor", [None])[0])
        number = len(self.cursors) - 1
        for message in self.scripts[min(number, len(self.scripts) - 1)]:
            await connection.send(message)
        if number >= len(self.scripts) - 1:
            await connection.wait_closed()


async def collected(stream: Stream, landing, enough, **options) -> JetstreamCollector:
    """Run a collector on the stream until ``enough()`` holds, then stop it."""
    stop = asyncio.Event()
    async with serve(stream.handle, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/subscribe"
        collector = JetstreamCollector(
            url, CLOCK, landing, rng=random.Random(3), batching=Batching(5, 0.05), **{"allow_loopback": True, **options}
        )
        task = asyncio.create_task(collector.run(stop))
        async with asyncio.timeout(30):
            while not enough():
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(task, 10)
    return collector


async def test_posts_become_items_in_batches(landing) -> None:
    other = [
        post(90, operation="delete"),
        post(91, collection="app.bsky.feed.like"),
        '{"did":"d","time_us":1,"kind":"identity"}',
    ]
    stream = Stream([[post(n) for n in range(12)] + other])
    await collected(stream, landing, lambda: len(landing.items) == 12)
    first = landing.items[0]
    assert (first.source, first.account, first.guid) == ("jetstream:127.0.0.1", "did:plc:0", "did:plc:0/k0")
    assert (first.title, first.date_status) == ("post 0", DateStatus.OK)
    assert first.url == "https://bsky.app/profile/did:plc:0/post/k0"
    assert all(fetch.payload.count(b"\n") <= 4 for fetch in landing.fetches)
    assert sum(fetch.payload.count(b"\n") + 1 for fetch in landing.fetches) == 15


async def test_after_a_break_the_stream_is_replayed_from_the_cursor(landing) -> None:
    stream = Stream([[post(n) for n in range(7)], [post(n) for n in range(5, 12)]])
    collector = await collected(stream, landing, lambda: len(landing.items) == 12)
    assert stream.cursors == [None, str(1_700_000_000_000_000 + 6_000_000 - 5_000_000)]
    assert [item.title for item in landing.items] == [f"post {n}" for n in range(12)]
    assert [gap[2] for gap in landing.gaps.values()] == ["filled"]
    assert "collect.recovered" in landing.kinds()
    assert collector.cursor_us == 1_700_000_000_000_000 + 11_000_000


async def test_a_replay_that_starts_too_late_leaves_a_lost_gap(landing) -> None:
    stream = Stream([[post(n) for n in range(3)], [post(n) for n in range(50, 53)]])
    await collected(stream, landing, lambda: len(landing.items) == 6)
    assert [gap[2] for gap in landing.gaps.values()] == ["lost"]


async def test_a_message_over_the_limit_does_not_hold_up_the_stream(landing) -> None:
    stream = Stream([[post(1), post(2, text="x" * 100_000)], [post(3)]])
    await collected(stream, landing, lambda: len(landing.items) == 2)
    assert stream.cursors[1] is None
    assert any("over 65536 bytes" in message for _, message in landing.events)


async def test_senseless_messages_are_kept_and_named(landing) -> None:
    stream = Stream([["{", "[]", '{"time_us": "x"}', post(1, text="a\x00 <b>")]])
    await collected(stream, landing, lambda: len(landing.items) == 1)
    assert landing.items[0].title == "a <b>"
    assert "stream.problems" in landing.kinds()


async def test_private_addresses_are_refused(landing) -> None:
    stream = Stream([[post(1)]])
    await collected(stream, landing, lambda: "collect.failed" in landing.kinds(), allow_loopback=False)
    assert stream.cursors == []
    assert landing.items == []


@pytest.mark.parametrize(
    ("created", "status"),
    [(None, DateStatus.MISSING), ("soon", DateStatus.UNREADABLE), ("2099-01-01T00:00:00Z", DateStatus.FUTURE)],
)
def test_dates_of_posts_are_judged(created, status) -> None:
    message = post(1, record={"text": "t", "createdAt": created})
    _, item = read_post(message, "s", datetime.fromisoformat("2025-01-28T14:00:00Z"))
    assert item is not None
    assert (item.date_status, item.event_at) == (status, None)
