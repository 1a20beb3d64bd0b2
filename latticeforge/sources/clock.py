"""The time, as collectors see it.

Here: the protocol, the real clock, one that does not jump, and waiting that a stop signal ends. Not here: simulated
clocks (``radar``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Step:
    """The clock below has jumped by ``by``; ``taken``: it stayed so, and is believed from now on."""

    at: datetime
    by: timedelta
    taken: bool


class SteadyClock:
    """A clock that does not jump when the one below it does.

    It goes on at the pace of the machine's monotonic clock and follows the clock below while that is within ``leap`` of
    it. A jump is believed only when it has lasted for ``patience``: an hour forward would close windows whose items are
    yet to come, an hour back would hold every window open, and most such jumps are put right within minutes.
    """

    def __init__(
        self,
        below: Clock,
        *,
        leap: timedelta = timedelta(seconds=5),
        patience: timedelta = timedelta(minutes=15),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._below, self._leap, self._patience, self._monotonic = below, leap, patience, monotonic
        self._at, self._mark_s = below.now(), monotonic()
        self._newest = self._at  # time goes back only where a jump back is believed
        self._since_s: float | None = None  # of the jump that is not believed yet
        self.steps: list[Step] = []  # not yet told; whoever tells of them empties the list

    def now(self) -> datetime:
        """The present, timezone-aware UTC."""
        mark_s = self._monotonic()
        steady, said = self._at + timedelta(seconds=mark_s - self._mark_s), self._below.now()
        by = said - steady
        if abs(by) <= self._leap:
            self._follow(said, mark_s)
        elif self._since_s is None:
            self._since_s = mark_s
            self.steps.append(Step(steady, by, taken=False))
        elif mark_s - self._since_s >= self._patience.total_seconds():
            self._follow(said, mark_s)
            self.steps.append(Step(steady, by, taken=True))
            self._newest = said
        self._newest = max(self._newest, steady if self._since_s is not None else said)
        return self._newest

    def _follow(self, said: datetime, mark_s: float) -> None:
        self._at, self._mark_s, self._since_s = said, mark_s, None

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` (>= 0)."""
        await self._below.sleep(seconds)


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
