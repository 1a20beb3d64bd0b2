"""A sealed day back into a database, row for row.

Here: writing archived rows and proving that they are the same. Not here: checking the archive itself (``snapshot``).
A day goes in with one transaction, which ends with reading the day as a snapshot would read it: a difference of one row
takes everything back. What a snapshot does not hold (raw answers, generations that no longer count) is not made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import polars as pl
import psycopg
from psycopg import sql

from latticeforge.model import ASSETS, Fetch
from latticeforge.store.archive import (
    ALERT,
    ATTENTION,
    CALENDAR_EVENT,
    EMBEDDING,
    GAP,
    GENERATION,
    ITEM,
    SOURCE,
    WINDOW,
    read_day,
    tables,
)
from latticeforge.store.audit import act
from latticeforge.store.database import Store
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.landing import arrivals, land_fetch
from latticeforge.store.ledger import read_cursor, save_cursor
from latticeforge.store.manifest import Manifest, SnapshotFault
from latticeforge.store.places import archive_at
from latticeforge.store.rollbacks import Rollback, record
from latticeforge.store.rows import rows_root
from latticeforge.store.snapshot import Place, read_manifest, read_rows, verify_snapshot
from latticeforge.store.vectors import save_vectors
from latticeforge.windows import DAY, Window

READER = "radar"  # whose cursor on landing.item passes restored items by (``radar.core``)
Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a day. ``written`` is False where the database held exactly these rows already."""

    day: date
    root: str
    rows: int
    written: bool


def restore_day(store: Store, place: Place, day: date) -> Restored:
    """Put a sealed day into ``store``, which must hold nothing of it, or exactly this.

    Raises:
        SnapshotFault: the day is damaged; or the database holds other rows of it; or what was written reads back
            differently. Nothing is changed then.
    """
    archive = archive_at(place)
    if problems := verify_snapshot(archive, day):
        raise SnapshotFault(f"{day} is not restored, {problems[0]} ({len(problems)} problem(s) in all)")
    manifest = read_manifest(archive, day)
    with archive.fetched(day) as folder, store.connection() as connection:
        if not (different := _different(connection, manifest, day)):
            return Restored(day, manifest.root, manifest.rows, written=False)
        _refuse_occupied(connection, day)
        _write(connection, {t.name: read_rows(folder, t) for t in tables()}, manifest)
        if different := _different(connection, manifest, day):
            raise SnapshotFault(f"{day} is not restored: {', '.join(different)} would read back differently")
    return Restored(day, manifest.root, manifest.rows, written=True)


def _different(connection: psycopg.Connection, manifest: Manifest, day: date) -> list[str]:
    """Tables of which the database holds other rows than the snapshot."""
    roots = {entry.table: entry.rows_root for entry in manifest.files}
    return [t.name for t, frame in read_day(connection, day).frames if rows_root(t, frame) != roots.get(t.name)]


def _refuse_occupied(connection: psycopg.Connection, day: date) -> None:
    shared = {SOURCE.name, GAP.name, EMBEDDING.name}  # these may be there from another day
    for table, frame in read_day(connection, day).frames:
        if frame.height and table.name not in shared:
            raise SnapshotFault(
                f"{day} is not restored: the database holds {frame.height} row(s) of it in {table.name}, and the day is"
                f" not the same. Restore into an empty database, or see `lf snapshot diff {day}`"
            )


def _write(connection: psycopg.Connection, frames: Frames, manifest: Manifest) -> None:
    why = f"restored from {manifest.head.day}, root {manifest.root}"
    act(connection, command="lf snapshot restore", reason=why, request={"day": manifest.head.day})
    caught_up = not arrivals(connection, read_cursor(connection, READER), 1)
    withdrawal = _write_landing(connection, frames, why)
    if caught_up:
        _pass_by(connection)
    for (model,), rows in frames[EMBEDDING.name].group_by(["model"], maintain_order=True):
        save_vectors(connection, rows["text_hash"].to_list(), str(model), rows["vector"].to_numpy())
    _write_gaps(connection, frames[GAP.name])
    windows = frames[WINDOW.name].with_columns(close_s=pl.lit(0.0))  # wall seconds it took: not archived
    _insert(connection, WINDOW.name, windows)
    _insert(connection, ALERT.name, frames[ALERT.name].sort("evaluated_at", "alert_id", "number").drop("number"))
    _write_generations(connection, frames, why)
    _write_rollback(connection, frames, manifest, withdrawal, why)


