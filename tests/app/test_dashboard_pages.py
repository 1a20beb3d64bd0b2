"""The pages over a real database: empty, full, stale, partial, away; and what strangers' text does to them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from latticeforge.store.generations import Write, read_active, write_generations
from latticeforge.store.landing import land_items
from streamlit_app.ui import text
from streamlit_app.ui.text import link as link_words

PAGES = ("now", "link", "narratives", "sources", "method")
OTHERS = ("confirmed", "graph", "day")
HOSTILE = {
    "script": "<script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "markdown": "**bold** [click](https://evil.example) ![p](https://evil.example/p.png) `code` $x$ # h",
    "directive": ":red[pay] :material/lock: :smile: www.evil.example ann@evil.example https://evil.example",
    "turned": "Minister \u202egnihton deined\u202c today\u2066\u200b",
    "long": "A" * 1_000_000,
    "arabic": "الرئيس يعلن (عاجل) عن قرار",
}


def page(root: Path, name: str) -> AppTest:
    """The page after its first run."""
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=30)
    app.run()
    if name != "now":
        app.switch_page(f"app_pages/{name}.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """Every word on the page that is read as Markdown or HTML, but for the style sheet."""
    kinds = ("markdown", "caption", "subheader", "header", "title", "info", "warning", "error")
    words = [str(e.value) for kind in kinds for e in app.get(kind)] + [e.label for e in app.get("expander")]
    return "\n".join(words + cards(app))


def cards(app: AppTest) -> list[str]:
    """What is said in HTML, escaped marks as they are read."""
    return [e.proto.body for e in app.get("html") if not e.proto.body.lstrip().startswith("<style>")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_data_says_so(root: Path, empty: Store, name: str) -> None:
    words = said(page(root, name))
    expected = {
        "link": link_words.PICK,
        "now": text.NO_DATA,
        "narratives": text.NO_DATA,
        "sources": text.SOURCES_NONE,
        "method": "95.8",
    }
    assert expected[name] in words


@pytest.mark.parametrize("name", PAGES)
def test_a_page_when_the_database_is_away(root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("streamlit_app.database.CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setenv("LF_DASHBOARD_DATABASE_URL", "postgresql://lf_reader:secret-word@127.0.0.1:1/gone")
    st.cache_data.clear()
    words = said(page(root, name))
    assert name in ("method", "link") or text.AWAY in words
    assert "secret-word" not in words and "127.0.0.1" not in words
    st.cache_resource.clear()


@pytest.mark.parametrize("name", ["now", "narratives", "sources"])
def test_a_page_before_the_marts_are_built(
    root: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    st.cache_data.clear()
    words = said(page(root, name))
    assert text.PREPARING in words and "system_status" not in words
    st.cache_resource.clear()


def test_now_says_in_one_sentence_what_happened(root: Path, seeded: Store) -> None:
    app = page(root, "now")
    words = said(app).replace("\u00a0", " ")
    assert (
        "“drone sightings” rose to <strong>6.1×</strong> its usual share <strong>5 minutes</strong> after “Executive"
        " clemency announced” (14:17 UTC). Placebo slots do this in <strong>1.8 %</strong> of cases. Likelihood"
        " <strong>82 %</strong>, 95 % interval 71–90 %."
    ) in words
    assert "Data up to **28 Jan 2025, 14:27:03 UTC**" in words
    assert "This is a replay" in words and "1 open gap" in words
    assert "Rests on incomplete data.** open&#45;square&#58; answers 429" in words
    assert text.DISCLAIMER in words
    assert "**24 links** tested, **2** reported" in words


def test_now_orders_and_names_the_verdicts(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    app = page(root, "now")
    badges = [said for said in cards(app) if "lf-badge" in said]
    verdicts = [v for badge in badges for v in text.VERDICTS.values() if f" {v}</span>" in badge]
    assert verdicts == ["Likely", "Contested", "Unlikely"]
    headings = [s.value for s in app.subheader]
    assert headings.index(text.REPORTED_HEADING) < headings.index(text.UNLIKELY_HEADING)
    assert len([b for b in badges if text.GRADES["provisional"] in b]) == 3


def test_headlines_are_folded_and_link_to_their_sources(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    lines = [line for line in said(page(root, "now")).split("<li>")[1:] if "drones" in line]
    assert len(lines) > 1 and len(lines) == len({line.split("<a ")[1] for line in lines})
    assert any("near-identical" in line for line in lines)
    assert all('<a href="https://' in line and 'target="_blank" rel="noopener noreferrer"' in line for line in lines)


def test_only_the_active_generation_is_on_the_page(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        scores = read_active(connection, "distraction_scores", day.LAST.start, day.LAST.end)
        kept = scores.filter(scores["label"] != "drone sightings")
        write_generations(connection, [Write("distraction_scores", day.LAST, (kept,))], origin="dagster", reason="test")
    words = said(page(root, "now"))
    assert "drone sightings" not in words and "ferry strike" in words


def test_a_story_stated_by_two_windows_is_shown_once(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        scores = read_active(connection, "distraction_scores", day.LAST.start, day.LAST.end)
        story = scores.filter(scores["label"] == "ferry strike")
        earlier = day.Window(day.LAST.start - timedelta(minutes=5))
        story = story.with_columns(window_start=story["window_start"] - timedelta(minutes=5))
        write_generations(connection, [Write("distraction_scores", earlier, (story,))], origin="dagster", reason="test")
        held = connection.execute("select count(*) from marts.link_board where label = 'ferry strike'").fetchone()
    assert held == (2,)
    assert said(page(root, "now")).count("“ferry strike”") == 1


def test_a_live_alert_appears_on_the_next_run(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    app = page(root, "now")
    assert "cup final" not in said(app)
    with seeded.connection() as connection:
        day.live_alert(connection)
    st.cache_data.clear()
    app.run()
    assert "cup final" in said(app) and text.STAGES["live"] in said(app)


def test_a_silent_radar_is_named(root: Path, seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        day.alive(connection, ago=timedelta(minutes=4))
    assert "silent for 4 minutes" in said(page(root, "now"))
    with seeded.connection() as connection:
        connection.execute("delete from ops.service")
    st.cache_data.clear()
    assert text.NO_RADAR in said(page(root, "now"))


def test_nothing_reported_is_a_state_of_its_own(root: Path, empty: Store, day: SimpleNamespace) -> None:
    with empty.connection() as connection:
        day._sources(connection)
        day.commit_window(connection, day.Window(day.LAST.start - timedelta(minutes=30)))
    assert text.EMPTY in said(page(root, "now"))


def test_narratives_can_be_searched_and_take_their_selection_from_the_address(root: Path, seeded: Store) -> None:
    app = page(root, "narratives")
    assert app.dataframe[0].value["label"].to_list()[0] == "singer · tributes"
    app.text_input(key="word").set_value("DRONES").run()
    assert app.dataframe[0].value["label"].to_list() == ["drone sightings"]
    app.text_input(key="word").set_value("100%_'; drop").run()
    assert text.NO_MATCH in said(app)
    linked = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=30)
    linked.query_params["word"] = "strike"
    linked.query_params["pick"] = "ferry strike"
    linked.switch_page("app_pages/narratives.py").run()
    assert linked.dataframe[0].value["label"].to_list() == ["ferry strike"]
    assert linked.multiselect(key="pick").value == ["ferry strike"]
    assert not app.exception and not linked.exception


def test_narratives_show_share_and_copies(root: Path, seeded: Store) -> None:
    table = page(root, "narratives").dataframe[0].value.set_index("label")
    assert table.loc["drone sightings", "peak"] > 20
    assert table.loc["drone sightings", "copies"] > 30
    assert table.loc["drone sightings", "surprise"] == pytest.approx(11.4)


def test_sources_tell_gaps_clocks_and_dates(root: Path, seeded: Store) -> None:
    app = page(root, "sources")
    words = said(app)
    assert "**Open Square &#40;social&#41;** has been missing since 28 Jan 2025, 14:21 UTC" in words
    assert "**Coastline Radio**: its clock is 1 hour ahead." in words
    health, flagged = (d.value for d in app.dataframe)
    assert health["title"].to_list()[0] == "Open Square (social)" and len(health) == 8
    assert flagged["title"].to_list() == ["Plainview Daily"]


def test_method_takes_its_thresholds_from_the_code(root: Path, empty: Store) -> None:
    from latticeforge.narratives.scores import BASE_RATE, LIKELY, METHOD_VERSION

    words = said(page(root, "method"))
    for value in (f"{100 * LIKELY:.3g} %", f"{100 * BASE_RATE:.3g} %", METHOD_VERSION):
        assert value in words


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_text_of_strangers_stays_text(root: Path, seeded: Store, day: SimpleNamespace, name: str) -> None:
    with seeded.connection() as connection:
        for kind, words in HOSTILE.items():
            item = day.make_item("harbor-post", kind, words, day.NOW, url=f"javascript:alert('{kind}')")
            land_items(connection, [item], None)
            day.live_alert(connection, words, headline=words, event_title=words, evidence=[item.item_id])
        narratives = read_active(connection, "narratives", day.LAST.start, day.LAST.end)
        members = read_active(connection, "narratives", day.LAST.start, day.LAST.end, table=1)
        fresh = list(HOSTILE.values()) + narratives["label"].to_list()[len(HOSTILE) :]
        narratives = narratives.with_columns(label=_series(fresh), headline=_series(fresh))
        write_generations(connection, [Write("narratives", day.LAST, (narratives, members))], origin="dagster")
        connection.execute("update ops.source set title = %s where source = 'open-square'", (HOSTILE["script"],))
        connection.execute("update ops.gap set reason = %s", (HOSTILE["markdown"],))
    st.cache_data.clear()
    app = page(root, name)
    words = said(app)
    assert "<script" not in words and "<img" not in words and "javascript&#58;" not in words
    assert "javascript:" not in words and "](https://evil" not in words and "(<https://evil" not in words
    assert 'href="https://evil' not in words
    assert not set(words) & set("\u202e\u202c\u2066\u200b")
    assert ":red[pay" not in words and "**bold**" not in words and "https://evil" not in words
    assert len(words) < 60_000
    for frame in app.dataframe:
        for value in (str(v) for column in frame.value.columns for v in frame.value[column]):
            assert len(value) <= 220 and not set(value) & set("\u202e\u202c\u2066\u200b")


def _series(values: list[str]) -> object:
    import polars as pl

    return pl.Series(values)


def test_the_reader_is_all_the_dashboard_is(seeded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from latticeforge.settings import Settings
    from streamlit_app import database

    url = database.reader_url(Settings(database_url="postgresql://ann:secret@db.example:6432/radar?sslmode=require"))
    parts = psycopg.conninfo.conninfo_to_dict(url)
    assert (parts["user"], parts["host"], parts["sslmode"]) == ("lf_reader", "db.example", "require")
    assert "password" not in parts
    with pytest.raises(database.QueryFailed):
        database.ask(database.reader_url(Settings()), "select * from core.narrative")
