"""What happens at set times: covered political events, the amplified surge, the organic spike.

Here: the drafts of these stories and their usual trickle in the week before. Not here: everything else (``rhythm``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from latticeforge.demo.content import Event, Lines, Organic, Surge
from latticeforge.demo.drafts import Draft, Newsroom
from latticeforge.demo.variant import HISTORY_START, Variant

_BURST_MINUTES = 6.0
_TRICKLE_A_DAY = 2.5


def scripted(room: Newsroom, variant: Variant) -> list[Draft]:
    """Every draft of the day's two events, the surge and the organic story."""
    content = room.content
    surge, organic = content.surges[variant.surge], content.organics[variant.organic]
    return [
        *coverage(room, content.events[variant.event], variant.event_at, items=95),
        *coverage(room, content.events[variant.second_event], variant.second_event_at, items=45),
        *_surge(room, surge, variant),
        *_organic(room, organic, variant),
        *_trickle(room, surge.id, surge.before, variant.surge_at),
        *_trickle(room, organic.story.id, organic.before, variant.organic_at),
    ]


def coverage(room: Newsroom, event: Event, at: datetime, items: int) -> list[Draft]:
    """News of an event: first reports within a minute or two, most within the hour, some for hours."""
    return _ramp(room, event, at, items, rise_s=240, decay_s=3600)


def _ramp(
    room: Newsroom, event: Event | Organic, at: datetime, items: int, rise_s: float, decay_s: float
) -> list[Draft]:
    """Independent items whose rate rises over ``rise_s`` and fades over ``decay_s``; wire copies come on top."""
    drafts: list[Draft] = []
    for _ in range(items):
        delay = room.rng.expovariate(1 / rise_s) + room.rng.expovariate(1 / decay_s)
        drafts += room.tell(event.story, int(at.timestamp() + 20 + delay))
    return drafts


def _organic(room: Newsroom, organic: Organic, variant: Variant) -> list[Draft]:
    """Told by everybody in their own words: every source, many accounts, a ramp of some twenty minutes."""
    return _ramp(room, organic, variant.organic_at, variant.organic_items, rise_s=500, decay_s=3600)


def _surge(room: Newsroom, surge: Surge, variant: Variant) -> list[Draft]:
    start = variant.surge_at.timestamp()
    social = room.content.social
    accounts = room.accounts[-variant.surge_accounts :]  # the quietest ones until now
    low = [source for source in room.content.sources if source.tier == "low"]
    drafts = []
    for delay in _abrupt(room, variant.surge_items):
        title, account = room.writer.near_copy(surge), room.rng.choice(accounts)
        drafts.append(Draft(int(start + delay), social, title, "", account, surge.id, "surge-post"))
    for number in range(room.rng.randint(8, 12)):
        at_s = int(start + 100 + room.rng.expovariate(1 / 600))
        drafts.append(room.say(room.writer.near_copy(surge), at_s, low[number % len(low)], surge.id, "surge-copy"))
    for title in surge.later:
        at_s = int(start + room.rng.uniform(35 * 60, 150 * 60))
        outlet = room.source("local", outlets_only=True)
        drafts.append(room.say(title, at_s, outlet, surge.id, "surge-report"))
    return drafts


def _abrupt(room: Newsroom, items: int) -> list[float]:
    """Seconds after the onset: four in five within the first minutes, the rest over forty minutes."""
    burst = round(items * 0.8)
    first = [room.rng.triangular(0, _BURST_MINUTES * 60, 60) for _ in range(burst)]
    return first + [_BURST_MINUTES * 60 + min(room.rng.expovariate(1 / 600), 2040.0) for _ in range(items - burst)]


def _trickle(room: Newsroom, story: str, titles: Lines, until: datetime) -> list[Draft]:
    """The topic as it usually appears: a few unremarkable items a day."""
    start, end = HISTORY_START.timestamp(), until.timestamp() - 3600
    count = int((end - start) / 86400 * _TRICKLE_A_DAY)
    times = sorted(int(room.rng.uniform(start, end)) for _ in range(count))
    return [_one_of(room, titles, at_s, story) for at_s in times]


def _one_of(room: Newsroom, titles: Lines, at_s: int, story: str) -> Draft:
    return room.say(room.rng.choice(titles), at_s, room.source("local"), story)


def covered(room: Newsroom, events: Sequence[tuple[Event, datetime]]) -> list[Draft]:
    """Coverage of covered events in the lighter week before."""
    return [draft for event, at in events for draft in coverage(room, event, at, items=20)]
