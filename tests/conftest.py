"""Fixtures every test may use: one embedded Postgres for the run, one migrated empty database for a test."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server of this test run alone. Its commits do not wait for the disk: nobody recovers a test.

    Not in pytest's own folder: where tests run as root the server has a user of its own, and another run of pytest that
    starts meanwhile closes that folder to everyone else.
    """
    with tempfile.TemporaryDirectory(prefix="latticeforge-test-", ignore_cleanup_errors=True) as folder:
        url = embedded_server(Path(folder))
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("synchronous_commit = off", "fsync = off", "full_page_writes = off"):
                connection.execute(sql.SQL("alter system set {}").format(sql.SQL(setting)))
            connection.execute("select pg_reload_conf()")
        yield url
        stop_embedded_server(Path(folder))


@pytest.fixture(scope="session")
def template_database(server_url: str) -> str:
    """A migrated database that others are copied from: a copy takes 50 ms, the migrations 150."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("create database migrated")
    Store(_with_database(server_url, "migrated")).migrate()
    return "migrated"


@pytest.fixture
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template_database))
        )
        yield _with_database(server_url, name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on an empty database."""
    with Store(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data(root: Path) -> Path:
    """The folder of real headlines beside the checkout; skips where it is absent."""
    folder = root.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip("no ../shared/real beside the checkout: real headlines are not part of the project")
    return folder


def _with_database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
