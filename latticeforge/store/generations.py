"""Generations: derived rows of (asset, window), written whole or not at all, never overwritten.

Here: writing a generation and pointing ``core.active`` at it, reading active rows, digests. Not here: what they mean.
A write whose rows equal the active generation's adds nothing: computing a window again leaves no trace if it is equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from latticeforge import __version__
from latticeforge.model import VECTOR, Asset, Schema, Table
from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.chains import follow_chains
from latticeforge.store.digest import asset_digest, range_digest
from latticeforge.store.frames import to_frame
from latticeforge.windows import Window, microseconds

Frames = tuple[pl.DataFrame, ...]  # one frame per table of the asset
_POSTGRES_TYPES = {pl.String: "text", pl.Binary: "bytea", pl.Boolean: "bool", pl.Int32: "int4", pl.Float64: "float8"}


@dataclass(frozen=True, slots=True)
class Write:
    """What to commit for one asset and window."""

    asset: str
    window: Window
    frames: Frames


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did. ``changed`` is False where the active generation already held the same rows."""

    asset: str
    window: Window
    generation_id: int
    rows: int
    digest: bytes
    changed: bool
    first: bool
    held: bool = False  # a rollback holds the window: nothing was published


def write_generations(
    connection: psycopg.Connection, writes: Sequence[Write], *, origin: str, reason: str = ""
) -> list[Written]:
    """Commit many (asset, window) in the caller's transaction: ledger rows, data rows, pointers.

    Args:
        origin: radar, dagster, replay or rollback.
        reason: Why it was computed again; kept with each generation that replaces another.

    A window that a rollback holds is left as it is until the rollback is undone.

    Raises:
        ValueError: a frame does not fit its table.
    """
    writes = [replace(w, frames=_shaped(w)) for w in writes]
    digests = [asset_digest(EVERY_ASSET[w.asset], w.frames) for w in writes]
    active = _active(connection, writes)
    old = [active.get((w.asset, w.window.start)) for w in writes]
    fresh = [i for i, (before, d) in enumerate(zip(old, digests, strict=True)) if _differs(before, d)]
    reasons = [reason if old[i] else "" for i in fresh]
    ids = _insert_generations(connection, [writes[i] for i in fresh], [digests[i] for i in fresh], origin, reasons)
    _copy_rows(connection, [(ids[k], writes[i]) for k, i in enumerate(fresh)])
    _activate(connection, [(writes[i], ids[k]) for k, i in enumerate(fresh)])
    follow_chains(connection, [writes[i].window.start for i in fresh if writes[i].asset == "narratives"])
    new_ids = dict(zip(fresh, ids, strict=True))
    results = []
    for i, w in enumerate(writes):
        before = old[i]
        generation = new_ids[i] if before is None or i in new_ids else before.generation_id
        rows = sum(f.height for f in w.frames)
        held = before is not None and before.held
        results.append(Written(w.asset, w.window, generation, rows, digests[i], i in new_ids, before is None, held))
    return results


@dataclass(frozen=True, slots=True)
class _Pointer:
    generation_id: int
    digest: bytes
    held: bool


def _differs(before: _Pointer | None, digest: bytes) -> bool:
    return before is None or (before.digest != digest and not before.held)


def _shaped(write: Write) -> Frames:
    return tuple(t.shape(f) for t, f in zip(EVERY_ASSET[write.asset].tables, write.frames, strict=True))


def _active(connection: psycopg.Connection, writes: Sequence[Write]) -> dict[tuple[str, datetime], _Pointer]:
    # Locks the pointers, in one order, so that two writers of the same windows wait for each other and never deadlock.
    rows = connection.execute(
        "select a.asset, a.window_start, a.generation_id, g.digest, a.held_by is not null from core.active a"
        " join core.generation g using (generation_id)"
        " where a.asset = any(%s) and a.window_start = any(%s) order by 1, 2 for update of a",
        (sorted({w.asset for w in writes}), sorted({w.window.start for w in writes})),
    ).fetchall()
    return {(asset, start): _Pointer(int(generation), bytes(d), held) for asset, start, generation, d, held in rows}


def _insert_generations(
    connection: psycopg.Connection,
    writes: Sequence[Write],
    digests: Sequence[bytes],
    origin: str,
    reasons: Sequence[str],
) -> list[int]:
    rows = connection.execute(
        "insert into core.generation (asset, window_start, origin, reason, code_version, row_count, digest)"
        " select asset, window_start, %s, reason, %s, row_count, digest"
        " from unnest(%s::text[], %s::timestamptz[], %s::text[], %s::int[], %s::bytea[])"
        " with ordinality as t (asset, window_start, reason, row_count, digest, place) order by place"
        " returning generation_id, asset, window_start",
        (
            origin,
            __version__,
            [w.asset for w in writes],
            [w.window.start for w in writes],
            list(reasons),
            [sum(f.height for f in w.frames) for w in writes],
            list(digests),
        ),
    ).fetchall()
    ids = {(asset, start): int(generation) for generation, asset, start in rows}
    return [ids[w.asset, w.window.start] for w in writes]


def _activate(connection: psycopg.Connection, pairs: Sequence[tuple[Write, int]]) -> None:
    connection.execute(
        "insert into core.active (asset, window_start, generation_id)"
        " select * from unnest(%s::text[], %s::timestamptz[], %s::bigint[])"
        " on conflict (asset, window_start) do update set generation_id = excluded.generation_id,"
        " activated_at = clock_timestamp()",
        ([w.asset for w, _ in pairs], [w.window.start for w, _ in pairs], [g for _, g in pairs]),
    )


