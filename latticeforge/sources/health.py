"""How a source is doing: what every collector does when it fails and when it works again.

Here: counting failures, back-off, the gap that a failure opens, and the events that tell of it. Not here: fetching.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Unpack

from latticeforge.sources.backoff import delay_s
from latticeforge.sources.clock import Clock
from latticeforge.sources.faults import PermanentFault, SourceFault, TransientFault
from latticeforge.sources.landing import GapState, Landing, Severity, SourceFields


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in collection that is still open."""

    gap_id: int
    from_at: datetime


_NAMES: dict[bool, tuple[str, Severity]] = {True: ("collect.failed", "error"), False: ("collect.retry", "warning")}


class Health:
    """Failures of one source in a row, and the gap they make."""

    def __init__(
        self, source: str, clock: Clock, landing: Landing, rng: random.Random, *, base_s: float, failures: int = 0
    ) -> None:
        """``base_s``: seconds that the first wait may last at most; ``failures``: in a row before this start."""
        self.source = source
        self.failures = failures
        self.gap: Gap | None = None
        self._clock = clock
        self._landing = landing
        self._rng = rng
        self._base_s = base_s

    async def failed(self, fault: SourceFault, *, good_until: datetime, reason: str, interval_s: float) -> float:
        """Note a failure; return the seconds to wait. ``good_until``: everything before it has been collected.

        A transient fault backs off from the start. A permanent one is tried again no sooner than a normal poll.
        """
        self.failures += 1
        asked_s = fault.retry_after_s if isinstance(fault, TransientFault) else None
        wait_s = delay_s(self.failures, self._rng, base_s=self._base_s, retry_after_s=asked_s)
        permanent = isinstance(fault, PermanentFault)
        wait_s = max(wait_s, interval_s) if permanent else wait_s
        now = self._clock.now()
        detail: dict[str, object] = {"failures": self.failures, "wait_s": round(wait_s, 1)}
        kind, severity = _NAMES[permanent]
        await self.tell(kind, str(fault), severity, detail)
        await self._landing.source_state(
            self.source,
            state="failing" if permanent else "backing off",
            last_attempt_at=now,
            failures=self.failures,
            next_attempt_at=now + timedelta(seconds=wait_s),
            last_fault=str(fault),
        )
        if self.gap is None:
            await self.open_gap(good_until, reason)
        return wait_s

    async def open_gap(self, from_at: datetime, reason: str) -> None:
        """Record that collection has a hole from ``from_at`` on."""
        self.gap = Gap(await self._landing.open_gap(self.source, from_at, reason), from_at)
        message = f"{self.source}: gap since {from_at:%Y-%m-%d %H:%M:%S} UTC ({reason})"
        await self.tell("gap.opened", message, "warning", {"from_at": from_at.isoformat(), "gap_id": self.gap.gap_id})

    async def worked(self, next_s: float, **fields: Unpack[SourceFields]) -> None:
        """Note a success; ``fields`` go into the source's state with it."""
        now = self._clock.now()
        if self.failures:
            await self.tell("collect.recovered", f"{self.source} answers again", "info", {"failures": self.failures})
        self.failures = 0
        fields.update(
            {
                "state": "ok",
                "last_attempt_at": now,
                "last_success_at": now,
                "failures": 0,
                "next_attempt_at": now + timedelta(seconds=next_s),
                "last_fault": None,
            }
        )
        await self._landing.source_state(self.source, **fields)

    async def close_gap(self, to_at: datetime, state: GapState, what: str) -> None:
        """End the open gap, if there is one."""
        if self.gap is None:
            return
        gap, self.gap = self.gap, None
        await self._landing.close_gap(gap.gap_id, max(to_at, gap.from_at), state)
        span = {"from_at": gap.from_at.isoformat(), "to_at": to_at.isoformat(), "gap_id": gap.gap_id}
        await self.tell(f"gap.{state}", f"{self.source}: {what}", "info" if state == "filled" else "warning", span)

    async def tell(self, kind: str, message: str, severity: Severity, detail: dict[str, object]) -> None:
        """Leave an event about this source."""
        await self._landing.record_event(
            kind, message, source=self.source, severity=severity, at=self._clock.now(), detail=detail
        )
