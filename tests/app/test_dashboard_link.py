"""The page Link: one statement's whole story, its address, and what was published earlier."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from latticeforge.store.generations import Write, read_active, write_generations
from streamlit_app.ui import text
from streamlit_app.ui.text import link as words


def opened(root: Path, **parameters: str) -> AppTest:
    """The page at an address."""
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=30)
    app.query_params.update(parameters)
    app.switch_page("app_pages/link.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader", "header", "title", "info", "warning", "error", "code")
    return "\n".join(str(e.value) for kind in kinds for e in app.get(kind)).replace("\u00a0", " ")


def statement(store: Store, label: str) -> tuple[str, str]:
    with store.connection() as connection:
        row = connection.execute(
            "select statement_id, story_key from marts.link_board where label = %s", (label,)
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


def test_the_story_answers_a_reader_s_questions_in_order(root: Path, seeded: Store) -> None:
    app = opened(root, link=statement(seeded, "drone sightings")[0])
    headings = [s.value for s in app.subheader]
    asked = [words.HAPPENED, words.UNUSUAL, words.SURE, words.CARRIED, words.HOLES, words.CHANGE, words.TESTS]
    assert [h for h in headings if h in asked] == asked
    told = said(app)
    assert "In the 5 minutes that were counted there were **24** items; its usual share leads to **3.9**." in told
    assert "between 71 and 90 %" in told and "conflict K = 0.12" in told
    assert "**24** items in **" in told and "counted by weight" in told
    assert words.LINE_INTERVAL in told and words.FAN_INTERVAL in told
    assert "Open Square" in told and text.DISCLAIMER in told


def test_every_test_of_the_window_is_listed(root: Path, seeded: Store) -> None:
    tests = opened(root, link=statement(seeded, "drone sightings")[0]).dataframe[0].value
    assert sorted(tests["label"]) == ["drone sightings", "ferry strike", "winter storm"]
    assert tests.loc[tests["this"] == "▶", "label"].to_list() == ["drone sightings"]


def test_what_was_published_earlier_can_be_read(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    link = statement(seeded, "drone sightings")[0]
    with seeded.connection() as connection:
        first = connection.execute(
            "select max(published_at) from marts.publications where window_start = %s", (day.LAST.start,)
        ).fetchone()
        scores = read_active(connection, "distraction_scores", day.LAST.start, day.LAST.end)
        lower = pl.when(pl.col("label") == "drone sightings").then(0.61).otherwise(pl.col("likelihood"))
        changed = scores.with_columns(likelihood=lower, likelihood_low=pl.col("likelihood_low") - 0.4)
        write_generations(
            connection, [Write("distraction_scores", day.LAST, (changed,))], origin="dagster", reason="new"
        )
    assert first is not None
    st.cache_data.clear()
    assert "push is **61 %**" in said(opened(root, link=link))
    past = opened(root, link=link, published=first[0].isoformat())
    assert "push is **82 %**" in said(past) and "You read what was published at" in said(past)
    assert len(past.selectbox(key="published").options) == 3


def test_an_address_of_nothing_says_so(root: Path, seeded: Store) -> None:
    assert words.GONE in said(opened(root, link="committed:<script>|no"))


def test_a_live_statement_has_a_story_too(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        day.live_alert(connection)
    link, _ = statement(seeded, "cup final")
    told = said(opened(root, link=link))
    assert words.LIVE_LIMITS in told and "Its window is still open" in told


def test_the_address_of_a_live_statement_leads_to_the_final_one(root: Path, seeded: Store) -> None:
    _, story = statement(seeded, "drone sightings")
    assert "“drone sightings” rose" in said(opened(root, link="live:gone", story=story))


@pytest.mark.parametrize("label", ["winter storm", "ferry strike", "singer · tributes"])
def test_every_verdict_has_a_page(root: Path, seeded: Store, label: str) -> None:
    assert words.SURE in said(opened(root, link=statement(seeded, label)[0]))


def test_a_page_whose_database_goes_away_says_so(root: Path, seeded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    link = statement(seeded, "drone sightings")[0]
    monkeypatch.setattr("streamlit_app.database.CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setenv("LF_DASHBOARD_DATABASE_URL", "postgresql://lf_reader:secret-word@127.0.0.1:1/gone")
    st.cache_data.clear()
    told = said(opened(root, link=link))
    assert text.AWAY in told and "secret-word" not in told
