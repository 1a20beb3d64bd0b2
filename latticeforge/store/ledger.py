"""What the system says of itself: events, gaps, sources, closed windows, running services.

Here: schema ``ops``. Not here: numbers about the world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from latticeforge.instants import instant
from latticeforge.model import UTC_TIME, Schema
from latticeforge.store.frames import to_frame

GAPS: Schema = {"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME, "reason": pl.String, "state": pl.String}


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """One row of ``ops.window``: a window the radar has closed. Delays are wall seconds, item received to evaluated."""

    window_start: datetime
    closed_at: datetime
    watermark: datetime
    origin: str
    items: int
    narratives: int
    spikes: int
    links: int
    reported: int
    close_s: float
    delay_p50_s: float | None = None
    delay_p95_s: float | None = None
    delay_p99_s: float | None = None
    partial: list[str] = field(default_factory=list)


def record_event(
    connection: psycopg.Connection,
    kind: str,
    message: str,
    *,
    at: datetime,
    source: str = "",
    severity: str = "info",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Leave an event in ``ops.event``."""
    connection.execute(
        "insert into ops.event (at, kind, source, severity, message, detail) values (%s, %s, %s, %s, %s, %s)",
        (at, kind, source, severity, message, Jsonb(dict(detail or {}))),
    )


def open_gap(connection: psycopg.Connection, source: str, from_at: datetime, reason: str) -> int:
    """Record a hole in collection that begins at ``from_at``; return its gap_id."""
    row = connection.execute(
        "insert into ops.gap (source, from_at, reason, state) values (%s, %s, %s, 'open') returning gap_id",
        (source, from_at, reason),
    ).fetchone()
    assert row is not None
    return int(row[0])


def close_gap(
    connection: psycopg.Connection, gap_id: int, to_at: datetime, state: str, at: datetime
) -> tuple[str, datetime]:
    """End a gap: ``state`` is filled (everything came after all) or lost. Returns its source and beginning."""
    row = connection.execute(
        "update ops.gap set to_at = %s, state = %s, filled_at = %s where gap_id = %s returning source, from_at",
        (to_at, state, at if state == "filled" else None, gap_id),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def gaps_between(
    connection: psycopg.Connection, start: datetime, end: datetime, *, of_items: bool = False
) -> pl.DataFrame:
    """Gaps that are not filled and overlap ``[start, end)``; an open one has no end yet.

    Args:
        of_items: Only gaps of sources that publish items: a silent attention service takes no item from a baseline.
    """
    rows = connection.execute(
        "select source, from_at, to_at, reason, state from ops.gap g"
        " where state <> 'filled' and from_at < %s and coalesce(to_at, 'infinity') > %s and not (%s and exists"
        " (select from ops.source s where s.source = g.source and s.kind in ('attention', 'calendar')))"
        " order by from_at, source",
        (end, start, of_items),
    ).fetchall()
    return to_frame(rows, GAPS)


def partial_reasons(gaps: pl.DataFrame, start: datetime, end: datetime) -> list[str]:
    """One line for each source that is missing somewhere in ``[start, end)``."""
    if gaps.is_empty():
        return []
    open_after = pl.col("to_at").is_null() | (pl.col("to_at") > instant(start))
    touching = gaps.filter((pl.col("from_at") < instant(end)) & open_after)
    return sorted({f"{source}: {reason}" for source, reason in touching.select("source", "reason").iter_rows()})


def save_source(connection: psycopg.Connection, source: str, **values: Any) -> None:
    """Insert or update some columns of one row of ``ops.source``.

    Raises:
        psycopg.errors.UndefinedColumn: a name that is not a column of it.
    """
    values = {"source": source, **values}
    names = [sql.Identifier(n) for n in values]
    updates = [sql.SQL("{0} = excluded.{0}").format(n) for n in names[1:]]
    connection.execute(
        sql.SQL("insert into ops.source as s ({}) values ({}) on conflict (source) do update set {}").format(
            sql.SQL(", ").join(names), sql.SQL(", ").join(sql.Placeholder() * len(names)), sql.SQL(", ").join(updates)
        ),
        list(values.values()),
    )


def update_source(connection: psycopg.Connection, source: str, **values: Any) -> None:
    """Update some columns of a source that is known already."""
    sets = [sql.SQL("{} = %s").format(sql.Identifier(n)) for n in values]
    connection.execute(
        sql.SQL("update ops.source set {} where source = %s").format(sql.SQL(", ").join(sets)),
        [*values.values(), source],
    )


def save_host(connection: psycopg.Connection, **values: Any) -> None:
    """Insert or replace one row of ``ops.host``."""
    names = [sql.Identifier(n) for n in values]
    updates = [sql.SQL("{0} = excluded.{0}").format(n) for n in names]
    connection.execute(
        sql.SQL("insert into ops.host ({}) values ({}) on conflict (host) do update set {}").format(
            sql.SQL(", ").join(names), sql.SQL(", ").join(sql.Placeholder() * len(names)), sql.SQL(", ").join(updates)
        ),
        list(values.values()),
    )


def political_sources(connection: psycopg.Connection) -> set[str]:
    """Names of the sources that publish politics first of all."""
    return {row[0] for row in connection.execute("select source from ops.source where political").fetchall()}


def save_windows(connection: psycopg.Connection, windows: Sequence[ClosedWindow]) -> None:
    """Commit closed windows; closing one again replaces its figures and gives it a new place in the order."""
    if not windows:
        return
    names = [column.name for column in fields(ClosedWindow)]
    statement = sql.SQL(
        "insert into ops.window as w ({}) values ({}) on conflict (window_start) do update set {}, seq = default"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(n)) for n in names[1:]),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, [attrgetter(*names)(w) for w in windows])


