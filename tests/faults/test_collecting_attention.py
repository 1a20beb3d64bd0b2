"""The attention collector against an API that breaks: the backlog comes in order, and no count differs."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from latticeforge.sources.attention import AttentionCollector, AttentionSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import PermanentFault, TransientFault

MINUTE = timedelta(minutes=1)


class CountsApi:
    """Answers with the complete minutes since the one asked for, as the real thing does; ``trouble`` comes first."""

    def __init__(self, publisher, clock) -> None:
        self.publisher, self.clock = publisher, clock
        self.trouble: list[bytes] = []
        self.page_minutes = 1000
        self.keeps = timedelta(days=1)
        publisher.pages["/counts"] = self.answer

    def count(self, minute: datetime, term: str) -> int:
        return int(minute.timestamp()) // 60 % 97 + len(term)

    async def answer(self, target, headers, writer) -> None:
        if self.trouble:
            writer.write(self.trouble.pop(0))
            return
        since = datetime.fromisoformat(parse_qs(urlsplit(target).query)["since"][0])
        now = self.clock.now()
        since = max(since, now - self.keeps)
        minutes = [since + number * MINUTE for number in range(int((now - since) / MINUTE))]
        sent = minutes[: self.page_minutes]
        counts = [
            {"term": term, "minute": minute.isoformat(), "count": self.count(minute, term)}
            for minute in reversed(sent)
            for term in ("drone", "pardon")
        ]
        body = {"platform": "microblog", "counts": counts, "more": len(sent) < len(minutes)}
        body["next_since"] = ((sent[-1] + MINUTE) if sent else since).isoformat()
        writer.write(self.publisher.answer(200, json.dumps(body).encode()))


@pytest.fixture
def api(publisher, clock) -> CountsApi:
    return CountsApi(publisher, clock)


@pytest.fixture
async def collector(publisher, clock, landing):
    source = AttentionSource("microblog", publisher.url + "/counts")
    limits = Limits(connect_s=2, read_s=2, total_s=5)
    async with FeedClient(clock, allow_loopback=True, limits=limits) as client:
        yield AttentionCollector(source, client, clock, landing, rng=random.Random(1))


async def polled(collector, clock, times: int):
    polls = []
    for _ in range(times):
        poll = await collector.poll_once()
        polls.append(poll)
        clock.at += timedelta(seconds=poll.next_s)
    return polls


def every_minute(api: CountsApi, start: datetime, end: datetime) -> dict:
    minutes = [start + number * MINUTE for number in range(int((end - start) / MINUTE))]
    return {("microblog", term, at): api.count(at, term) for at in minutes for term in ("drone", "pardon")}


async def test_minutes_are_collected_once(api, collector, clock, landing) -> None:
    start = clock.at
    await polled(collector, clock, 6)
    assert landing.counts == every_minute(api, start, start + 5 * MINUTE)
    assert landing.minutes == sorted(landing.minutes)
    assert landing.gaps == {}


async def test_the_backlog_after_an_outage_comes_in_order_and_whole(api, publisher, collector, clock, landing) -> None:
    start = clock.at
    await polled(collector, clock, 3)
    api.trouble = [
        publisher.answer(429, Retry_After="100"),
        publisher.answer(503),
        b"",
        b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{",
    ]
    polls = await polled(collector, clock, 4)
    assert all(isinstance(poll.fault, TransientFault) for poll in polls)
    assert 100 <= polls[0].next_s <= 110
    api.page_minutes = 2
    await polled(collector, clock, 3)
    landed = len(landing.counts) // 2
    assert landed >= 5
    assert landing.counts == every_minute(api, start, start + landed * MINUTE)
    assert landing.minutes == sorted(landing.minutes)
    (gap,) = landing.gaps.values()
    assert gap[0] == start + 2 * MINUTE
    assert gap[2] == "filled"
    assert [kind for kind in landing.kinds() if kind.startswith("gap")] == ["gap.opened", "gap.filled"]
    assert "collect.recovered" in landing.kinds()


async def test_minutes_the_server_no_longer_has_are_lost(api, publisher, collector, clock, landing) -> None:
    await polled(collector, clock, 2)
    api.trouble = [publisher.answer(429, Retry_After="600")]
    api.keeps = timedelta(minutes=3)
    await polled(collector, clock, 2)
    (gap,) = landing.gaps.values()
    assert gap[2] == "lost"
    assert any("cannot be had any more" in message for _, message in landing.events)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"platform": "x"}', b'{"platform": "x", "counts": 3}', b"\xff"])
async def test_answers_of_another_form_are_stored_and_named(publisher, collector, landing, body: bytes) -> None:
    publisher.pages["/counts"] = publisher.answer(200, body)
    poll = await collector.poll_once()
    assert isinstance(poll.fault, PermanentFault)
    assert "not in the expected form" in str(poll.fault)
    assert landing.fetches[0].payload == body


async def test_single_bad_rows_stop_nothing(publisher, collector, clock, landing) -> None:
    minute = clock.at.isoformat()
    good = {"term": "a\x00b ", "minute": minute, "count": 3}
    bad = [{"term": "x", "minute": minute, "count": -1}, {"term": "x", "minute": "2025", "count": 1}, 7, {"term": 3}]
    body = {"platform": "p", "counts": [*bad, good], "next_since": minute}
    publisher.pages["/counts"] = publisher.answer(200, json.dumps(body).encode())
    poll = await collector.poll_once()
    assert (poll.fault, poll.new) == (None, 1)
    assert landing.counts == {("p", "ab", clock.at): 3}
    assert ("attention.problems" in landing.kinds()) is True


async def test_an_answer_from_the_future_does_not_move_the_question(publisher, collector, clock) -> None:
    since = collector.since
    body = {"platform": "p", "counts": [], "next_since": "2099-01-01T00:00:00Z"}
    publisher.pages["/counts"] = publisher.answer(200, json.dumps(body).encode())
    poll = await collector.poll_once()
    assert isinstance(poll.fault, PermanentFault)
    assert collector.since == since
