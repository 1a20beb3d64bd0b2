"""The whole demo day: items, attention, calendar, and the truth about what was planted.

Here: putting the parts together from a seed and a variant. Not here: files (``export``) and HTTP (``publishers``).
The same seed and variant give the same day, byte for byte; nothing here reads a clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import numpy as np

from latticeforge.demo.attention import Attention, attention
from latticeforge.demo.calendar import earlier_events, event_id, political_calendar
from latticeforge.demo.content import Content, Lines, Source, load_content
from latticeforge.demo.drafts import Draft, Newsroom, handles, in_time
from latticeforge.demo.happenings import covered, scripted
from latticeforge.demo.publishing import Publication, publish
from latticeforge.demo.rhythm import DAYS, expected_items
from latticeforge.demo.variant import DAY_START, HISTORY_START, Variant
from latticeforge.model import CalendarEvent

SEED = 28
_DAY_ITEMS = 7600.0  # expected, before copies and what is planted
_HISTORY_ITEMS = (1450.0, 1600.0)  # a day, at least and at most
_ACCOUNTS = 640


@dataclass(frozen=True, slots=True)
class Planted:
    """A spike that was put into the day, and the political event it lies near.

    ``event_id`` is the identity after collecting; an item's is ``model.item_id_of(source, guid)``.
    """

    event_id: str
    event_title: str
    event_at: datetime
    onset_at: datetime
    keywords: Lines
    guids: tuple[str, ...]  # items of the spike, in the order of their visibility
    accounts: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so. ``expected`` counts what collectors should find, by name."""

    distraction: Planted
    organic: Planted
    outage: tuple[datetime, datetime]
    maintenance: tuple[datetime, datetime]
    clock_s: dict[str, int]  # source to its clock minus the true one
    expected: dict[str, int]


@dataclass(frozen=True)
class DemoDay:
    """Eight days of publishing. ``items`` are in the order of their visibility."""

    seed: int
    variant: Variant
    sources: tuple[Source, ...]
    items: tuple[Publication, ...]
    attention: Attention
    calendar: tuple[CalendarEvent, ...]
    truth: Truth

    @classmethod
    def generate(cls, seed: int = SEED, variant: Variant | None = None) -> DemoDay:
        """Make the day; ``variant`` None is the scripted 28 January 2025."""
        content, variant = load_content(), variant or Variant.scripted()
        rng = Random(f"day:{seed}")
        room = Newsroom(content, rng, handles(_ACCOUNTS, rng))
        earlier = earlier_events(content, variant, rng)
        calendar = political_calendar(content, variant, earlier, rng)
        drafts = [*scripted(room, variant), *covered(room, earlier), *_background(room, seed)]
        items = publish(in_time(drafts), seed, room.writer, rng)
        counts = attention(items, _terms(content, variant), content.wording.background_terms, _numbers(seed, 2))
        truth = _truth(content, variant, items, counts, calendar)
        return cls(seed, variant, content.sources, tuple(items), counts, calendar, truth)

    @property
    def on_the_day(self) -> tuple[Publication, ...]:
        """The items that became visible on 28 January."""
        return tuple(item for item in self.items if item.visible_at >= DAY_START)


def _numbers(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, stream]))


def _background(room: Newsroom, seed: int) -> list[Draft]:
    """Everything that goes on anyway."""
    numbers = _numbers(seed, 1)
    stories = room.content.stories
    totals = [*numbers.uniform(*_HISTORY_ITEMS, DAYS - 1).tolist(), _DAY_ITEMS]
    counts = numbers.poisson(expected_items(stories, totals, numbers))
    start = int(HISTORY_START.timestamp())
    drafts: list[Draft] = []
    for minute, story in np.argwhere(counts.T > 0).tolist():
        for _ in range(int(counts[story, minute])):
            drafts += room.tell(stories[story], start + 60 * minute + room.rng.randrange(60))
    return drafts


def _terms(content: Content, variant: Variant) -> dict[str, Lines]:
    planted = [content.events[name].story for name in (variant.event, variant.second_event)]
    organic, surge = content.organics[variant.organic].story, content.surges[variant.surge]
    return {story.id: story.terms for story in (*content.stories, *planted, organic)} | {surge.id: surge.terms}


def _truth(
    content: Content,
    variant: Variant,
    items: Sequence[Publication],
    counts: Attention,
    calendar: Sequence[CalendarEvent],
) -> Truth:
    surge = [item for item in items if item.kind in ("surge-post", "surge-copy")]
    organic = [item for item in items if item.story == variant.organic and item.happened_at >= variant.organic_at]
    surge_terms, organic_terms = content.surges[variant.surge].terms, content.organics[variant.organic].story.terms
    return Truth(
        distraction=_planted(content, variant.event, variant.event_at, variant.surge_at, surge_terms, surge),
        organic=_planted(
            content, variant.second_event, variant.second_event_at, variant.organic_at, organic_terms, organic
        ),
        outage=(variant.outage_from, variant.outage_until),
        maintenance=(variant.maintenance_from, variant.maintenance_until),
        clock_s={source.name: source.clock_s for source in content.sources if source.clock_s},
        expected=_expected(items, counts, calendar),
    )


def _planted(
    content: Content, event: str, event_at: datetime, onset_at: datetime, terms: Lines, items: Sequence[Publication]
) -> Planted:
    title = content.events[event].title
    return Planted(
        event_id=event_id(title, event_at),
        event_title=title,
        event_at=event_at,
        onset_at=onset_at,
        keywords=terms,
        guids=tuple(item.guid for item in items),
        accounts=tuple(sorted({item.account for item in items if item.account})),
        sources=tuple(sorted({item.source.name for item in items})),
    )


def _expected(items: Sequence[Publication], counts: Attention, calendar: Sequence[CalendarEvent]) -> dict[str, int]:
    odd = Counter(oddity for item in items for oddity in item.oddities)
    ahead = sum(item.published_at is not None and item.published_at > item.visible_at for item in items)
    return {
        "items": len(items),
        "items_on_the_day": sum(item.visible_at >= DAY_START for item in items),
        "revisions": sum(len(item.revisions) for item in items),
        "revisions_on_the_day": sum(r.visible_at >= DAY_START for item in items for r in item.revisions),
        **{name: odd[name] for name in ("corrected", "undated", "epoch", "late", "clock", "broken")},
        "dated_after_visible": ahead,
        "attention_terms": len(counts.terms),
        "attention_counts": int(counts.counts.size),
        "calendar_events": len(calendar),
    }
