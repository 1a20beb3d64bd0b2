"""The guarded client against servers that misbehave, over real loopback HTTP."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib

import brotli
import pytest

from latticeforge.sources.addresses import is_allowed
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import PermanentFault, TransientFault

SMALL = Limits(body_bytes=1_000_000, connect_s=2.0, read_s=2.0, total_s=5.0)


@pytest.fixture
async def client(clock):
    async with FeedClient(clock, allow_loopback=True, limits=SMALL) as client:
        yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_plain_answer_is_kept_as_it_came(publisher, client, clock) -> None:
    publisher.pages["/feed"] = publisher.answer(200, b"<rss/>", ETag='"v1"', Content_Type="text/xml", Set_Cookie="a=b")
    answer = await client.get(publisher.url + "/feed", source="s")
    assert answer.fault is None
    assert (answer.fetch.status, answer.fetch.payload, answer.fetch.source) == (200, b"<rss/>", "s")
    assert answer.fetch.headers["etag"] == '"v1"'
    assert "set-cookie" not in answer.fetch.headers
    assert answer.fetch.requested_at == clock.now()
    assert "LatticeForge" in publisher.asked[0][1]["user-agent"]


async def test_nobody_listens(client) -> None:
    answer = await client.get(f"http://127.0.0.1:{free_port()}/", source="s")
    assert isinstance(answer.fault, TransientFault)
    assert answer.fetch.status == 0
    assert "cannot be reached" in (answer.fetch.fault or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://100.64.0.1/",
        "http://2130706433.example.invalid@10.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http:///nohost",
        "not an address",
    ],
)
async def test_addresses_that_are_refused(client, url: str) -> None:
    answer = await client.get(url, source="s")
    assert isinstance(answer.fault, PermanentFault), answer.fault
    assert "refused" in str(answer.fault) or "is not an address" in str(answer.fault)


async def test_loopback_is_refused_unless_allowed(publisher, clock) -> None:
    publisher.pages["/"] = publisher.answer(200, b"secret")
    async with FeedClient(clock, limits=SMALL) as client:
        for host in ("127.0.0.1", "localhost", "127.1", "0x7f000001"):
            port = publisher.url.rpartition(":")[2]
            answer = await client.get(f"http://{host}:{port}/", source="s")
            assert isinstance(answer.fault, PermanentFault), host
    assert publisher.asked == []


def test_addresses_hidden_in_others_are_seen() -> None:
    for hidden in ("::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::1", "fd00::1"):
        assert not is_allowed(hidden, allow_loopback=False), hidden
    assert is_allowed("2606:4700:4700::1111", allow_loopback=False)


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "//192.168.0.1/x", "file:///etc/passwd", "gopher://e.org/"])
async def test_a_redirect_to_a_private_address_is_refused(publisher, client, target: str) -> None:
    publisher.pages["/feed"] = publisher.answer(302, Location=target)
    answer = await client.get(publisher.url + "/feed", source="s")
    assert isinstance(answer.fault, PermanentFault)
    assert "refused" in str(answer.fault)


async def test_redirects_are_followed_and_the_final_address_kept(publisher, client) -> None:
    publisher.pages["/a"] = publisher.answer(301, Location="/b")
    publisher.pages["/b"] = publisher.answer(307, Location="c")
    publisher.pages["/c"] = publisher.answer(200, b"here")
    answer = await client.get(publisher.url + "/a", source="s")
    assert (answer.fetch.payload, answer.fetch.url) == (b"here", publisher.url + "/c")


async def test_a_redirect_loop_ends(publisher, client) -> None:
    publisher.pages["/a"] = publisher.answer(302, Location="/b")
    publisher.pages["/b"] = publisher.answer(302, Location="/a")
    answer = await client.get(publisher.url + "/a", source="s")
    assert isinstance(answer.fault, PermanentFault)
    assert "redirects more than 5 times" in str(answer.fault)
    assert len(publisher.asked) == 6


@pytest.mark.parametrize("how", ["gzip", "deflate", "raw deflate", "br"])
async def test_compressed_answers_are_decoded(publisher, client, how: str) -> None:
    body = b"<rss>" + b"x" * 10_000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
        "br": brotli.compress(body),
    }[how]
    publisher.pages["/"] = publisher.answer(200, packed, Content_Encoding=how.split()[-1])
    answer = await client.get(publisher.url + "/", source="s")
    assert answer.fetch.payload == body


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress], ids=["gzip", "br"])
async def test_a_compression_bomb_is_stopped_while_decoding(publisher, client, pack) -> None:
    bomb = pack(bytes(50_000_000)) if pack is gzip.compress else pack(bytes(50_000_000), quality=1)
    assert len(bomb) < 1_000_000
    encoding = "gzip" if pack is gzip.compress else "br"
    publisher.pages["/"] = publisher.answer(200, bomb, Content_Encoding=encoding)
    answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, PermanentFault)
    assert "more than 1 MB" in str(answer.fault)
    assert answer.fetch.payload == b""


async def test_a_huge_feed_is_not_read_to_its_end(publisher, client) -> None:
    async def huge(target, headers, writer) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            writer.write(b"x" * 100_000)
            await writer.drain()
            publisher.sent_bytes += 100_000

    publisher.pages["/"] = huge
    answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, PermanentFault)
    assert publisher.sent_bytes < 40_000_000


async def test_a_body_that_does_not_decode(publisher, client) -> None:
    publisher.pages["/"] = publisher.answer(200, b"not gzip at all", Content_Encoding="gzip")
    answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, PermanentFault)
    assert "cannot be decoded" in str(answer.fault)


async def test_a_server_that_drips_bytes_ends_at_the_total_limit(publisher, clock) -> None:
    async def drip(target, headers, writer) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    publisher.pages["/"] = drip
    limits = Limits(read_s=5.0, total_s=0.4)
    async with FeedClient(clock, allow_loopback=True, limits=limits) as client:
        answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, TransientFault)
    assert "longer than 0.4 s" in str(answer.fault)


async def test_a_silent_server_ends_at_the_read_limit(publisher, clock) -> None:
    async def silent(target, headers, writer) -> None:
        await asyncio.sleep(30)

    publisher.pages["/"] = silent
    async with FeedClient(clock, allow_loopback=True, limits=Limits(read_s=0.2, total_s=20)) as client:
        answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, TransientFault)
    assert "too slow" in str(answer.fault)


@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf", b"garbage\r\n\r\n"])
async def test_dropped_and_senseless_connections(publisher, client, cut: bytes) -> None:
    publisher.pages["/"] = cut
    answer = await client.get(publisher.url + "/", source="s")
    assert isinstance(answer.fault, TransientFault)
    assert answer.fetch.status == 0


@pytest.mark.parametrize(
    ("status", "retry", "fault", "wait_s"),
    [
        (429, "120", TransientFault, 120.0),
        (429, "Tue, 28 Jan 2025 14:31:00 GMT", TransientFault, 60.0),
        (503, None, TransientFault, None),
        (503, "soon", TransientFault, None),
        (404, None, PermanentFault, None),
        (410, None, PermanentFault, None),
    ],
)
async def test_statuses_mean_faults(publisher, client, status, retry, fault, wait_s) -> None:
    headers = {} if retry is None else {"Retry_After": retry}
    publisher.pages["/"] = publisher.answer(status, b"why", **headers)
    answer = await client.get(publisher.url + "/", source="s")
    assert type(answer.fault) is fault
    assert getattr(answer.fault, "retry_after_s", None) == wait_s
    assert (answer.fetch.status, answer.fetch.payload) == (status, b"why")


async def test_conditional_requests(publisher, client) -> None:
    publisher.pages["/"] = publisher.answer(304)
    answer = await client.get(
        publisher.url + "/", source="s", etag='"v1"', last_modified="Tue, 28 Jan 2025 14:00:00 GMT"
    )
    assert answer.not_modified
    assert answer.fault is None
    asked = publisher.asked[0][1]
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Tue, 28 Jan 2025 14:00:00 GMT"


async def test_one_host_is_not_asked_too_much_at_once(publisher, clock) -> None:
    async def slow(target, headers, writer) -> None:
        await asyncio.sleep(0.05)
        writer.write(publisher.answer(200, b"ok"))

    publisher.pages["/"] = slow
    async with FeedClient(clock, allow_loopback=True, limits=Limits(per_host=2)) as client:
        answers = await asyncio.gather(*(client.get(publisher.url + "/", source="s") for _ in range(8)))
    assert [answer.fetch.payload for answer in answers] == [b"ok"] * 8
    assert publisher.most_at_once == 2
