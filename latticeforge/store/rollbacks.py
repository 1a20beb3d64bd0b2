"""Rollbacks in the database: which earlier generation a pointer goes back to, and the record of it.

Here: SQL on ``core.active``, ``core.activation``, ``ops.rollback`` and ``ops.withdrawal``, in the caller's transaction.
Not here: the order of work and what is computed again (``radar.rollback``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.faults import StoreFault


class RollbackFault(StoreFault):
    """A rollback that cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was asked for. ``source`` or ``fetch_id`` withdraws items; without either, pointers go back."""

    asset: str
    start: datetime
    end: datetime
    reason: str
    source: str | None = None
    fetch_id: int | None = None
    as_of: datetime | None = None  # back to what counted then; None: to what counted before the present generation
    undoes: int | None = None

    @property
    def kind(self) -> str:
        """flip, withdraw or undo."""
        if self.undoes is not None:
            return "undo"
        return "flip" if self.source is None and self.fetch_id is None else "withdraw"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of ``ops.rollback``."""

    rollback_id: int
    audit_id: int
    at: datetime
    run_by: str
    kind: str
    asset: str
    start: datetime
    end: datetime
    source: str | None
    fetch_id: int | None
    as_of: datetime | None
    undoes: int | None
    reason: str
    recompute: bool
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """A pointer that a transaction has moved, from its first to its last move; with the rows on either side."""

    asset: str
    window_start: datetime
    before_id: int | None
    after_id: int | None
    rows_before: int
    rows_after: int


def downstream(asset: str) -> list[str]:
    """``asset`` and every asset that rests on it, in the order they are computed."""
    wanted = {asset}
    for name, known in EVERY_ASSET.items():
        if wanted & set(known.upstream):
            wanted.add(name)
    return [name for name in EVERY_ASSET if name in wanted]


def record(connection: psycopg.Connection, asked: Rollback, *, run_by: str, recompute: bool) -> tuple[int, int]:
    """Write the rollback down; return (rollback_id, audit_id). A withdrawal is in force from here on."""
    row = connection.execute(
        "insert into ops.rollback (audit_id, run_by, kind, asset, from_at, to_at, source, fetch_id, as_of, undoes,"
        " reason, recompute) values (core.audit_id(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " returning rollback_id, audit_id",
        (
            run_by,
            asked.kind,
            asked.asset,
            asked.start,
            asked.end,
            asked.source,
            asked.fetch_id,
            asked.as_of,
            asked.undoes,
            asked.reason,
            recompute,
        ),
    ).fetchone()
    assert row is not None
    if asked.kind == "withdraw":
        connection.execute(
            "insert into ops.withdrawal (rollback_id, source, fetch_id, from_at, to_at) values (%s, %s, %s, %s, %s)",
            (row[0], asked.source, asked.fetch_id, asked.start, asked.end),
        )
    return int(row[0]), int(row[1])


_RECORDED = (
    "select r.rollback_id, r.audit_id, r.at, r.run_by, r.kind, r.asset, r.from_at, r.to_at, r.source, r.fetch_id,"
    " r.as_of, r.undoes, r.reason, r.recompute, u.rollback_id from ops.rollback r"
    " left join ops.rollback u on u.undoes = r.rollback_id"
)


def recorded(connection: psycopg.Connection, rollback_id: int) -> Recorded:
    """One rollback by its number.

    Raises:
        RollbackFault: there is none of that number.
    """
    row = connection.execute(f"{_RECORDED} where r.rollback_id = %s", (rollback_id,)).fetchone()
    if row is None:
        raise RollbackFault(f"there is no rollback {rollback_id}; `lf rollback --list` shows them")
    return Recorded(*row)


def rollbacks(connection: psycopg.Connection, *, after_id: int = 0, limit: int | None = None) -> list[Recorded]:
    """Rollbacks after a number, oldest first."""
    rows = connection.execute(
        f"{_RECORDED} where r.rollback_id > %s order by r.rollback_id limit %s", (after_id, limit)
    ).fetchall()
    return [Recorded(*row) for row in rows]


def lock_pointers(connection: psycopg.Connection, start: datetime, end: datetime) -> None:
    """Keep other writers of these windows waiting until the transaction ends.

    All at once and in the order in which every writer takes them, so that nobody waits in a circle.
    """
    connection.execute(
        "select from core.active where window_start >= %s and window_start < %s"
        " order by asset, window_start for update",
        (start, end),
    )


