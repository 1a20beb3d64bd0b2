"""Polling calendars that break, over HTTP and from files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from latticeforge.sources.calendar_poller import CalendarPoller, CalendarSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.faults import PermanentFault

ICS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//EN\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:Clemency announced\r
DTSTART:20250128T141700Z\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:no-start\r
SUMMARY:When?\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
async def make(clock, landing):
    async with FeedClient(clock, allow_loopback=True, limits=Limits(connect_s=2, read_s=2, total_s=5)) as client:
        yield lambda url: CalendarPoller(CalendarSource("politics", url), client, clock, landing, rng=random.Random(1))


async def test_an_entry_without_dtstart_stops_no_other(publisher, landing, make) -> None:
    publisher.pages["/c.ics"] = publisher.answer(200, ICS, Content_Type="text/calendar")
    poller = make(publisher.url + "/c.ics")
    assert (await poller.poll_once()).new == 1
    assert (await poller.poll_once()).new == 0
    assert [event.title for event in landing.calendar] == ["Clemency announced"]
    (told,) = [message for kind, message in landing.events if kind == "calendar.problems"]
    assert "line 9, UID no-start" in told
    assert "DTSTART" in told


async def test_a_csv_without_a_column_names_it(landing, make, tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text("id,title,category\n1,T,order\n")
    poller = make(str(path))
    poll = await poller.poll_once()
    assert isinstance(poll.fault, PermanentFault)
    assert "no column 'occurred_at'" in str(poll.fault)
    assert landing.fetches[0].payload
    path.write_text("id,title,occurred_at,category\n1,T,2025-01-28T14:17Z,order\n")
    assert (await poller.poll_once()).new == 1
    assert landing.kinds() == ["collect.failed", "gap.opened", "gap.filled", "collect.recovered"]


async def test_a_file_that_is_not_there(landing, make, tmp_path: Path) -> None:
    poll = await make(str(tmp_path / "none.ics")).poll_once()
    assert "cannot be read (No such file or directory)" in str(poll.fault)
    assert landing.fetches[0].status == 0


async def test_a_page_instead_of_a_calendar(publisher, make) -> None:
    publisher.pages["/c"] = publisher.answer(200, b"<!doctype html><html></html>")
    assert "neither an ICS nor a CSV" in str((await make(publisher.url + "/c").poll_once()).fault)
