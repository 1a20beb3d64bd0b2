"""Rows of a query as a frame with the columns of a schema.

Here: the way from psycopg's rows to polars. Not here: queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from latticeforge.instants import instants
from latticeforge.model import UTC_TIME, VECTOR, Schema
from latticeforge.store.vectors import vector_blobs


def to_frame(rows: Sequence[Sequence[Any]], schema: Schema) -> pl.DataFrame:
    """Rows in the order of ``schema``; times are aware, vectors are what ``vector_send`` gives."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame([_column(n, t, v) for (n, t), v in zip(schema.items(), columns, strict=True)])


def _column(name: str, kind: Any, values: Sequence[Any]) -> pl.Series:
    if kind == VECTOR:
        return pl.Series(name, vector_blobs(values), dtype=kind)
    return instants(values).alias(name) if kind == UTC_TIME else pl.Series(name, values, dtype=kind)
