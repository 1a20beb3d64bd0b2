"""Dates as feeds write them.

Here: text into an instant, and what had to be assumed. Not here: whether the instant can be trusted (``dates``).
Nothing is guessed: a form that two readers would read differently (03/04/2025) is unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_NAMES = (
    "jan january janvier janv januar jänner ene enero gen gennaio janeiro",
    "feb february février févr fév fevrier februar febrero febbraio fev fevereiro",
    "mar march mars märz mär mrz marzo março",
    "apr april avril avr abr abril aprile",
    "may mai mayo mag maggio maio",
    "jun june juin juni junio giu giugno junho",
    "jul july juillet juil juli julio lug luglio julho",
    "aug august août aout ago agosto",
    "sep sept september septembre septiembre set settembre setembro",
    "oct october octobre okt oktober octubre ott ottobre out outubro",
    "nov november novembre noviembre novembro",
    "dec december décembre déc decembre dez dezember dic diciembre dicembre dezembro",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_ZONES_H = {
    **dict.fromkeys(("UT", "UTC", "GMT", "Z", "WET", "ZULU"), 0.0),
    **dict.fromkeys(("BST", "CET", "MEZ", "WEST", "WAT"), 1.0),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST", "CAT"), 2.0),
    **dict.fromkeys(("EEST", "MSK", "EAT", "TRT"), 3.0),
    **dict.fromkeys(("AST", "EDT"), -4.0),
    **dict.fromkeys(("ADT", "BRT", "ART"), -3.0),
    **dict.fromkeys(("EST", "CDT"), -5.0),
    **dict.fromkeys(("CST", "MDT"), -6.0),
    **dict.fromkeys(("MST", "PDT"), -7.0),
    **dict.fromkeys(("PST", "AKDT"), -8.0),
    **dict.fromkeys(("JST", "KST"), 9.0),
    **dict.fromkeys(("HKT", "SGT", "AWST", "PHT"), 8.0),
    "AKST": -9.0, "HST": -10.0, "NST": -3.5, "NDT": -2.5, "IST": 5.5, "PKT": 5.0, "ICT": 7.0, "WIB": 7.0,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
}  # fmt: skip
_CLOCK = r"(?P<h>\d{1,2})[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<ampm>[AaPp]\.?[Mm]\.?(?![A-Za-z]))?"
_WORD = r"[^\W\d_]"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # RFC 822 and its many cousins: Tue, 28 Jan 2025 14:17:00 +0100
        rf"(?:{_WORD}+\.?\s*[,\s]\s*)?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?(?P<month>{_WORD}+)\.?,?[\s-]+(?:de\s+)?"
        rf"(?P<year>\d{{4}}|\d{{2}})(?:,?[T\s]+(?:at\s+)?{_CLOCK})?\s*(?P<zone>.*)",
        # January 28, 2025 2:17 PM EST
        rf"(?:{_WORD}+\.?,?\s+)?(?P<month>{_WORD}+)\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
        rf"(?:,?\s+(?:at\s+)?{_CLOCK})?\s*(?P<zone>.*)",
        # asctime: Tue Jan 28 14:17:00 GMT 2025
        rf"(?:{_WORD}+\.?,?\s+)?(?P<month>{_WORD}+)\.?\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s*(?P<zone>.*?)\s*(?P<year>\d{{4}})",
        # ISO 8601 and what people take for it: 2025-01-28 14:17 +0100
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[T\s,]+{_CLOCK})?\s*(?P<zone>.*)",
    )
)
_OFFSET = re.compile(
    r"(?:GMT|UTC|UT|Z)?\s*(?P<sign>[+\-−])\s*(?P<h>\d{1,2}):?(?P<m>\d{2})?(?::\d{2})?(?![\d:])\s*(?:\(.{0,40}\)|\[.{0,40}\]|[A-Z]{1,5})?"
)
_NO_ZONE = "the date has no time zone; taken as UTC"


@dataclass(frozen=True, slots=True)
class ReadDate:
    """An instant read from text. ``problem`` says what was assumed; ``day_only``: there was no time of day."""

    at: datetime
    problem: str | None = None
    day_only: bool = False


def read_date(text: str) -> ReadDate | None:
    """Read a date of a feed as UTC, or return None where it cannot be read.

    A missing or unknown zone is taken as UTC, with a problem.

    >>> read_date("Tue, 28 Jan 2025 09:17:00 EST").at.isoformat()
    '2025-01-28T14:17:00+00:00'
    >>> read_date("28/01/2025") is None
    True
    """
    text = " ".join(text[:100].split())
    if text.isdigit() and len(text) in (10, 13):
        return ReadDate(datetime.fromtimestamp(int(text[:10]), UTC))
    iso = _iso(text)
    if iso is not None:
        return iso
    for form in _FORMS:
        match = form.fullmatch(text)
        read = None if match is None else _from_parts(match.groupdict())
        if read is not None:
            return read
    return None


def _iso(text: str) -> ReadDate | None:
    """The quick way for the common case: well-formed ISO 8601 with a time of day."""
    if len(text) <= 10 or not text[:4].isdigit():
        return None
    try:
        at = datetime.fromisoformat(text)
        return ReadDate(at.replace(tzinfo=UTC), _NO_ZONE) if at.tzinfo is None else ReadDate(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _from_parts(parts: dict[str, str | None]) -> ReadDate | None:
    month = _month(parts["month"] or "")
    zone = _zone(parts["zone"] or "")
    if month is None or zone is None:
        return None
    offset, problem = zone
    day_only = parts["h"] is None
    hour, extra_day = _hour(parts)
    second = min(int(parts["s"] or 0), 59)  # a leap second is told as the one before it
    try:
        local = datetime(_year(parts["year"] or ""), month, int(parts["day"] or 0), hour, int(parts["m"] or 0), second,
                         tzinfo=timezone(offset))  # fmt: skip
        at = (local + timedelta(days=extra_day)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if day_only:
        return ReadDate(at, "the date has no time of day", day_only=True)
    return ReadDate(at, problem)


def _hour(parts: dict[str, str | None]) -> tuple[int, int]:
    """The hour on a 24-hour clock, and 1 where 24:00 means midnight at the day's end."""
    hour = int(parts["h"] or 0)
    half = (parts.get("ampm") or "").lower().replace(".", "")
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    at_end = hour == 24 and int(parts["m"] or 0) == 0
    return (0, 1) if at_end else (hour, 0)


def _year(text: str) -> int:
    """Two digits mean 1950 to 2049 (RFC 2822, 4.3)."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 50 else 1900)


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    name = text.lower()
    return _MONTHS.get(name) or _MONTHS.get(name[:3])


def _zone(text: str) -> tuple[timedelta, str | None] | None:
    """The offset that a zone means and what was assumed; None where the text is no zone at all."""
    text = text.strip()
    if not text:
        return timedelta(0), _NO_ZONE
    match = _OFFSET.fullmatch(text)
    if match is not None:
        minutes = int(match["h"]) * 60 + int(match["m"] or 0)
        if minutes >= 24 * 60:
            return None
        return timedelta(minutes=minutes if match["sign"] == "+" else -minutes), None
    name = text.strip("()").upper()
    if name in _ZONES_H:
        return timedelta(hours=_ZONES_H[name]), None
    return (timedelta(0), f"unknown time zone {name[:20]!r}; taken as UTC") if _is_name(name) else None


def _is_name(text: str) -> bool:
    return len(text) <= 20 and text.replace("/", "").replace("_", "").replace(" ", "").isalpha()
