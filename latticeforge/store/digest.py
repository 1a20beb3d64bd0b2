"""One SHA-256 for a frame of rows, the same on every machine and in every version of polars.

Here: canonical bytes of a frame. Not here: which rows belong together (``generations``).
The bytes are, for each column: name, validity bits, then the values in little-endian order; strings, blobs and lists
carry their lengths first, so that no two different frames give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from latticeforge.model import Asset, Table


def frame_digest(table: Table, frame: pl.DataFrame) -> bytes:
    """SHA-256 (32 bytes) of the rows, in the canonical order of the table's key."""
    return shaped_digest(table, table.shape(frame))


def shaped_digest(table: Table, frame: pl.DataFrame) -> bytes:
    """As ``frame_digest``, for a frame that ``table.shape`` has returned."""
    digest = hashlib.sha256(f"{table.name}\x1f{frame.height}".encode())
    if frame.height:
        for column in frame.iter_columns():
            digest.update(column.name.encode())
            for block in _column_bytes(column):
                digest.update(block)
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


def _column_bytes(column: pl.Series) -> Iterator[bytes]:
    yield np.packbits(column.is_not_null().to_numpy(), bitorder="little").tobytes()
    kind = column.dtype
    if kind == pl.String:
        column = column.cast(pl.Binary)
        kind = column.dtype
    if kind == pl.Binary:
        yield column.bin.size().fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes()
        yield b"".join(value for value in column.drop_nulls())
    elif isinstance(kind, pl.List):
        yield column.list.len().fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes()
        yield from _column_bytes(column.drop_nulls().explode(empty_as_null=False))
    elif isinstance(kind, pl.Array):
        yield column.to_numpy().astype("<f4").tobytes()
    elif kind.is_float():
        # adding zero turns -0.0 into 0.0: they are equal and must not differ in bytes
        yield (column.fill_null(0.0).to_numpy() + 0.0).astype("<f8").tobytes()
    else:
        yield column.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()
