"""sentence-transformers models in fp32: the packaged one, and any other by path.

Here: the reference form and models of one's own. Not here: the fast form (``openvino_int8``). One text is computed
at a time: torch's sums change in the last bits with the size of a batch, and a vector must not depend on its company.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latticeforge.embedding.encoder import MAX_TOKENS, clean
from latticeforge.embedding.faults import EncoderFault, WrongDimension
from latticeforge.embedding.weights import MODEL, check_weights, packaged_model
from latticeforge.model import EMBEDDING_DIM

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceEncoder:
    """``Encoder`` on a loaded sentence-transformers model."""

    def __init__(self, model: SentenceTransformer, label: str) -> None:
        import torch

        self.name = f"{label}/fp32/torch-{torch.__version__.split('+')[0]}"
        self._model = model

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Encoder.encode``."""
        if not texts:
            return np.empty((0, EMBEDDING_DIM), np.float32)
        vectors = self._model.encode(
            [clean(text) for text in texts], batch_size=1, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)


def load_packaged(threads: int) -> SentenceEncoder:
    """The packaged model in fp32, its weights checked."""
    check_weights(packaged_model())
    return SentenceEncoder(open_model(str(packaged_model()), threads), MODEL)


def load_sentence_transformer(name: str, threads: int) -> SentenceEncoder:
    """The model at a path or in the local cache; its name carries a checksum, for two models may be called alike."""
    model = open_model(name, threads)
    size = model.get_embedding_dimension()
    if size != EMBEDDING_DIM:
        raise WrongDimension(
            f"the encoder {name} makes vectors of {size} numbers, the database holds {EMBEDDING_DIM}; "
            f"set LF_ENCODER to a model of {EMBEDDING_DIM} dimensions"
        )
    return SentenceEncoder(model, f"{Path(name).name}-{_fingerprint(model)}")


def open_model(name: str, threads: int) -> SentenceTransformer:
    """Open a sentence-transformers model from this machine alone, never from the network."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    try:
        model = SentenceTransformer(name, device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise EncoderFault(
            f"no sentence-transformers model at {name}; "
            "set LF_ENCODER to minilm-int8, minilm-fp32 or the folder of a model"
        ) from error
    model.max_seq_length = min(model.max_seq_length or MAX_TOKENS, MAX_TOKENS)
    return model


def _fingerprint(model: SentenceTransformer) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
