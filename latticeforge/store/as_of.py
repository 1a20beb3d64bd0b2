"""Reading what was published at an earlier instant.

Here: putting a connection into the past and back. Not here: what is read; every read of what counts goes through
``core.counting`` and follows ``lf.as_of`` by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from latticeforge.store.faults import StoreFault


class NotKept(StoreFault):
    """The instant lies before what retention has kept."""


@contextmanager
def reading_as_of(connection: psycopg.Connection, at: datetime | None) -> Iterator[psycopg.Connection]:
    """Let ``connection`` see what counted at ``at`` (wall clock); None reads the present. Writing is refused meanwhile.

    Raises:
        NotKept: retention has removed what counted then.
    """
    if at is None:
        yield connection
        return
    _require_kept(connection, at)
    _set(connection, at.isoformat())
    try:
        yield connection
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            _set(connection, "")


def _set(connection: psycopg.Connection, value: str) -> None:
    # plans made for the present would go on reading it
    connection.execute("select set_config('lf.as_of', %s, true)", (value,))
    connection.execute("discard plans")


def _require_kept(connection: psycopg.Connection, at: datetime) -> None:
    row = connection.execute("select max(kept_from) from ops.retention").fetchone()
    if row and row[0] and at < row[0]:
        raise NotKept(f"what was published before {row[0]:%Y-%m-%dT%H:%M:%SZ} is not kept; see `lf retention`")