_FLIP = """
with present as (               -- since when the present generation of the asset has counted, window by window
    select a.window_start, min(u.at) as since
    from core.active a
    join core.activation v using (asset, window_start, generation_id)
    join ops.audit u using (audit_id)
    where a.asset = %(asset)s and a.window_start >= %(start)s and a.window_start < %(end)s
    group by 1
), target as (                  -- what counted just before, or at the instant that was asked for
    select distinct on (v.asset, v.window_start) v.asset, v.window_start, v.generation_id
    from present p
    join core.activation v on v.window_start = p.window_start and v.asset = any(%(assets)s)
    join ops.audit u using (audit_id)
    where case when %(as_of)s::timestamptz is null then u.at < p.since else u.at <= %(as_of)s end
    order by v.asset, v.window_start, u.at desc, v.place desc
), kept as (
    select t.* from target t join core.generation g using (generation_id)
    where not exists (select from core.removed r where r.generation_id = t.generation_id)
), whole as (                   -- never an asset without the one it was asked of
    select k.* from kept k
    where exists (select from kept root where root.asset = %(asset)s and root.window_start = k.window_start)
), moved as (
    update core.active a
    set generation_id = w.generation_id, activated_at = clock_timestamp(), held_by = %(rollback)s
    from whole w where a.asset = w.asset and a.window_start = w.window_start
    returning a.asset, a.window_start
)
select count(*) from present p
where not exists (select from moved m where m.asset = %(asset)s and m.window_start = p.window_start)
"""


def flip(connection: psycopg.Connection, asked: Rollback, rollback_id: int) -> int:
    """Point the asset and all that rests on it back to earlier generations and hold them there, in one statement.

    Returns:
        How many windows of the asset have no earlier generation and are left as they are.
    """
    given = {
        "asset": asked.asset,
        "assets": downstream(asked.asset),
        "start": asked.start,
        "end": asked.end,
        "as_of": asked.as_of,
        "rollback": rollback_id,
    }
    row = connection.execute(_FLIP, given).fetchone()
    return int(row[0]) if row else 0


def flip_back(connection: psycopg.Connection, undone: Recorded) -> None:
    """Point every pointer that ``undone`` moved, and nobody since, to where it was; let go of what it held."""
    connection.execute(
        "with net as (select asset, window_start, (array_agg(before_id order by place))[1] as before_id,"
        " (array_agg(generation_id order by place desc))[1] as after_id"
        " from core.activation where audit_id = %(audit)s group by 1, 2)"
        " update core.active a set generation_id = n.before_id, activated_at = clock_timestamp(), held_by = null"
        " from net n join core.generation g on g.generation_id = n.before_id"
        " where a.asset = n.asset and a.window_start = n.window_start and a.generation_id = n.after_id"
        " and not exists (select from core.removed r where r.generation_id = n.before_id)",
        {"audit": undone.audit_id},
    )
    connection.execute(
        "with below as (select v.asset, v.window_start, max(r.rollback_id) as rollback_id"
        " from ops.rollback r join core.activation v using (audit_id)"
        " where r.kind = 'flip' and r.rollback_id < %(id)s"
        " and not exists (select from ops.rollback u where u.undoes = r.rollback_id) group by 1, 2),"
        " mine as (select distinct asset, window_start from core.activation where audit_id = %(audit)s)"
        " update core.active a set held_by = b.rollback_id"
        " from mine m left join below b using (asset, window_start)"
        " where a.asset = m.asset and a.window_start = m.window_start"
        " and (a.held_by = %(id)s or a.held_by is null) and a.held_by is distinct from b.rollback_id",
        {"id": undone.rollback_id, "audit": undone.audit_id},
    )


