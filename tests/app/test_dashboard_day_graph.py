"""The pages Day and Graph, and the mesh behind the latter."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from streamlit_app import mesh
from streamlit_app.ui import text
from streamlit_app.ui.text import days as day_words
from streamlit_app.ui.text import graph as graph_words


def opened(root: Path, name: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=30)
    app.query_params.update(parameters)
    app.switch_page(f"app_pages/{name}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader", "header", "info", "warning", "error", "code")
    return "\n".join(str(e.value) for kind in kinds for e in app.get(kind)).replace("\u00a0", " ")


@pytest.fixture
def counted(seeded: Store) -> Store:
    """The afternoon with its day put together, as a dbt run would."""
    with seeded.connection() as connection:
        connection.execute(
            "insert into marts.day_summary_kept (date, items_landed, items_counted, items_undated, items_flagged,"
            " windows_closed, spikes, links_tested, links_reported, gaps, built_at)"
            " values ('2025-01-28', 1000, 990, 3, 3, 24, 5, 4, 2, 3, now())"
        )
    return seeded


def test_a_day_is_told_in_order(root: Path, counted: Store) -> None:
    app = opened(root, "day", date="2025-01-28")
    story = next(m.value for m in app.markdown if "Executive clemency announced" in m.value)
    clocks = [line[2:7] for line in story.splitlines()]
    assert clocks == sorted(clocks) and clocks[0] == "13:02"
    assert "[Likely](<" in story and "[Contested](<" in story and "[Unlikely]" not in story
    told = said(app)
    assert day_words.NOT_SEALED in told and "/data/day/2025-01-28/links.csv>" in told


def test_a_sealed_day_shows_its_root(
    root: Path, counted: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LF_ARCHIVE", str(tmp_path))
    with counted.connection() as connection:
        connection.execute(
            "insert into ops.sealed (day, root, archive) values ('2025-01-28', %s, '/secret/place')", ("ab" * 32,)
        )
    told = said(opened(root, "day", date="2025-01-28"))
    assert "ab" * 32 in told and day_words.STATES["away"] in told and "/secret" not in told


def test_an_archive_that_was_changed_is_named(
    root: Path, counted: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from datetime import date

    from latticeforge.store.snapshot import create_snapshot

    monkeypatch.setenv("LF_ARCHIVE", str(tmp_path))
    manifest = create_snapshot(counted, date(2025, 1, 28), tmp_path)
    told = said(opened(root, "day", date="2025-01-28"))
    assert manifest.root in told and day_words.STATES["agrees"] in told
    with counted.connection() as connection:
        rows = connection.execute("select count(*) from marts.sealed_days").fetchone()
    assert rows == (1,)


def test_a_graph_ties_events_stories_and_sources(root: Path, seeded: Store) -> None:
    app = opened(root, "graph", period="3 h")
    options = app.selectbox(key="follow").options
    assert "Event: Executive clemency announced" in options and "Source: The Harbor Post" in options
    app.selectbox(key="follow").set_value("event:cal-clemency").run()
    told = said(app)
    assert "Likely: “drone sightings”" in told and "No evidence: “winter storm”" in told
    assert app.query_params["node"] in ("event:cal-clemency", ["event:cal-clemency"])
    again = opened(root, "graph", period="3 h", node="event:cal-clemency")
    assert again.selectbox(key="follow").value == "event:cal-clemency"


def test_a_graph_of_nothing_says_so(root: Path, seeded: Store) -> None:
    assert graph_words.EMPTY in said(opened(root, "graph", period="1 h", until="2025-01-20T00:00:00Z"))


@pytest.mark.parametrize("name", ["day", "graph"])
def test_a_new_page_in_its_states(root: Path, empty: Store, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"day": day_words.NONE, "graph": text.NO_DATA}[name] in said(opened(root, name))
    monkeypatch.setattr("streamlit_app.database.CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setenv("LF_DASHBOARD_DATABASE_URL", "postgresql://lf_reader:secret-word@127.0.0.1:1/gone")
    told = said(opened(root, name))
    assert text.AWAY in told and "secret-word" not in told


def test_the_mesh_keeps_what_is_linked_and_its_limits() -> None:
    stories = pl.DataFrame(
        {
            "chain_id": [f"c{i}" for i in range(300)],
            "label": "x",
            "headline": "y",
            "items": list(range(300, 0, -1)),
            "narratives": [[f"n{i}"] for i in range(300)],
        }
    )
    links = pl.DataFrame(
        {
            "event_id": ["e"], "event_title": ["event"], "narrative_id": ["n299"], "verdict": ["likely"],
            "likelihood": [0.8], "statement_id": ["s"], "story_key": ["k"],
        }
    )  # fmt: skip
    carriers = pl.DataFrame(
        {"narrative_id": ["n0", "n299"], "source": ["a", "b"], "source_title": ["A", "B"], "items": [5, 1]}
    )
    found = mesh.build(pl.DataFrame(), stories, links, carriers)
    kinds = [n.kind for n in found.nodes]
    assert kinds.count("story") == mesh.MAX_NODES["story"] and "story:c299" in {n.key for n in found.nodes}
    assert found.near("event:e") == {"event:e", "story:c299", "source:b"}
    part = found.only(found.near("event:e"))
    assert {e.verdict for e in part.edges} == {"likely", ""} and set(part.places) == {n.key for n in part.nodes}
    places = list(found.places.values())
    assert len(set(places)) == len(places)
    assert mesh.build(pl.DataFrame(), stories, links, carriers) == found
