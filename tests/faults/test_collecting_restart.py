"""What collecting remembers over a restart, and how it tells a silent source, on a real Postgres and loopback HTTP."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import known_hosts, register_feeds, remembered
from latticeforge.radar.stages import LONGEST_SCALE
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import HostPaused
from latticeforge.sources.feed_poller import FeedPoller
from latticeforge.sources.health import Resume
from latticeforge.sources.hosts import Hosts
from latticeforge.store import Store
from latticeforge.store.ledger import ClosedWindow, gaps_between, partial_reasons, save_windows
from latticeforge.windows import WINDOW, floor_to, windows_between

HOUR_S = 3600.0


def rss(*entries) -> bytes:
    """Entries of (title, time)."""
    items = "".join(
        f"<item><title>{title}</title><guid>{title}</guid><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for title, at in entries
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


class Life:
    """One life of a collector: a poller of one feed, on a store that outlives it."""

    def __init__(self, store: Store, publisher, clock, longest_silence_s: float | None = None) -> None:
        self.store, self.clock = store, clock
        url = publisher.url + "/feed"
        self.source = FeedSource("desk", "The Desk", url, interval_s=300.0, longest_silence_s=longest_silence_s)
        self.landing = StoreLanding(store, clock.now)
        with store.connection() as c:
            self.known = register_feeds(c, [self.source])["desk"]
            hosts = Hosts(random.Random(1), known=known_hosts(c), save=self.landing.save_host)
        limits = Limits(connect_s=2, read_s=2, total_s=5)
        self.client = FeedClient(clock, allow_loopback=True, limits=limits, hosts=hosts)
        self.poller = FeedPoller(self.source, self.client, clock, self.landing, rng=random.Random(1), resume=self.known)

    async def poll(self, times: int = 1):
        for _ in range(times):
            poll = await self.poller.poll_once()
            self.clock.at += timedelta(seconds=poll.next_s)
        return poll

    def gaps(self) -> list[tuple]:
        with self.store.connection() as c:
            return c.execute("select from_at, to_at, state, reason from ops.gap order by gap_id").fetchall()

    def kinds(self) -> list[str]:
        with self.store.connection() as c:
            return [row[0] for row in c.execute("select kind from ops.event order by seq").fetchall()]


@pytest.fixture
async def live(store, publisher, clock):
    lives: list[Life] = []

    def make(**options) -> Life:
        lives.append(Life(store, publisher, clock, **options))
        return lives[-1]

    yield make
    for life in lives:
        await life.client.__aexit__(None, None, None)


async def test_a_gap_that_was_open_at_the_end_of_one_life_is_closed_in_the_next(publisher, clock, live) -> None:
    start = clock.at
    publisher.pages["/feed"] = [publisher.answer(200, rss(("A", start))), publisher.answer(503)]
    first = live()
    await first.poll(3)
    assert [gap[2] for gap in first.gaps()] == ["open"]
    second = live()
    assert second.known.failures == 2
    assert second.known.gap is not None
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", start), ("B", start + timedelta(minutes=9))))
    await second.poll()
    (gap,) = second.gaps()
    assert (gap[0], gap[2]) == (start, "filled")
    assert second.kinds()[-2:] == ["gap.filled", "collect.recovered"]


async def test_a_restart_asks_nobody_sooner_than_was_planned(publisher, clock, live) -> None:
    publisher.pages["/feed"] = publisher.answer(429, Retry_After="7200")
    await live().poller.poll_once()
    again = live()
    assert again.known.wait_s(clock.now()) == pytest.approx(7200, rel=0.11)
    assert Resume(next_attempt_at=clock.now() + timedelta(days=400)).wait_s(clock.now()) == 86_400
    assert Resume(next_attempt_at=clock.now() - timedelta(days=1)).wait_s(clock.now()) == 0


async def test_an_open_circuit_outlives_the_process(publisher, clock, live) -> None:
    publisher.pages["/feed"] = publisher.answer(503)
    first = live()
    for _ in range(5):
        await first.poller.poll_once()
    asked = len(publisher.asked)
    second = live()
    poll = await second.poller.poll_once()
    assert isinstance(poll.fault, HostPaused)
    assert len(publisher.asked) == asked
    with second.store.connection() as c:
        assert remembered(c)["desk"].failures == 5, "what we did not ask is no failure of the source"


async def test_a_silent_source_is_flagged_named_on_every_number_and_taken_back(publisher, clock, live, store) -> None:
    start = clock.at
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", start)))
    life = live(longest_silence_s=HOUR_S)
    while not life.gaps():
        await life.poll()
        assert clock.at < start + timedelta(hours=3)
    assert timedelta(hours=1) < clock.at - start <= timedelta(hours=2, minutes=6)
    (gap,) = life.gaps()
    assert (gap[0], gap[2]) == (start, "open")
    assert gap[3].startswith("silent for ") and gap[3].endswith("usually 1.0 h at most")
    await life.poll(3)
    assert life.gaps()[0][2] == "open", "answers alone do not end a silence"
    with store.connection() as c:
        said = partial_reasons(gaps_between(c, start, clock.at), start, clock.at)
        assert [line.partition(":")[0] for line in said] == ["desk"]
    second = live(longest_silence_s=HOUR_S)
    assert second.known.gap is not None and second.known.gap.silent, "a silence outlives the process"
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", start), ("B", clock.at)))
    await second.poll()
    assert second.gaps()[0][2] == "filled"
    assert second.kinds().count("source.silent") == 1


async def test_windows_that_saw_a_gap_are_computed_again_when_it_ends(publisher, clock, live, store) -> None:
    start = clock.at
    publisher.pages["/feed"] = [publisher.answer(200, rss(("A", start))), publisher.answer(503)]
    life = live()
    await life.poll(2)
    last = floor_to(clock.at, WINDOW)
    closed = [w.start for w in windows_between(floor_to(start - timedelta(hours=1), WINDOW), last)]
    with store.connection() as c:
        save_windows(c, [ClosedWindow(at, clock.at, clock.at, "radar", 0, 0, 0, 0, 0, 0.0) for at in closed])
    publisher.pages["/feed"] = publisher.answer(200, rss(("A", start), ("B", start + timedelta(minutes=1))))
    await life.poll()
    with store.connection() as c:
        dirty = c.execute("select window_start, reason from ops.dirty_window order by 1").fetchall()
    assert {at for at, _ in dirty} == {at for at in closed if at >= floor_to(start, WINDOW)}
    assert {reason for _, reason in dirty} == {"gap filled: desk"}
    assert timedelta(hours=1) <= LONGEST_SCALE


async def test_one_failing_source_leaves_the_others_alone(publisher, clock, store) -> None:
    landing = StoreLanding(store, clock.now)
    feeds = [FeedSource(name, name, f"{publisher.url}/{name}", interval_s=300.0) for name in ("good", "bad")]
    publisher.pages["/good"] = publisher.answer(200, rss(("A", clock.at)))
    publisher.pages["/bad"] = publisher.answer(500)
    with store.connection() as c:
        register_feeds(c, feeds)
    async with FeedClient(clock, allow_loopback=True) as client:
        pollers = [FeedPoller(f, client, clock, landing, rng=random.Random(1)) for f in feeds]
        for _ in range(4):
            polls = [await p.poll_once() for p in pollers]
    assert [poll.fault is None for poll in polls] == [True, False]
    with store.connection() as c:
        states = dict(c.execute("select source, state from ops.source").fetchall())
        gaps = c.execute("select source from ops.gap").fetchall()
    assert states == {"good": "ok", "bad": "backing off"}
    assert gaps == [("bad",)]
