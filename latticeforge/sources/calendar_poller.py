"""Polling one political calendar, on the web or in a file.

Here: fetch or read, land, parse, land. Not here: the formats (``calendar``).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from latticeforge.model import Fetch
from latticeforge.sources.calendar import ParsedCalendar, parse_calendar
from latticeforge.sources.client import Answer, FeedClient
from latticeforge.sources.clock import Clock, sleep_unless
from latticeforge.sources.faults import PermanentFault, SourceFault, UnreadableInput
from latticeforge.sources.health import Health, Resume
from latticeforge.sources.landing import Landing

MAX_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class CalendarSource:
    """A calendar. ``name`` is its identity (``calendar_id``); ``url`` is http(s) or the path of a file."""

    name: str
    url: str
    interval_s: float = 900.0


@dataclass(frozen=True, slots=True)
class CalendarPoll:
    """What one poll did, and how many seconds to wait before the next."""

    new: int
    next_s: float
    fault: SourceFault | None = None


class CalendarPoller:
    """Reads one calendar at its interval, for ever. What it said before stays; a hole in polling loses nothing."""

    def __init__(
        self,
        source: CalendarSource,
        client: FeedClient,
        clock: Clock,
        landing: Landing,
        *,
        rng: random.Random,
        resume: Resume | None = None,
    ) -> None:
        self.source = source
        self._first_wait_s = resume.wait_s(clock.now()) if resume and resume.failures else 0.0
        self._client, self._clock, self._landing = client, clock, landing
        self._health = Health(source.name, clock, landing, rng, base_s=30.0, resume=resume)
        self._etag: str | None = None
        self._last_modified: str | None = None
        self._payload_hash = b""
        self._problems: tuple[str, ...] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until ``stop`` is set; a poll under way is finished first."""
        if self._first_wait_s and await sleep_unless(stop, self._clock, self._first_wait_s):
            return
        while not stop.is_set():
            poll = await self.poll_once()
            if await sleep_unless(stop, self._clock, poll.next_s):
                return

    async def poll_once(self) -> CalendarPoll:
        """One poll. Faults of the source are recorded, never raised."""
        answer = await self._get()
        fetch_id = await self._landing.land_fetch(answer.fetch)
        fetch = answer.fetch
        try:
            if answer.fault is not None:
                raise answer.fault
            new = 0
            if not answer.not_modified and fetch.sha256 != self._payload_hash:
                parsed = await asyncio.to_thread(self._parsed, fetch)
                new = await self._landing.land_events(parsed.events, fetch_id)
                await self._tell_problems(parsed)
                self._payload_hash = fetch.sha256
        except SourceFault as fault:
            wait_s = await self._health.failed(
                fault, good_until=fetch.requested_at, reason="calendar not readable", interval_s=self.source.interval_s
            )
            return CalendarPoll(0, wait_s, fault)
        if not answer.not_modified:
            self._etag, self._last_modified = fetch.headers.get("etag"), fetch.headers.get("last-modified")
        await self._health.close_gap(fetch.received_at, "filled", "the calendar holds its past")
        await self._health.worked(self.source.interval_s, etag=self._etag, last_modified=self._last_modified)
        return CalendarPoll(new, self.source.interval_s)

    async def _get(self) -> Answer:
        if self.source.url.startswith(("http://", "https://")):
            accept = "text/calendar, text/csv;q=0.9, */*;q=0.5"
            conditions = {"etag": self._etag, "last_modified": self._last_modified}
            return await self._client.get(self.source.url, source=self.source.name, accept=accept, **conditions)
        return await asyncio.to_thread(self._read_file)

    def _read_file(self) -> Answer:
        path, now = Path(self.source.url), self._clock.now()
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise PermanentFault(
                    f"{path} is over {MAX_FILE_BYTES // 1_000_000} MB: refused; use a shorter calendar"
                )
            return Answer(Fetch(self.source.name, str(path), now, now, 200, payload=path.read_bytes()))
        except OSError as error:
            fault = PermanentFault(f"{path} cannot be read ({error.strerror}); check the path")
        except PermanentFault as error:
            fault = error
        return Answer(Fetch(self.source.name, str(path), now, now, 0, fault=str(fault)), fault)

    def _parsed(self, fetch: Fetch) -> ParsedCalendar:
        try:
            content_type = fetch.headers.get("content-type", "")
            return parse_calendar(fetch.payload, self.source.name, fetch.received_at, content_type)
        except UnreadableInput as fault:
            raise UnreadableInput(f"{self.source.name}: {fault}") from fault

    async def _tell_problems(self, parsed: ParsedCalendar) -> None:
        """Say once what is wrong with the calendar, not at every poll."""
        if parsed.problems and parsed.problems != self._problems:
            message = f"{self.source.name}: {parsed.problems[0]}"
            await self._health.tell("calendar.problems", message, "warning", {"problems": list(parsed.problems[:20])})
        self._problems = parsed.problems
