"""What a collector tells the store, as records that can wait on disk.

Here: one class of record for each thing that is told, to bytes and back, and applying it. Not here: the file
(``spool``), and how far it has been applied (``radar.landing``).

A record that was sent and never acknowledged may be in the database already, so each is applied only where it is not:
items, counts and calendar entries have keys; fetches, open gaps and events are looked up by what makes them one
(source, instants, text). A record that refers to another names it by those too, never by a number yet to be given.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from latticeforge.model import AttentionCount, CalendarEvent, DateStatus, Fetch, Item, Landed
from latticeforge.store import landing, ledger
from latticeforge.windows import WINDOW, floor_to, windows_between


@dataclass(frozen=True, slots=True)
class FetchKey:
    """What makes a fetch one."""

    source: str
    url: str
    requested_at: datetime
    received_at: datetime

    @classmethod
    def of(cls, fetch: Fetch) -> FetchKey:
        """The key of ``fetch``."""
        return cls(fetch.source, fetch.url, fetch.requested_at, fetch.received_at)

    def find(self, c: psycopg.Connection) -> int | None:
        """Its number, if it is stored."""
        row = c.execute(
            "select fetch_id from landing.fetch where source = %s and url = %s and requested_at = %s"
            " and received_at = %s order by fetch_id limit 1",
            (self.source, self.url, self.requested_at, self.received_at),
        ).fetchone()
        return int(row[0]) if row else None


@dataclass(frozen=True, slots=True)
class GapKey:
    """What makes a gap one."""

    source: str
    from_at: datetime
    reason: str

    def find(self, c: psycopg.Connection) -> int | None:
        """Its number, if it is stored and open."""
        row = c.execute(
            "select gap_id from ops.gap where source = %s and from_at = %s and reason = %s and state = 'open'",
            (self.source, self.from_at, self.reason),
        ).fetchone()
        return int(row[0]) if row else None


@dataclass(frozen=True, slots=True)
class LandFetch:
    """An answer as it came."""

    fetch: Fetch

    def apply(self, c: psycopg.Connection) -> int:
        """Store it unless it is there; return its number."""
        f = self.fetch
        row = c.execute(
            "select fetch_id from landing.fetch where source = %s and url = %s and requested_at = %s"
            " and received_at = %s and status = %s and payload_sha256 is not distinct from %s",
            (f.source, f.url, f.requested_at, f.received_at, f.status, f.sha256 if f.payload else None),
        ).fetchone()
        return int(row[0]) if row else landing.land_fetch(c, f)


@dataclass(frozen=True, slots=True)
class LandItems:
    """Items of a fetch."""

    items: Sequence[Item]
    fetch: FetchKey | int

    def apply(self, c: psycopg.Connection) -> Landed:
        """Store those that are new."""
        return landing.land_items(c, self.items, _number(c, self.fetch))


@dataclass(frozen=True, slots=True)
class LandAttention:
    """Counts of a fetch."""

    counts: Sequence[AttentionCount]
    fetch: FetchKey | int
    received_at: datetime

    def apply(self, c: psycopg.Connection) -> int:
        """Store those that are new."""
        return landing.land_attention(c, self.counts, _number(c, self.fetch), self.received_at)


@dataclass(frozen=True, slots=True)
class LandEvents:
    """Calendar entries of a fetch."""

    events: Sequence[CalendarEvent]
    fetch: FetchKey | int

    def apply(self, c: psycopg.Connection) -> int:
        """Store those that are new."""
        return landing.land_events(c, self.events, _number(c, self.fetch))


@dataclass(frozen=True, slots=True)
class Tell:
    """A row of ``ops.event``."""

    kind: str
    message: str
    source: str
    severity: str
    at: datetime
    detail: dict[str, Any]

    def apply(self, c: psycopg.Connection) -> None:
        """Store it unless the same was told of the same instant."""
        known = c.execute(
            "select from ops.event where at = %s and kind = %s and source = %s and message = %s",
            (self.at, self.kind, self.source, self.message),
        ).fetchone()
        if known is None:
            ledger.record_event(
                c, self.kind, self.message, source=self.source, severity=self.severity, at=self.at, detail=self.detail
            )


@dataclass(frozen=True, slots=True)
class OpenGap:
    """The beginning of a gap."""

    key: GapKey

    def apply(self, c: psycopg.Connection) -> int:
        """Store it unless it is there; return its number."""
        known = self.key.find(c)
        return ledger.open_gap(c, self.key.source, self.key.from_at, self.key.reason) if known is None else known


@dataclass(frozen=True, slots=True)
class CloseGap:
    """The end of a gap."""

    gap: GapKey | int
    to_at: datetime
    state: str
    at: datetime
    recompute_s: float  # windows that begin up to this long after the gap saw it

    def apply(self, c: psycopg.Connection) -> None:
        """Close it; closed windows that saw it are computed again."""
        gap_id = self.gap if isinstance(self.gap, int) else self.gap.find(c)
        if gap_id is None:
            return
        source, from_at = ledger.close_gap(c, gap_id, self.to_at, self.state, self.at)
        closed = ledger.last_closed(c)
        if closed is not None:
            end = min(closed, self.to_at + timedelta(seconds=self.recompute_s))
            seen = [w.start for w in windows_between(floor_to(from_at, WINDOW), end)] if from_at < end else []
            ledger.mark_dirty(c, [at for at in seen if at < closed], f"gap {self.state}: {source}")


@dataclass(frozen=True, slots=True)
class SetSource:
    """Columns of ``ops.source``."""

    source: str
    values: dict[str, Any]

    def apply(self, c: psycopg.Connection) -> None:
        """Set them."""
        values = {name: Jsonb(v) if isinstance(v, dict) else v for name, v in self.values.items()}
        ledger.update_source(c, self.source, **values)


@dataclass(frozen=True, slots=True)
class SetHost:
    """A row of ``ops.host``."""

    values: dict[str, Any]

    def apply(self, c: psycopg.Connection) -> None:
        """Set it."""
        ledger.save_host(c, **self.values)


Told = LandFetch | LandItems | LandAttention | LandEvents | Tell | OpenGap | CloseGap | SetSource | SetHost
_KINDS: dict[str, type[Any]] = {
    k.__name__: k
    for k in (LandFetch, LandItems, LandAttention, LandEvents, Tell, OpenGap, CloseGap, SetSource, SetHost)
}
_RECORDS: dict[str, type[Any]] = {k.__name__: k for k in (Fetch, Item, AttentionCount, CalendarEvent, FetchKey, GapKey)}


def to_bytes(told: Told) -> bytes:
    """``told`` as one line of ASCII JSON."""
    return json.dumps(_plain(told), separators=(",", ":")).encode("ascii")


def from_bytes(payload: bytes) -> Told:
    """The reverse of :func:`to_bytes`.

    Raises:
        ValueError: it is no such record.
    """
    try:
        told = _rich(json.loads(payload))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no record of this version ({error!r:.200})") from error
    if not isinstance(told, Told):
        raise ValueError("no record of this version")
    return told


def _plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind in _KINDS or kind in _RECORDS:
        return {"=": kind, **{f.name: _plain(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, datetime):
        return {"=": "time", "at": value.isoformat()}
    if isinstance(value, bytes):
        return {"=": "bytes", "b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, DateStatus):
        return {"=": "status", "is": value.value}
    if isinstance(value, dict):
        return {"=": "dict", "of": {str(k): _plain(v) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _rich(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_rich(v) for v in value)
    if not isinstance(value, dict):
        return value
    kind = value["="]
    if kind == "time":
        return datetime.fromisoformat(value["at"])
    if kind == "bytes":
        return base64.b64decode(value["b64"], validate=True)
    if kind == "status":
        return DateStatus(value["is"])
    if kind == "dict":
        return {k: _rich(v) for k, v in value["of"].items()}
    made = _KINDS.get(kind) or _RECORDS[kind]
    return made(**{k: _rich(v) for k, v in value.items() if k != "="})


def _number(c: psycopg.Connection, fetch: FetchKey | int) -> int | None:
    return fetch if isinstance(fetch, int) else fetch.find(c)
