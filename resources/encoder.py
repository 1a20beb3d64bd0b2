"""The text encoder as a Dagster resource.

Here: loading it once a process, when the first text needs it. Not here: encoding.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import dagster as dg

from latticeforge.embedding import Encoder, load_encoder
from latticeforge.settings import Settings


class EncoderResource(dg.ConfigurableResource[Encoder]):
    """The encoder that ``LF_ENCODER`` names; an empty ``models`` means the prepared forms in ``LF_HOME``."""

    models: str = ""

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded on first use; a backfill of many runs in one process loads it once."""
        settings = Settings()
        return _load(settings.encoder, Path(self.models) if self.models else settings.home / "models")


@lru_cache(maxsize=2)
def _load(name: str, models: Path) -> Encoder:
    return load_encoder(name, models)
