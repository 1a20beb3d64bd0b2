"""Polling an attention API: mentions of terms, minute by minute.

Here: asking for the minutes that are missing, in order, through failures. Not here: the format (``counts``).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from latticeforge.sources.client import FeedClient
from latticeforge.sources.clock import Clock, sleep_unless
from latticeforge.sources.counts import MINUTE, CountsPage, missing_minutes, read_counts
from latticeforge.sources.faults import SourceFault, UnreadableInput
from latticeforge.sources.health import Health, Resume
from latticeforge.sources.landing import Landing
from latticeforge.windows import floor_to

MAX_PAGES = 500  # in one poll; a server that always promises more is asked again at the next


@dataclass(frozen=True, slots=True)
class AttentionSource:
    """An attention API. ``name`` is its identity in the store."""

    name: str
    url: str
    interval_s: float = 60.0
    kind: Literal["attention"] = field(default="attention", init=False)


@dataclass(frozen=True, slots=True)
class CountsPoll:
    """What one poll did, and how many seconds to wait before the next."""

    new: int
    next_s: float
    fault: SourceFault | None = None


class AttentionCollector:
    """Asks an attention API every minute for the minutes since the last one landed.

    The question is always "since the last good minute", so what a failure leaves out comes in order as soon as the
    server answers again. The gap is then *filled*, or *lost* where the answer lacks minutes of it.
    """

    def __init__(
        self,
        source: AttentionSource,
        client: FeedClient,
        clock: Clock,
        landing: Landing,
        *,
        rng: random.Random,
        since: datetime | None = None,
        resume: Resume | None = None,
    ) -> None:
        """``since``: the first minute wanted; by default the present one."""
        self.source = source
        self.since = floor_to(since or clock.now(), MINUTE)
        self._client, self._clock, self._landing, self._rng = client, clock, landing, rng
        self._health = Health(source.name, clock, landing, rng, base_s=10.0, resume=resume)
        self._first_wait_s = resume.wait_s(clock.now()) if resume else 0.0
        self._gap_minutes: set[datetime] = set()  # minutes landed since the gap opened

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until ``stop`` is set; a poll under way is finished first."""
        if self._first_wait_s and await sleep_unless(stop, self._clock, self._first_wait_s):
            return
        while not stop.is_set():
            poll = await self.poll_once()
            if await sleep_unless(stop, self._clock, poll.next_s):
                return

    async def poll_once(self) -> CountsPoll:
        """Ask until the server has no further minutes. Faults of the source are recorded, never raised."""
        new = 0
        try:
            for _ in range(MAX_PAGES):
                added, page = await self._one_page()
                new += added
                if not page.more:
                    break
        except SourceFault as fault:
            wait_s = await self._health.failed(
                fault, good_until=self.since, reason="attention counts missing", interval_s=self.source.interval_s
            )
            return CountsPoll(new, wait_s, fault)
        await self._caught_up()
        await self._health.worked(self.source.interval_s, last_item_at=self.since)
        return CountsPoll(new, self.source.interval_s)

    async def _one_page(self) -> tuple[int, CountsPage]:
        """Fetch, land, read and land one answer; move on past it."""
        joint = "&" if "?" in self.source.url else "?"
        url = f"{self.source.url}{joint}since={quote(self.since.strftime('%Y-%m-%dT%H:%M:%SZ'))}"
        answer = await self._client.get(url, source=self.source.name, accept="application/json")
        fetch_id = await self._landing.land_fetch(answer.fetch)
        if answer.fault is not None:
            raise answer.fault
        page = self._read(answer.fetch.payload)
        new = await self._landing.land_attention(page.counts, fetch_id, answer.fetch.received_at)
        if self._health.gap is not None:
            self._gap_minutes |= {count.observed_at for count in page.counts}
        await self._tell_problems(page.problems)
        self.since = page.next_since
        return new, page

    def _read(self, payload: bytes) -> CountsPage:
        try:
            page = read_counts(payload, self.since)
        except UnreadableInput as fault:
            raise UnreadableInput(f"{self.source.name}: {fault}") from fault
        if page.next_since > self._clock.now() + MINUTE:
            raise UnreadableInput(
                f"{self.source.name}: the answer ends in the future ({page.next_since}); check its clock"
            )
        return page

    async def _tell_problems(self, problems: Sequence[str]) -> None:
        if problems:
            message = f"{self.source.name}: {problems[0]} ({len(problems)} in all)"
            await self._health.tell("attention.problems", message, "warning", {"problems": list(problems[:20])})

    async def _caught_up(self) -> None:
        """Close the gap, if one is open, and say whether everything came."""
        gap = self._health.gap
        if gap is None:
            return
        missing = missing_minutes(self._gap_minutes, gap.from_at, self.since)
        whole = f"all minutes from {gap.from_at:%H:%M} to {self.since:%H:%M} UTC came in after all"
        part = f"{len(missing)} minutes from {missing[0]:%H:%M} UTC on cannot be had any more" if missing else ""
        await self._health.close_gap(self.since, "lost" if missing else "filled", part or whole)
        self._gap_minutes.clear()
