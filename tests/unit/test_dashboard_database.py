"""The dashboard's connection: it only reads, and no question of it runs for ever."""

from __future__ import annotations

import psycopg
import pytest

from latticeforge.store import Store
from latticeforge.store.database import reader_url
from streamlit_app import database


def asked(store: Store, query: str) -> list[database.Row]:
    with store.connection():  # the database is migrated, so the role is there
        pass
    return database.ask(reader_url(store.url), query)


def test_a_question_that_takes_too_long_is_given_up(store: Store) -> None:
    [limit] = asked(store, "select current_setting('statement_timeout') as limit, current_setting('TimeZone') as zone")
    assert limit == {"limit": f"{database.STATEMENT_TIMEOUT_S}s", "zone": "UTC"}
    with pytest.raises(database.QueryFailed):
        asked(store, f"select pg_sleep({database.STATEMENT_TIMEOUT_S + 1})")


def test_the_dashboard_writes_nothing_and_sees_no_landing(store: Store) -> None:
    [read_only] = asked(store, "select current_setting('default_transaction_read_only') as value")
    assert read_only == {"value": "on"}
    for forbidden in ("create table marts.mine (a int)", "select * from landing.item", "delete from ops.audit"):
        with pytest.raises(database.DashboardFault) as refused:
            asked(store, forbidden)
        assert isinstance(refused.value.__cause__, psycopg.errors.Error)


def test_a_database_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(database.DatabaseAway):
        database.ask(reader_url(store.url).replace("dbname=", "dbname=not_"), "select 1")
