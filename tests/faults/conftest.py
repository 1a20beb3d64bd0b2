"""A publisher on loopback that misbehaves on demand, a clock that does not wait, and a store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

import pytest

from latticeforge.model import AttentionCount, CalendarEvent, Fetch, Item, Landed
from latticeforge.sources.landing import GapState, Severity, SourceFields

Handler = Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Publisher:
    """Serves what a test puts into ``pages``: bytes of a whole answer, a list of them in turn, or a handler."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | list[bytes] | Handler] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sent_bytes = 0
        self.at_once = 0
        self.most_at_once = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    answer = staticmethod(answer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._serve(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        target = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        self.asked.append((target, headers))
        page = self.pages.get(target.partition("?")[0], answer(404))
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        if isinstance(page, bytes):
            writer.write(page)
        else:
            await page(target, headers, writer)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    publisher = Publisher()
    server = await asyncio.start_server(publisher.serve, "127.0.0.1", 0)
    publisher.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield publisher
    server.close()
    for task in publisher.tasks:
        task.cancel()
    await asyncio.gather(*publisher.tasks, return_exceptions=True)
    await server.wait_closed()


class StepClock:
    """Sleeping moves it on at once."""

    def __init__(self, now: datetime) -> None:
        self.at = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> StepClock:
    return StepClock(datetime(2025, 1, 28, 14, 30, tzinfo=UTC))


@dataclass
class MemoryLanding:
    """The border to the store, in memory: keeps everything in the order in which it came."""

    fetches: list[Fetch] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    counts: dict[tuple[str, str, datetime], int] = field(default_factory=dict)
    minutes: list[datetime] = field(default_factory=list)
    calendar: list[CalendarEvent] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    gaps: dict[int, list[Any]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)

    async def land_fetch(self, fetch: Fetch) -> int:
        self.fetches.append(fetch)
        return len(self.fetches)

    async def land_items(self, items: Sequence[Item], fetch_id: int) -> Landed:
        assert 1 <= fetch_id <= len(self.fetches)
        new = revised = 0
        for item in items:
            known = [one for one in self.items if one.item_id == item.item_id]
            if any(one.content_hash == item.content_hash for one in known):
                continue
            new, revised = new + (not known), revised + bool(known)
            self.items.append(item)
        return Landed(new, len(items) - new - revised, revised)

    async def land_attention(self, counts: Sequence[AttentionCount], fetch_id: int, received_at: datetime) -> int:
        before = len(self.counts)
        for count in counts:
            self.counts.setdefault((count.platform, count.term, count.observed_at), count.count)
            self.minutes.append(count.observed_at)
        return len(self.counts) - before

    async def land_events(self, events: Sequence[CalendarEvent], fetch_id: int) -> int:
        known = {event.event_id for event in self.calendar}
        self.calendar += [event for event in events if event.event_id not in known]
        return len(self.calendar) - len(known)

    async def record_event(
        self, kind: str, message: str, *, source: str, severity: Severity, at: datetime, detail: Mapping[str, object]
    ) -> None:
        self.events.append((kind, message))

    async def open_gap(self, source: str, from_at: datetime, reason: str) -> int:
        self.gaps[len(self.gaps) + 1] = [from_at, None, "open"]
        return len(self.gaps)

    async def close_gap(self, gap_id: int, to_at: datetime, state: GapState) -> None:
        assert self.gaps[gap_id][2] == "open"
        self.gaps[gap_id][1:] = [to_at, state]

    async def source_state(self, source: str, **fields: Unpack[SourceFields]) -> None:
        self.state.update(fields)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


@pytest.fixture
def landing() -> MemoryLanding:
    return MemoryLanding()
