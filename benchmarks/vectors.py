"""Embeddings into Postgres: our binary COPY against the way pgvector-python shows. ``python benchmarks/vectors.py``.

Both write 20,000 x 384 into a table of the same shape on the same server, in turns; the figure is the ratio of medians.
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray

from latticeforge.model import EMBEDDING_DIM
from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.vectors import copy_binary, save_vectors

ROWS = 20_000
ROUNDS = 5
COPY = "copy bench (text_hash, model, vector) from stdin (format binary)"


def ours(c: psycopg.Connection, hashes: list[bytes], vectors: NDArray[np.float32]) -> None:
    """Blocks made by numpy."""
    with c.cursor() as cursor, cursor.copy(COPY) as copy:
        for block in copy_binary(hashes, "model", vectors):
            copy.write(block)


def theirs(c: psycopg.Connection, hashes: list[bytes], vectors: NDArray[np.float32]) -> None:
    """As in pgvector-python's own example of bulk loading."""
    with c.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(["bytea", "text", "vector"])
        for key, vector in zip(hashes, vectors, strict=True):
            copy.write_row((key, "model", vector))


def timed(store: Store, write: Callable[[psycopg.Connection], None]) -> float:
    """Seconds for one write into an empty table, commit included."""
    with store.connection() as c:
        c.execute("drop table if exists bench")
        c.execute("create table bench (text_hash bytea, model text, vector vector(384))")
        c.execute("alter table bench alter column vector set storage plain")
    began = time.perf_counter()
    with store.connection() as c:
        write(c)
    return time.perf_counter() - began


def main() -> None:
    """Print rows a second of both, their ratio, and the whole of ``save_vectors`` with its index and deduplication."""
    vectors = np.random.default_rng(0).standard_normal((ROWS, EMBEDDING_DIM)).astype(np.float32)
    hashes = [hashlib.sha256(str(n).encode()).digest() for n in range(ROWS)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with Store(embedded_server(Path(folder))).open() as store:
            rounds = [
                (timed(store, lambda c: ours(c, hashes, vectors)), timed(store, lambda c: theirs(c, hashes, vectors)))
                for _ in range(ROUNDS)
            ]
            began = time.perf_counter()
            with store.connection() as c:
                save_vectors(c, hashes, "model", vectors)
            whole = time.perf_counter() - began
        stop_embedded_server(Path(folder))
    mine, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"ours    {ROWS / mine:10,.0f} vectors/s ({mine:.2f} s)")
    print(f"peer    {ROWS / peer:10,.0f} vectors/s ({peer:.2f} s), pgvector-python with write_row")
    print(f"ratio   {peer / mine:10.2f}")
    print(
        f"kept    {ROWS / whole:10,.0f} vectors/s into core.embedding, with its key and deduplication ({whole:.2f} s)"
    )


if __name__ == "__main__":
    main()
