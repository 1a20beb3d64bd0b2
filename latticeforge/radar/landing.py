"""The landing the collectors see, on the store.

Here: turning each call of ``sources.landing.Landing`` into one transaction on a worker thread. Not here: SQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar, Unpack

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from latticeforge.model import AttentionCount, CalendarEvent, Fetch, Item, Landed
from latticeforge.radar.stages import LONGEST_SCALE
from latticeforge.sources.landing import GapState, Severity, SourceFields
from latticeforge.store import Store, landing, ledger
from latticeforge.windows import WINDOW, floor_to, windows_between

T = TypeVar("T")
RETRY_S = 2.0  # a database that went away is asked again this often

_log = structlog.get_logger()


class StoreLanding:
    """Implements ``sources.landing.Landing``; counts the attention that passes through for the summary of a run."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self.attention = 0

    async def _do(self, work: Callable[[psycopg.Connection], T]) -> T:
        def run() -> T:
            with self._store.connection() as c:
                return work(c)

        while True:
            try:
                return await asyncio.to_thread(run)
            except (psycopg.OperationalError, PoolTimeout) as error:
                # nothing is lost: what was fetched waits here, and landing it twice changes nothing
                _log.warning("database away, landing waits", error=str(error).splitlines()[0], retry_s=RETRY_S)
                await asyncio.sleep(RETRY_S)

    async def land_fetch(self, fetch: Fetch) -> int:
        """Keep one answer as it came; return its ``fetch_id``."""
        return await self._do(lambda c: landing.land_fetch(c, fetch))

    async def land_items(self, items: Sequence[Item], fetch_id: int) -> Landed:
        """Add items; a revision that is there already counts as a duplicate."""
        return await self._do(lambda c: landing.land_items(c, items, fetch_id))

    async def land_attention(self, counts: Sequence[AttentionCount], fetch_id: int, received_at: datetime) -> int:
        """Add counts; return how many (platform, term, minute) were new."""
        new = await self._do(lambda c: landing.land_attention(c, counts, fetch_id, received_at))
        self.attention += new
        return new

    async def land_events(self, events: Sequence[CalendarEvent], fetch_id: int) -> int:
        """Add calendar events; return how many were new."""
        return await self._do(lambda c: landing.land_events(c, events, fetch_id))

    async def record_event(
        self,
        kind: str,
        message: str,
        *,
        source: str,
        severity: Severity,
        at: datetime,
        detail: Mapping[str, object],
    ) -> None:
        """Write one row of ``ops.event``."""
        await self._do(
            lambda c: ledger.record_event(c, kind, message, source=source, severity=severity, at=at, detail=detail)
        )

    async def open_gap(self, source: str, from_at: datetime, reason: str) -> int:
        """Record that nothing came from ``source`` since ``from_at``; return the gap's id."""
        return await self._do(lambda c: ledger.open_gap(c, source, from_at, reason))

    async def close_gap(self, gap_id: int, to_at: datetime, state: GapState) -> None:
        """End a gap; closed windows that saw it are computed again, for their numbers named it as missing."""

        def work(c: psycopg.Connection) -> None:
            source, from_at = ledger.close_gap(c, gap_id, to_at, state, self._now())
            seen = windows_between(floor_to(from_at, WINDOW), to_at + LONGEST_SCALE)
            closed = ledger.last_closed(c)
            ledger.mark_dirty(c, [w.start for w in seen if closed and w.start < closed], f"gap {state}: {source}")

        await self._do(work)

    async def source_state(self, source: str, **fields: Unpack[SourceFields]) -> None:
        """Set columns of the row of ``source`` in ``ops.source``."""
        await self._do(lambda c: ledger.update_source(c, source, **fields))
