"""Which topics a day is about and when they happen.

Here: the scripted 28 January 2025 and shuffled relatives of it. Not here: making items of it (``happenings``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from latticeforge.demo.content import Content, load_content

DAY_START = datetime(2025, 1, 28, tzinfo=UTC)
DAY_END = DAY_START + timedelta(days=1)
HISTORY_DAYS = 7
_HIGH_IMPACT = 0.8
HISTORY_START = DAY_START - timedelta(days=HISTORY_DAYS)


def _at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return DAY_START + timedelta(hours=int(hour), minutes=int(minute))


@dataclass(frozen=True, slots=True)
class Variant:
    """Topics (ids in ``data/demo/happenings.yaml``), instants (UTC, on the demo day) and sizes (items)."""

    event: str
    event_at: datetime
    surge: str
    surge_at: datetime
    surge_items: int
    surge_accounts: int
    outage_from: datetime
    outage_until: datetime
    second_event: str
    second_event_at: datetime
    organic: str
    organic_at: datetime
    organic_items: int
    maintenance_from: datetime
    maintenance_until: datetime

    @classmethod
    def scripted(cls) -> Variant:
        """28 January 2025 as the demo tells it."""
        return cls(
            event="clemency",
            event_at=_at("14:17"),
            surge="drones",
            surge_at=_at("14:22"),
            surge_items=96,
            surge_accounts=8,
            outage_from=_at("14:31"),
            outage_until=_at("14:33"),
            second_event="nominee-vote",
            second_event_at=_at("14:57"),
            organic="marisol-vane",
            organic_at=_at("15:05"),
            organic_items=420,
            maintenance_from=_at("11:20"),
            maintenance_until=_at("11:30"),
        )

    @classmethod
    def shuffled(cls, seed: int) -> Variant:
        """Other topics, other times of day, other sizes; the same structure.

        The surge follows its event by 3-10 minutes, the outage follows the surge, and the organic story follows its
        own event, before or after all that.
        """
        rng = Random(f"variant:{seed}")
        event, second, surge, organic = _topics(load_content(), rng)
        event_at = DAY_START + timedelta(minutes=rng.randrange(10 * 60, 18 * 60))
        surge_at = event_at + timedelta(minutes=rng.randint(3, 10))
        outage_from = surge_at + timedelta(minutes=rng.randint(7, 25))
        second_at = event_at + timedelta(minutes=rng.choice((-1, 1)) * rng.randint(40, 150))
        maintenance = event_at - timedelta(minutes=rng.randint(100, 240))
        return cls(
            event=event,
            event_at=event_at,
            surge=surge,
            surge_at=surge_at,
            surge_items=rng.randint(76, 120),
            surge_accounts=rng.randint(6, 9),
            outage_from=outage_from,
            outage_until=outage_from + timedelta(minutes=2),
            second_event=second,
            second_event_at=second_at,
            organic=organic,
            organic_at=second_at + timedelta(minutes=rng.randint(5, 10)),
            organic_items=rng.randint(360, 460),
            maintenance_from=maintenance,
            maintenance_until=maintenance + timedelta(minutes=10),
        )


def _topics(content: Content, rng: Random) -> tuple[str, str, str, str]:
    """Event, second event, surge and organic story, none of which the scripted day has."""
    known = Variant.scripted()
    events = sorted(set(content.events) - {known.event, known.second_event})
    first = rng.choice([name for name in events if content.events[name].impact >= _HIGH_IMPACT])
    second = rng.choice([name for name in events if name != first])
    surge = rng.choice(sorted(set(content.surges) - {known.surge}))
    return first, second, surge, rng.choice(sorted(set(content.organics) - {known.organic}))
