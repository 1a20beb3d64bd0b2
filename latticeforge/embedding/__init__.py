"""Text to vectors: one protocol, a fast int8 form of the packaged model, and any sentence-transformers model.

Here: loading an encoder and encoding. Not here: keeping vectors (``store.vectors``) or comparing them
(``narratives``). Nothing in this package uses the network.
"""

from __future__ import annotations

from latticeforge.embedding.encoder import MAX_TOKENS, Encoder, load_encoder
from latticeforge.embedding.faults import EncoderFault

__all__ = ["MAX_TOKENS", "Encoder", "EncoderFault", "load_encoder"]
