"""Polling one feed: fetch, land the payload, parse, judge the dates, land the items.

Here: the order of these steps and what is remembered between polls. Not here: each step itself, and which feeds there
are (``catalogue``).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from latticeforge.model import Item, Landed
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import Answer, FeedClient
from latticeforge.sources.clock import Clock, sleep_unless
from latticeforge.sources.dates import ClockWatch
from latticeforge.sources.faults import SourceFault, UnreadableInput
from latticeforge.sources.feeds import ParsedFeed, ParsedItem, parse_feed, to_item
from latticeforge.sources.health import Health, Resume
from latticeforge.sources.landing import GapState, Landing, SourceFields

REMEMBERED = 5_000  # entries whose content is remembered, so that an unchanged one is not sent to the store again
BIG_BYTES = 200_000  # parsed in a thread: the event loop must not wait for it
ENOUGH_TO_MISS = 5  # entries that must all have gone before a feed counts as overrun


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll did, and how many seconds to wait before the next."""

    landed: Landed
    next_s: float
    fault: SourceFault | None = None


class FeedPoller:
    """Polls one feed at its interval, for ever."""

    def __init__(
        self,
        source: FeedSource,
        client: FeedClient,
        clock: Clock,
        landing: Landing,
        *,
        rng: random.Random,
        resume: Resume | None = None,
    ) -> None:
        """``rng`` spreads polls and retries in time; nothing that is stored depends on it."""
        resume = resume or Resume()
        self.source = source
        self._client, self._clock, self._landing, self._rng = client, clock, landing, rng
        self._health = Health(
            source.name,
            clock,
            landing,
            rng,
            base_s=min(source.interval_s, 30.0),
            resume=resume,
            declared_silence_s=source.longest_silence_s,
        )
        self._first_wait_s = resume.wait_s(clock.now())
        self._watch = ClockWatch()
        self._etag, self._last_modified = resume.etag, resume.last_modified
        self._good_at = resume.last_success_at
        self._first = True
        self._seen: dict[str, bytes] = {}  # guid -> content hash, oldest first
        self._current: frozenset[str] = frozenset()  # guids in the newest version of the feed
        self._payload_hash = b""
        self._problems: tuple[str, ...] = ()
        self._offset_s: float | None = None
        self._news: list[Item] = []  # of the last poll; none at the first, which cannot tell
        self._whole = True  # nothing fell out of the feed between the last poll and the one before
        self.landed = Landed()  # all entries read since the start, by what became of them

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until ``stop`` is set; a poll under way is finished first."""
        if self._first_wait_s and await sleep_unless(stop, self._clock, self._first_wait_s):
            return
        while not stop.is_set():
            poll = await self.poll_once()
            if await sleep_unless(stop, self._clock, poll.next_s):
                return

    async def poll_once(self) -> Poll:
        """One poll. Faults of the source are recorded, never raised; faults of the store are."""
        answer = await self._client.get(
            self.source.url, source=self.source.name, etag=self._etag, last_modified=self._last_modified
        )
        fetch_id = await self._landing.land_fetch(answer.fetch)
        await self._check_absence(answer.fetch.requested_at)
        if answer.fault is not None:
            return await self._failed(answer.fault, answer.fetch.requested_at)
        try:
            feed = await self._parsed(answer)
        except UnreadableInput as fault:
            message = UnreadableInput(f"{self.source.name}: {fault}")
            return await self._failed(message, answer.fetch.requested_at)
        self._news, self._whole = [], True
        landed = await self._land(feed, answer, fetch_id) if feed else Landed(duplicate=len(self._current))
        await self._succeeded(answer, landed.new > 0)
        self.landed += landed
        return Poll(landed, self._next_s())

    async def _check_absence(self, asked_at: datetime) -> None:
        """At the first poll after a restart, record the time in which nobody polled."""
        first, self._first = self._first, False
        if not first or self._good_at is None or self._health.gap is not None:
            return
        if (asked_at - self._good_at).total_seconds() > 2 * self.source.interval_s:
            await self._health.open_gap(self._good_at, "collector was not running")

    async def _parsed(self, answer: Answer) -> ParsedFeed | None:
        """The feed, or None where it is the one we have."""
        fetch = answer.fetch
        if answer.not_modified or fetch.sha256 == self._payload_hash:
            return None
        content_type = fetch.headers.get("content-type", "")
        if len(fetch.payload) < BIG_BYTES:
            return parse_feed(fetch.payload, url=fetch.url, content_type=content_type)
        return await asyncio.to_thread(parse_feed, fetch.payload, url=fetch.url, content_type=content_type)

    async def _land(self, feed: ParsedFeed, answer: Answer, fetch_id: int) -> Landed:
        received_at = answer.fetch.received_at
        await self._check_clock([item for item in feed.items if item.guid not in self._seen], received_at)
        items = [self._item(item, received_at) for item in feed.items]
        self._news = [item for item in items if item.guid not in self._seen] if self._current else []
        changed = [item for item in items if self._seen.get(item.guid) != item.content_hash]
        landed = await self._landing.land_items(changed, fetch_id) if changed else Landed()
        await self._check_overlap(items, received_at)
        self._remember(items)
        await self._tell_problems(feed)
        self._payload_hash = answer.fetch.sha256
        return landed + Landed(duplicate=len(items) - len(changed))

    def _item(self, parsed: ParsedItem, received_at: datetime) -> Item:
        item = to_item(parsed, self.source.name, received_at, self._offset_s)
        return replace(item, account=item.author) if self.source.social else item

    async def _check_clock(self, new: Sequence[ParsedItem], received_at: datetime) -> None:
        """Let the newest items tell whether the source's clock is right; the first poll tells nothing."""
        if not self._current or self._good_at is None:
            return
        for item in new:
            if item.published_at is not None and item.date_problem is None:
                self._watch.observe(item.published_at, received_at, received_at - self._good_at)
        before, self._offset_s = self._offset_s, self._watch.offset_s
        if (before is None) != (self._offset_s is None):
            said = "is right again" if self._offset_s is None else f"is off by about {self._offset_s / 60:+.0f} min"
            tail = "" if self._offset_s is None else "; its items are kept but not counted"
            await self._health.tell(
                "source.clock", f"the clock of {self.source.name} {said}{tail}", "warning", {"offset_s": self._offset_s}
            )
        await self._landing.source_state(self.source.name, clock_offset_s=self._offset_s)

    async def _check_overlap(self, items: Sequence[Item], received_at: datetime) -> None:
        """Close the gap, if one is open; record one where the feed moved on by more than it holds."""
        whole = self._whole = self._reaches_back(items)
        overrun = len(self._current) >= ENOUGH_TO_MISS and bool(items) and not whole
        if overrun and self._health.gap is None and self._good_at is not None:
            await self._health.open_gap(self._good_at, "feed moved on by more than it holds")
        state: GapState = "filled" if whole else "lost"
        what = "the feed holds all since" if whole else "the feed does not reach back so far; poll it more often"
        await self._health.close_gap(received_at, state, what)

    def _reaches_back(self, items: Sequence[Item]) -> bool:
        """Whether nothing fell off the end of the feed since it was last read.

        So it is where an entry that was there still is, or (after a restart) where one is older than that.
        """
        if self._current:
            return any(item.guid in self._current for item in items)
        since = self._health.gap.from_at if self._health.gap else self._good_at
        return since is None or any(item.published_at is not None and item.published_at <= since for item in items)

    def _remember(self, items: Sequence[Item]) -> None:
        self._current = frozenset(item.guid for item in items)
        for item in items:
            self._seen.pop(item.guid, None)
            self._seen[item.guid] = item.content_hash
        for guid in list(self._seen)[: max(0, len(self._seen) - REMEMBERED - len(items))]:
            del self._seen[guid]

    async def _tell_problems(self, feed: ParsedFeed) -> None:
        """Say once what is wrong with the feed, not at every poll."""
        if feed.problems and feed.problems != self._problems:
            message = f"{self.source.name}: {feed.problems[0]}"
            await self._health.tell("feed.problems", message, "warning", {"problems": list(feed.problems[:20])})
        self._problems = feed.problems

    async def _succeeded(self, answer: Answer, landed_new: bool) -> None:
        headers = answer.fetch.headers
        self._good_at = answer.fetch.received_at
        if not answer.not_modified:
            self._etag, self._last_modified = headers.get("etag"), headers.get("last-modified")
        await self._health.close_gap(self._good_at, "filled", "unchanged since the gap began")
        oldest = min((item.published_at for item in self._news if item.published_at), default=None)
        new = landed_new or bool(self._news)
        await self._health.heard(new, self.source.interval_s, oldest=oldest, whole=self._whole)
        fields: SourceFields = {"etag": self._etag, "last_modified": self._last_modified}
        if new:
            fields["last_item_at"] = self._good_at
        await self._health.worked(self.source.interval_s, **fields)

    async def _failed(self, fault: SourceFault, asked_at: datetime) -> Poll:
        wait_s = await self._health.failed(
            fault, good_until=self._good_at or asked_at, reason="feed not readable", interval_s=self.source.interval_s
        )
        return Poll(Landed(), wait_s, fault)

    def _next_s(self) -> float:
        """The interval, give or take a twentieth, so that a hundred feeds do not fall into step."""
        return self.source.interval_s * (0.95 + 0.1 * self._rng.random())
