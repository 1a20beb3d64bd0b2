"""What a look of an open tab costs: redrawn only when something reads differently, and drawn with few elements."""

from __future__ import annotations

import asyncio
import gc
import tomllib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from streamlit_app import queries
from streamlit_app.ui import card, interval, outside

MOST_A_CARD = 6  # with its fold and a warning; each element is a message to each open tab whenever the board changes


def stamp(day: SimpleNamespace) -> str:
    st.cache_data.clear()
    return queries.board(day.NOW - timedelta(hours=24), str(queries.status()["version"])).stamp


def test_a_statement_that_reads_the_same_is_not_drawn_again(seeded: Store, day: SimpleNamespace) -> None:
    with seeded.connection() as connection:
        day.live_alert(connection, "cup final")
    before = stamp(day)
    with seeded.connection() as connection:
        day.live_alert(connection, "cup final")  # said again, by another row
    assert stamp(day) == before
    with seeded.connection() as connection:
        day.live_alert(connection, "cup final", likelihood=0.71)
    assert stamp(day) != before


def test_the_board_is_drawn_with_few_elements(root: Path, seeded: Store) -> None:
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=60).run()
    cards = len(app.get("page_link"))
    assert cards >= 3
    assert sum(1 for _ in app.main) <= 20 + MOST_A_CARD * cards


def test_an_interval_is_drawn_where_its_numbers_are() -> None:
    drawn = interval.drawing("likely", 83.0, 66.0, 92.0)
    assert 'role="img" aria-label="Likelihood 83 percent, 95 percent interval from 66 to 92 percent"' in drawn
    assert "left:66%;width:26.0%" in drawn and "left:83%" in drawn
    assert "<script" not in drawn and "http" not in drawn


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", 'https://a.example/"onclick="x', "https://a.example/<script>'", "data:text/html,x"]
)
def test_neither_words_nor_address_leave_their_link(url: str) -> None:
    made = outside.anchor('<b onclick="x">A & B</b>', url)
    assert "<b" not in made and "<script" not in made and "'" not in made
    assert made.count('"') in (0, 6) and made.count("<") in (0, 2) and ("<a " in made) == url.startswith("https")


def test_our_own_bold_is_all_the_markdown_a_card_knows() -> None:
    said = card.strong(f"“{outside.markdown('**bold** [x](https://evil.example)')}” rose to **6.1×** its usual share")
    assert said.count("<strong>") == 1 and "<strong>6.1×</strong>" in said and "<a" not in said


def test_what_strangers_wrote_is_kept_only_after_it_was_cut() -> None:
    outside._plain.cache_clear()
    kept = outside.plain("x" * 1_000_000, 100)
    assert len(kept) == 100 and outside.plain("x" * 900_000, 100) is kept  # the same first 800 characters: one entry
    assert outside._plain.cache_info().currsize == 1


def test_garbage_is_not_collected_at_every_look(root: Path) -> None:
    settings = tomllib.loads((root / "streamlit_app" / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False


def test_but_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit_app import app as application

    monkeypatch.setattr(application, "COLLECT_EVERY_S", 0.01)
    kept = gc.callbacks.copy()
    collected: list[int] = []
    gc.callbacks.append(lambda phase, told: collected.append(told["generation"]) if phase == "start" else None)

    async def a_while() -> None:
        async with application.settled(application.app):
            collected.clear()
            await asyncio.sleep(0.5)

    try:
        asyncio.run(a_while())
    finally:
        gc.callbacks[:] = kept
        gc.unfreeze()
    assert 2 in collected
