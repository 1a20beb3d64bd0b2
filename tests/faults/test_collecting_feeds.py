"""Polling feeds that break, over real loopback HTTP: nothing lost, every hole recorded."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from latticeforge.model import DateStatus
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import PermanentFault, TransientFault
from latticeforge.sources.feed_poller import FeedPoller, Resume


def rss(*entries: tuple[str, str], head: str = "") -> bytes:
    """A feed of (title, RFC 822 date) entries; the title is the guid too."""
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid><pubDate>{date}</pubDate></item>"
        for title, date in entries
    )
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


def dated(at: datetime) -> str:
    return f"{at:%a, %d %b %Y %H:%M:%S} +0000"


@pytest.fixture
async def make(publisher, clock, landing):
    """Pollers of ``/feed``."""
    client = FeedClient(clock, allow_loopback=True, limits=Limits(connect_s=2, read_s=2, total_s=5))

    def maker(**options) -> FeedPoller:
        source = FeedSource("desk", "The Desk", publisher.url + "/feed", interval_s=60.0)
        return FeedPoller(source, client, clock, landing, rng=random.Random(1), **options)

    async with client:
        yield maker


async def test_items_are_landed_after_their_payload(publisher, clock, landing, make) -> None:
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", dated(clock.at)), ("B", "no date at all")))
    poll = await make().poll_once()
    assert (poll.landed.new, poll.fault) == (2, None)
    assert landing.fetches[0].payload.startswith(b"<rss")
    assert [item.date_status for item in landing.items] == [DateStatus.OK, DateStatus.UNREADABLE]
    assert landing.items[1].event_at is None
    assert landing.state["state"] == "ok"
    assert 57 <= poll.next_s <= 63


async def test_unchanged_feeds_cost_nothing(publisher, clock, landing, make) -> None:
    feed = rss(("A", dated(clock.at)))
    publisher.pages["/feed"] = [
        publisher.answer(200, feed, ETag='"1"'),
        publisher.answer(304),
        publisher.answer(200, feed),
    ]
    poller = make()
    polls = [await poller.poll_once() for _ in range(3)]
    assert [(poll.landed.new, poll.landed.duplicate) for poll in polls] == [(1, 0), (0, 1), (0, 1)]
    assert publisher.asked[1][1]["if-none-match"] == '"1"'
    assert len(landing.fetches) == 3
    assert landing.gaps == {}


async def test_a_correction_is_a_revision(publisher, clock, landing, make) -> None:
    item = f"<item><guid>g</guid><title>Old</title><pubDate>{dated(clock.at)}</pubDate></item>"
    first = f"<rss><channel>{item}</channel></rss>"
    publisher.pages["/feed"] = [
        publisher.answer(200, first.encode()),
        publisher.answer(200, first.replace("Old", "New").encode()),
    ]
    poller = make()
    await poller.poll_once()
    assert (await poller.poll_once()).landed.revised == 1
    assert [item.title for item in landing.items] == ["Old", "New"]


async def test_dates_in_1970_and_2099_are_kept_and_not_counted(publisher, clock, landing, make) -> None:
    entries = ("A", "Thu, 01 Jan 1970 00:00:00 GMT"), ("B", "Thu, 01 Jan 2099 00:00:00 GMT"), ("C", dated(clock.at))
    publisher.pages["/feed"] = publisher.answer(200, rss(*entries))
    await make().poll_once()
    found = {item.title: (item.date_status, item.event_at) for item in landing.items}
    assert found["A"] == (DateStatus.ANCIENT, None)
    assert found["B"] == (DateStatus.FUTURE, None)
    assert found["C"] == (DateStatus.OK, clock.at)


async def test_titles_with_scripts_and_nul_bytes(publisher, clock, landing, make) -> None:
    feed = rss(("&lt;script&gt;alert(1)&lt;/script&gt;Storm\x00 hits", dated(clock.at)))
    publisher.pages["/feed"] = publisher.answer(200, feed)
    await make().poll_once()
    assert landing.items[0].title == "Storm hits"
    assert ("feed.problems", "desk: control characters removed") in landing.events


async def test_html_instead_of_xml_is_stored_and_reported(publisher, landing, make) -> None:
    page = (
        b"<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/real.xml'></head></html>"
    )
    publisher.pages["/feed"] = publisher.answer(200, page, Content_Type="text/html")
    poll = await make().poll_once()
    assert isinstance(poll.fault, PermanentFault)
    assert "HTML page" in str(poll.fault)
    assert publisher.url + "/real.xml" in str(poll.fault)
    assert landing.fetches[0].payload == page
    assert landing.state["state"] == "failing"
    assert poll.next_s >= 60


async def test_a_bomb_is_refused_and_the_poller_goes_on(publisher, clock, landing, make) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel><title>&b;</title></channel></rss>'
    publisher.pages["/feed"] = [publisher.answer(200, bomb), publisher.answer(200, rss(("A", dated(clock.at))))]
    poller = make()
    assert "XML bomb" in str((await poller.poll_once()).fault)
    assert (await poller.poll_once()).landed.new == 1
    assert "collect.recovered" in landing.kinds()


async def test_failures_back_off_open_one_gap_and_recovery_fills_it(publisher, clock, landing, make) -> None:
    start = clock.at
    publisher.pages["/feed"] = [
        publisher.answer(200, rss(("A", dated(start)))),
        publisher.answer(429, Retry_After="120"),
        publisher.answer(503),
        b"",
        publisher.answer(200, rss(("B", dated(start + timedelta(seconds=90))), ("A", dated(start)))),
    ]
    poller = make()
    waits = []
    for _ in range(5):
        poll = await poller.poll_once()
        waits.append(poll.next_s)
        clock.at += timedelta(seconds=poll.next_s)
    assert 120 <= waits[1] <= 132
    assert landing.kinds() == [
        "collect.retry", "gap.opened", "collect.retry", "collect.retry", "gap.filled", "collect.recovered"
    ]  # fmt: skip
    (gap,) = landing.gaps.values()
    assert gap[0] == start
    assert gap[2] == "filled"
    assert {item.title for item in landing.items} == {"A", "B"}
    assert landing.state["failures"] == 0


async def test_a_feed_that_moved_on_leaves_a_lost_gap(publisher, clock, landing, make) -> None:
    start = clock.at
    old = [(f"old {n}", dated(start)) for n in range(6)]
    new = [(f"new {n}", dated(start + timedelta(seconds=50))) for n in range(6)]
    publisher.pages["/feed"] = [publisher.answer(200, rss(*old)), publisher.answer(200, rss(*new))]
    poller = make()
    await poller.poll_once()
    clock.at += timedelta(seconds=60)
    await poller.poll_once()
    assert list(landing.gaps.values()) == [[start, start + timedelta(seconds=60), "lost"]]
    assert len(landing.items) == 12


@pytest.mark.parametrize(("oldest", "state"), [(timedelta(hours=-3), "filled"), (timedelta(minutes=-20), "lost")])
async def test_time_without_a_collector_is_a_gap(publisher, clock, landing, make, oldest, state) -> None:
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", dated(clock.at + oldest))))
    away_since = clock.at - timedelta(hours=2)
    await make(resume=Resume(last_success_at=away_since)).poll_once()
    assert list(landing.gaps.values()) == [[away_since, clock.at, state]]


@pytest.mark.parametrize(("ahead_s", "counted"), [(7200, False), (-7200, False), (0, True)])
async def test_a_wrong_clock_is_noticed(publisher, clock, landing, make, ahead_s: int, counted: bool) -> None:
    poller = make()
    entries: list[tuple[str, str]] = []
    for number in range(30):
        entries.insert(0, (f"story {number}", dated(clock.at + timedelta(seconds=ahead_s - 20))))
        publisher.pages["/feed"] = publisher.answer(200, rss(*entries[:20]))
        await poller.poll_once()
        clock.at += timedelta(seconds=60)
    last = landing.items[-1]
    assert (last.date_status is DateStatus.OK) is counted
    assert ("source.clock" in landing.kinds()) is not counted
    if not counted:
        assert last.date_status is DateStatus.CLOCK
        assert abs(landing.state["clock_offset_s"] - ahead_s) < 120


async def test_the_loop_polls_until_it_is_stopped(publisher, clock, landing, make) -> None:
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", dated(datetime(2025, 1, 28, 14, tzinfo=UTC)))))
    stop = asyncio.Event()
    task = asyncio.create_task(make().run(stop))
    while len(landing.fetches) < 3:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert len(landing.items) == 1
    assert all(57 <= slept <= 63 for slept in clock.slept)


async def test_retries_never_end_and_never_wait_longer_than_the_cap(publisher, clock, landing, make) -> None:
    publisher.pages["/feed"] = publisher.answer(503)
    poller = make()
    polls = [await poller.poll_once() for _ in range(25)]
    assert all(isinstance(poll.fault, TransientFault) and 1 <= poll.next_s <= 900 for poll in polls)
    assert max(poll.next_s for poll in polls[:2]) <= 60
    assert len(landing.gaps) == 1
