"""Where two states of one day differ: tables, windows, rows.

Here: comparing two sealed days, or a sealed day with the database. Not here: why they differ (``ops.audit`` says who
changed what).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from latticeforge.model import Table
from latticeforge.store.archive import read_day, tables
from latticeforge.store.database import Store
from latticeforge.store.places import archive_at
from latticeforge.store.rows import row_texts, rows_root
from latticeforge.store.snapshot import Place, read_manifest, read_rows
from latticeforge.windows import Window

_TIMES = ("window_start", "event_at", "first_seen_at", "observed_at", "occurred_at", "evaluated_at")  # the first counts


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One row that is not the same on both sides."""

    table: str
    window: str | None  # the five minutes it belongs to; None where the table knows no time
    key: dict[str, object]
    kind: str  # "only in the first", "only in the second" or "changed"
    columns: tuple[str, ...] = ()  # of a changed row: which columns differ


@dataclass(frozen=True, slots=True)
class Side:
    """One state of a day: its rows, and for each table the root over them."""

    name: str
    frame: Callable[[Table], pl.DataFrame]
    root: Callable[[Table], str]


@contextmanager
def sealed_side(place: Place, day: date) -> Iterator[Side]:
    """A sealed day. Only the files of tables that differ are read.

    Raises:
        SnapshotFault: it is not sealed there, or cannot be read.
    """
    archive = archive_at(place)
    manifest = read_manifest(archive, day)
    roots = {entry.table: entry.rows_root for entry in manifest.files}
    with archive.fetched(day) as folder:
        yield Side(f"{archive.where} {day}", lambda t: read_rows(folder, t), lambda t: roots.get(t.name, ""))


def live_side(store: Store, day: date) -> Side:
    """The day as the database holds it now."""
    with store.connection() as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        content = read_day(connection, day)
    return Side(f"{store.where} now", content.frame, lambda t: rows_root(t, content.frame(t)))


def differences(first: Side, second: Side) -> list[RowDifference]:
    """Every row that differs, by table and key. Equal roots spare the rows."""
    return [d for t in tables() if first.root(t) != second.root(t) for d in _rows(t, first.frame(t), second.frame(t))]


def _rows(table: Table, first: pl.DataFrame, second: pl.DataFrame) -> Iterator[RowDifference]:
    before, after = _by_key(table, first), _by_key(table, second)
    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key), after.get(key)
        if one == other:
            continue
        content = json.loads(one or other or "")
        window, fields = _window(content), {name: content[name] for name in table.key}
        if one and other:
            changed = json.loads(other)
            names = tuple(n for n in table.columns if content[n] != changed[n])
            yield RowDifference(table.name, window, fields, "changed", names)
        else:
            yield RowDifference(table.name, window, fields, "only in the first" if one else "only in the second")


def _by_key(table: Table, frame: pl.DataFrame) -> dict[str, str]:
    shaped = table.shape(frame)
    keys = [str(key) for key in shaped.select(table.key).rows()]
    return dict(zip(keys, row_texts(table, shaped), strict=True))


def _window(content: dict[str, str | None]) -> str | None:
    found = next((content[name] for name in _TIMES if content.get(name)), None)
    return str(Window.holding(datetime.fromisoformat(found))) if found else None


def summary(found: list[RowDifference]) -> dict[str, dict[str, int]]:
    """Rows that differ by table and kind."""
    counts: dict[str, dict[str, int]] = {}
    for d in found:
        kinds = counts.setdefault(d.table, {})
        kinds[d.kind] = kinds.get(d.kind, 0) + 1
    return counts
