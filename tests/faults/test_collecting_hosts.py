"""Hosts in trouble: circuits, quotas and budgets, over real loopback HTTP and on a clock that does not wait."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import HostPaused, PermanentFault, TransientFault
from latticeforge.sources.hosts import THRESHOLD, HostRecord, Hosts
from latticeforge.sources.ratelimit import Quota, quota

NOW = datetime(2025, 1, 28, 14, 30, tzinfo=UTC)


@pytest.fixture
def saved() -> list[HostRecord]:
    return []


@pytest.fixture
def book(saved) -> Hosts:
    async def save(record: HostRecord) -> None:
        saved.append(record)

    return Hosts(random.Random(1), save=save)


@pytest.fixture
async def client(clock, book):
    limits = Limits(connect_s=2.0, read_s=2.0, total_s=5.0)
    async with FeedClient(clock, allow_loopback=True, limits=limits, hosts=book) as client:
        yield client


async def asked(client, publisher, path: str = "/"):
    return (await client.get(publisher.url + path, source="s")).fault


@pytest.mark.parametrize("trouble", [b"", b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", b"garbage\r\n\r\n"])
async def test_a_circuit_opens_lets_one_probe_through_and_closes(publisher, client, clock, saved, trouble) -> None:
    publisher.pages["/"] = trouble
    faults = [await asked(client, publisher) for _ in range(THRESHOLD + 3)]
    assert len(publisher.asked) == THRESHOLD, "an open circuit is not asked"
    assert all(isinstance(f, HostPaused) for f in faults[THRESHOLD:])
    assert "failed 5 times in a row" in str(faults[-1])
    clock.at += timedelta(seconds=faults[-1].retry_after_s)
    assert not isinstance(await asked(client, publisher), HostPaused)
    assert len(publisher.asked) == THRESHOLD + 1
    again = await asked(client, publisher)
    assert isinstance(again, HostPaused)
    publisher.pages["/"] = publisher.answer(200, b"fine")
    clock.at += timedelta(seconds=again.retry_after_s)
    assert [await asked(client, publisher) for _ in range(3)] == [None] * 3
    assert [r.state for r in saved] == ["open", "open", "closed"]
    assert [r.opened for r in saved] == [1, 2, 0]


async def test_only_one_source_probes_a_half_open_host(book) -> None:
    for _ in range(THRESHOLD):
        await book.failed("h:443", "no answer", NOW)
    later = book.record("h:443").open_until
    assert book.admit("h:443", later) == 0
    with pytest.raises(HostPaused, match="another source"):
        book.admit("h:443", later)
    assert book.admit("other:443", later) == 0


async def test_a_circuit_opens_for_longer_each_time_and_never_for_good(book) -> None:
    at, opened = NOW, []
    for _ in range(60):
        while (record := book.record("h:1")) is None or record.state != "open":
            await book.failed("h:1", "down", at)
        opened.append((record.open_until - at).total_seconds())
        at = record.open_until
        book.admit("h:1", at)
        await book.failed("h:1", "down", at)
    assert max(opened) <= 900
    assert max(opened[8:]) > 300 > max(opened[:3])


@pytest.mark.parametrize(
    ("headers", "left", "reset_s"),
    [
        ({"RateLimit": '"default";r=0;t=40'}, 0, 40),
        ({"RateLimit": "limit=10, remaining=0, reset=40"}, 0, 40),
        ({"RateLimit": '"hour";r=50;t=900, "minute";r=0;t=40'}, 0, 40),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "40"}, 0, 40),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}, 0, 40),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)}, 0, 40),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp() + 40) * 1000)}, 0, 40),
    ],
)
async def test_a_used_up_quota_is_obeyed_by_every_source_of_the_host(
    publisher, client, clock, headers, left, reset_s
) -> None:
    assert quota({name.lower(): value for name, value in headers.items()}, NOW) == Quota(left, reset_s)
    spelled = {name.replace("-", "_"): value for name, value in headers.items()}
    publisher.pages["/"] = publisher.answer(200, b"last one", **spelled)
    assert await asked(client, publisher) is None
    paused = await asked(client, publisher, "/other")
    assert isinstance(paused, HostPaused)
    assert paused.retry_after_s == pytest.approx(reset_s, abs=1)
    clock.at += timedelta(seconds=reset_s)
    assert await asked(client, publisher) is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"ratelimit": "soon"}, {"ratelimit": '"a";r=5'}, {"x-ratelimit-remaining": "many", "x-ratelimit-reset": "1"}]
    + [{"x-ratelimit-remaining": "0", "x-ratelimit-reset": text} for text in ("", "-5", "nan", "inf", "1e999")],
)
def test_senseless_quotas_are_no_quotas(headers) -> None:
    assert quota(headers, NOW) is None


async def test_a_short_quota_slows_down(book) -> None:
    await book.answered("h:1", "u", 200, {"ratelimit-remaining": "6", "ratelimit-reset": "60"}, NOW)
    waits = [book.admit("h:1", NOW) for _ in range(8)]
    assert waits[:6] == [0] * 6
    assert waits[6] == pytest.approx(10)


async def test_the_budget_of_a_host(book) -> None:
    waits = [book.admit("h:1", NOW) for _ in range(70)]
    assert waits[:60] == [0.0] * 60
    assert waits[60:] == [pytest.approx(n + 1) for n in range(10)]
    with pytest.raises(HostPaused, match="60 requests a minute"):
        for _ in range(30):
            book.admit("h:1", NOW)
    assert book.admit("h:2", NOW) == 0
    assert book.admit("h:1", NOW + timedelta(minutes=5)) == 0


async def test_one_busy_address_is_its_own_affair_two_are_the_hosts(book) -> None:
    for _ in range(3):
        await book.answered("h:1", "a", 429, {"retry-after": "600"}, NOW)
    assert book.admit("h:1", NOW) == 0
    await book.answered("h:1", "b", 429, {"retry-after": "600"}, NOW)
    assert book.record("h:1").a_minute == 30
    with pytest.raises(HostPaused, match="asked for no request until 14:40:00"):
        book.admit("h:1", NOW)
    later = NOW + timedelta(minutes=10)
    await book.answered("h:1", "a", 200, {}, later)
    assert book.record("h:1").a_minute == 31, "it recovers a request a minute at a time"


async def test_what_is_known_of_a_host_survives_a_restart(book, saved) -> None:
    for _ in range(THRESHOLD):
        await book.failed("h:1", "down", NOW)
    again = Hosts(random.Random(2), known=saved[-1:])
    with pytest.raises(HostPaused):
        again.admit("h:1", NOW)
    later = saved[-1].open_until
    assert again.admit("h:1", later) == 0
    await again.failed("h:1", "still down", later)
    assert again.record("h:1").opened == 2


def test_no_stored_instant_locks_a_host_out() -> None:
    wild = HostRecord("h:1", "open", 5, 1, NOW + timedelta(days=900), NOW + timedelta(days=900))
    book = Hosts(known=[wild, replace(wild, host="h:2", hold_until=None)])
    for host, most in (("h:1", 86_400), ("h:2", 900)):
        with pytest.raises(HostPaused) as paused:
            book.admit(host, NOW)
        assert paused.value.retry_after_s <= most


async def test_refusals_of_ours_and_missing_pages_are_no_failures_of_the_host(publisher, client, book) -> None:
    for _ in range(THRESHOLD + 1):
        assert isinstance(await asked(client, publisher, "/absent"), PermanentFault)
    publisher.pages["/"] = publisher.answer(302, Location="http://10.0.0.1/")
    assert "refused" in str(await asked(client, publisher))
    publisher.pages["/"] = publisher.answer(200, b"fine")
    assert await asked(client, publisher) is None


async def test_a_request_cut_off_by_the_limit_counts_against_the_host(publisher, clock, book) -> None:
    async def silent(target, headers, writer) -> None:
        await asyncio.sleep(30)

    publisher.pages["/"] = silent
    limits = Limits(read_s=5.0, total_s=0.1)
    async with FeedClient(clock, allow_loopback=True, limits=limits, hosts=book) as client:
        fault = await asked(client, publisher)
    assert isinstance(fault, TransientFault)
    assert book.record(publisher.url.removeprefix("http://")).failures == 1
