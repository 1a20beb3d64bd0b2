"""How long to wait after a failure.

Here: the arithmetic, with the random generator as a parameter. Not here: waiting.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

CAP_S = 900.0  # 15 minutes: a mended source is back in the radar within the hour, whatever happened before
ASKED_CAP_S = 86_400.0  # what a server asks for is obeyed, for a day at most: nobody is dropped for good
LEAST_ASKED_S = 10.0  # "Retry-After: 0", said for hours, is no reason to ask a thousand times an hour


def delay_s(failures: int, rng: random.Random, *, base_s: float, retry_after_s: float | None = None) -> float:
    """Seconds to wait after the ``failures``-th failure in a row (>= 1); at most 15 minutes of our own accord.

    Exponential with full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015): uniform on
    ``[0, min(cap, base * 2 ** (failures - 1))]``, raised to at least a second. What the server asked for
    (``retry_after_s``) is a lower bound, to which up to a tenth is added so that clients do not return in step.
    """
    if retry_after_s is not None:
        return max(min(ASKED_CAP_S, retry_after_s), min(base_s, LEAST_ASKED_S)) * (1 + 0.1 * rng.random())
    ceiling = min(CAP_S, base_s * 2.0 ** min(failures - 1, 30))
    return max(1.0, ceiling * rng.random())


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3); None where absent or unreadable.

    >>> retry_after_s("120", datetime(2025, 1, 28, tzinfo=UTC))
    120.0
    >>> retry_after_s("Tue, 28 Jan 2025 00:01:30 GMT", datetime(2025, 1, 28, tzinfo=UTC))
    90.0
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), ASKED_CAP_S)
    try:
        at = parsedate_to_datetime(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return min(max(0.0, (at - now).total_seconds()), ASKED_CAP_S)
    except (ValueError, OverflowError):
        return None
