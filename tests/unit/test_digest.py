"""A digest covers every column of every row: change one value of one, and it is another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from latticeforge.model import ASSETS, EMBEDDING_DIM, VECTOR, Table
from latticeforge.store.archive import tables
from latticeforge.store.digest import frame_digest
from latticeforge.store.rows import rows_root

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
TABLES = [t for asset in ASSETS.values() for t in asset.tables]


def frame(table: Table) -> pl.DataFrame:
    columns: dict[str, Any] = {}
    for name, kind in table.columns.items():
        if kind == VECTOR:
            columns[name] = pl.Series(np.eye(3, EMBEDDING_DIM, dtype=np.float32), dtype=VECTOR)
        else:
            columns[name] = pl.Series(name, [value(kind, n) for n in range(3)], dtype=kind)
    return table.shape(pl.DataFrame(columns))


def value(kind: Any, n: int) -> Any:
    if isinstance(kind, pl.Datetime):
        return NOON + timedelta(seconds=n)
    if isinstance(kind, pl.List):
        return [f"{n}"]
    return {pl.String: f"{n}", pl.Binary: bytes([n]), pl.Boolean: n == 1, pl.Int32: n}.get(kind, n / 3)


def changed(rows: pl.DataFrame, name: str, kind: Any) -> pl.DataFrame:
    """The same rows with one value of the middle one changed by the least there is."""
    if kind == VECTOR:
        matrix = rows[name].to_numpy().copy()
        matrix[1, 200] = np.nextafter(matrix[1, 200], np.float32(1))
        return rows.with_columns(pl.Series(name, matrix, dtype=VECTOR))
    values = rows[name].to_list()
    values[1] = np.nextafter(values[1], 1.0) if kind == pl.Float64 else value(kind, 7 if kind != pl.Boolean else 0)
    return rows.with_columns(pl.Series(name, values, dtype=kind))


@pytest.mark.parametrize("table", tables(), ids=lambda t: t.name)
def test_every_column_counts(table: Table) -> None:
    rows = frame(table)
    for name, kind in table.columns.items():
        other = changed(rows, name, kind)
        assert frame_digest(table, other) != frame_digest(table, rows), name
        assert rows_root(table, other) != rows_root(table, rows), name


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_the_order_of_rows_does_not_count(table: Table) -> None:
    rows = frame(table)
    assert frame_digest(table, rows.reverse()) == frame_digest(table, rows)
    assert rows_root(table, rows.reverse()) == rows_root(table, rows)
    assert frame_digest(table, rows.head(2)) != frame_digest(table, rows)
