"""The dashboard's way to the database: one role that may only read marts, a time limit, faults by name.

Here: the address, the pool, one question at a time, now or as of an earlier instant. Not here: the questions
(``queries`` and its neighbours). Faults carry no detail that a reader may see; the log has it.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import streamlit as st
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from latticeforge.settings import Settings
from latticeforge.store import embedded_server

Row = dict[str, Any]

READER = "lf_reader"
STATEMENT_TIMEOUT_S = 5
CONNECT_TIMEOUT_S = 2.0
_NAMED_BY = ("LF_DASHBOARD_DATABASE_URL", "LF_DATABASE_URL", "LF_HOME")
_OPTIONS = f"-c timezone=UTC -c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_S}s"
_log = logging.getLogger(__name__)


class DashboardFault(Exception):
    """A question that got no answer."""


class DatabaseAway(DashboardFault):
    """No connection."""


class MartsMissing(DashboardFault):
    """The database is there and the marts are not."""


class QueryFailed(DashboardFault):
    """The database refused or gave up."""


def reader_url(settings: Settings) -> str:
    """Where to read, as the role that may read marts and nothing else."""
    if settings.dashboard_database_url:
        return settings.dashboard_database_url
    # The password in LF_DATABASE_URL is another role's, so it is left out.
    url = settings.database_url or _embedded(str(settings.home))
    parts = {k: v for k, v in psycopg.conninfo.conninfo_to_dict(url).items() if k not in ("user", "password")}
    return psycopg.conninfo.make_conninfo("", user=READER, **parts)


@st.cache_resource(show_spinner=False, max_entries=8)
def _address(environment: tuple[str, ...]) -> str:
    """Reading all settings takes a millisecond, and every open tab asks several times every two seconds."""
    return reader_url(Settings())


@st.cache_resource(show_spinner=False)
def _embedded(home: str) -> str:
    return embedded_server(Path(home))


@st.cache_resource(show_spinner=False, max_entries=4, on_release=ConnectionPool.close)
def _pool(url: str) -> ConnectionPool[psycopg.Connection[Row]]:
    return ConnectionPool(
        url,
        connection_class=psycopg.Connection[Row],
        min_size=0,
        max_size=8,
        open=True,
        timeout=CONNECT_TIMEOUT_S,
        max_idle=60.0,
        check=ConnectionPool.check_connection,
        kwargs={"options": _OPTIONS, "autocommit": True, "row_factory": dict_row, "connect_timeout": 3},
    )


def ask(url: str, query: str, parameters: Row | None = None, *, as_of: datetime | None = None) -> list[Row]:
    """The rows of an answer; with ``as_of`` (wall clock) those that were published then.

    Raises:
        DashboardFault: its kind says what a reader can be told.
    """
    try:
        with _pool(url).connection() as connection:
            if as_of is None:
                return connection.execute(query, parameters or {}).fetchall()
            # A prepared plan is made for one instant, so nothing is prepared here.
            with connection.transaction():
                connection.execute("select set_config('lf.as_of', %s, true)", (as_of.isoformat(),))
                return connection.execute(query, parameters or {}, prepare=False).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        _log.warning("the marts are missing or old: %s", error)
        raise MartsMissing from error
    except (psycopg.errors.QueryCanceled, psycopg.ProgrammingError, psycopg.DataError) as error:
        _log.warning("a query failed: %s", error)
        raise QueryFailed from error
    except (PoolTimeout, psycopg.Error) as error:
        _log.warning("no answer from the database: %s", error)
        raise DatabaseAway from error


def where() -> str:
    """The address of the database."""
    try:
        return _address(tuple(os.environ.get(name, "") for name in _NAMED_BY))
    except (OSError, psycopg.Error, ValueError) as error:
        _log.warning("the address of the database cannot be found: %s", error)
        raise DatabaseAway from error
