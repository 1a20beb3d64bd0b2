"""What a server says about how often it may be asked.

Here: reading the RateLimit headers in their three forms. Not here: Retry-After (``backoff``), and obeying (``hosts``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MAX_RESET_S = 86_400.0
_EPOCH_S = 1_000_000_000  # a reset this large is an instant since 1970, not a duration
_PARAMETER = re.compile(r"(?:^|[;,\s])(r|t|remaining|reset)\s*=\s*(\d{1,15})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quota:
    """``remaining`` requests are left for the next ``reset_s`` seconds."""

    remaining: int
    reset_s: float


def quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """The quota an answer states; None where it states none that can be read.

    ``RateLimit: "default";r=5;t=30`` and ``RateLimit: remaining=5, reset=30`` (draft-ietf-httpapi-ratelimit-headers,
    revisions 10 and 7), ``RateLimit-Remaining``/``-Reset`` (revision 6), and ``X-RateLimit-*``, whose reset may be a
    number of seconds or an instant since 1970 in seconds or milliseconds. Keys of ``headers`` are in lower case.

    >>> quota({"ratelimit": '"default";r=0;t=30'}, datetime(2025, 1, 28, tzinfo=UTC))
    Quota(remaining=0, reset_s=30.0)
    >>> quota({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1738022460"}, datetime(2025, 1, 28, tzinfo=UTC))
    Quota(remaining=3, reset_s=60.0)
    """
    found = [q for q in (_combined(headers.get("ratelimit", "")), *(_pair(headers, p, now) for p in _PREFIXES)) if q]
    return min(found, key=lambda q: (q.remaining / max(q.reset_s, 1.0), -q.reset_s)) if found else None


_PREFIXES = ("ratelimit-", "x-ratelimit-", "x-rate-limit-")


def _combined(text: str) -> Quota | None:
    """Several policies may stand in one header: the one with least left counts."""
    found = []
    for policy in re.split(r",(?=\s*\")", text[:2000]):
        values = {name.lower()[0:3]: int(number) for name, number in _PARAMETER.findall(policy)}
        remaining, reset = values.get("r", values.get("rem")), values.get("t", values.get("res"))
        if remaining is not None and reset is not None:
            found.append(Quota(remaining, min(float(reset), MAX_RESET_S)))
    return min(found, key=lambda q: q.remaining) if found else None


def _pair(headers: Mapping[str, str], prefix: str, now: datetime) -> Quota | None:
    remaining, reset = (headers.get(prefix + name, "").strip().split(",")[0] for name in ("remaining", "reset"))
    try:
        left, at = int(float(remaining)), float(reset)
    except (ValueError, OverflowError):
        return None
    if not 0 <= at < 1e15 or left < 0:
        return None
    if at >= _EPOCH_S:
        at = (at / 1000 if at >= _EPOCH_S * 1000 else at) - now.timestamp()
    return Quota(left, min(max(at, 0.0), MAX_RESET_S))
