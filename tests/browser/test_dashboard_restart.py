"""A dashboard that dies under its supervisor: it is back, and open tabs go on in the view they had."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from latticeforge.radar.processes import (
    SETTLED_S,
    faces,
    process_states,
    start_supervisor,
    write_configuration,
)
from latticeforge.settings import Settings
from latticeforge.store import Store
from latticeforge.store.marts import build_marts
from streamlit_app.ui import text

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def day(root: Path) -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(root / "tests" / "app" / "dashboard_day.py")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((found for name in names if (found := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium found; on Debian `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def store(server_url: str, template_database: str, day: SimpleNamespace) -> Iterator[Store]:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database restarted template {template_database}")
        url = server_url.replace("/postgres?", "/restarted?")
        with Store(url, connections=2) as opened:
            build_marts(url)
            with opened.connection() as writing:
                day.seed(writing)
            yield opened
        connection.execute("drop database restarted with (force)")


@pytest.fixture
def served(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The dashboard as `lf up` supervises it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = Settings(home=tmp_path, dashboard_port=probe.getsockname()[1])
    monkeypatch.setenv("LF_DATABASE_URL", store.url)
    monkeypatch.delenv("LF_DASHBOARD_DATABASE_URL", raising=False)
    dashboard = [p for p in faces(settings, store.url) if p.name == "dashboard"]
    supervisor = start_supervisor(write_configuration(tmp_path, dashboard))
    found = SimpleNamespace(address=f"http://127.0.0.1:{settings.dashboard_port}", home=tmp_path)
    _until_it_answers(found.address)
    yield found
    supervisor.terminate()
    supervisor.wait(30)


def _until_it_answers(address: str) -> float:
    """Seconds until it does."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return time.monotonic() - began
        except OSError:
            time.sleep(0.1)
    pytest.fail("the dashboard did not start")


def _pid(home: Path) -> int:
    return int(process_states(home)[0]["pid"])


def _tab(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto(address)
    page.evaluate("window.marker = 'same tab'")
    return page


def test_open_tabs_go_on_where_they_were(
    browser: Browser, served: SimpleNamespace, store: Store, day: SimpleNamespace
) -> None:
    now = _tab(browser, served.address)
    fold = now.locator("[data-testid='stExpander'] details").first
    fold.locator("summary").press("Enter")
    expect(fold).to_have_attribute("open", "")
    search = _tab(browser, f"{served.address}/narratives?word=drone")
    box = search.locator("[data-testid='stTextInput'] input")
    expect(box).to_have_value("drone")
    expect(search.get_by_text("First seen 28 Jan 2025")).to_be_visible()

    _until_settled(served.home)
    killed = _pid(served.home)
    os.kill(killed, signal.SIGKILL)
    _until_gone(served.home, killed)
    _until_it_answers(served.address)
    with store.connection() as connection:
        day.live_alert(connection, "winter storm")

    expect(now.get_by_text("“winter storm” rose to")).to_be_visible()  # by itself
    expect(fold).to_have_attribute("open", "")
    expect(box).to_have_value("drone")
    assert search.url == f"{served.address}/narratives?word=drone"
    box.fill("nothing-like-it")
    box.press("Enter")
    expect(search.get_by_text(text.NO_MATCH)).to_be_visible()
    for tab in (now, search):
        assert tab.evaluate("window.marker") == "same tab"
        expect(tab.get_by_role("dialog")).to_have_count(0)


def _until_settled(home: Path) -> None:
    """Supervisor starts a program again at once when it has run for a while; RUNNING says that it has."""
    deadline = time.monotonic() + SETTLED_S + 30
    while process_states(home)[0]["statename"] != "RUNNING":
        assert time.monotonic() < deadline, "never settled"
        time.sleep(0.2)


def _until_gone(home: Path, killed: int) -> None:
    deadline = time.monotonic() + 30
    while _pid(home) in (0, killed):
        assert time.monotonic() < deadline, "not started again"
        time.sleep(0.05)
