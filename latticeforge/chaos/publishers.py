"""The world's feeds over loopback HTTP, by a server that fails at a share of the requests.

Here: one server on a thread of its own. Not here: what the feeds hold (``world``).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from latticeforge.chaos.storm_clock import StormClock
from latticeforge.chaos.world import World

HANG_S = 4.0  # wall; longer than a client of the storm waits

Handler = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def _answer(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _whole(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)


async def _too_many(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(_answer(429, b"slow down", "Retry-After: 20"))


async def _unavailable(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(_answer(503, b"maintenance"))


async def _hang(writer: asyncio.StreamWriter, answer: bytes) -> None:
    await asyncio.sleep(HANG_S)


async def _half_closed(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer[: len(answer) // 2])
    await writer.drain()
    writer.write_eof()
    await asyncio.sleep(0.2)


async def _reset(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.transport.abort()


TROUBLE: dict[str, Handler] = {
    "429": _too_many,
    "503": _unavailable,
    "timeout": _hang,
    "half-closed": _half_closed,
    "reset": _reset,
}


class StormPublishers:
    """Serves ``/feed/N`` of a world. Use as ``with``; ``share`` of the requests go wrong until it is set to 0."""

    def __init__(self, world: World, clock: StormClock, share: float, seed: int) -> None:
        self._world, self._clock, self.share = world, clock, share
        self._rng = random.Random(f"publishers {seed}")
        self.asked: Counter[str] = Counter()  # kind of answer -> requests
        self.url = ""
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._one(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            source = int(head.split(" ")[1].rpartition("/")[2])
            kind = self._rng.choice(list(TROUBLE)) if self._rng.random() < self.share else "whole"
            self.asked[kind] += 1
            await TROUBLE.get(kind, _whole)(writer, self._feed(source, _seen(head)))
            await writer.drain()
        writer.close()

    def _feed(self, source: int, seen: int) -> bytes:
        count = self._world.out(source, self._clock.now())
        if count == seen:
            return _answer(304, b"")
        body = self._world.feed(source, count, seen, self._rng)
        return _answer(200, body, "Content-Type: application/rss+xml", f'ETag: "{count}"')


def _seen(head: str) -> int:
    """How many entries the reader has, by the ETag it sends; 0 for a newcomer."""
    found = re.search(r'^if-none-match: "(\d+)"', head, re.IGNORECASE | re.MULTILINE)
    return int(found.group(1)) if found else 0
