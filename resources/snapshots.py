"""The place of sealed days as a Dagster resource.

Here: where it is. Not here: sealing (``latticeforge.store.snapshot``).
"""

from __future__ import annotations

import dagster as dg

from latticeforge.settings import Settings
from latticeforge.store.places import Archive, archive_at


class SnapshotResource(dg.ConfigurableResource[Archive]):
    """The place of sealed days; an empty ``path`` means ``LF_ARCHIVE``, else ``snapshots`` in ``LF_HOME``."""

    path: str = ""

    @property
    def archive(self) -> Archive:
        """Where days are sealed. It need not exist yet."""
        return archive_at(self.path or Settings().sealed_days)
