"""A database with marts for each test of the dashboard: built once, copied for every test."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import streamlit as st

from latticeforge.store import Store
from latticeforge.store.marts import build_marts


@pytest.fixture(scope="session")
def day(root: Path) -> SimpleNamespace:
    """The made-up afternoon: see ``dashboard_day.py``."""
    return SimpleNamespace(**runpy.run_path(str(root / "tests" / "app" / "dashboard_day.py")))


@pytest.fixture(scope="session")
def marts_template(server_url: str, template_database: str) -> str:
    """A migrated, empty database with its marts."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database marts_app template {template_database}")
    build_marts(server_url.replace("/postgres?", "/marts_app?"))
    return "marts_app"


@pytest.fixture(scope="session")
def day_template(server_url: str, marts_template: str, day: SimpleNamespace) -> str:
    """The same with the afternoon in it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database marts_app_day template {marts_template}")
    with Store(server_url.replace("/postgres?", "/marts_app_day?")) as store, store.connection() as connection:
        day.seed(connection)
    return "marts_app_day"


def _copied(server_url: str, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An open copy of ``template``, which the dashboard reads as lf_reader."""
    url = server_url.replace("/postgres?", "/dashboard?")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database dashboard template {template}")
        monkeypatch.setenv("LF_DATABASE_URL", url)
        monkeypatch.delenv("LF_DASHBOARD_DATABASE_URL", raising=False)
        st.cache_data.clear()
        with Store(url, connections=2) as opened:
            yield opened
        st.cache_resource.clear()
        connection.execute("drop database dashboard with (force)")


@pytest.fixture
def empty(server_url: str, marts_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A database with marts and nothing in them."""
    yield from _copied(server_url, marts_template, monkeypatch)


@pytest.fixture
def seeded(
    server_url: str, day_template: str, day: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A database with the afternoon in it and a radar that has just beaten."""
    for store in _copied(server_url, day_template, monkeypatch):
        with store.connection() as connection:
            day.alive(connection)
        yield store
