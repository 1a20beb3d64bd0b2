"""Embeddings in and out of Postgres, in COPY's binary form.

Here: ``core.embedding``. Not here: how a vector is made (``embedding``).
Rows are built as numpy structured arrays, so 20,000 vectors cost no Python loop over rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import psycopg
from numpy.typing import NDArray

from latticeforge.model import EMBEDDING_DIM

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_BLOCK_ROWS = 64


def copy_binary(hashes: Sequence[bytes], model: str, vectors: NDArray[np.float32]) -> Iterator[bytes]:
    """What COPY reads in its binary form: rows (text_hash, model, vector) for ``n`` hashes and an (n, 384) matrix.

    In blocks: one buffer of 30 MB is copied several times on its way to the server and takes twice as long.
    """
    yield _HEADER
    for start in range(0, len(hashes), _BLOCK_ROWS):
        yield _rows(hashes[start : start + _BLOCK_ROWS], model.encode(), vectors[start : start + _BLOCK_ROWS])
    yield _TRAILER


def _rows(hashes: Sequence[bytes], model: bytes, vectors: NDArray[np.float32]) -> bytes:
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("hash_len", ">i4"),
            ("hash", "V32"),
            ("model_len", ">i4"),
            ("model", f"V{len(model)}"),
            ("vector_len", ">i4"),
            ("dim", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f4", (EMBEDDING_DIM,)),
        ]
    )
    rows = np.zeros(len(hashes), dtype=row)
    rows["fields"], rows["hash_len"], rows["model_len"] = 3, 32, len(model)
    rows["hash"] = np.frombuffer(b"".join(hashes), dtype="V32")
    rows["model"] = np.void(model)
    rows["vector_len"], rows["dim"] = 4 + 4 * EMBEDDING_DIM, EMBEDDING_DIM
    rows["vector"] = vectors
    return rows.tobytes()


def save_vectors(
    connection: psycopg.Connection, hashes: Sequence[bytes], model: str, vectors: NDArray[np.float32]
) -> int:
    """Keep the vectors whose (text_hash, model) is new; return how many were. One COPY, one INSERT.

    Raises:
        ValueError: hashes and vectors do not match, or a vector is not 384 wide.
    """
    if vectors.shape != (len(hashes), EMBEDDING_DIM):
        raise ValueError(f"{len(hashes)} hashes and vectors of shape {vectors.shape}; expected (n, {EMBEDDING_DIM})")
    if not hashes:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table if not exists incoming_embedding"
            " (text_hash bytea, model text, vector vector(384)) on commit delete rows"
        )
        with cursor.copy("copy incoming_embedding from stdin (format binary)") as copy:
            for block in copy_binary(hashes, model, vectors):
                copy.write(block)
        cursor.execute(
            "insert into core.embedding (text_hash, model, vector)"
            " select distinct on (text_hash, model) text_hash, model, vector from incoming_embedding"
            " on conflict do nothing"
        )
        saved = cursor.rowcount
        cursor.execute("truncate incoming_embedding")
        return saved


def load_vectors(
    connection: psycopg.Connection, hashes: Sequence[bytes], model: str
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Vectors for ``hashes``, in their order.

    Returns:
        An (n, 384) float32 matrix, and an (n,) mask that is False where no vector is stored (that row is zero).
    """
    matrix = np.zeros((len(hashes), EMBEDDING_DIM), dtype=np.float32)
    found = np.zeros(len(hashes), dtype=np.bool_)
    if not hashes:
        return matrix, found
    places: dict[bytes, list[int]] = {}
    for place, key in enumerate(hashes):
        places.setdefault(bytes(key), []).append(place)
    with connection.cursor(binary=True) as cursor:
        cursor.execute(
            "select text_hash, vector_send(vector) from core.embedding where model = %s and text_hash = any(%s)",
            (model, list(places)),
        )
        for key, blob in cursor:
            where = places[bytes(key)]
            matrix[where] = np.frombuffer(blob, dtype=">f4", offset=4)
            found[where] = True
    return matrix, found


def vector_blobs(blobs: Sequence[bytes]) -> NDArray[np.float32]:
    """Decode the results of ``vector_send`` into an (n, 384) float32 matrix."""
    if not blobs:
        return np.zeros((0, EMBEDDING_DIM), dtype=np.float32)
    raw = np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), 4 + 4 * EMBEDDING_DIM)
    return np.ascontiguousarray(raw[:, 4:]).view(">f4").astype(np.float32)
