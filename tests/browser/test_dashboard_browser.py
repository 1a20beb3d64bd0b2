"""The dashboard in a real browser: it renders, updates by itself, keeps its state, and runs no stranger's script."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import polars as pl
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from latticeforge.store import Store
from latticeforge.store.landing import land_items
from latticeforge.store.marts import build_marts
from streamlit_app.ui import text
from streamlit_app.ui.text import confirmed as confirmed_words
from streamlit_app.ui.text import days as day_words
from streamlit_app.ui.text import figure as figure_words
from streamlit_app.ui.text import graph as graph_words
from streamlit_app.ui.text import link as link_words
from streamlit_app.ui.text import signals as signal_words

PATHS = {
    "": text.NOW_HEADING,
    "link": link_words.HAPPENED,
    "confirmed": confirmed_words.HEADING,
    "narratives": text.NARRATIVES_HEADING,
    "graph": graph_words.HEADING,
    "signals": signal_words.HEADING,
    "day": day_words.HEADING,
    "sources": text.SOURCES_HEADING,
    "method": "Method",
}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000  # how long a busy machine may take; how often the page asks is tested on its own
HOSTILE = "<script>window.owned=1</script><img src=x onerror='window.owned=2'>![x](https://evil.example/p.png) :smile:"


@pytest.fixture(scope="module")
def day(root: Path) -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(root / "tests" / "app" / "dashboard_day.py")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if chromium is None:
        pytest.skip("no Chromium found; on Debian `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def store(server_url: str, template_database: str, day: SimpleNamespace, root: Path) -> Iterator[Store]:
    """A database with the afternoon in it, and marts."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database browser template {template_database}")
        url = server_url.replace("/postgres?", "/browser?")
        with Store(url, connections=2) as opened:
            build_marts(url)
            with opened.connection() as writing:
                day.seed(writing)
                runpy.run_path(str(root / "tests" / "app" / "dashboard_state.py"))["seed"](writing)
            build_marts(url)  # the figures of the day
            yield opened
        connection.execute("drop database browser with (force)")


