"""Time in a storm: faster than on the wall, the same in every process, and jumping where it is told to.

Here: the clock. Not here: who makes it jump (``storm``), and the radar's guard against it (``sources.clock``).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StormClock:
    """``speed`` seconds pass in the world for each on the wall, from ``begin`` at the wall's ``began`` on.

    Seconds written into the file ``jump``, if there is one, are added: the system's clock, set wrong.
    """

    begin: datetime
    began: float  # seconds since 1970, wall
    speed: float
    jump: Path | None = None

    def now(self) -> datetime:
        """The present in the world, jumps included."""
        seconds = (time.time() - self.began) * self.speed
        return self.begin + timedelta(seconds=seconds + self._jump_s())

    def _jump_s(self) -> float:
        if self.jump is None:
            return 0.0
        try:
            return float(self.jump.read_text() or 0)
        except (OSError, ValueError):
            return 0.0

    def monotonic(self) -> float:
        """Seconds of the world that never jump."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of the world."""
        await asyncio.sleep(seconds / self.speed)
