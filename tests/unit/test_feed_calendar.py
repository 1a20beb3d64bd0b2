"""Political calendars, ICS and CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from latticeforge.sources.calendar import ParsedCalendar, parse_calendar
from latticeforge.sources.faults import UnreadableInput

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def ics(*blocks: str, head: str = "") -> ParsedCalendar:
    entries = "".join(f"BEGIN:VEVENT\r\n{block}\r\nEND:VEVENT\r\n" for block in blocks)
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{head}{entries}END:VCALENDAR\r\n"
    return parse_calendar(text.encode(), "politics", NOW)


def test_an_ics_entry_in_full() -> None:
    found = ics(
        "UID:u1\r\nSUMMARY:Clemency\\, announced\r\nDTSTART:20250128T141700Z\r\nCATEGORIES:clemency,other\r\n"
        "X-LF-IMPACT:0.8\r\nURL:https://e.org/1\r\nDESCRIPTION:Long\r\n  folded text"
    )
    (event,) = found.events
    assert found.problems == ()
    assert (event.title, event.category, event.impact, event.url) == (
        "Clemency, announced",
        "clemency",
        0.8,
        "https://e.org/1",
    )
    assert (event.occurred_at, event.time_known) == (datetime(2025, 1, 28, 14, 17, tzinfo=UTC), True)
    assert event.description == "Long folded text"
    assert ics("UID:u1\r\nSUMMARY:Renamed\r\nDTSTART:20250128T141700Z").events[0].event_id == event.event_id


ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Somewhere\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:-0500\r\n"
    "TZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


@pytest.mark.parametrize(
    ("start", "at", "time_known"),
    [
        ("DTSTART;VALUE=DATE:20250128", datetime(2025, 1, 28, tzinfo=UTC), False),
        ("DTSTART;TZID=America/New_York:20250128T091700", datetime(2025, 1, 28, 14, 17, tzinfo=UTC), True),
        ("DTSTART;TZID=Somewhere:20250128T091700", datetime(2025, 1, 28, 14, 17, tzinfo=UTC), True),
    ],
)
def test_starts(start: str, at: datetime, time_known: bool) -> None:
    (event,) = ics(f"UID:1\r\nSUMMARY:T\r\n{start}", head=ZONE).events
    assert (event.occurred_at, event.time_known) == (at, time_known)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("UID:bad\r\nSUMMARY:T", "DTSTART"),
        ("UID:bad\r\nSUMMARY:T\r\nDTSTART:nonsense", "DTSTART"),
        ("UID:bad\r\nDTSTART:20250128T141700Z", "SUMMARY"),
        ("UID:bad\r\nSUMMARY:T\r\nDTSTART:20250128T141700Z\r\nX-LF-IMPACT:11", "not between 0 and 1"),
    ],
)
def test_bad_entries_stop_no_others(block: str, said: str) -> None:
    good = "UID:{}\r\nSUMMARY:T\r\nDTSTART:20250128T141700Z"
    found = ics(good.format(1), block, good.format(2))
    assert len(found.events) == 2
    (problem,) = found.problems
    assert problem.startswith("line 9, UID bad: ")
    assert said in problem


def test_what_is_assumed_is_said() -> None:
    floating = ics("UID:1\r\nSUMMARY:T\r\nDTSTART:20250128T141700")
    assert "no zone" in floating.problems[0]
    repeated = ics("UID:1\r\nSUMMARY:T\r\nDTSTART:20250128T141700Z\r\nRRULE:FREQ=DAILY")
    assert "repeats" in repeated.problems[0]
    assert len(repeated.events) == 1


def test_csv() -> None:
    text = (
        "id,title,occurred_at,category,impact,url\n"
        '1,"Order, signed",2025-01-28,executive_order,"",https://e.org/1\n'
        "2,Vote,2025-01-28T14:17:00Z,vote,0.5,javascript:x\n"
        "3,Bad,someday,vote,,\n"
        "4,Worse,2025-01-28,vote,7,\n"
        "5\n"
    )
    found = parse_calendar(text.encode("utf-8-sig"), "c", NOW)
    first, second = found.events
    assert (first.title, first.impact, first.time_known) == ("Order, signed", None, False)
    assert (second.impact, second.time_known, second.url) == (0.5, True, "")
    assert [problem.partition(":")[0] for problem in found.problems] == ["line 4", "line 5", "line 6"]


@pytest.mark.parametrize("column", ["id", "title", "occurred_at", "category"])
def test_a_missing_column_is_named(column: str) -> None:
    names = [name for name in ("id", "title", "occurred_at", "category") if name != column]
    with pytest.raises(UnreadableInput, match=f"no column '{column}'"):
        parse_calendar((",".join(names) + "\n1,2,3\n").encode(), "c", NOW)


@pytest.mark.parametrize("payload", [b"", b"  ", b"<html></html>", b'{"a": 1}'])
def test_what_is_no_calendar(payload: bytes) -> None:
    with pytest.raises(UnreadableInput, match="calendar"):
        parse_calendar(payload, "c", NOW)


@pytest.mark.real
def test_a_real_calendar_is_read_whole(real_data: Path) -> None:
    payload = (real_data / "calendar.csv").read_bytes()
    found = parse_calendar(payload, "orders", NOW)
    assert found.problems == ()
    assert len(found.events) == payload.count(b"executive_order,")
    assert not any(event.time_known for event in found.events)
