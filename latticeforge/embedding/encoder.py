"""The protocol every encoder follows, and the choice of one by its setting.

Here: what an encoder promises. Not here: how a form keeps the promise (``openvino_int8``, ``sentence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS = 128
"""A text counts up to here, its two marker tokens included: the length the packaged model was trained on."""

MAX_CHARACTERS = 16_384
"""Tokens are looked for up to here, so that a megabyte of text costs no more than a page."""

FAST = "minilm-int8"
REFERENCE = "minilm-fp32"


class Encoder(Protocol):
    """Turns texts into unit vectors; the same text always gives the same bits, whatever it was batched with."""

    @property
    def name(self) -> str:
        """``encoder/precision/runtime``, e.g. ``all-MiniLM-L6-v2/int8-r1/openvino-2026.4.1``: its vectors' key."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (n, 384) with length 1, row i for ``texts[i]``; no texts give (0, 384).

        A text may be empty. Beyond ``MAX_TOKENS`` tokens (or ``MAX_CHARACTERS`` characters) it is cut.
        """
        ...


def load_encoder(name: str, cache_dir: Path, *, threads: int = 2) -> Encoder:
    """The encoder that a setting names: ``minilm-int8``, ``minilm-fp32``, or the path of a sentence-transformers model.

    Args:
        name: see above; a name that is no path must already be in the local Hugging Face cache.
        cache_dir: where prepared forms are kept (``LF_HOME/models``); made when missing.
        threads: processor threads to use, at least 1.

    Raises:
        WeightsChanged: the packaged model is not the published one.
        WrongDimension: the model's vectors do not have 384 numbers.
        EncoderFault: no such model, or ``cache_dir`` cannot be written.
    """
    if name == FAST:
        from latticeforge.embedding.openvino_int8 import load_fast

        return load_fast(cache_dir, threads)
    from latticeforge.embedding.sentence import load_packaged, load_sentence_transformer

    return load_packaged(threads) if name == REFERENCE else load_sentence_transformer(name, threads)


def clean(text: str) -> str:
    """The text as any tokenizer can take it: cut to size, lone surrogates as ``?``."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
