"""Numbered SQL migrations, applied in order, each in one transaction.

Here: the runner. Not here: the SQL itself (``migrations/NNNN_name.sql``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import psycopg

from latticeforge.store.faults import MigrationFault

_LOCK = 0x1A77_1CEF  # two processes that start together must not migrate at once


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of SQL."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the SQL, in hexadecimal; an applied migration must never change."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Status:
    """A migration, and when it was applied (None: pending)."""

    migration: Migration
    applied_at: datetime | None


def migrations() -> list[Migration]:
    """Every migration shipped with this version, oldest first."""
    folder = resources.files("latticeforge.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name[:4]), f.name[5:-4], f.read_text()) for f in files]


def status(connection: psycopg.Connection) -> list[Status]:
    """Every known migration with the time it was applied.

    Raises:
        MigrationFault: an applied migration was edited since, or the database is newer than this code.
    """
    exists = connection.execute("select to_regclass('public.lf_migration')").fetchone()
    applied: dict[int, tuple[str, datetime]] = {}
    if exists and exists[0]:
        rows = connection.execute("select version, sha256, applied_at from public.lf_migration").fetchall()
        applied = {version: (sha, at) for version, sha, at in rows}
    known = migrations()
    _refuse_surprises(known, applied)
    return [Status(m, applied[m.version][1] if m.version in applied else None) for m in known]


def _refuse_surprises(known: list[Migration], applied: dict[int, tuple[str, datetime]]) -> None:
    if newer := sorted(set(applied) - {m.version for m in known}):
        raise MigrationFault(f"the database has migration {newer[-1]:04d}, newer than this code; upgrade latticeforge")
    for m in known:
        if m.version in applied and applied[m.version][0] != m.sha256:
            raise MigrationFault(
                f"migration {m.version:04d}_{m.name} was changed after it was applied: stored SHA-256 "
                f"{applied[m.version][0][:12]}, expected {m.sha256[:12]}; add a new migration instead"
            )


def migrate(connection: psycopg.Connection) -> list[Migration]:
    """Apply what is pending; return it. Safe to call from several processes at once."""
    connection.commit()
    connection.autocommit = True
    try:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(
            "create table if not exists public.lf_migration (version int primary key, name text not null,"
            " sha256 text not null, applied_at timestamptz not null default clock_timestamp())"
        )
        pending = [s.migration for s in status(connection) if s.applied_at is None]
        for m in pending:
            _apply(connection, m)
        return pending
    finally:
        connection.execute("select pg_advisory_unlock(%s)", (_LOCK,))
        connection.autocommit = False


def _apply(connection: psycopg.Connection, m: Migration) -> None:
    with connection.transaction():
        connection.execute(m.sql.encode())
        connection.execute(
            "insert into public.lf_migration (version, name, sha256) values (%s, %s, %s)", (m.version, m.name, m.sha256)
        )
