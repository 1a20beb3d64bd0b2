"""Political calendars: iCalendar and CSV files into events.

Here: reading both formats. Not here: fetching them (``calendar_poller``).

CSV columns: ``id, title, occurred_at, category, impact, url``; impact (0 to 1) and url may be empty or absent. In ICS
the impact is the property ``X-LF-IMPACT``. A date without a time keeps ``time_known`` False and stands at 00:00 UTC.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from icalendar import Calendar, Component

from latticeforge.model import CalendarEvent, item_id_of
from latticeforge.sources.charset import clean, decode, settle
from latticeforge.sources.date_text import read_date
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.sections import sections

MAX_EVENTS = 100_000
MAX_TEXT = 5_000
REQUIRED = ("id", "title", "occurred_at", "category")


@dataclass(frozen=True, slots=True)
class ParsedCalendar:
    """Events in the file's order, and entries that could not become one, each with its line."""

    events: tuple[CalendarEvent, ...]
    problems: tuple[str, ...] = ()


def parse_calendar(payload: bytes, calendar_id: str, received_at: datetime, content_type: str = "") -> ParsedCalendar:
    """Read an ICS or CSV calendar; which one is seen from its first line.

    Raises:
        UnreadableInput: it is neither, or a CSV lacks a column.
    """
    text, _ = clean(decode(payload, content_type)[0])
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise UnreadableInput("the calendar is empty; check the address")
    if text.lstrip()[:15].upper().startswith("BEGIN:VCALENDAR"):
        return _from_ics(text, calendar_id, received_at)
    if text.lstrip().startswith(("<", "{")):
        raise UnreadableInput("this is neither an ICS nor a CSV calendar; check the address")
    return _from_csv(text, calendar_id, received_at)


_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE)


def _from_ics(text: str, calendar_id: str, received_at: datetime) -> ParsedCalendar:
    """Each entry is read by itself, with the file's time zones, so that a broken one stops no other."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    zones = "".join(sections(text, "\nBEGIN:VTIMEZONE", "\nEND:VTIMEZONE")[1::2])
    parts = sections(text, "\nBEGIN:VEVENT", "\nEND:VEVENT")
    if len(parts) > 2 * MAX_EVENTS:
        raise UnreadableInput(f"the calendar has more than {MAX_EVENTS:,} entries: refused")
    events: list[CalendarEvent] = []
    problems: list[str] = []
    line = 1
    for between, block in zip(parts[::2], parts[1::2], strict=False):
        line += between.count("\n") + 1
        name = _UID.search(block)
        where = f"line {line}" + (f", UID {name.group(1).strip()[:60]}" if name else "")
        try:
            event, note = _ics_event(block, zones, calendar_id, received_at)
            events.append(event)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            note = f"{settle(str(error))[:160]}; the entry is left out"
        if note:
            problems.append(f"{where}: {note}")
        line += block.count("\n") - 1
    if "\nBEGIN:VEVENT" in parts[-1]:
        problems.append("the calendar is cut off: an entry has no END:VEVENT")
    return ParsedCalendar(tuple(events), tuple(problems))


def _ics_event(block: str, zones: str, calendar_id: str, received_at: datetime) -> tuple[CalendarEvent, str]:
    wrapped = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-{zones}{block}\nEND:VCALENDAR\n"
    entry = Calendar.from_ical(wrapped).walk("VEVENT")[0]
    start = getattr(entry.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise ValueError("no readable DTSTART (when it happens)")
    occurred_at, time_known, note = _instant(start)
    title = _ics_text(entry, "SUMMARY")
    if not title:
        raise ValueError("no SUMMARY (what happens)")
    if entry.get("RRULE") is not None:
        note = "it repeats; only the first time is kept"
    uid = _ics_text(entry, "UID") or f"{title} {occurred_at.isoformat()}"
    impact = _ics_text(entry, "X-LF-IMPACT")
    event = CalendarEvent(
        event_id=item_id_of(calendar_id, uid),
        calendar_id=calendar_id,
        title=title,
        occurred_at=occurred_at,
        category=_categories(entry),
        impact=_impact(impact),
        first_seen_at=received_at,
        time_known=time_known,
        description=_ics_text(entry, "DESCRIPTION"),
        url=_web(_ics_text(entry, "URL")),
    )
    return event, note


def _ics_text(entry: Component, name: str) -> str:
    value = entry.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return "" if value is None else settle(str(value))[:MAX_TEXT]


def _categories(entry: Component) -> str:
    """The first category, which decides how events are grouped."""
    value = entry.get("CATEGORIES")
    value = value[0] if isinstance(value, list) and value else value
    named = getattr(value, "cats", [value] if value else [])
    return settle(str(named[0])) if named else ""


def _instant(value: date | datetime) -> tuple[datetime, bool, str]:
    """An ICS date or time as UTC, whether the time is known, and what was assumed."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC), False, ""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC), True, "its time has no zone; taken as UTC"
    return value.astimezone(UTC), True, ""


def _from_csv(text: str, calendar_id: str, received_at: datetime) -> ParsedCalendar:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=False)
    columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise UnreadableInput(
            f"the calendar has no column {missing[0]!r} (it has: {', '.join(columns)[:200]});"
            f" needed are {', '.join(REQUIRED)} and, if known, impact and url"
        )
    reader.fieldnames = columns
    events: list[CalendarEvent] = []
    problems: list[str] = []
    try:
        for row in reader:
            try:
                events.append(_csv_event(row, calendar_id, received_at))
            except ValueError as error:
                problems.append(f"line {reader.line_num}: {error}; the entry is left out")
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}; the rest is left out")
    return ParsedCalendar(tuple(events), tuple(problems))


def _csv_event(row: dict[str, str | None], calendar_id: str, received_at: datetime) -> CalendarEvent:
    cells = {name: settle(value)[:MAX_TEXT] if isinstance(value, str) else "" for name, value in row.items() if name}
    read = read_date(cells["occurred_at"])
    if read is None:
        raise ValueError(
            f"occurred_at {cells['occurred_at'][:40]!r} is not a date; write 2025-01-28 or 2025-01-28T14:17Z"
        )
    if not cells["title"]:
        raise ValueError("no title")
    return CalendarEvent(
        event_id=item_id_of(calendar_id, cells["id"] or f"{cells['title']} {cells['occurred_at']}"),
        calendar_id=calendar_id,
        title=cells["title"],
        occurred_at=read.at,
        category=cells["category"],
        impact=_impact(cells.get("impact", "")),
        first_seen_at=received_at,
        time_known=not read.day_only,
        url=_web(cells.get("url", "")),
    )


def _impact(text: str) -> float | None:
    """A number in [0, 1], or None where there is none.

    Raises:
        ValueError: anything else; guessing a scale would weigh events wrongly.
    """
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"impact {text[:20]!r} is not a number between 0 and 1") from error
    if not 0 <= value <= 1:
        raise ValueError(f"impact {text[:20]!r} is not between 0 and 1")
    return value


def _web(text: str) -> str:
    return text if text.startswith(("http://", "https://")) else ""
