"""The radar as a service: collectors and the tick loop, on one clock, until asked to stop.

Here: starting, pacing and stopping. Not here: the work of a tick (``core``), what a collector does (``sources``).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import psycopg
import psycopg_pool
import structlog

from latticeforge.radar.core import RadarCore, Tick
from latticeforge.radar.landing import RETRY_S, StoreLanding
from latticeforge.sources.clock import Clock, SteadyClock, Step, sleep_unless
from latticeforge.store import Store
from latticeforge.store.faults import DatabaseUnreachable
from latticeforge.store.ledger import beat, record_event

TICK_S = 1.0
BEAT_S = 5.0
PATIENCE_S = 60.0  # a radar that starts waits this long for its database before it says that there is none

T = TypeVar("T")

_log = structlog.get_logger()


class Collector(Protocol):
    """Anything that fetches and lands until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Collect until ``stop`` is set."""
        ...


async def when_reached(work: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Do ``work`` on a worker thread, again and again while the database is away.

    Raises:
        DatabaseUnreachable, psycopg.OperationalError, psycopg_pool.PoolTimeout: it was away for all of ``patience_s``.
    """
    give_up = time.monotonic() + patience_s
    while True:
        try:
            return await asyncio.to_thread(work)
        except (DatabaseUnreachable, psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
            if time.monotonic() >= give_up:
                raise
            _log.warning("database away, trying again", error=str(error).splitlines()[0], retry_s=RETRY_S)
            await asyncio.sleep(RETRY_S)


class Drain:
    """Brings what waits on disk into the database, as a collector among collectors."""

    def __init__(self, landing: StoreLanding) -> None:
        self._landing = landing

    async def run(self, stop: asyncio.Event) -> None:
        """Drain whenever there is something to drain, until ``stop`` is set."""
        await self._landing.keep_draining(stop)


class ClockWatcher:
    """Tells of jumps of the system's clock."""

    def __init__(self, clock: SteadyClock, landing: StoreLanding) -> None:
        self._clock, self._landing = clock, landing

    async def run(self, stop: asyncio.Event) -> None:
        """Look every tick until ``stop`` is set."""
        while not await sleep_unless(stop, self._clock, TICK_S):
            self._clock.now()
            while self._clock.steps:
                await self._tell(self._clock.steps.pop(0))

    async def _tell(self, step: Step) -> None:
        by_s = step.by.total_seconds()
        what = "has stayed there and is followed" if step.taken else "is not followed unless it stays there"
        await self._landing.record_event(
            "clock.stepped",
            f"the system's clock jumped by {by_s:+.0f} s and {what}",
            source="",
            severity="warning",
            at=step.at,
            detail={"by_s": round(by_s, 1), "taken": step.taken},
        )


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)


class Radar:
    """Collectors and the tick loop.

    Args:
        start: How a task is started: plainly, or as a participant of a simulated clock.
        tick_s: Seconds between ticks, on ``clock``.
        offset_s: Seconds before the first tick, so that on a simulated clock polls of the same instant are over.
        on_tick: Called with the time and what was done after each tick.
    """

    def __init__(
        self,
        store: Store,
        core: RadarCore,
        collectors: Sequence[Collector],
        clock: Clock,
        *,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]] = _start,
        tick_s: float = TICK_S,
        offset_s: float = 0.0,
        on_tick: Callable[[datetime, Tick], None] = lambda _now, _tick: None,
    ) -> None:
        self._store, self._core, self._collectors, self._clock = store, core, collectors, clock
        self._start, self._tick_s, self._offset_s, self._on_tick = start, tick_s, offset_s, on_tick
        self._started_at = datetime.now(UTC)
        self._last_beat = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set, or until a part fails in a way nobody foresaw; then stop the others and raise."""
        await when_reached(lambda: self._core.resume(self._clock.now()), math.inf)
        tasks = [self._start(c.run(stop)) for c in self._collectors]
        tasks.append(self._start(self._ticks(stop)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ticks(self, stop: asyncio.Event) -> None:
        await self._clock.sleep(self._offset_s)
        while not stop.is_set():
            wait_s = self._tick_s
            try:
                now = self._clock.now()
                tick = await asyncio.to_thread(self._core.tick, now, self._clock.now)
                await self._beat(now)
                self._on_tick(now, tick)
            except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
                # nothing is lost: a tick is one transaction after another, and the next goes on where this one ended
                _log.warning("database away, trying again", error=str(error).splitlines()[0], retry_s=RETRY_S)
                wait_s = RETRY_S
            await sleep_unless(stop, self._clock, wait_s)

    async def _beat(self, now: datetime) -> None:
        wall = asyncio.get_running_loop().time()
        if wall - self._last_beat < BEAT_S:
            return
        self._last_beat = wall

        watermark = now - self._core.lateness

        def write() -> None:
            with self._store.connection() as c:
                beat(
                    c,
                    "radar",
                    started_at=self._started_at,
                    beat_at=datetime.now(UTC),
                    watermark=watermark,
                )

        await asyncio.to_thread(write)


def note_start(store: Store, message: str, now: datetime) -> None:
    """Leave a trace of a start in ``ops.event``."""
    with store.connection() as c:
        record_event(c, "radar.started", message, at=now)