def _write_landing(connection: psycopg.Connection, frames: Frames, why: str) -> int | None:
    """Returns the number under which the withdrawn items came in; None where no item is withdrawn."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.source (source, title, kind, country, language, political)"
            " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            frames[SOURCE.name].rows(),
        )
    # the order of landing is not archived, but that of an item's revisions is: the first one fixes its window
    items = frames[ITEM.name].sort("first_seen_at", "item_id", "revision")
    fetch_id = _withdrawn_fetch(connection, why) if items["withdrawn"].any() else None
    came_in = pl.when("withdrawn").then(pl.lit(fetch_id, pl.Int64))
    _insert(connection, ITEM.name, items.with_columns(fetch_id=came_in).drop("revision", "withdrawn"))
    counts = frames[ATTENTION.name].with_columns(received_at=pl.col("observed_at").dt.offset_by("1m"))
    _insert(connection, ATTENTION.name, counts)  # when the count came is not archived: after its minute
    _insert(connection, CALENDAR_EVENT.name, frames[CALENDAR_EVENT.name])
    return fetch_id


def _pass_by(connection: psycopg.Connection) -> None:
    """The radar does not take restored items for late ones: it would compute their windows again, without the days
    before them that the archive may not hold.
    """
    row = connection.execute("select max(seq) from landing.item").fetchone()
    if row and row[0]:
        save_cursor(connection, READER, int(row[0]))


def _withdrawn_fetch(connection: psycopg.Connection, why: str) -> int:
    now = datetime.now(UTC)
    return land_fetch(connection, Fetch("snapshot", "", now, now, 0, fault=f"withdrawn items, {why}"))


def _write_gaps(connection: psycopg.Connection, gaps: pl.DataFrame) -> None:
    """A gap over midnight is in several days; the later day knows how it ended."""
    for row in gaps.iter_rows(named=True):
        known = connection.execute(
            "update ops.gap set to_at = %(to_at)s, state = %(state)s, filled_at = %(filled_at)s"
            " where source = %(source)s and from_at = %(from_at)s and reason = %(reason)s and to_at is null",
            row,
        ).rowcount
        if not known:
            connection.execute(
                "insert into ops.gap (source, from_at, to_at, reason, state, filled_at) select %(source)s, %(from_at)s,"
                " %(to_at)s, %(reason)s, %(state)s, %(filled_at)s where not exists (select from ops.gap where"
                " source = %(source)s and from_at = %(from_at)s and reason = %(reason)s)",
                row,
            )


def _write_generations(connection: psycopg.Connection, frames: Frames, why: str) -> None:
    ledger = frames[GENERATION.name]
    for (version,), part in ledger.group_by(["code_version"], maintain_order=True):
        writes = _writes(frames, part)
        ids = [w.generation_id for w in write_generations(connection, writes, origin="replay", reason=why)]
        # of the code that computed them: another version's numbers are never compared with them
        connection.execute("update core.generation set code_version = %s where generation_id = any(%s)", (version, ids))


def _write_rollback(
    connection: psycopg.Connection, frames: Frames, manifest: Manifest, withdrawal: int | None, why: str
) -> None:
    """Withdrawn items and held windows are again, under one rollback that can be undone like any other."""
    held = frames[GENERATION.name].filter("held")
    if withdrawal is None and held.is_empty():
        return
    start = datetime.combine(date.fromisoformat(manifest.head.day), time(), UTC)
    asset = "articles" if withdrawal else held["asset"][0]
    asked = Rollback(asset, start, start + DAY, why, fetch_id=withdrawal)
    number, _ = record(connection, asked, run_by="lf", recompute=False)
    with connection.cursor() as cursor:
        cursor.executemany(
            "update core.active set held_by = %s where asset = %s and window_start = %s",
            [(number, *row) for row in held.select("asset", "window_start").iter_rows()],
        )


def _writes(frames: Frames, ledger: pl.DataFrame) -> list[Write]:
    writes = []
    for asset in ASSETS.values():
        parts = [frames[t.name].partition_by("window_start", as_dict=True, maintain_order=True) for t in asset.tables]
        for start in ledger.filter(pl.col("asset") == asset.name)["window_start"]:
            rows = tuple(p.get((start,), t.empty()) for p, t in zip(parts, asset.tables, strict=True))
            writes.append(Write(asset.name, Window(start), rows))
    return writes


def _insert(connection: psycopg.Connection, table: str, rows: pl.DataFrame) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows.iter_rows():
            copy.write_row(row)
