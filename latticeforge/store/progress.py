"""What has landed or been closed since somebody last looked, and who has fallen silent.

Here: reads for those who follow the tables with a cursor (``seq``). Not here: the rows' own content (``landing``,
``generations``), or what a follower does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from latticeforge.windows import HOUR, WINDOW


@dataclass(frozen=True, slots=True)
class Closing:
    """One row of ``ops.window``. Delays are wall seconds, item received to evaluated."""

    seq: int
    window_start: datetime
    closed_at: datetime
    items: int
    narratives: int
    spikes: int
    links: int
    reported: int
    close_s: float
    delay_p50_s: float | None
    delay_p95_s: float | None
    delay_p99_s: float | None


def newest_seq(connection: psycopg.Connection) -> int:
    """``seq`` of the item that landed last; 0 where none did."""
    row = connection.execute("select coalesce(max(seq), 0) from landing.item").fetchone()
    return int(row[0]) if row else 0


def landed_hours(connection: psycopg.Connection, after_seq: int, limit: int) -> tuple[int, dict[datetime, int]]:
    """The next ``limit`` items after ``after_seq``: the last ``seq`` among them, and the newest by hour."""
    rows = connection.execute(
        "select date_trunc('hour', window_at, 'UTC'), max(seq) from (select window_at, seq from landing.item"
        " where seq > %s order by seq limit %s) t group by 1 order by 1",
        (after_seq, limit),
    ).fetchall()
    hours = {at.astimezone(UTC): int(seq) for at, seq in rows}
    return max(hours.values(), default=after_seq), hours


def closings(connection: psycopg.Connection, after_seq: int, limit: int) -> list[Closing]:
    """Windows closed (or closed again) after ``after_seq``, in that order."""
    rows = connection.execute(
        "select seq, window_start, closed_at, items, narratives, spikes, links, reported, close_s, delay_p50_s,"
        " delay_p95_s, delay_p99_s from ops.window where seq > %s order by seq limit %s",
        (after_seq, limit),
    ).fetchall()
    return [Closing(*row) for row in rows]


def new_alerts(connection: psycopg.Connection, after_seq: int) -> tuple[int, int, int]:
    """(last seq, rows, distinct alerts) of ``live.alert`` after ``after_seq``."""
    row = connection.execute(
        "select coalesce(max(seq), %s), count(*), count(distinct alert_id) from live.alert where seq > %s",
        (after_seq, after_seq),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def finished_hours(connection: psycopg.Connection, hours: Sequence[datetime]) -> list[datetime]:
    """Those of ``hours`` whose last window is closed; windows close in order."""
    rows = connection.execute(
        "select window_start - %s from ops.window where window_start = any(%s) order by 1",
        (HOUR - WINDOW, [h + HOUR - WINDOW for h in hours]),
    ).fetchall()
    return [row[0] for row in rows]


def left_hours(connection: psycopg.Connection, since: datetime, until: datetime) -> list[datetime]:
    """Hours in ``[since, until)`` that have items but whose last window was never closed, oldest first."""
    rows = connection.execute(
        "select distinct h from (select date_trunc('hour', window_at, 'UTC') as h from landing.item"
        " where window_at >= %s and window_at < %s) t"
        " where not exists (select from ops.window w where w.window_start = h + %s) order by 1",
        (since, until, HOUR - WINDOW),
    ).fetchall()
    return [row[0].astimezone(UTC) for row in rows]


def silence_s(connection: psycopg.Connection, service: str, now: datetime) -> float | None:
    """Seconds since the service last said that it lives (wall clock); None where it never did."""
    row = connection.execute("select beat_at from ops.service where service = %s", (service,)).fetchone()
    return (now - row[0]).total_seconds() if row else None


def moved_hours(
    connection: psycopg.Connection, after: datetime | None, assets: Sequence[str]
) -> tuple[datetime | None, list[datetime]]:
    """The time of the newest transaction, and the hours in which a pointer of ``assets`` moved after ``after``."""
    row = connection.execute("select max(at) from ops.audit").fetchone()
    rows = connection.execute(
        "select distinct date_trunc('hour', v.window_start, 'UTC') from ops.audit u join core.activation v"
        " using (audit_id) where u.at > coalesce(%s::timestamptz, '-infinity') and v.asset = any(%s) order by 1",
        (after, list(assets)),
    ).fetchall()
    return (row[0] if row else None), [at.astimezone(UTC) for (at,) in rows]


def whole_hours(connection: psycopg.Connection, asset: str, hours: Sequence[datetime]) -> list[datetime]:
    """Those of ``hours`` of which every window of ``asset`` is computed."""
    rows = connection.execute(
        "select date_trunc('hour', window_start, 'UTC') from core.active where asset = %s"
        " and date_trunc('hour', window_start, 'UTC') = any(%s) and window_start >= %s group by 1"
        " having count(*) = %s order by 1",
        (asset, list(hours), min(hours, default=None), HOUR // WINDOW),
    ).fetchall()
    return [at.astimezone(UTC) for (at,) in rows]
