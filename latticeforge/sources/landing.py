"""Where collectors put what they got: the border to the store.

Here: the protocol and the small records that cross it. Not here: any storage (``store`` implements it).

The order is fixed: a payload is landed before it is parsed, and what was parsed names the fetch it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypedDict, Unpack

from latticeforge.model import AttentionCount, CalendarEvent, Fetch, Item, Landed

Severity = Literal["info", "warning", "error"]
SourceKind = Literal["rss", "atom", "json", "feed", "attention", "stream", "calendar", "file"]
GapState = Literal["filled", "lost"]


class SourceFields(TypedDict, total=False):
    """Columns of ``ops.source`` that a collector may set; only those given change."""

    title: str
    kind: SourceKind
    url: str
    country: str
    language: str
    political: bool
    interval_s: float
    state: Literal["new", "ok", "backing off", "failing"]
    etag: str | None
    last_modified: str | None
    last_attempt_at: datetime
    last_success_at: datetime
    last_item_at: datetime
    failures: int
    next_attempt_at: datetime
    clock_offset_s: float | None
    last_fault: str | None
    cadence: Mapping[str, Any]  # of ``cadence.Cadence.dump``


class Landing(Protocol):
    """What collectors ask of the store. Every method is one transaction."""

    async def land_fetch(self, fetch: Fetch) -> int:
        """Keep one answer as it came; return its ``fetch_id``."""
        ...

    async def land_items(self, items: Sequence[Item], fetch_id: int) -> Landed:
        """Add items; a revision that is there already counts as a duplicate."""
        ...

    async def land_attention(self, counts: Sequence[AttentionCount], fetch_id: int, received_at: datetime) -> int:
        """Add counts; return how many (platform, term, minute) were new."""
        ...

    async def land_events(self, events: Sequence[CalendarEvent], fetch_id: int) -> int:
        """Add calendar events; return how many were new."""
        ...

    async def record_event(
        self,
        kind: str,
        message: str,
        *,
        source: str,
        severity: Severity,
        at: datetime,
        detail: Mapping[str, object],
    ) -> None:
        """Write one row of ``ops.event``; ``kind`` is dotted, e.g. ``collect.retry``."""
        ...

    async def open_gap(self, source: str, from_at: datetime, reason: str) -> int:
        """Record that nothing came from ``source`` since ``from_at``; return the gap's id. ``reason``: a few words."""
        ...

    async def close_gap(self, gap_id: int, to_at: datetime, state: GapState) -> None:
        """End a gap at ``to_at``: ``filled`` where all of it arrived later, else ``lost``."""
        ...

    async def source_state(self, source: str, **fields: Unpack[SourceFields]) -> None:
        """Set columns of the row of ``source`` in ``ops.source``; whoever starts a collector has made the row."""
        ...
