"""One SHA-256 for a frame of rows, the same on every machine and in every version of polars and Python.

Here: canonical bytes of a frame. Not here: which rows belong together (``generations``).
The bytes are the rows written as ASCII Python literals (escaped and quoted, so no two frames look alike; floats in
their shortest exact form, times in microseconds), then every vector column as little-endian float32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

import polars as pl

from latticeforge.model import Asset, Table


def frame_digest(table: Table, frame: pl.DataFrame) -> bytes:
    """SHA-256 (32 bytes) of the rows, in the canonical order of the table's key."""
    return shaped_digest(table, table.shape(frame))


def shaped_digest(table: Table, frame: pl.DataFrame) -> bytes:
    """As ``frame_digest``, for a frame that ``table.shape`` has returned."""
    digest = hashlib.sha256(f"{table.name}\x1f{frame.height}".encode())
    if frame.height:
        # one select and one pass over the rows: a step of polars a column took a third of the time of a whole window
        digest.update(ascii(frame.select(_plain(table)).rows()).encode())
        for name in _vectors(table):
            digest.update(frame[name].to_numpy().astype("<f4").tobytes())
    return digest.digest()


def asset_digest(asset: Asset, frames: Iterable[pl.DataFrame]) -> bytes:
    """SHA-256 over the digests of all tables of one asset and window; the frames are shaped."""
    digest = hashlib.sha256(asset.name.encode())
    for table, frame in zip(asset.tables, frames, strict=True):
        digest.update(shaped_digest(table, frame))
    return digest.digest()


def range_digest(asset_name: str, windows: Iterable[tuple[int, bytes]]) -> str:
    """SHA-256 (hexadecimal) over (window start in microseconds UTC, window digest) pairs, oldest first."""
    digest = hashlib.sha256(asset_name.encode())
    for start_us, window_digest in windows:
        digest.update(start_us.to_bytes(8, "little", signed=True))
        digest.update(window_digest)
    return digest.hexdigest()


def _vectors(table: Table) -> list[str]:
    return [name for name, kind in table.columns.items() if isinstance(kind, pl.Array)]


@cache
def _plain(table: Table) -> list[pl.Expr]:
    expressions = []
    for name, kind in table.columns.items():
        if isinstance(kind, pl.Datetime):
            expressions.append(pl.col(name).cast(pl.Int64))
        elif kind == pl.Float64:
            expressions.append(pl.col(name) + 0.0)  # -0.0 becomes 0.0: they are equal and must not differ in bytes
        elif not isinstance(kind, pl.Array):
            expressions.append(pl.col(name))
    return expressions
