"""UTC half-open time windows, and the watermark that closes them.

Here: pure arithmetic on instants. Not here: clocks (callers pass the time in) and storage.
A window is named by its start; ``[start, start + 5 min)``. All instants are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def require_utc(at: datetime) -> datetime:
    """Return ``at`` in UTC.

    Raises:
        ValueError: ``at`` has no time zone; guessing one would move items between windows.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write it with one, e.g. {at.isoformat()}Z")
    return at.astimezone(UTC)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exact."""
    return (at - EPOCH) // _MICROSECOND


def floor_to(at: datetime, width: timedelta) -> datetime:
    """The start of the ``width``-wide slot (aligned to 1970-01-01 UTC) that holds ``at``.

    >>> floor_to(datetime(2025, 1, 28, 14, 22, 31, tzinfo=UTC), WINDOW).isoformat()
    '2025-01-28T14:20:00+00:00'
    """
    at = require_utc(at)
    return at - (at - EPOCH) % width


def ceil_to(at: datetime, width: timedelta) -> datetime:
    """The first slot boundary at or after ``at``."""
    floor = floor_to(at, width)
    return floor if floor == at else floor + width


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One half-open window ``[start, end)`` of five minutes.

    Committed windows are aligned to the clock; the radar's sliding look at the last five minutes is not.
    """

    start: datetime

    def __post_init__(self) -> None:
        require_utc(self.start)

    @classmethod
    def holding(cls, at: datetime) -> Window:
        """The window that holds the instant ``at``."""
        return cls(floor_to(at, WINDOW))

    @property
    def aligned(self) -> bool:
        """Whether it begins on a five-minute boundary, as every committed window does."""
        return floor_to(self.start, WINDOW) == self.start

    @property
    def end(self) -> datetime:
        """The first instant after the window."""
        return self.start + WINDOW

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%MZ}"


def windows_between(start: datetime, end: datetime) -> Iterator[Window]:
    """Every window that begins in ``[start, end)``, oldest first.

    >>> [str(w) for w in windows_between(EPOCH, EPOCH + timedelta(minutes=7))]
    ['1970-01-01T00:00Z', '1970-01-01T00:05Z']
    """
    at = ceil_to(start, WINDOW)
    while at < end:
        yield Window(at)
        at += WINDOW


def closable(last_closed: datetime, watermark: datetime) -> Iterator[Window]:
    """The windows after ``last_closed`` (an end) that ``watermark`` has passed, oldest first."""
    return windows_between(last_closed, floor_to(watermark, WINDOW))


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; a bare date means midnight UTC, and a missing zone means UTC.

    For what people type on a command line. Feeds go through their own, stricter reader.

    Raises:
        ValueError: not ISO 8601.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time; write it like 2025-01-28 or 2025-01-28T14:20Z") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
