"""The database as a Dagster resource.

Here: which database, and that it is open while a run or a sensor tick lasts. Not here: what is read or written.
"""

from __future__ import annotations

import dagster as dg
from pydantic import PrivateAttr

from latticeforge.settings import Settings
from latticeforge.store import Store
from latticeforge.store.database import database_url


class StoreResource(dg.ConfigurableResource[Store]):
    """An open, migrated store; an empty ``url`` means ``LF_DATABASE_URL``, else the embedded server of ``LF_HOME``."""

    url: str = ""
    _open: Store | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Connect and migrate."""
        self._open = Store(self.url or database_url(Settings()), connections=2).open()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close every connection."""
        self.store.close()
        self._open = None

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            RuntimeError: outside a run or a tick.
        """
        if self._open is None:
            raise RuntimeError("the store is open during a run or a sensor tick only")
        return self._open
