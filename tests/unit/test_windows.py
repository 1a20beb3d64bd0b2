"""Windows are half-open, in UTC, and close only when the watermark has passed their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeforge.windows import EPOCH, WINDOW, Window, ceil_to, closable, floor_to, parse_instant, windows_between

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
INSTANTS = st.integers(-(10**15), 4 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))


@given(INSTANTS)
def test_every_instant_is_in_exactly_one_window(at: datetime) -> None:
    own = Window.holding(at)
    assert own.aligned
    assert at in own
    assert at not in Window(own.start - WINDOW)
    assert at not in Window(own.end)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    assert NOON in Window(NOON)
    assert NOON + WINDOW - timedelta(microseconds=1) in Window(NOON)
    assert NOON + WINDOW not in Window(NOON)


@given(INSTANTS, st.integers(0, 10_000))
def test_what_can_be_closed_has_been_passed_by_the_watermark(last: datetime, seconds: int) -> None:
    closed, watermark = floor_to(last, WINDOW), floor_to(last, WINDOW) + timedelta(seconds=seconds)
    windows = list(closable(closed, watermark))
    assert all(w.end <= watermark for w in windows)
    assert len(windows) == seconds // 300, "and none is left open that could be closed"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        Window(NOON.replace(tzinfo=None))
    berlin = datetime(2025, 1, 28, 13, 2, tzinfo=timezone(timedelta(hours=1)))
    assert Window.holding(berlin).start == NOON


def test_what_people_type_is_utc_unless_it_says_otherwise() -> None:
    assert parse_instant("2025-01-28T12:00") == parse_instant("2025-01-28T13:00+01:00") == NOON
    with pytest.raises(ValueError, match="is not a time"):
        parse_instant("yesterday")


def test_slots_round_down_and_up() -> None:
    assert ceil_to(NOON, WINDOW) == floor_to(NOON, WINDOW) == NOON
    assert ceil_to(NOON + timedelta(seconds=1), WINDOW) == NOON + WINDOW
    assert [w.start for w in windows_between(NOON + timedelta(seconds=1), NOON + 2 * WINDOW)] == [NOON + WINDOW]
