"""One row as text, the same on every machine: what is hashed as a leaf, compared, and shown to people.

Here: rows to canonical JSON. Not here: trees over them (``merkle``), which rows belong together (``archive``).
Keys are sorted, times are ISO 8601 in UTC with microseconds, bytes and vectors (little-endian float32) hexadecimal,
floats in their shortest exact form. So a row can be checked without Parquet, polars or this code.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from latticeforge.model import VECTOR, Table
from latticeforge.store import merkle

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(content: dict[str, Any]) -> str:
    """``content`` as canonical JSON.

    >>> canonical({"b": 1.5, "a": "é"})
    '{"a":"é","b":1.5}'
    """
    return _JSON.encode(content)


def row_texts(table: Table, frame: pl.DataFrame) -> list[str]:
    """Each row of ``frame`` as canonical JSON, in the order of the table's key.

    Raises:
        ValueError: a column is missing, or the key is not unique.
    """
    shaped = table.shape(frame)
    if not shaped.height:
        return []
    plain = shaped.select(_plain(n, t) for n, t in table.columns.items() if t != VECTOR)
    columns = {name: plain[name].to_list() for name in plain.columns}
    for name in (n for n, t in table.columns.items() if t == VECTOR):
        columns[name] = [row.tobytes().hex() for row in shaped[name].to_numpy().astype("<f4")]
    names = sorted(columns)
    return [canonical(dict(zip(names, row, strict=True))) for row in zip(*(columns[n] for n in names), strict=True)]


def rows_root(table: Table, frame: pl.DataFrame) -> str:
    """Merkle root (hexadecimal) over the rows: equal rows, equal root, in every version of Parquet."""
    return merkle.root([text.encode() for text in row_texts(table, frame)]).hex()


def _plain(name: str, kind: Any) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if kind == pl.Binary:
        return column.bin.encode("hex")
    return column + 0.0 if kind == pl.Float64 else column  # -0.0 becomes 0.0: they are equal and must not differ