@pytest.fixture(scope="module")
def address(root: Path, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the dashboard listens: started as `lf up` starts it, from another folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(root / "streamlit_app" / "app.py")]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--browser.gatherUsageStats", "false"]
    folder = tmp_path_factory.mktemp("elsewhere")
    environment = {k: v for k, v in os.environ.items() if k != "LF_DASHBOARD_DATABASE_URL"} | {
        "LF_DATABASE_URL": store.url
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the dashboard did not start")


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    options = getattr(request, "param", {"viewport": {"width": 1200, "height": 900}})
    context = browser.new_context(**options)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def link(store: Store) -> str:
    """The address of the link that is likely, without the host."""
    with store.connection() as connection:
        row = connection.execute("select statement_id from marts.link_board where verdict = 'likely'").fetchone()
    assert row is not None
    return f"link?link={quote(row[0])}"


VIEWS = [
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    {"viewport": {"width": 1200, "height": 900}},
]


@pytest.mark.parametrize("page", VIEWS, indirect=True, ids=["phone, dark", "desk, light"])
def test_every_page_fits_is_accessible_and_asks_nobody_else(page: Page, address: str, link: str) -> None:
    hosts: set[str | None] = set()
    errors: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    found: dict[str, list[str]] = {}
    for path, heading in PATHS.items():
        page.goto(f"{address}/{link if path == 'link' else path}")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        if path not in ("method", "link"):
            expect(page.get_by_text("Data up to").first).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        # twice: a page that begins to run again between the wait and the look is faded, and faded text has no contrast
        if serious_violations(when_whole(page)) and (serious := serious_violations(when_whole(page))):
            found[path or "now"] = serious
    assert hosts <= {"127.0.0.1", None} and errors == [] and found == {}


def when_whole(page: Page) -> Page:
    """The page once nothing on it is faded, as Streamlit fades what it draws anew."""
    faded = "e => e.dataset.stale !== 'false' || getComputedStyle(e).opacity !== '1'"
    page.wait_for_function(f"() => ![...document.querySelectorAll('[data-stale]')].some({faded})")
    return page


def serious_violations(page: Page) -> list[str]:
    """What axe finds serious or critical, each with the first element it was found on."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")]


def test_the_whole_story_opens_from_its_card_by_keyboard(page: Page, address: str) -> None:
    page.goto(address)
    card = page.locator("[class*='st-key-card-']").first
    card.get_by_role("link", name=text.WHOLE_STORY).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=link_words.UNUSUAL, exact=True)).to_be_visible()
    assert "link=committed" in page.url
    chart = page.get_by_role("img", name="Time line: drone sightings peaks")
    expect(chart.or_(page.locator("[aria-label*='Time line: drone sightings peaks']")).first).to_be_visible()


def taken(page: Page, frame: Locator, button: str) -> str:
    """What a button saves. By keyboard: a chart drawn late moves the page, and a press of the mouse then ends beside
    the button (one click in five was lost on a busy machine)."""
    with page.expect_download() as download:
        frame.get_by_role("button", name=button).press("Enter")
    return Path(download.value.path()).read_text()


def test_a_chart_can_be_taken_along(page: Page, address: str, link: str) -> None:
    page.goto(f"{address}/{link}")
    frame = page.locator(".st-key-take-link-time-line")
    frame.locator("summary").press("Enter")
    expect(frame.get_by_text(f"{address}/link?link=committed").first).to_be_visible()
    lines = taken(page, frame, figure_words.CSV).splitlines()
    assert lines[0] == "at,items,story,event,usual,low,high" and len(lines) > 5
    told = json.loads(taken(page, frame, figure_words.METADATA))
    assert told["rows"] == len(lines) - 1 and told["interval"] == link_words.LINE_INTERVAL


def test_the_mesh_is_followed_by_keyboard_and_keeps_its_address(page: Page, address: str) -> None:
    page.goto(f"{address}/graph")
    choice = page.get_by_role("combobox", name=graph_words.FOLLOW)
    choice.focus()
    choice.press_sequentially("Executive clemency")
    choice.press("Enter")
    expect(page.get_by_text("“drone sightings”").first).to_be_visible()
    page.wait_for_url("**node=event**")


def test_the_graph_of_leads_is_drawn_and_its_hour_is_in_the_address(page: Page, address: str) -> None:
    page.goto(f"{address}/signals?kind=Watched+terms")
    expect(page.get_by_text("15 min ahead").first).to_be_visible()
    drawn = page.locator("[aria-label*='Graph of 3 links between streams']")
    expect(drawn.first).to_be_visible()
    frame = page.locator(".st-key-take-leads")
    frame.locator("summary").press("Enter")
    expect(frame.get_by_text("signals?hour=28+Jan+2025").first).to_be_visible()
    assert taken(page, frame, figure_words.CSV).splitlines()[0].startswith("source_label,target_label")
    assert asked(f"{address}/data/leads.csv?from=2025-01-28T13:00:00Z")[2].count(b"\n") == 4


def asked(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urlopen(Request(url, headers=headers), timeout=30) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def test_data_has_addresses_with_etag_lifetime_and_policy(address: str) -> None:
    for form in ("csv", "json", "parquet", "meta.json"):
        status, headers, body = asked(f"{address}/data/links.{form}")
        assert status == 200 and body
        assert headers["cache-control"] == "public, max-age=15" and "sandbox" in headers["content-security-policy"]
    _, headers, _ = asked(f"{address}/data/links.csv")
    assert asked(f"{address}/data/links.csv", **{"If-None-Match": headers["etag"]})[0] == 304
    table = pl.read_parquet(io.BytesIO(asked(f"{address}/data/day/2025-01-28/links.parquet")[2]))
    told = json.loads(asked(f"{address}/data/day/2025-01-28/links.meta.json")[2])
    assert table.height == told["rows"] >= 4 and told["does_not_say"] == text.DISCLAIMER
    assert asked(f"{address}/data/narratives.csv?from=2025-01-28T14:00:00Z&to=2025-01-28T14:05:00Z")[2].count(b"\n") > 3
    past = json.loads(asked(f"{address}/data/links.json?as_of=2020-01-01T00:00:00Z")[2])
    assert past["rows"] == []


@pytest.mark.parametrize("path", ["links.exe", "secrets.csv", "day/soon/links.csv", "links.csv?from=x", "%2e%2e/x.csv"])
def test_what_is_no_address_is_refused_in_a_sentence(address: str, path: str) -> None:
    status, headers, body = asked(f"{address}/data/{path}")
    assert status in (400, 404) and b"Traceback" not in body
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_the_feed_is_atom_and_links_back(address: str, store: Store, day: SimpleNamespace) -> None:
    with store.connection() as connection:
        day.live_alert(connection, "rate decision", headline="<b>Rates</b> & more")
    status, headers, body = asked(f"{address}/data/links.atom")
    assert status == 200 and headers["content-type"].startswith("application/atom+xml")
    space = "{http://www.w3.org/2005/Atom}"
    entries = ElementTree.fromstring(body).findall(f"{space}entry")
    titles = [e.findtext(f"{space}title") for e in entries]
    assert "Likely: <b>Rates</b> & more" in titles and b"<b>" not in body
    assert all(e.find(f"{space}link").attrib["href"].startswith(f"{address}/link?") for e in entries)


def test_pages_carry_a_policy_that_lets_no_stranger_s_script_run(address: str) -> None:
    policy = asked(address)[1]["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts and "'unsafe-eval'" not in scripts and "http" not in scripts


def test_the_program_comes_packed_and_as_it_is(address: str) -> None:
    _, headers, page = asked(address)
    scripts = re.findall(r'src="\.(/static/js/[^"]+)"', page.decode())
    scripts += [part.split(">")[0].removeprefix("<.") for part in headers["link"].split(", ")]
    assert len(scripts) >= 4
    for path in scripts:
        status, told, packed = asked(address + path, **{"Accept-Encoding": "gzip"})
        assert status == 200 and told["content-encoding"] == "gzip" and "immutable" in told["cache-control"]
        plain = asked(address + path)
        assert "content-encoding" not in plain[1] and gzip.decompress(packed) == plain[2]
        assert told["x-content-type-options"] == "nosniff" and "javascript" in told["content-type"]
    assert "modulepreload" not in asked(f"{address}/data/links.csv")[1].get("link", "")


def test_a_link_is_one_sentence_with_a_chart_and_headlines(page: Page, address: str) -> None:
    page.goto(address)
    card = page.locator("[class*='st-key-card-']").first
    expect(card).to_contain_text("“drone sightings” rose to 6.1× its usual share 5 minutes after")
    expect(card).to_contain_text("Provisional alarm")
    expect(card.get_by_role("img", name="Likelihood 82 percent, 95 percent interval from 71 to 90")).to_be_visible()
    link = card.get_by_role("link", name="Mysterious drones seen over three counties, residents report")
    assert str(link.get_attribute("href")).startswith("https://")


@pytest.mark.parametrize("page", [{"color_scheme": "dark", "viewport": {"width": 1200, "height": 900}}], indirect=True)
def test_a_reader_who_prefers_dark_gets_dark(page: Page, address: str) -> None:
    page.goto(f"{address}/method")
    expect(page.get_by_text("Why a coincidence is worth nothing")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == "rgb(21, 24, 27)"


def test_a_commit_appears_by_itself_and_the_reader_keeps_place(
    page: Page, address: str, store: Store, day: SimpleNamespace
) -> None:
    page.goto(address)
    fold = page.locator("[data-testid='stExpander'] details").first
    fold.locator("summary").press("Enter")
    expect(fold).to_have_attribute("open", "")
    page.evaluate("window.marker = 'same page'")
    with store.connection() as connection:
        day.live_alert(connection, "winter storm")
    expect(page.get_by_text("“winter storm” rose to")).to_be_visible()
    expect(fold).to_have_attribute("open", "")
    assert page.evaluate("window.marker") == "same page"


def test_a_change_of_the_board_draws_the_board_alone(address: str, store: Store, day: SimpleNamespace) -> None:
    """Over the page's own protocol: what each of many open tabs is sent when the board changes."""

    def asked_for(line: ClientConnection, fragment: str) -> list[ForwardMsg]:
        wish = BackMsg()
        wish.rerun_script.fragment_id = fragment
        line.send(wish.SerializeToString())
        told: list[ForwardMsg] = []
        early = ForwardMsg.FINISHED_EARLY_FOR_RERUN
        while not (told and told[-1].HasField("script_finished") and told[-1].script_finished != early):
            told.append(ForwardMsg.FromString(bytes(line.recv(60))))
        return told

    place = address.replace("http://", "ws://") + "/_stcore/stream"
    with connect(place, subprotocols=[Subprotocol("streamlit")], max_size=None) as line:
        page = asked_for(line, "")
        watch = next(m.auto_rerun.fragment_id for m in page if m.HasField("auto_rerun"))
        quiet = asked_for(line, watch)
        with store.connection() as connection:
            day.live_alert(connection, "council budget")
        for _ in range(10):  # answers are kept for half a second
            drawn = asked_for(line, watch)
            if any(b"council budget" in m.SerializeToString() for m in drawn):
                break
            time.sleep(0.3)
    assert any(m.HasField("navigation") for m in page) and len(quiet) < 12
    assert any(b"council budget" in m.SerializeToString() for m in drawn)
    assert not any(m.HasField("navigation") for m in drawn)
    sessions = [list(m.metadata.run.fragment_ids) for m in drawn if m.HasField("new_session")]
    assert len(sessions) == 2 and sessions[0] == [watch] and sessions[1] not in ([], [watch])


def test_the_page_asks_often_enough(root: Path) -> None:
    from streamlit_app import queries

    source = (root / "streamlit_app" / "app_pages" / "now.py").read_text()
    assert "REFRESH = timedelta(seconds=2)" in source and "run_every=REFRESH" in source
    assert queries.LIVE_TTL.total_seconds() + 2 <= 3


def test_the_selection_is_a_permalink(page: Page, address: str) -> None:
    page.goto(f"{address}/narratives")
    search = page.locator("[data-testid='stTextInput'] input")  # the table has a search of its own
    search.fill("drone")
    search.press("Enter")
    page.wait_for_url("**word=drone**")
    page.goto(f"{address}/narratives?word=nothing-like-it")
    expect(page.get_by_text(text.NO_MATCH)).to_be_visible()


def test_a_stranger_s_script_is_only_text(page: Page, address: str, store: Store, day: SimpleNamespace) -> None:
    item = day.make_item("harbor-post", "hostile", HOSTILE, day.NOW, url="javascript:window.owned=3")
    with store.connection() as connection:
        land_items(connection, [item], None)
        day.live_alert(connection, HOSTILE, headline=HOSTILE, event_title=HOSTILE, evidence=[item.item_id])
        connection.execute("update ops.source set title = %s where source = 'open-square'", (HOSTILE,))
        connection.execute("update ops.gap set reason = %s where state = 'open'", (HOSTILE,))
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if "evil.example" in request.url else None)
    page.goto(address)
    expect(page.get_by_role("heading", name="<script>window.owned=1</script>")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('a[href^=\"javascript\"]').length") == 0
    assert ":smile:" in page.locator("[class*='st-key-card-'] h3", has_text="script").first.inner_text().replace(
        "\u2060", ""
    )
    page.goto(f"{address}/sources")
    expect(page.get_by_text("has been missing since")).to_contain_text("<script>")
    expect(page.get_by_text(text.GAPS_HEADING)).to_be_visible()
    assert page.evaluate("window.owned") is None and outside == []
