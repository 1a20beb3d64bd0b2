"""Servers and names that mean harm: bounded in time and memory, and one clear fault each."""

from __future__ import annotations

import asyncio
import random
import socket
import tracemalloc

import pytest

from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import PermanentFault, TransientFault
from latticeforge.sources.feed_poller import FeedPoller

SMALL = Limits(body_bytes=1_000_000, connect_s=1.0, read_s=0.5, total_s=1.0)


@pytest.fixture
async def client(clock):
    async with FeedClient(clock, allow_loopback=True, limits=SMALL) as client:
        yield client


async def slow_loris_head(target, headers, writer) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_head(target, headers, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Filler: " + b"y" * 1000 + b"\r\n")
        await writer.drain()


async def endless_body(target, headers, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2710\r\n" + b"z" * 10_000 + b"\r\n")
        await writer.drain()


async def empty_chunks(target, headers, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def half_closed(target, headers, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")
    await writer.drain()
    writer.write_eof()
    await asyncio.sleep(5)


async def says_nothing(target, headers, writer) -> None:
    await asyncio.sleep(30)


async def wrong_chunks(target, headers, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx")


HOSTILE = [slow_loris_head, endless_head, endless_body, empty_chunks, half_closed, says_nothing, wrong_chunks]


@pytest.mark.parametrize("handler", HOSTILE, ids=lambda h: h.__name__)
async def test_a_hostile_server_costs_little_and_leaves_one_fault(publisher, clock, landing, client, handler) -> None:
    publisher.pages["/feed"] = handler
    source = FeedSource("desk", "The Desk", publisher.url + "/feed", interval_s=60.0)
    poller = FeedPoller(source, client, clock, landing, rng=random.Random(1))
    tracemalloc.start()
    poll = await poller.poll_once()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(poll.fault, TransientFault | PermanentFault)
    assert peak < 20_000_000
    assert len(landing.fetches) == 1
    assert landing.fetches[0].fault == str(poll.fault)
    assert [kind for kind in landing.kinds() if kind.startswith("collect.")] in (["collect.retry"], ["collect.failed"])
    assert len(str(poll.fault)) < 500


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_x",
        "dict://127.0.0.1/",
        "ftp://127.0.0.1/",
        "data:text/xml,<rss/>",
        "jar:http://e.org!/",
        "HTTP+UNIX://%2Ftmp%2Fx/",
        "javascript:alert(1)",
        "//127.0.0.1/",
        "http://\x00/",
        "http://",
    ],
)
async def test_other_schemes_never_leave_the_machine(client, url: str) -> None:
    fault = (await client.get(url, source="s")).fault
    assert isinstance(fault, PermanentFault)


@pytest.mark.parametrize("length", [6, 50])
async def test_redirects_in_a_ring_and_in_a_chain_end(publisher, client, length: int) -> None:
    for n in range(length):
        publisher.pages[f"/{n}"] = publisher.answer(302, Location=f"/{(n + 1) % length}")
    fault = (await client.get(publisher.url + "/0", source="s")).fault
    assert isinstance(fault, PermanentFault)
    assert "redirects more than 5 times" in str(fault)
    assert len(publisher.asked) == 6


class Names:
    """A name server in the hands of a stranger: each question takes the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), []

    async def getaddrinfo(self, host, port, **_):
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in answer]


@pytest.fixture
async def names(monkeypatch):
    def answer(*answers: list[str]) -> Names:
        found = Names(*answers)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found.getaddrinfo)
        return found

    return answer


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.1.2.3"],
        ["127.0.0.1"],
        ["1.1.1.1", "192.168.0.1"],
        ["::ffff:169.254.169.254"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
    ],
)
async def test_a_name_that_leads_to_a_private_address_is_refused(names, clock, addresses: list[str]) -> None:
    names(addresses)
    async with FeedClient(clock, limits=SMALL) as client:
        fault = (await client.get("http://feeds.example/x", source="s")).fault
    assert isinstance(fault, PermanentFault)
    assert "is not a public address: refused" in str(fault)


async def test_a_redirect_to_a_name_with_a_private_address_is_refused(publisher, names, clock) -> None:
    port = publisher.url.rpartition(":")[2]
    publisher.pages["/"] = publisher.answer(302, Location="http://inside.example/secret")
    names(["127.0.0.1"], ["10.0.0.7"])
    async with FeedClient(clock, allow_loopback=True, limits=SMALL) as client:
        fault = (await client.get(f"http://outside.example:{port}/", source="s")).fault
    assert isinstance(fault, PermanentFault)
    assert "inside.example (10.0.0.7) is not a public address" in str(fault)


async def test_the_address_that_was_checked_is_the_one_that_is_called(publisher, names, clock, monkeypatch) -> None:
    """The name's owner answers well when asked first, and with an inner address ever after."""
    known = names(["93.184.215.14"], ["127.0.0.1"])
    called: list[str] = []

    async def connect(self, host, *_, **__):
        called.append(host)
        raise OSError("nobody there")

    monkeypatch.setattr("httpcore2.AnyIOBackend.connect_tcp", connect)
    async with FeedClient(clock, limits=SMALL) as client:
        fault = (await client.get("http://rebinding.example/", source="s")).fault
    assert isinstance(fault, TransientFault)
    assert (known.asked, called) == (["rebinding.example"], ["93.184.215.14"])


async def test_a_kept_connection_is_not_lent_to_another_name(publisher, names, clock) -> None:
    """Two names, one address: each is looked up and checked for itself."""
    port = publisher.url.rpartition(":")[2]
    publisher.pages["/"] = publisher.answer(200, b"x")
    known = names(["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"])
    async with FeedClient(clock, allow_loopback=True, limits=SMALL) as client:
        for name in ("one.example", "two.example"):
            assert (await client.get(f"http://{name}:{port}/", source="s")).fault is None
        assert isinstance((await client.get(f"http://three.example:{port}/", source="s")).fault, PermanentFault)
    assert known.asked == ["one.example", "two.example", "three.example"]


async def test_the_environment_cannot_route_us_through_a_proxy(publisher, client, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    publisher.pages["/"] = publisher.answer(200, b"direct")
    async with FeedClient(client._clock, allow_loopback=True, limits=SMALL) as fresh:
        assert (await fresh.get(publisher.url + "/", source="s")).fetch.payload == b"direct"
