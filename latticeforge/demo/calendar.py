"""The political calendar of the eight days, and its iCalendar form.

Here: when events are, and since when the calendar lists them. Not here: their coverage (``happenings``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from icalendar import Calendar
from icalendar import Event as Entry

from latticeforge.demo.content import Content, Event, Minor
from latticeforge.demo.publishing import slug
from latticeforge.demo.variant import DAY_END, HISTORY_DAYS, HISTORY_START, Variant
from latticeforge.model import CalendarEvent, item_id_of

CALENDAR_ID = "capital-calendar"
_MINORS = (9, 14)  # at least, at most
_SATURDAY = 5
_SURPRISES = frozenset({"clemency", "resignation", "executive_order", "veto", "ethics_report"})


def uid(title: str, at: datetime) -> str:
    """The UID of the calendar's entry for what happens on that day."""
    return f"{at:%Y%m%d}-{slug(title)}@{CALENDAR_ID}.example"


def event_id(title: str, at: datetime) -> str:
    """The identity that a collector which calls this calendar ``CALENDAR_ID`` gives to the entry."""
    return item_id_of(CALENDAR_ID, uid(title, at))


def political_calendar(
    content: Content, variant: Variant, earlier: Iterable[tuple[Event, datetime]], rng: Random
) -> tuple[CalendarEvent, ...]:
    """12-20 entries over the eight days, in order of time. The two of the demo day come from ``variant``."""
    covered = [
        (content.events[variant.event], variant.event_at),
        (content.events[variant.second_event], variant.second_event_at),
        *earlier,
    ]
    entries = [_entry(event, at, rng) for event, at in covered]
    for number, minor in enumerate(rng.sample(content.minor, rng.randint(*_MINORS))):
        at = _working_day(rng) + timedelta(minutes=5 * rng.randrange(8 * 12, 21 * 12))
        entries.append(_entry(minor, at, rng, time_known=number > 0))
    return tuple(sorted(entries, key=lambda entry: (entry.occurred_at, entry.event_id)))


def earlier_events(content: Content, variant: Variant, rng: Random) -> list[tuple[Event, datetime]]:
    """Two covered events in the week before, at whatever hour chance gives."""
    rest = sorted(set(content.events) - {variant.event, variant.second_event})
    days = rng.sample(range(HISTORY_DAYS), 2)
    return [
        (content.events[name], HISTORY_START + timedelta(days=day, minutes=rng.randrange(9 * 60, 21 * 60)))
        for name, day in zip(rng.sample(rest, 2), days, strict=True)
    ]


def _working_day(rng: Random) -> datetime:
    days = (HISTORY_START + timedelta(days=day) for day in range(HISTORY_DAYS + 1))
    return rng.choice([day for day in days if day.weekday() < _SATURDAY])


def _entry(event: Event | Minor, at: datetime, rng: Random, *, time_known: bool = True) -> CalendarEvent:
    surprise = event.category in _SURPRISES
    listed = at if surprise else max(at - timedelta(hours=rng.randint(6, 72)), HISTORY_START)
    if not time_known:  # the calendar gives the date alone, and nobody knew more
        at = at.replace(hour=0, minute=0)
        listed = min(listed, at)
    return CalendarEvent(
        event_id=event_id(event.title, at),
        calendar_id=CALENDAR_ID,
        title=event.title,
        occurred_at=at,
        category=event.category,
        impact=event.impact,
        first_seen_at=max(listed, HISTORY_START),
        time_known=time_known,
        url=f"https://{CALENDAR_ID}.example/{slug(event.title)}",
    )


def to_ics(events: Iterable[CalendarEvent], now: datetime = DAY_END) -> bytes:
    """The entries listed at ``now`` as RFC 5545; the impact is X-LF-IMPACT, and PRIORITY 1 (high) to 9 (low)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Capital Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Capital calendar")
    for event in events:
        if event.first_seen_at <= now:
            calendar.add_component(_component(event))
    return bytes(calendar.to_ical())


def _component(event: CalendarEvent) -> Entry:
    entry = Entry()
    entry.add("uid", uid(event.title, event.occurred_at))
    entry.add("dtstamp", event.first_seen_at)
    entry.add("dtstart", event.occurred_at if event.time_known else event.occurred_at.date())
    entry.add("summary", event.title)
    entry.add("categories", [event.category])
    entry.add("url", event.url)
    impact = event.impact or 0.0
    entry.add("priority", max(1, min(9, 10 - round(impact * 10))))
    entry.add("x-lf-impact", f"{impact:.2f}")
    return entry