def refuse_unsafe_undo(connection: psycopg.Connection, undone: Recorded) -> None:
    """Undo a rollback once, and those that rest on it first.

    Raises:
        RollbackFault: it is undone already, is an undo itself, or a later rollback has moved the same pointers.
    """
    if undone.undone_by is not None:
        raise RollbackFault(f"rollback {undone.rollback_id} was undone by rollback {undone.undone_by}")
    if undone.kind == "undo":
        raise RollbackFault(
            f"rollback {undone.rollback_id} is an undo; do again what it undid, it is rollback {undone.undoes}"
        )
    row = connection.execute(
        "select min(r.rollback_id) from ops.rollback r join core.activation v using (audit_id)"
        " where r.rollback_id > %(id)s and r.kind = 'flip'"
        " and not exists (select from ops.rollback u where u.undoes = r.rollback_id)"
        " and (v.asset, v.window_start) in"
        " (select asset, window_start from core.activation where audit_id = %(audit)s)",
        {"id": undone.rollback_id, "audit": undone.audit_id},
    ).fetchone()
    if row and row[0]:
        raise RollbackFault(f"rollback {row[0]} rests on rollback {undone.rollback_id}; undo that one first")


def withdrawn_windows(connection: psycopg.Connection, asked: Rollback | Recorded) -> list[datetime]:
    """Windows that have articles and hold items which the withdrawal takes out (or gives back), oldest first."""
    rows = connection.execute(
        "select distinct a.window_start from landing.item i join core.active a on a.asset = 'articles'"
        " and a.window_start = date_bin('5 minutes', i.window_at, timestamptz '1970-01-01 00:00:00+00')"
        " where i.window_at >= %s and i.window_at < %s and (i.source = %s or i.fetch_id = %s) order by 1",
        (asked.start, asked.end, asked.source, asked.fetch_id),
    ).fetchall()
    return [row[0] for row in rows]


def withdrawn_items(connection: psycopg.Connection, asked: Rollback) -> int:
    """How many items, of those that landed so far, the withdrawal takes out."""
    row = connection.execute(
        "select count(distinct item_id) from landing.standing_item"
        " where window_at >= %s and window_at < %s and (source = %s or fetch_id = %s)",
        (asked.start, asked.end, asked.source, asked.fetch_id),
    ).fetchone()
    return int(row[0]) if row else 0


def moves(connection: psycopg.Connection, audit_id: int) -> list[Move]:
    """The pointers a transaction has moved for good, by asset and window; also before it has committed."""
    rows = connection.execute(
        "with net as (select asset, window_start, (array_agg(before_id order by place))[1] as before_id,"
        " (array_agg(generation_id order by place desc))[1] as after_id"
        " from core.activation where audit_id = %s group by 1, 2)"
        " select n.asset, n.window_start, before_id, after_id, coalesce(b.row_count, 0), coalesce(a.row_count, 0)"
        " from net n left join core.generation b on b.generation_id = n.before_id"
        " left join core.generation a on a.generation_id = n.after_id"
        " where before_id is distinct from after_id order by 1, 2",
        (audit_id,),
    ).fetchall()
    return [Move(*row) for row in rows]


def moved_windows(connection: psycopg.Connection, rollback_id: int) -> set[datetime]:
    """Windows with a pointer that the rollback has moved so far."""
    rows = connection.execute(
        "select distinct window_start from core.activation join ops.rollback using (audit_id) where rollback_id = %s",
        (rollback_id,),
    ).fetchall()
    return {row[0] for row in rows}


def moved_since(connection: psycopg.Connection, rollback: Recorded) -> set[datetime]:
    """Windows with a pointer that somebody has moved after the rollback was committed."""
    rows = connection.execute(
        "select distinct window_start from core.activation join ops.audit u using (audit_id)"
        " where u.at > (select at from ops.audit where audit_id = %s)",
        (rollback.audit_id,),
    ).fetchall()
    return {row[0] for row in rows}


def computed_from(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> list[datetime]:
    """Windows in ``[start, end)`` with an active generation of ``asset`` that no rollback holds, oldest first."""
    rows = connection.execute(
        "select window_start from core.active where asset = %s and window_start >= %s and window_start < %s"
        " and held_by is null order by 1",
        (asset, start, end),
    ).fetchall()
    return [row[0] for row in rows]


def landed_since(connection: psycopg.Connection, start: datetime, end: datetime, at: datetime) -> list[datetime]:
    """Windows in ``[start, end)`` in which items have landed after ``at`` (wall clock)."""
    rows = connection.execute(
        "select distinct date_bin('5 minutes', window_at, timestamptz '1970-01-01 00:00:00+00') from landing.item"
        " where window_at >= %s and window_at < %s and landed_at > %s order by 1",
        (start, end, at),
    ).fetchall()
    return [row[0] for row in rows]
