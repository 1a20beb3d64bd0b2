"""What can go wrong with a source, by name.

Here: fault types. Not here: what to do about them (``backoff``, the pollers). A message says what happened, what was
expected and what to do; it goes unchanged into ``ops.event`` and onto a terminal.
"""

from __future__ import annotations


class SourceFault(Exception):
    """Nothing usable came from a source."""


class TransientFault(SourceFault):
    """May well be gone at the next try: no connection, a time-out, 429, 5xx."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        """``retry_after_s``: seconds the server asked us to wait (>= 0), or None where it did not say."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class HostPaused(TransientFault):
    """We did not ask: the host is left alone for now (open circuit, quota or budget used up). No fault of a source."""

    retry_after_s: float

    def __init__(self, message: str, retry_after_s: float) -> None:
        """``retry_after_s``: seconds until the host may be asked."""
        super().__init__(message, retry_after_s=retry_after_s)


class PermanentFault(SourceFault):
    """Will not go away by itself: a refused address, 404, an answer that is not what it should be.

    Pollers keep trying (a publisher may mend it), but slowly, and say so once.
    """


class UnreadableInput(PermanentFault):
    """Bytes came, but they are not a feed, calendar or item file we can read."""