def _copy_rows(connection: psycopg.Connection, pairs: Sequence[tuple[int, Write]]) -> None:
    by_table: dict[str, tuple[Table, list[tuple[int, pl.DataFrame]]]] = {}
    for generation, write in pairs:
        for table, frame in zip(EVERY_ASSET[write.asset].tables, write.frames, strict=True):
            if frame.height:
                by_table.setdefault(table.name, (table, []))[1].append((generation, frame))
    for table, frames in by_table.values():
        copy_table(connection, table, frames)


def copy_table(connection: psycopg.Connection, table: Table, frames: Sequence[tuple[int, pl.DataFrame]]) -> None:
    """Binary COPY of shaped frames into ``table``, each under its generation id."""
    statement = sql.SQL("copy {} (generation_id, {}) from stdin (format binary)").format(
        _name(table), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int8", *(_postgres_type(t) for t in table.columns.values())])
        for generation, frame in frames:
            vectors = [n for n, t in table.columns.items() if t == VECTOR]
            columns: list[Sequence[Any]] = [
                list(frame[n].to_numpy()) if n in vectors else frame[n].to_list() for n in table.columns
            ]
            for row in zip(*columns, strict=True):
                copy.write_row((generation, *row))


def _postgres_type(kind: Any) -> str:
    if kind == VECTOR:
        return "vector"
    if isinstance(kind, pl.Datetime):
        return "timestamptz"
    if isinstance(kind, pl.List):
        return "text[]"
    return _POSTGRES_TYPES[kind]


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(*table.name.split("."))


def read_active(
    connection: psycopg.Connection, asset: str, start: datetime, end: datetime, *, table: int = 0
) -> pl.DataFrame:
    """The rows that count, of one asset, for windows in ``[start, end)``, in canonical order (window, key)."""
    kind = EVERY_ASSET[asset].tables[table]
    return read_table(connection, asset, kind, start, end)


def read_table(
    connection: psycopg.Connection, asset: str, table: Table, start: datetime, end: datetime
) -> pl.DataFrame:
    """As ``read_active``, for a table given by itself."""
    query = sql.SQL(
        "select {} from core.counting a join {} t on t.generation_id = a.generation_id"
        " where a.asset = %s and a.window_start >= %s and a.window_start < %s order by t.window_start, {}"
    ).format(_selected(table), _name(table), _order(table))
    return _read(connection, query, (asset, start, end), table.columns)


def read_generations(connection: psycopg.Connection, table: Table, ids: Sequence[int]) -> pl.DataFrame:
    """Rows of some generations, whether they count or not, with ``generation_id``; in order of it and of the key."""
    query = sql.SQL("select t.generation_id, {} from {} t where t.generation_id = any(%s) order by 1, {}").format(
        _selected(table), _name(table), _order(table)
    )
    return _read(connection, query, (list(ids),), {"generation_id": pl.Int64, **table.columns})


def _selected(table: Table) -> sql.Composed:
    vectors = [n for n, t in table.columns.items() if t == VECTOR]
    return sql.SQL(", ").join(
        sql.SQL("vector_send({})" if n in vectors else "{}").format(sql.Identifier("t", n)) for n in table.columns
    )


def _order(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL('{} collate "C"' if table.columns[k] == pl.String else "{}").format(sql.Identifier("t", k))
        for k in table.key
    )


def _read(
    connection: psycopg.Connection, query: sql.Composed, parameters: Sequence[object], schema: Schema
) -> pl.DataFrame:
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(query, parameters).fetchall()
    return to_frame(rows, schema)


def computed_windows(connection: psycopg.Connection, asset: str, starts: Sequence[datetime]) -> set[datetime]:
    """Those of ``starts`` that have an active generation of ``asset``."""
    rows = connection.execute(
        "select window_start from core.counting where asset = %s and window_start = any(%s)", (asset, list(starts))
    ).fetchall()
    return {row[0] for row in rows}


def digests(connection: psycopg.Connection, start: datetime, end: datetime) -> dict[str, str]:
    """One SHA-256 (hexadecimal) per asset over the active rows of the windows in ``[start, end)``.

    Computed from the rows themselves, not from the ledger, so that a changed row changes it.
    """
    return {
        name: range_digest(name, window_digests(connection, known, start, end)) for name, known in EVERY_ASSET.items()
    }


def window_digests(
    connection: psycopg.Connection, asset: Asset, start: datetime, end: datetime
) -> list[tuple[int, bytes]]:
    """(window start in microseconds UTC, digest of its rows) for every active window in the range, oldest first."""
    starts = [
        row[0]
        for row in connection.execute(
            "select window_start from core.counting where asset = %s and window_start >= %s and window_start < %s"
            " order by window_start",
            (asset.name, start, end),
        ).fetchall()
    ]
    parts = [_by_window(read_table(connection, asset.name, t, start, end)) for t in asset.tables]
    found = []
    for at in starts:
        frames = [part.get(at, table.empty()) for part, table in zip(parts, asset.tables, strict=True)]
        found.append((microseconds(at), asset_digest(asset, frames)))
    return found


def _by_window(frame: pl.DataFrame) -> Mapping[datetime, pl.DataFrame]:
    return {rows["window_start"][0]: rows for rows in frame.partition_by("window_start", maintain_order=True)}


def ledger_digests(
    connection: psycopg.Connection, asset: str, start: datetime, end: datetime
) -> dict[datetime, tuple[int, bytes]]:
    """(row count, digest) that the ledger holds for each active window in the range."""
    rows = connection.execute(
        "select a.window_start, g.row_count, g.digest from core.counting a join core.generation g using (generation_id)"
        " where a.asset = %s and a.window_start >= %s and a.window_start < %s",
        (asset, start, end),
    ).fetchall()
    return {at: (int(count), bytes(digest)) for at, count, digest in rows}
