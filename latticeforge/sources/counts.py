"""The answer of an attention API: a small JSON format.

Here: the format and its reader. Not here: polling (``attention``).

``GET {url}?since=2025-01-28T14:31:00Z`` answers with the whole minutes from ``since`` on that are complete::

    {"platform": "microblog",
     "counts": [{"term": "drone", "minute": "2025-01-28T14:31:00Z", "count": 17}, ...],
     "next_since": "2025-01-28T14:35:00Z",
     "more": false}

``minute`` is the start of the minute counted; ``next_since`` the first minute that is not in the answer; ``more``
(false where absent) says that the server cut the answer short and has further minutes right away. A minute in which no
term was mentioned is told by a count of 0 for any term: a minute that is not in the answer at all is one that the
server does not have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from latticeforge.model import AttentionCount
from latticeforge.sources.charset import settle
from latticeforge.sources.faults import UnreadableInput
from latticeforge.windows import floor_to, require_utc

MINUTE = timedelta(minutes=1)
MAX_TERM = 200
MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CountsPage:
    """One answer: counts in order of time and term, where to go on, and rows that could not be read."""

    counts: tuple[AttentionCount, ...]
    next_since: datetime
    more: bool
    problems: tuple[str, ...] = ()


def read_counts(payload: bytes, since: datetime) -> CountsPage:
    """Read an answer to a question for ``since``.

    Raises:
        UnreadableInput: the answer as a whole is not in the format. Single bad rows are problems, not faults.
    """
    try:
        document = json.loads(payload)
        platform, rows = settle(str(document["platform"]))[:MAX_TERM], list(document["counts"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableInput(f"the attention API's answer is not in the expected form ({error!r:.120})") from error
    counts: list[AttentionCount] = []
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            counts.append(_count(platform, row))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problems.append(f"count {number} left out ({error!r:.100})")
    counts.sort(key=lambda count: (count.observed_at, count.term))
    newest = counts[-1].observed_at + MINUTE if counts else since
    next_since = max(since, _instant(document["next_since"]) if "next_since" in document else newest)
    return CountsPage(tuple(counts), next_since, document.get("more") is True, tuple(problems))


def _instant(value: object) -> datetime:
    return require_utc(datetime.fromisoformat(str(value)))


def _count(platform: str, row: Any) -> AttentionCount:
    term, number = settle(row["term"]), row["count"]
    if not term or len(term) > MAX_TERM or not isinstance(number, int) or not 0 <= number <= MAX_COUNT:
        raise ValueError(f"term {term[:40]!r}, count {number!r:.40}")
    return AttentionCount(platform, term, floor_to(_instant(row["minute"]), MINUTE), int(number))


def missing_minutes(counts: set[datetime], start: datetime, end: datetime) -> list[datetime]:
    """The minutes of ``[start, end)`` for which there is no count of any term."""
    at, missing = floor_to(start, MINUTE), []
    while at < end:
        if at not in counts:
            missing.append(at)
        at += MINUTE
    return missing