def mark_dirty(connection: psycopg.Connection, starts: Sequence[datetime], reason: str) -> None:
    """Have closed windows computed again. The first reason given is kept."""
    connection.execute(
        "insert into ops.dirty_window (window_start, reason)"
        " select unnest(%s::timestamptz[]), %s on conflict do nothing",
        (list(starts), reason),
    )


def dirty_windows(connection: psycopg.Connection, before: datetime) -> dict[datetime, str]:
    """Windows that begin before ``before`` and wait to be computed again, oldest first, with the reason."""
    rows = connection.execute(
        "select window_start, reason from ops.dirty_window where window_start < %s order by window_start", (before,)
    ).fetchall()
    return dict(rows)


def clear_dirty(connection: psycopg.Connection, starts: Sequence[datetime]) -> None:
    """These windows are computed; call it in the transaction that commits them."""
    connection.execute("delete from ops.dirty_window where window_start = any(%s)", (list(starts),))


def read_cursor(connection: psycopg.Connection, reader: str) -> int:
    """How far ``reader`` has come in ``landing.item.seq``; 0 at first."""
    row = connection.execute("select seq from ops.cursor where reader = %s", (reader,)).fetchone()
    return int(row[0]) if row else 0


def save_cursor(connection: psycopg.Connection, reader: str, seq: int) -> None:
    """Move the cursor of ``reader``; call it in the transaction that keeps what was read."""
    connection.execute(
        "insert into ops.cursor (reader, seq) values (%s, %s) on conflict (reader) do update set seq = excluded.seq",
        (reader, seq),
    )


def moved_since(
    connection: psycopg.Connection, asset: str, at: datetime | None
) -> tuple[datetime | None, list[datetime]]:
    """The time of the newest move, and the windows of ``asset`` computed again or rolled back after ``at``.

    ``at`` None asks for the time alone: whoever begins to look has nothing to forget.
    """
    row = connection.execute("select max(at) from ops.audit").fetchone()
    newest = row[0] if row else None
    if at is None or newest is None or newest == at:
        return newest, []
    rows = connection.execute(
        "select distinct v.window_start from ops.audit u join core.activation v using (audit_id)"
        " where u.at > %s and v.asset = %s and v.before_id is not null",
        (at, asset),
    ).fetchall()
    return newest, [row[0] for row in rows]


def last_closed(connection: psycopg.Connection) -> datetime | None:
    """End of the newest window closed so far, or None."""
    row = connection.execute("select max(window_start) from ops.window").fetchone()
    return row[0] + timedelta(minutes=5) if row and row[0] else None


def beat(
    connection: psycopg.Connection,
    service: str,
    *,
    started_at: datetime,
    beat_at: datetime,
    watermark: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Say that a service is alive. Times are wall time, the watermark is event time."""
    connection.execute(
        "insert into ops.service (service, started_at, beat_at, watermark, detail) values (%s, %s, %s, %s, %s)"
        " on conflict (service) do update set started_at = excluded.started_at, beat_at = excluded.beat_at,"
        " watermark = excluded.watermark, detail = excluded.detail",
        (service, started_at, beat_at, watermark, Jsonb(dict(detail or {}))),
    )


def system_state(connection: psycopg.Connection) -> dict[str, Any]:
    """How far the radar is: last window, watermark, lag (seconds, wall clock), items, open gaps.

    Under ``lf.as_of`` as it stood then; signs of life are not kept, so watermark and lag are None.
    """
    row = connection.execute(
        "select (select max(window_start) from ops.window_then),"
        " (select watermark from ops.service where service = 'radar' and core.as_of() is null),"
        " (select extract(epoch from now() - beat_at)::float8 from ops.service"
        " where service = 'radar' and core.as_of() is null),"
        " (select count(*) from landing.item where landed_at <= coalesce(core.as_of(), 'infinity')),"
        " (select count(*) from landing.item where landed_at <= coalesce(core.as_of(), 'infinity')"
        " and first_seen_at > coalesce(core.as_of(), now()) - interval '1 hour')"
    ).fetchone()
    assert row is not None
    gaps = connection.execute(
        "select source, from_at, reason from ops.gap_then where state = 'open' order by from_at"
    ).fetchall()
    return {
        "last_window": row[0],
        "watermark": row[1],
        "lag_s": row[2],
        "items": row[3],
        "items_last_hour": row[4],
        "open_gaps": [{"source": s, "from_at": at, "reason": reason} for s, at, reason in gaps],
    }
