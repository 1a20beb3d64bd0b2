"""How a source is doing: what every collector does when it fails and when it works again.

Here: counting failures, back-off, the gap that a failure or an unusual silence opens, the events that tell of it, and
what of this survives a restart. Not here: fetching, and the state of hosts (``hosts``).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack

from latticeforge.sources.backoff import ASKED_CAP_S, delay_s
from latticeforge.sources.cadence import Cadence
from latticeforge.sources.clock import Clock
from latticeforge.sources.faults import HostPaused, PermanentFault, SourceFault, TransientFault
from latticeforge.sources.landing import GapState, Landing, Severity, SourceFields

SILENT = "silent for"  # how the reason of a gap begins that is a silence


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in collection that is still open."""

    gap_id: int
    from_at: datetime
    silent: bool = False  # the source answers and has nothing new: only news ends it


@dataclass(frozen=True, slots=True)
class Resume:
    """What the store remembers of a source from before a restart."""

    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    last_success_at: datetime | None = None
    next_attempt_at: datetime | None = None
    last_item_at: datetime | None = None
    cadence: Mapping[str, Any] | None = None
    gap: Gap | None = None

    def wait_s(self, now: datetime) -> float:
        """Seconds until the attempt that was planned before the restart; nobody is asked sooner for a crash of ours."""
        if self.next_attempt_at is None:
            return 0.0
        return min(max(0.0, (self.next_attempt_at - now).total_seconds()), ASKED_CAP_S)


_PAUSED: tuple[str, Severity] = ("collect.paused", "info")
_NAMES: dict[bool, tuple[str, Severity]] = {True: ("collect.failed", "error"), False: ("collect.retry", "warning")}


class Health:
    """Failures of one source in a row, and the gap they make."""

    def __init__(
        self,
        source: str,
        clock: Clock,
        landing: Landing,
        rng: random.Random,
        *,
        base_s: float,
        resume: Resume | None = None,
        declared_silence_s: float | None = None,
    ) -> None:
        """``base_s``: seconds that the first wait may last at most; ``declared_silence_s``: see ``Cadence``."""
        resume = resume or Resume()
        self.source = source
        self.failures = resume.failures
        self.gap = resume.gap
        self.cadence = Cadence.load(resume.cadence, declared_silence_s)
        self._good_at = resume.last_success_at
        self._failing = resume.failures > 0
        self._clock = clock
        self._landing = landing
        self._rng = rng
        self._base_s = base_s

    async def failed(self, fault: SourceFault, *, good_until: datetime, reason: str, interval_s: float) -> float:
        """Note a failure; return the seconds to wait. ``good_until``: everything before it has been collected.

        A transient fault backs off from the start. A permanent one is tried again no sooner than a normal poll. A host
        that we leave alone is no failure of the source: it waits its turn, but what it misses is a gap all the same.
        """
        paused, permanent = isinstance(fault, HostPaused), isinstance(fault, PermanentFault)
        self.failures += not paused
        self._failing = True
        asked_s = fault.retry_after_s if isinstance(fault, TransientFault) else None
        wait_s = delay_s(max(1, self.failures), self._rng, base_s=self._base_s, retry_after_s=asked_s)
        wait_s = max(wait_s, interval_s) if permanent else wait_s
        now = self._clock.now()
        detail: dict[str, object] = {"failures": self.failures, "wait_s": round(wait_s, 1)}
        kind, severity = _PAUSED if paused else _NAMES[permanent]
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

    async def heard(self, new: bool, interval_s: float, *, oldest: datetime | None = None, whole: bool = True) -> None:
        """Note that the source answered, with something ``new`` or not; flag a silence that is out of the ordinary.

        ``oldest``: publication time of the oldest new item. Items dated well inside the silence say that the source
        spoke and its feed stood still. ``whole``: nothing has fallen out of the feed since the news before.
        """
        now, cadence = self._clock.now(), self.cadence
        if self._failing and self._good_at is not None and cadence.last is not None:
            cadence.blind((now - max(self._good_at, cadence.last)).total_seconds())
        self._failing, self._good_at = False, now
        if new:
            stood_still = bool(oldest and cadence.last and now - oldest > (now - cadence.last) / 2)
            flagged = self.gap is not None and self.gap.silent
            cadence.news(now, flagged=flagged, held_back=flagged and stood_still)
            if flagged:
                what = "what it published meanwhile came in after all" if stood_still else "it had nothing to say"
                await self._end_gap(now, "filled" if whole else "lost", what if whole else "part of it has gone")
        elif self.gap is None and cadence.is_silent(now, interval_s):
            await self._flag(now)

    async def _flag(self, now: datetime) -> None:
        usual_s, silence_s = self.cadence.usual_worst_s(now) or 0.0, self.cadence.silence_s(now)
        reason = f"{SILENT} {silence_s / 3600:.1f} h, usually {usual_s / 3600:.1f} h at most"
        await self.tell(
            "source.silent",
            f"{self.source} answers and says nothing new: {reason}",
            "warning",
            {"silence_s": round(silence_s), "usual_worst_s": round(usual_s)},
        )
        await self.open_gap(self.cadence.last or now, reason, silent=True)

    async def open_gap(self, from_at: datetime, reason: str, *, silent: bool = False) -> None:
        """Record that collection has a hole from ``from_at`` on."""
        self.gap = Gap(await self._landing.open_gap(self.source, from_at, reason), from_at, silent)
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
                "cadence": self.cadence.dump(),
            }
        )
        await self._landing.source_state(self.source, **fields)

    async def close_gap(self, to_at: datetime, state: GapState, what: str) -> None:
        """End the open gap, if there is one and it is no silence, which only news ends."""
        if self.gap is not None and not self.gap.silent:
            await self._end_gap(to_at, state, what)

    async def _end_gap(self, to_at: datetime, state: GapState, what: str) -> None:
        assert self.gap is not None
        gap, self.gap = self.gap, None
        await self._landing.close_gap(gap.gap_id, max(to_at, gap.from_at), state)
        span = {"from_at": gap.from_at.isoformat(), "to_at": to_at.isoformat(), "gap_id": gap.gap_id}
        await self.tell(f"gap.{state}", f"{self.source}: {what}", "info" if state == "filled" else "warning", span)

    async def tell(self, kind: str, message: str, severity: Severity, detail: dict[str, object]) -> None:
        """Leave an event about this source."""
        await self._landing.record_event(
            kind, message, source=self.source, severity=severity, at=self._clock.now(), detail=detail
        )
