"""A database of LatticeForge: a pool of connections with its types registered.

Here: opening, and the one object that the rest of the system passes around. Not here: what is read and written, which
lives in ``landing``, ``generations``, ``vectors`` and ``ledger`` as functions on a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg
from pgvector.psycopg import register_vector
from psycopg_pool import ConnectionPool, PoolTimeout

from latticeforge.settings import Settings
from latticeforge.store.embedded import embedded_server
from latticeforge.store.faults import DatabaseUnreachable
from latticeforge.store.migrate import Migration, migrate


class Store:
    """One migrated database.

    Args:
        url: A libpq URL. It never appears in messages whole: it may hold a password.
        connections: Most connections open at once.
    """

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            timeout=10.0,
            # an attempt that takes longer is given up and the next user makes a new one; the pool's own waits double
            reconnect_timeout=3.0,
            kwargs={"options": "-c timezone=UTC"},
            configure=_configure,
        )

    def open(self) -> Self:
        """Connect and bring the schema up to date.

        Raises:
            DatabaseUnreachable: no connection within 10 seconds.
        """
        self.migrate()
        self._pool.open()
        try:
            self._pool.wait(10.0)
        except PoolTimeout as error:
            raise DatabaseUnreachable(f"{self.where} gave no connection within 10 s") from error
        return self

    def migrate(self) -> list[Migration]:
        """Apply pending migrations; return them."""
        with self.bare_connection() as connection:
            return migrate(connection)

    @contextmanager
    def bare_connection(self) -> Iterator[psycopg.Connection]:
        """A connection outside the pool, for work before the schema exists.

        Raises:
            DatabaseUnreachable: the server does not answer or refuses.
        """
        try:
            connection = psycopg.connect(self.url, connect_timeout=10, options="-c timezone=UTC")
        except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            raise DatabaseUnreachable(
                f"cannot reach {self.where}: {reason}. Check LF_DATABASE_URL, or unset it to use the embedded server"
            ) from error
        with connection:
            yield connection

    @property
    def where(self) -> str:
        """The server, for people: host and database, never the password."""
        try:
            info = psycopg.conninfo.conninfo_to_dict(self.url)
        except psycopg.ProgrammingError:
            return "the database (its URL cannot be read)"
        return f"database {info.get('dbname') or 'postgres'!s} at {info.get('host') or 'localhost'!s}"

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A pooled connection and one transaction: committed at the end, rolled back on an exception."""
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _configure(connection: psycopg.Connection) -> None:
    register_vector(connection)
    connection.commit()


def database_url(settings: Settings) -> str:
    """The URL of the configured database; starts the embedded server where none is configured."""
    return settings.database_url or embedded_server(settings.home)


def reader_url(url: str) -> str:
    """The same database for the role that may only read ``marts``."""
    return psycopg.conninfo.make_conninfo(url, user="lf_reader")


def open_store(settings: Settings, *, connections: int = 8) -> Store:
    """The configured database, migrated and open."""
    return Store(database_url(settings), connections=connections).open()
