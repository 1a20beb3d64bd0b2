"""Encodings kept in a file, for work without a database: a text is encoded once for each model.

Here: one Parquet file a model under a folder of ``LF_HOME``. Not here: ``core.embedding``, which the radar keeps.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.embedding.encoder import Encoder
from latticeforge.embedding.faults import EncoderFault
from latticeforge.model import EMBEDDING_DIM, VECTOR, Schema, text_hash

_KEY = {"text_hash": pl.Binary, "text": pl.String}
_SCHEMA: Schema = {"text_hash": pl.Binary, "vector": VECTOR}


def encode_cached(texts: Sequence[str], encoder: Encoder, folder: Path) -> NDArray[np.float32]:
    """(n, 384) unit rows as ``encoder`` gives them, reading from and adding to the file of its name.

    A file that is damaged is made again. Two processes at a time lose at most each other's additions.

    Raises:
        EncoderFault: the folder cannot be written.
    """
    path = folder / f"{hashlib.sha256(encoder.name.encode()).hexdigest()[:16]}.parquet"
    known = _read(path)
    wanted = pl.DataFrame({"text_hash": [text_hash(t) for t in texts], "text": list(texts)}, schema_overrides=_KEY)
    absent = wanted.unique("text_hash", maintain_order=True).join(known, on="text_hash", how="anti").sort("text_hash")
    if absent.height:
        vectors = encoder.encode(absent["text"].to_list())
        new = pl.DataFrame({"text_hash": absent["text_hash"], "vector": pl.Series(vectors, dtype=VECTOR)})
        known = pl.concat([known, new])
        _write(known, path)
    found = wanted.join(known, on="text_hash", how="left", maintain_order="left")
    return np.ascontiguousarray(found["vector"].to_numpy(), dtype=np.float32).reshape(len(texts), EMBEDDING_DIM)


def _read(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=_SCHEMA)
    return frame if dict(frame.schema) == _SCHEMA else pl.DataFrame(schema=_SCHEMA)


def _write(frame: pl.DataFrame, path: Path) -> None:
    part = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(part)
        part.replace(path)
    except OSError as error:
        raise EncoderFault(f"encodings cannot be kept in {path.parent} ({error.strerror}); set LF_HOME") from error
