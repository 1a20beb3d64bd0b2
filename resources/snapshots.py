"""The folder of sealed days as a Dagster resource.

Here: where it is. Not here: sealing (``latticeforge.store.snapshot``).
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from latticeforge.settings import Settings


class SnapshotResource(dg.ConfigurableResource[Path]):
    """The folder of sealed days; an empty ``path`` means ``snapshots`` in ``LF_HOME``."""

    path: str = ""

    @property
    def folder(self) -> Path:
        """Where days are sealed. It need not exist yet."""
        return Path(self.path) if self.path else Settings().snapshots
