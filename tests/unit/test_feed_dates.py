"""Dates as feeds write them, whether they are trusted, and the watch on a source's clock."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from latticeforge.model import DateStatus
from latticeforge.sources.backoff import ASKED_CAP_S, CAP_S, delay_s, retry_after_s
from latticeforge.sources.date_text import read_date
from latticeforge.sources.dates import ClockWatch, DateProblem, judge_date

AT = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
MIDNIGHT = AT.replace(hour=0, minute=0)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 28 Jan 2025 14:17:00 GMT",
        "Tue, 28 Jan 2025 14:17:00 +0000",
        "Tue, 28 Jan 2025 15:17:00 +0100",
        "Tue, 28 Jan 2025 09:17:00 EST",
        "Tue, 28 Jan 2025 06:17:00 PST",
        "Tue, 28 Jan 2025 15:17:00 GMT+1",
        "Tue, 28 Jan 2025 15:17:00 +1:00",
        "Tue, 28 Jan 2025 09:17:00 -0500 (EST)",
        "Tue,28 Jan 2025 14:17 Z",
        "28 Jan 25 14:17 UT",
        "Tuesday, 28-Jan-25 14:17:00 GMT",
        "Wed, 28 January 2025 14:17:00 GMT",
        "Di, 28 Jan 2025 15:17:00 MEZ",
        "mar., 28 janv. 2025 15:17:00 +0100",
        "Tue Jan 28 14:17:00 GMT 2025",
        "January 28, 2025 2:17 PM GMT",
        "2025-01-28T14:17:00Z",
        "2025-01-28T15:17:00+01:00",
        "2025-01-28T15:17:00+0100",
        "2025-01-28 14:17:00 +0000",
        "2025-01-28T14:17Z",
        "2025-1-28 14:17:00 Z",
        "20250128T141700Z",
        " 2025-01-28T14:17:00Z\n",
        "1738073820",
        "1738073820000",
    ],
)
def test_dates_that_mean_one_instant(text: str) -> None:
    read = read_date(text)
    assert read is not None
    assert (read.at, read.problem) == (AT, None)


@pytest.mark.parametrize(
    "text", ["2025-01-28T14:17:00", "2025-01-28 14:17", "Tue, 28 Jan 2025 14:17:00", "Tue Jan 28 14:17:00 2025"]
)
def test_a_missing_zone_is_utc_and_said(text: str) -> None:
    read = read_date(text)
    assert read is not None
    assert read.at == AT
    assert "no time zone" in (read.problem or "")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "28/01/2025", "01/28/25 14:17", "31 Feb 2025 10:00 GMT", "2025-13-01", "Tue, 28 Foo 2025",
             "12", "2025-01-28T25:00:00Z", "0000-00-00T00:00:00Z", "28 Jan 2025 14:17:00 +9999", "x" * 100_000]
)  # fmt: skip
def test_what_cannot_be_read_is_not_guessed(text: str) -> None:
    assert read_date(text) is None


def test_odd_but_readable() -> None:
    assert read_date("2025-01-28").day_only
    assert read_date("Tue, 28 Jan 2025 24:00:00 GMT").at == MIDNIGHT + timedelta(days=1)
    assert read_date("Tue, 28 Jan 2025 14:17:60 GMT").at == AT.replace(second=59)
    assert "unknown time zone 'XYZ'" in read_date("Tue, 28 Jan 2025 14:17:00 XYZ").problem


@pytest.mark.parametrize(
    ("published_at", "problem", "offset_s", "status"),
    [
        (AT, None, None, DateStatus.OK),
        (AT + timedelta(minutes=5), None, None, DateStatus.OK),
        (AT + timedelta(minutes=5, seconds=1), None, None, DateStatus.FUTURE),
        (AT - timedelta(days=9000), None, None, DateStatus.OK),
        (datetime(1970, 1, 1, tzinfo=UTC), None, None, DateStatus.ANCIENT),
        (datetime(1999, 12, 31, tzinfo=UTC), None, None, DateStatus.ANCIENT),
        (datetime(2099, 1, 1, tzinfo=UTC), None, None, DateStatus.FUTURE),
        (None, None, None, DateStatus.MISSING),
        (None, DateProblem.MISSING, None, DateStatus.MISSING),
        (None, DateProblem.UNREADABLE, None, DateStatus.UNREADABLE),
        (MIDNIGHT, DateProblem.NO_TIME, None, DateStatus.UNREADABLE),
        (AT - timedelta(hours=2), None, -7200.0, DateStatus.CLOCK),
        (AT + timedelta(hours=2), None, 7200.0, DateStatus.CLOCK),
        (AT + timedelta(hours=3), None, 7200.0, DateStatus.FUTURE),
    ],
)
def test_trust_in_dates(published_at, problem, offset_s, status) -> None:
    event_at, found = judge_date(published_at, problem, AT, offset_s)
    assert found is status
    assert event_at == (published_at if status is DateStatus.OK else None)


def watched(lags_minutes: list[float], gap_minutes: float = 5.0) -> ClockWatch:
    watch = ClockWatch()
    for number, lag in enumerate(lags_minutes):
        received_at = AT + number * timedelta(minutes=gap_minutes)
        watch.observe(received_at - timedelta(minutes=lag), received_at, timedelta(minutes=gap_minutes))
    return watch


@pytest.mark.parametrize("lag", [61.0, 121.0, 300.0])
def test_a_clock_behind_is_found_after_eight_items(lag: float) -> None:
    lags = [lag + number % 4 for number in range(8)]
    assert watched(lags[:7]).offset_s is None
    assert watched(lags).offset_s == -lag * 60


def test_a_clock_ahead_is_found_and_one_embargo_is_none() -> None:
    assert watched([-58.0, -57.0, -59.0, -56.0] * 2).offset_s == 59 * 60
    assert watched([2.0] * 7 + [-600.0]).offset_s is None
    assert watched([-3.0] * 8).offset_s is None


def test_honest_sources_are_left_alone() -> None:
    assert watched([14.0] * 12, gap_minutes=5).offset_s is None
    assert watched([70.0] * 12, gap_minutes=60).offset_s is None, "a slow poll is no wrong clock"
    assert watched([120.0] * 11 + [3.0]).offset_s is None, "one honest item refutes it"
    assert watched([60.0, 200.0, 900.0, 4000.0] * 3).offset_s is None, "an archive, not a clock"
    assert watched([3.0] * 11 + [700.0]).offset_s is None, "a late item now and then"


def test_a_mended_clock_is_trusted_again() -> None:
    assert watched([120.0] * 12).offset_s is not None
    assert watched([120.0] * 12 + [2.0]).offset_s is None


def test_epochs_say_nothing_about_the_clock() -> None:
    assert watched([29_000_000.0] * 12).offset_s is None


def test_back_off_grows_and_is_capped() -> None:
    rng = random.Random(1)
    for failures in range(1, 60):
        waits = [delay_s(failures, rng, base_s=10) for _ in range(200)]
        ceiling = min(CAP_S, 10 * 2 ** (failures - 1))
        assert all(1 <= wait <= ceiling for wait in waits)
        assert max(waits) > 0.8 * ceiling


def test_what_the_server_asks_for_is_obeyed_up_to_the_cap() -> None:
    rng = random.Random(1)
    assert all(120 <= delay_s(1, rng, base_s=1, retry_after_s=120) <= 132 for _ in range(50))
    assert all(ASKED_CAP_S <= delay_s(1, rng, base_s=1, retry_after_s=9e9) <= 1.1 * ASKED_CAP_S for _ in range(50))


def test_a_server_that_says_at_once_for_ever_is_not_asked_at_once() -> None:
    rng = random.Random(1)
    assert all(delay_s(9, rng, base_s=30, retry_after_s=0) >= 10 for _ in range(50))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("", None), ("soon", None), ("-5", None), ("0", 0.0), ("7", 7.0), ("9" * 400, 86_400.0),
     ("Tue, 28 Jan 2025 14:18:00 GMT", 60.0), ("Tue, 28 Jan 2025 14:00:00 GMT", 0.0), ("²", None)],
)  # fmt: skip
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, AT) == seconds
