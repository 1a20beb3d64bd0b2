"""The time, as collectors see it.

Here: the protocol, the real clock, and waiting that a stop signal ends. Not here: simulated clocks (``radar``).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is and lets time pass."""

    def now(self) -> datetime:
        """The present, timezone-aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return ``seconds`` later on this clock. May be cancelled."""
        ...


class SystemClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """The present, timezone-aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` (>= 0)."""
        await asyncio.sleep(seconds)


async def sleep_unless(stop: asyncio.Event, clock: Clock, seconds: float) -> bool:
    """Sleep for ``seconds`` on ``clock``, or until ``stop`` is set; say whether it was set."""
    if stop.is_set():
        return True
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, stopping):
            task.cancel()
        await asyncio.gather(sleeping, stopping, return_exceptions=True)
    return stop.is_set()
