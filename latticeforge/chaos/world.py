"""What there is to collect: items of some sources over some hours, and what their feeds hold at an instant.

Here: a world as a pure function of its seed. Not here: serving it (``publishers``).
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from xml.sax.saxutils import escape

from latticeforge.model import CalendarEvent, Item
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.feeds import parse_feed, to_item

BEGIN = datetime(2025, 1, 28, tzinfo=UTC)
SURGE_EVERY = timedelta(hours=2)  # an event, and some minutes later thirty posts of one wording
SURGE = 30
OVERLAP = 20  # entries that a reader gets again, by which it sees that it missed none
LAG = timedelta(minutes=12)
_TOPICS = (
    "harbour bridge",
    "school lunches",
    "river flood",
    "tram strike",
    "museum theft",
    "power cuts",
    "wheat harvest",
)
_VERBS = ("debated in", "worries residents of", "reaches the council of", "splits opinion in", "delays the morning in")
_TOWNS = ("Arden", "Belmont", "Corby", "Dunmore", "Elstow", "Farleigh", "Garton", "Hadley", "Ilford", "Kelby", "Lorne")


@dataclass(frozen=True, slots=True)
class Posted:
    """One item of one source."""

    at: datetime  # whole seconds, as feeds write them
    source: int
    guid: str
    title: str


@dataclass(frozen=True)
class World:
    """``items`` items of ``sources`` sources, spread over ``span`` from ``begin`` on."""

    seed: int
    items: int
    sources: int
    span: timedelta
    begin: datetime = BEGIN

    @property
    def end(self) -> datetime:
        """The first instant at which everything is out."""
        return self.begin + self.span

    @cached_property
    def events(self) -> list[CalendarEvent]:
        """The political calendar."""
        count = int(self.span / SURGE_EVERY)
        times = [self.begin + SURGE_EVERY * (n + 0.5) for n in range(count)]
        return [
            CalendarEvent(f"e{n}", "chaos", f"Minister {n} resigns over leaked files", at, "politics", 0.9, self.begin)
            for n, at in enumerate(times)
        ]

    @cached_property
    def posted(self) -> list[Posted]:
        """Every item, oldest first."""
        rng = random.Random(f"world {self.seed}")
        surges = [
            (
                event.occurred_at + LAG + timedelta(seconds=6 * n),
                f"Strange lights seen over the reservoir {m}{'!' * (n % 3)}",
            )
            for m, event in enumerate(self.events)
            for n in range(SURGE)
        ][: self.items]
        found = [(at.replace(microsecond=0), title) for at, title in surges]
        for n in range(self.items - len(found)):
            at = self.begin + timedelta(seconds=int(rng.random() * self.span.total_seconds()))
            found.append((at, self._title(rng, n)))
        found.sort()
        return [Posted(at, n % self.sources, f"g{n}", title) for n, (at, title) in enumerate(found)]

    @staticmethod
    def _title(rng: random.Random, n: int) -> str:
        return f"{rng.choice(_TOPICS).capitalize()} {rng.choice(_VERBS)} {rng.choice(_TOWNS)} ({n})"

    @cached_property
    def _of_source(self) -> list[list[Posted]]:
        found: list[list[Posted]] = [[] for _ in range(self.sources)]
        for posted in self.posted:
            found[posted.source].append(posted)
        return found

    @cached_property
    def _times(self) -> list[list[datetime]]:
        return [[p.at for p in posts] for posts in self._of_source]

    @cached_property
    def _entries(self) -> list[list[str]]:
        return [[_entry(p) for p in posts] for posts in self._of_source]

    def feeds(self, base_url: str, interval_s: float) -> list[FeedSource]:
        """The list of feeds; the first is one that publishes politics first of all."""
        return [
            FeedSource(f"source-{n}", f"Source {n}", f"{base_url}/feed/{n}", political=n == 0, interval_s=interval_s)
            for n in range(self.sources)
        ]

    def out(self, source: int, now: datetime) -> int:
        """How many entries of a source are out at ``now``."""
        return bisect_right(self._times[source], now)

    def feed(self, source: int, count: int, seen: int, rng: random.Random) -> bytes:
        """The first ``count`` entries of a source without those that its reader has seen, but for a few; out of order.

        What is not told again to those who have it is never lost to those who have not, however long they are away.
        """
        entries = self._entries[source][max(0, seen - OVERLAP) : count]
        entries += rng.sample(entries, len(entries) // 20)
        rng.shuffle(entries)
        return _feed(entries)

    def landed(self) -> list[Item]:
        """Every item as an undisturbed collector would land it."""
        return [
            to_item(parsed, f"source-{n}", parsed.published_at or self.begin)
            for n in range(self.sources)
            for start in range(0, len(self._entries[n]), 2_000)
            for parsed in parse_feed(_feed(self._entries[n][start : start + 2_000])).items
        ]


def _entry(posted: Posted) -> str:
    date = f"{posted.at:%a, %d %b %Y %H:%M:%S} GMT"
    return f"<item><title>{escape(posted.title)}</title><guid>{posted.guid}</guid><pubDate>{date}</pubDate></item>"


def _feed(entries: list[str]) -> bytes:
    return f"<rss version='2.0'><channel><title>w</title>{''.join(entries)}</channel></rss>".encode()
