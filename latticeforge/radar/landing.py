"""The landing the collectors see: the store, or a spool on disk while the store is away.

Here: turning each call of ``sources.landing.Landing`` into one transaction on a worker thread, or into one record on
disk, and draining those in order when the database is back. Not here: SQL (``store``), the files (``store.spool``).

While anything waits on disk everything goes there, so that nothing overtakes anything. A number that the database has
yet to give (of a fetch, of a gap) is a negative stand-in until then.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, Unpack

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from latticeforge.model import AttentionCount, CalendarEvent, Fetch, Item, Landed
from latticeforge.radar.stages import LONGEST_SCALE
from latticeforge.sources.hosts import HostRecord
from latticeforge.sources.landing import GapState, Severity, SourceFields
from latticeforge.store import Store, ledger
from latticeforge.store.spool import Spool, SpoolFull
from latticeforge.store.spooled import (
    CloseGap,
    FetchKey,
    GapKey,
    LandAttention,
    LandEvents,
    LandFetch,
    LandItems,
    OpenGap,
    SetHost,
    SetSource,
    Tell,
    Told,
    from_bytes,
    to_bytes,
)

T = TypeVar("T")
RETRY_S = 2.0  # a database that went away is asked again this often
READER = "spool"  # with the name of a segment: how far that is in the database
DRAIN_BATCH = 200  # records in one transaction
REMEMBERED = 10_000  # stand-ins whose meaning is kept

_log = structlog.get_logger()
_AWAY = (psycopg.OperationalError, PoolTimeout)


class Away(Exception):
    """The database does not take it now."""


class StoreLanding:
    """Implements ``sources.landing.Landing``; counts the attention that passes through for the summary of a run.

    Args:
        spool: Where things wait while the database is away; without one, whoever lands something waits himself.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], spool: Spool | None = None) -> None:
        self._store, self._now, self._spool = store, now, spool
        self.attention = 0
        self.full_since: datetime | None = None
        self._disk = asyncio.Lock()
        self._stand_ins: OrderedDict[int, FetchKey | GapKey] = OrderedDict()
        self._numbers = itertools.count(-1, -1)
        self._away_since: datetime | None = None

    @property
    def waiting_bytes(self) -> int:
        """How much waits on disk."""
        return self._spool.size if self._spool else 0

    async def _do(self, told: Told, result: type[T], otherwise: T) -> T:
        """Apply ``told`` to the database, or keep it on disk and return ``otherwise``."""
        while True:
            try:
                done = await asyncio.to_thread(self._apply, told)
                assert isinstance(done, result)
                return done
            except Away as error:
                if self._spool is None:
                    # nothing is lost: what was fetched waits here, and landing it twice changes nothing
                    _log.warning("database away, landing waits", error=str(error), retry_s=RETRY_S)
                    await asyncio.sleep(RETRY_S)
                    continue
            if await self._keep(told):
                return otherwise

    def _apply(self, told: Told) -> object:
        if self._spool is not None and self._spool.pending:
            raise Away("records wait on disk")
        try:
            with self._store.connection() as c:
                return told.apply(c)
        except _AWAY as error:
            raise Away(str(error).splitlines()[0] if str(error) else type(error).__name__) from error

    async def _keep(self, told: Told) -> bool:
        """Append to the spool; where it is full, wait until it is drained and return False: try the store again."""
        assert self._spool is not None
        payload = await asyncio.to_thread(to_bytes, told)
        while True:
            async with self._disk:
                if self.full_since is None and self._away_since is None:
                    self._away_since = self._now()
                    _log.warning("database away, spooling", folder=str(self._spool.folder))
                try:
                    await asyncio.to_thread(self._spool.append, [payload])
                    return True
                except SpoolFull as error:
                    if self.full_since is None:
                        self.full_since = self._now()
                        _log.error("spool full, collecting waits", error=str(error), retry_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
            if not self._spool.pending:
                return False

    async def keep_draining(self, stop: asyncio.Event) -> None:
        """Bring what waits on disk into the database whenever it is there, until ``stop`` is set."""
        while not stop.is_set():
            try:
                await self.drain()
            except _AWAY as error:
                _log.info("database still away", error=str(error).splitlines()[0], waiting_bytes=self.waiting_bytes)
            try:
                async with asyncio.timeout(RETRY_S):
                    await stop.wait()
            except TimeoutError:
                continue

    async def drain(self) -> int:
        """Apply what waits on disk, oldest first; return how many records that were.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database went away again. Nothing is lost.
        """
        if self._spool is None or not self._spool.pending:
            return 0
        count = 0
        for segment in self._spool.segments()[:-1]:
            count += await asyncio.to_thread(self._drain_segment, segment)
        async with self._disk:  # the last one is being written to
            for segment in self._spool.segments():
                count += await asyncio.to_thread(self._drain_segment, segment)
            await asyncio.to_thread(self._tell_drained, count)
        return count

    def drain_now(self) -> int:
        """The same before anything is collected, on the calling thread."""
        if self._spool is None or not self._spool.pending:
            return 0
        count = sum(map(self._drain_segment, self._spool.segments()))
        self._tell_drained(count)
        return count

    def _drain_segment(self, segment: Path) -> int:
        assert self._spool is not None
        payloads = self._spool.read(segment)
        reader = f"{READER} {segment.stem}"
        with self._store.connection() as c:
            begin = ledger.read_cursor(c, reader)
        for start in range(begin, len(payloads), DRAIN_BATCH):
            self._drain_batch(reader, start, payloads[start : start + DRAIN_BATCH])
        self._spool.drop(segment)
        return len(payloads) - begin

    def _drain_batch(self, reader: str, start: int, payloads: Sequence[bytes]) -> None:
        """Apply records and move the cursor of the segment past them, in one transaction."""
        try:
            with self._store.connection() as c:
                for payload in payloads:
                    from_bytes(payload).apply(c)
                ledger.save_cursor(c, reader, start + len(payloads))
        except _AWAY:
            raise
        except (psycopg.Error, ValueError) as error:
            if len(payloads) == 1:
                self._refuse(reader, start, payloads[0], error)
            else:
                for place, payload in enumerate(payloads, start):
                    self._drain_batch(reader, place, [payload])

    def _refuse(self, reader: str, place: int, payload: bytes, error: Exception) -> None:
        """One record that the database does not take must not hold up those behind it."""
        assert self._spool is not None
        path = self._spool.set_aside(f"{reader.rpartition(' ')[2]}-{place}", payload)
        said = f"a record of the spool is refused and kept in {path.name}: {str(error).splitlines()[0]}"
        _log.error("record refused", file=str(path))
        with self._store.connection() as c:
            Tell("spool.refused", said, "", "error", self._now(), {"file": path.name}).apply(c)
            ledger.save_cursor(c, reader, place + 1)

    def _tell_drained(self, count: int) -> None:
        assert self._spool is not None
        since, self._away_since = self._away_since, None
        full, self.full_since = self.full_since, None
        detail: dict[str, Any] = {"records": count, "torn_bytes": self._spool.torn_bytes}
        detail["damaged_bytes"] = self._spool.damaged_bytes
        said = f"the database is back: {count} records that waited on disk are in it"
        severity = "info"
        if full is not None:
            said += f"; the spool was full from {full:%H:%M:%S} UTC on and collecting waited"
            detail["full_since"], severity = full.isoformat(), "warning"
        if since is not None:
            detail["since"] = since.isoformat()
        if self._spool.damaged_bytes:
            said += f"; {self._spool.damaged_bytes} damaged bytes are kept aside"
            severity = "error"
        with self._store.connection() as c:
            Tell("spool.drained", said, "", severity, self._now(), detail).apply(c)
            c.execute("delete from ops.cursor where starts_with(reader, %s)", (f"{READER} ",))
        _log.info("spool drained", records=count)

    def _stand_in(self, key: FetchKey | GapKey) -> int:
        number = next(self._numbers)
        self._stand_ins[number] = key
        while len(self._stand_ins) > REMEMBERED:
            self._stand_ins.popitem(last=False)
        return number

    def _fetch(self, number: int) -> FetchKey | int:
        key = self._stand_ins.get(number, number)
        assert not isinstance(key, GapKey)
        return key

    async def land_fetch(self, fetch: Fetch) -> int:
        """Keep one answer as it came; return its ``fetch_id``."""
        number = await self._do(LandFetch(fetch), int, 0)
        return number or self._stand_in(FetchKey.of(fetch))

    async def land_items(self, items: Sequence[Item], fetch_id: int) -> Landed:
        """Add items; a revision that is there already counts as a duplicate. What waits on disk is counted as none."""
        return await self._do(LandItems(tuple(items), self._fetch(fetch_id)), Landed, Landed())

    async def land_attention(self, counts: Sequence[AttentionCount], fetch_id: int, received_at: datetime) -> int:
        """Add counts; return how many (platform, term, minute) were new."""
        new = await self._do(LandAttention(tuple(counts), self._fetch(fetch_id), received_at), int, 0)
        self.attention += new
        return new

    async def land_events(self, events: Sequence[CalendarEvent], fetch_id: int) -> int:
        """Add calendar events; return how many were new."""
        return await self._do(LandEvents(tuple(events), self._fetch(fetch_id)), int, 0)

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
        await self._do(Tell(kind, message, source, severity, at, dict(detail)), object, None)

    async def open_gap(self, source: str, from_at: datetime, reason: str) -> int:
        """Record that nothing came from ``source`` since ``from_at``; return the gap's id."""
        key = GapKey(source, from_at, reason)
        return await self._do(OpenGap(key), int, 0) or self._stand_in(key)

    async def close_gap(self, gap_id: int, to_at: datetime, state: GapState) -> None:
        """End a gap; closed windows that saw it are computed again, for their numbers named it as missing."""
        key = self._stand_ins.get(gap_id, gap_id)
        assert not isinstance(key, FetchKey)
        await self._do(CloseGap(key, to_at, state, self._now(), LONGEST_SCALE.total_seconds()), object, None)

    async def source_state(self, source: str, **fields: Unpack[SourceFields]) -> None:
        """Set columns of the row of ``source`` in ``ops.source``."""
        await self._do(SetSource(source, dict(fields)), object, None)

    async def save_host(self, record: HostRecord) -> None:
        """Set the row of a host in ``ops.host``."""
        await self._do(SetHost(asdict(record)), object, None)
