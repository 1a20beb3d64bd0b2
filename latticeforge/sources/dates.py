"""Whether a date can be trusted.

Here: the rule that turns what a source says into the time we count by, and the watch on each source's clock. Not here:
reading dates (``date_text``). Pure: the time of receipt is a parameter.

An item whose date cannot be trusted is kept and flagged, and has no event time: given the time of arrival instead, a
source that comes back after an hour, or one whose dates are broken, would look like a surge.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import median

from latticeforge.model import DateStatus

TOLERANCE = timedelta(minutes=5)  # clocks of honest servers differ by that much
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # earlier dates are epochs and typing errors (1970, 0001), not news


class DateProblem(StrEnum):
    """Why a feed's entry has no time we could read."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    NO_TIME = "no time of day"  # a day is no place in five-minute windows


def judge_date(
    published_at: datetime | None,
    problem: DateProblem | None,
    received_at: datetime,
    clock_offset_s: float | None = None,
) -> tuple[datetime | None, DateStatus]:
    """The time to count an item by (None: not counted), and why.

    ``clock_offset_s`` is what :class:`ClockWatch` found, positive where the source's clock is ahead. The date is not
    corrected by it: the offset is an estimate, and a corrected date would look as sure as a true one.
    """
    if published_at is None:
        return None, DateStatus.MISSING if problem in (None, DateProblem.MISSING) else DateStatus.UNREADABLE
    if problem is not None:
        return None, DateStatus.UNREADABLE
    if published_at < OLDEST:
        return None, DateStatus.ANCIENT
    if published_at > received_at + timedelta(seconds=max(0.0, clock_offset_s or 0.0)) + TOLERANCE:
        return None, DateStatus.FUTURE
    if clock_offset_s is not None:
        return None, DateStatus.CLOCK
    return published_at, DateStatus.OK


class ClockWatch:
    """Notices that a source's clock is off by a constant, from the lags of its newest items.

    The lag of an item is the time from its date to its receipt. With a true clock the lag of an item that was not
    there at the previous poll is at most the time since that poll, plus the minutes that publishers hold items back.
    So of the last :attr:`NEEDED` to :attr:`KEPT` new items

    * *behind*: every lag is over both 45 minutes and (time since the previous good poll + 15 minutes), and the lags
      lie close together (median - smallest at most the time between polls + 30 minutes). One honest item
      among them refutes it; an archive published late has lags all over the place.
    * *ahead*: the median item is dated more than 5 minutes after its receipt. A single embargoed date is no clock.

    The offset is minus the smallest lag: the item received soonest has the least true delay in it. What a source had at
    the first poll says nothing (it may be days old) and must not be given to :meth:`observe`.
    """

    NEEDED = 8
    KEPT = 12
    BEHIND = timedelta(minutes=45)
    HELD_BACK = timedelta(minutes=15)
    SPREAD = timedelta(minutes=30)

    def __init__(self) -> None:
        self._seen: deque[tuple[timedelta, timedelta]] = deque(maxlen=self.KEPT)

    def observe(self, published_at: datetime, received_at: datetime, since_last_poll: timedelta) -> None:
        """Take in one new item with a readable date. ``since_last_poll``: from the previous good poll to receipt."""
        if published_at >= OLDEST:
            self._seen.append((received_at - published_at, since_last_poll))

    @property
    def offset_s(self) -> float | None:
        """Seconds by which the source's clock is ahead (negative: behind), or None where it seems right."""
        if len(self._seen) < self.NEEDED:
            return None
        lags = [lag for lag, _ in self._seen]
        middle, smallest = timedelta(seconds=median(lag.total_seconds() for lag in lags)), min(lags)
        if middle < -TOLERANCE:
            return -smallest.total_seconds()
        late = all(lag > max(self.BEHIND, gap + self.HELD_BACK) for lag, gap in self._seen)
        close = middle - smallest <= max(gap for _, gap in self._seen) + self.SPREAD
        return -smallest.total_seconds() if late and close else None
