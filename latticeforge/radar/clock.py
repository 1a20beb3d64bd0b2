"""A clock that jumps: simulated time moves on whenever everyone who lives by it is asleep.

Here: the discrete-event clock of replays and of the demo day. Not here: the real clock (``sources.clock``).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from latticeforge.windows import require_utc


class SimulatedClock:
    """Time for a fixed set of participants. While one of them does real work, time stands still.

    Every participant sleeps on at most one thing at a time; those due at the same instant wake in the order in which
    they went to sleep, so that a run is the same every time.
    """

    def __init__(self, start: datetime) -> None:
        self._now = require_utc(start)
        self._participants = 0
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The simulated present."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once simulated time is ``seconds`` later."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (self._now + timedelta(seconds=seconds), next(self._order), future)
        heapq.heappush(self._sleepers, entry)
        self._advance()
        try:
            await future
        except asyncio.CancelledError:
            if entry in self._sleepers:
                self._sleepers.remove(entry)
                heapq.heapify(self._sleepers)
            raise

    def join(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run ``work`` as a participant: time waits for it until it sleeps or ends."""
        self._participants += 1
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._left)
        return task

    def _left(self, _: asyncio.Task[None]) -> None:
        self._participants -= 1
        self._advance()

    def _advance(self) -> None:
        if not self._sleepers or len(self._sleepers) < self._participants:
            return
        self._now = max(self._now, self._sleepers[0][0])
        while self._sleepers and self._sleepers[0][0] <= self._now:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)
