"""The page Confirmed; search by meaning; sources that are silent; the corrections log."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from latticeforge.store.generations import Write, read_active, write_generations
from streamlit_app.ui import method, text
from streamlit_app.ui.text import confirmed as words


def opened(root: Path, name: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=60)
    app.query_params.update(parameters)
    app.switch_page(f"app_pages/{name}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader", "header", "info", "warning", "error")
    words = [str(e.value) for kind in kinds for e in app.get(kind)] + [e.proto.body for e in app.get("html")]
    return "\n".join(words).replace("\u00a0", " ")


def test_withdrawn_alarms_stay_with_their_reason(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        day.live_alert(connection, "cup final")
        day.live_alert(connection, "winter storm")
        connection.execute(
            "insert into live.decision (alert_id, event_id, due_at, decided_at, decision, reason, p_then,"
            " likelihood_then, p_value, slots, days_before, days_after, group_items, method_version)"
            " values ('cal-live:cup final', 'cal-live', %s, %s, 'withdrawn', 'no rarer than other days', 0.03, 0.64,"
            " 0.4, 90, 30, 30, 5, '2025.1')",
            (day.NOW, day.NOW),
        )
    app = opened(root, "confirmed")
    assert "**0** confirmed, **1** withdrawn, **1** waiting" in said(app)
    table = app.dataframe[0].value.set_index("decision")
    assert table.loc[words.OUTCOMES["withdrawn"], "reason"] == "no rarer than other days"
    assert words.EFFECTS_INTERVAL in said(app)
    assert "To be confirmed or withdrawn on 28 Feb 2025" in said(opened(root, "now"))


def test_confirmed_without_data_says_so(root: Path, empty: Store) -> None:
    told = said(opened(root, "confirmed"))
    assert words.ALARMS_NONE in told and words.LINKS_NONE in told and words.CONFIRMED_NONE in told


def test_calendars_stand_with_their_fans_found_or_not(root: Path, seeded: Store) -> None:
    told = said(opened(root, "confirmed"))
    assert "**2** calendars, **3** tests of a calendar against a narrative; **1** is rarer than chance" in told
    assert "After **24** events of the calendar *clemency*, “drone sightings” had **+3.90** items per event" in told
    assert "(95 % placebo interval +3.40 to +4.50)" in told and "Likelihood **93 %**" in told
    assert words.FAN_COUNTS.format(events=24, placebos="1,999", step="30 minutes") in told
    other = "committee votes · n007 rate decision · items in 2 h"
    picked = opened(root, "confirmed", calendar=other)
    assert picked.selectbox(key="calendar").value == other
    assert "too little evidence" in said(picked)


def test_a_newer_analysis_takes_the_place_of_the_older(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        connection.execute(
            "insert into core.calendar_analysis values ('a2', %s, 50000, %s, 1999, 1, null, 'latticeforge 0.1')",
            (day.NOW, day.NOW - timedelta(days=120)),
        )
        connection.execute(
            "insert into core.calendar_link values ('a2', 'items in 2 h', 'clemency', 'n004 drone sightings',"
            " 'drone sightings', 'A title', 25, 0.3, 0.3, 0.3, 0.2, -0.4, 0.9, 'exploratory', 'no evidence')"
        )
    told = said(opened(root, "confirmed"))
    assert "**none** is rarer than chance" in told and "25 events" in told and "+3.90" not in told


def test_narratives_are_found_by_meaning(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    from streamlit_app import meaning

    wanted = meaning.meaning_of("unmanned aircraft at night")
    assert wanted is not None
    with seeded.connection() as connection:
        narratives = read_active(connection, "narratives", day.LAST.start, day.LAST.end)
        members = read_active(connection, "narratives", day.LAST.start, day.LAST.end, table=1)
        own = [
            list(wanted) if label == "drone sightings" else list(vector)
            for label, vector in narratives.select("label", "centroid").iter_rows()
        ]
        moved = narratives.with_columns(centroid=pl.Series(own, dtype=pl.Array(pl.Float32, 384)))
        write_generations(connection, [Write("narratives", day.LAST, (moved, members))], origin="dagster")
    st.cache_data.clear()
    app = opened(root, "narratives", by=text.MEANING, word="unmanned aircraft at night")
    assert app.dataframe[0].value["label"].to_list() == ["drone sightings"]


def test_search_by_meaning_without_an_encoder_falls_back_to_words(
    root: Path, seeded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_ENCODER", "/no/such/encoder")
    st.cache_resource.clear()
    st.cache_data.clear()
    app = opened(root, "narratives", by=text.MEANING, word="strike")
    assert text.NO_MEANING in said(app) and app.dataframe[0].value["label"].to_list() == ["ferry strike"]


def test_one_narrative_shows_who_carried_it(root: Path, seeded: Store) -> None:
    told = said(opened(root, "narratives", pick="drone sightings"))
    assert text.USUAL_SAID in told and "First seen" in told and text.CARRIED_COUNTS in told


def test_a_silent_source_is_named(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    from latticeforge.sources.cadence import Cadence

    quiet = Cadence(declared_s=600.0, since=day.NOW - timedelta(days=40), last=day.NOW - timedelta(hours=3), silences=9)
    with seeded.connection() as connection:
        connection.execute(
            "update ops.source set cadence = %s where source = 'meridian'", (json.dumps(quiet.dump() | {"x": 1}),)
        )
    told = said(opened(root, "sources"))
    assert text.RHYTHM_EXPLAINED in told
    shown = opened(root, "sources").dataframe[0].value.set_index("title")
    assert shown.loc["Meridian Wire", "silence"] == "3 hours"


def test_a_changed_number_is_in_the_corrections_log(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    assert method.CORRECTIONS_NONE in said(opened(root, "method"))
    with seeded.connection() as connection:
        scores = read_active(connection, "distraction_scores", day.LAST.start, day.LAST.end)
        kept = scores.filter(scores["label"] != "ferry strike")
        write_generations(connection, [Write("distraction_scores", day.LAST, (kept,))], origin="dagster", reason="late")
    st.cache_data.clear()
    log = opened(root, "method", part="links").dataframe[0].value
    assert log["label"].to_list() == ["ferry strike"] and log["why"].to_list() == ["late"]
