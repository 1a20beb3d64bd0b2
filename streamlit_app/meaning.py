"""A reader's words as a vector, for search by meaning.

Here: the radar's own encoder, loaded once for all readers. Not here: comparing vectors, which the database does.
Where the encoder cannot be loaded, the search falls back to words.
"""

from __future__ import annotations

import logging

import streamlit as st

from latticeforge.embedding import Encoder, EncoderFault, load_encoder
from latticeforge.settings import Settings

_log = logging.getLogger(__name__)
LONGEST = 200


@st.cache_resource(show_spinner=False)
def _encoder() -> Encoder | None:
    settings = Settings()
    try:
        return load_encoder(settings.encoder, settings.home / "models", threads=1)
    except (EncoderFault, OSError) as error:
        _log.warning("search by meaning is off: %s", error)
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def meaning_of(words: str) -> tuple[float, ...] | None:
    """384 numbers of length 1, or None where there is no encoder."""
    encoder = _encoder()
    if encoder is None:
        return None
    return tuple(float(x) for x in encoder.encode([words[:LONGEST]])[0])
