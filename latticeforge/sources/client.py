"""The guarded HTTP client: the only way a collector leaves the machine over HTTP.

Here: address checks on every hop, limits of size and time, decoding, conditional requests, and asking ``hosts``
whether a host may be asked now. Not here: retries and schedules (``backoff``, the pollers) and parsing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self

import httpcore2
import httpx2

from latticeforge.model import Fetch
from latticeforge.sources.addresses import resolve
from latticeforge.sources.backoff import retry_after_s
from latticeforge.sources.clock import Clock
from latticeforge.sources.faults import PermanentFault, SourceFault, TransientFault
from latticeforge.sources.hosts import Hosts

USER_AGENT = "LatticeForge/0.1 (news timing research; polite poller; respects Retry-After)"
ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
MAX_REDIRECTS = 5
KEPT_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "content-location", "etag", "last-modified", "date"}
    | {"retry-after", "cache-control", "expires", "server", "location", "ratelimit", "ratelimit-policy"}
    | {f"{x}ratelimit-{name}" for x in ("", "x-") for name in ("limit", "remaining", "reset")}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost. Seconds, and bytes after decompression."""

    body_bytes: int = 10_000_000
    connect_s: float = 10.0
    read_s: float = 20.0  # without a single byte
    total_s: float = 60.0  # for all hops and the whole body: a server that drips bytes ends here
    per_host: int = 4  # requests at the same time to one host and port; how many a minute is in ``hosts``


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: always a record to land, and the fault where it is of no use."""

    fetch: Fetch
    fault: SourceFault | None = None

    @property
    def not_modified(self) -> bool:
        """Whether the server said that we have the newest version (304)."""
        return self.fetch.status == 304


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections, only ever to an address that it has itself resolved and checked."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of ``host`` that answers."""
        addresses = await resolve(host, port, allow_loopback=self._allow_loopback)
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._sockets.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, closed with it."""

    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        async for part in self._answer.stream:
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


class PinnedTransport(httpx2.AsyncBaseTransport):
    """Carries requests over connections of :class:`PinnedBackend`; no proxy, whatever the environment says."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpcore2.default_ssl_context(),
            max_connections=100,
            max_keepalive_connections=50,
            keepalive_expiry=30.0,
            http2=True,
            network_backend=PinnedBackend(allow_loopback=allow_loopback),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer, the body unread."""
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore2.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        )
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def checked_url(text: str) -> httpx2.URL:
    """``text`` as a URL of http or https with a host.

    Raises:
        PermanentFault: anything else.
    """
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError) as error:
        raise PermanentFault(f"{text[:200]!r} is not an address ({error}); write it as https://host/path") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise PermanentFault(f"{text[:200]!r} is not an http or https address: refused")
    return url


def host_of(url: httpx2.URL) -> str:
    """The host and port of a URL: what has one budget and one circuit."""
    return f"{url.host}:{url.port or url.scheme}"


def typed_loopback(text: str) -> bool:
    """Whether an address that a user typed names this very machine (``localhost``, 127.0.0.0/8, ``::1``)."""
    try:
        host = httpx2.URL(text).host
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except (httpx2.InvalidURL, ValueError):
        return False


def fault_of_status(status: int, url: str, headers: httpx2.Headers, now: datetime) -> SourceFault | None:
    """The fault that an HTTP status means, or None for 2xx and 304."""
    if 200 <= status < 300 or status == 304:
        return None
    wait_s = retry_after_s(headers.get("retry-after"), now)
    if status in (408, 425, 429) or status >= 500:
        asked = "" if wait_s is None else f" and asks to wait {wait_s:.0f} s"
        return TransientFault(f"{url} answers {status}{asked}; it is tried again later", retry_after_s=wait_s)
    return PermanentFault(f"{url} answers {status}; check the address")


class FeedClient:
    """Fetches addresses that strangers may have written. Use as ``async with``; safe for concurrent use."""

    def __init__(
        self, clock: Clock, *, allow_loopback: bool = False, limits: Limits | None = None, hosts: Hosts | None = None
    ) -> None:
        self._clock = clock
        self._book = hosts or Hosts()
        self._limits = limits or Limits()
        self.allow_loopback = allow_loopback
        self._hosts: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()
        self._http = httpx2.AsyncClient(
            transport=PinnedTransport(allow_loopback=allow_loopback),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate, br"},
            timeout=httpx2.Timeout(self._limits.read_s, connect=self._limits.connect_s),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(
        self,
        url: str,
        *,
        source: str,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = ACCEPT,
    ) -> Answer:
        """Fetch ``url``; never raises for anything the network or the server does.

        ``etag`` and ``last_modified`` make the request conditional (RFC 9110, 13). The fetch names the address that
        answered in the end, after redirects; status 0 means that no answer came.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {"Accept": accept} | {name: value for name, value in conditions.items() if value}
        asked_at = self._clock.now()
        seen = Fetch(source, url, asked_at, asked_at, 0)
        try:
            async with asyncio.timeout(self._limits.total_s) as limit:
                return await self._follow(seen, headers, limit)
        except TimeoutError:
            fault: SourceFault = TransientFault(f"{url} took longer than {self._limits.total_s:g} s; tried again later")
        except SourceFault as error:
            fault = error
        received_at = max(asked_at, self._clock.now())
        return Answer(replace(seen, received_at=received_at, fault=str(fault)), fault)

    async def _follow(self, seen: Fetch, headers: dict[str, str], limit: asyncio.Timeout) -> Answer:
        """Follow redirects by hand, so that every hop passes the same checks."""
        url, left_s = checked_url(seen.url), self._limits.total_s
        for _ in range(MAX_REDIRECTS + 1):
            limit.reschedule(None)  # waiting for our own turn is no slowness of the server
            async with self._slot(url):
                await self._turn(url)
                began = asyncio.get_running_loop().time()
                limit.reschedule(began + left_s)
                answer, onward = await self._noted_hop(seen, url, headers)
                left_s -= asyncio.get_running_loop().time() - began
            if onward is None:
                return answer
            url = checked_url(str(url.join(onward)) if "\x00" not in onward else onward)
        raise PermanentFault(f"{seen.url} redirects more than {MAX_REDIRECTS} times; use its final address")

    async def _turn(self, url: httpx2.URL) -> None:
        """Wait for a place in the budget of the host.

        Raises:
            HostPaused: it is not to be asked now.
        """
        wait_s = self._book.admit(host_of(url), self._clock.now())
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    async def _noted_hop(self, seen: Fetch, url: httpx2.URL, headers: dict[str, str]) -> tuple[Answer, str | None]:
        """One request, whose outcome is noted for its host, also where a limit of time cuts it off."""
        why = "is too slow"
        try:
            answer, onward = await self._one_hop(seen, url, headers)
            why = ""
        except PermanentFault:
            why = ""
            raise
        except TransientFault as fault:
            why = str(fault)
            raise
        finally:
            if why:
                await self._book.failed(host_of(url), why, self._clock.now())
        status, kept = (answer.fetch.status, answer.fetch.headers) if onward is None else (302, {})
        await self._book.answered(host_of(url), str(url), status, kept, self._clock.now())
        return answer, onward

    def _slot(self, url: httpx2.URL) -> asyncio.Semaphore:
        """The semaphore that limits concurrent requests to the URL's host and port."""
        key = host_of(url)
        slot = self._hosts.get(key)
        if slot is None:
            slot = self._hosts[key] = asyncio.Semaphore(self._limits.per_host)
        return slot

    async def _one_hop(self, seen: Fetch, url: httpx2.URL, headers: dict[str, str]) -> tuple[Answer, str | None]:
        """One request: the answer, and where it redirects to (None: nowhere)."""
        try:
            async with self._http.stream("GET", url, headers=headers) as response:
                onward = response.headers.get("location") if response.has_redirect_location else None
                if onward is not None:
                    return Answer(seen), onward
                return await self._read(seen, url, response), None
        except (httpx2.TimeoutException, httpcore2.TimeoutException) as error:
            raise TransientFault(f"{url} is too slow ({type(error).__name__}); tried again later") from error
        except (httpx2.DecodingError, httpx2.InvalidURL) as error:
            raise PermanentFault(f"{url} sends a body that cannot be decoded ({error})") from error
        except (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise TransientFault(f"{url} cannot be reached ({reason}); tried again later") from error

    async def _read(self, seen: Fetch, url: httpx2.URL, response: httpx2.Response) -> Answer:
        payload, whole = await self._body(response)
        received_at = max(seen.requested_at, self._clock.now())
        fault = fault_of_status(response.status_code, str(url), response.headers, received_at)
        if not whole:
            limit_mb = self._limits.body_bytes / 1e6
            fault = PermanentFault(f"{url} sends more than {limit_mb:g} MB (decompressed): refused; use a shorter feed")
        fetch = replace(
            seen,
            url=str(url),
            received_at=received_at,
            status=response.status_code,
            headers={name: value for name, value in response.headers.items() if name in KEPT_HEADERS},
            payload=payload,
            fault=None if fault is None else str(fault),
        )
        return Answer(fetch, fault)

    async def _body(self, response: httpx2.Response) -> tuple[bytes, bool]:
        """The decoded body, and whether it is all of it; stops while decoding, at most one chunk past the limit."""
        parts: list[bytes] = []
        room = self._limits.body_bytes
        async with contextlib.aclosing(response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                room -= len(chunk)
                if room < 0:
                    return b"", False
                parts.append(chunk)
        return b"".join(parts), True
