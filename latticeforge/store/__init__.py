"""Postgres: where landed input, generations and the system's own ledger live.

Here: connections, migrations, COPY, reads and writes. Not here: what the numbers mean (``narratives``) or when they are
computed (``radar``).
"""

from latticeforge.store.database import Store, open_store
from latticeforge.store.embedded import embedded_server

__all__ = ["Store", "embedded_server", "open_store"]
