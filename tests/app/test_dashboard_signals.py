"""The page Signals: what it says of streams, warnings, regimes, leads and beliefs, and of nothing at all."""

from __future__ import annotations

import runpy
from pathlib import Path

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from latticeforge.store import Store
from streamlit_app.downloads.tables import TABLES, read
from streamlit_app.ui import signals_charts
from streamlit_app.ui.text import signals as words


def opened(root: Path, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app" / "dashboard.py"), default_timeout=60)
    app.query_params.update(parameters)
    app.switch_page("app_pages/signals.py").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader", "header", "info", "warning", "error", "code")
    return "\n".join(str(getattr(e, "value", "")) for kind in kinds for e in app.get(kind)).replace("\u00a0", " ")


@pytest.fixture
def stated(root: Path, seeded: Store) -> Store:
    """The afternoon with its state computed."""
    with seeded.connection() as connection:
        runpy.run_path(str(root / "tests" / "app" / "dashboard_state.py"))["seed"](connection)
    st.cache_data.clear()
    return seeded


def test_without_data_and_before_the_first_hour_it_says_so(root: Path, seeded: Store) -> None:
    assert words.NONE in said(opened(root))


def test_every_part_says_what_it_counts_and_how_sure_it_is(root: Path, stated: Store) -> None:
    told = said(opened(root))
    assert "Computed up to 28 Jan 2025, 14:25 UTC" in told
    for part in (words.STREAMS_COUNTS, words.STREAMS_INTERVAL, words.WARNINGS_COUNTS, words.WARNINGS_INTERVAL,
                 words.REGIME_COUNTS, words.REGIME_INTERVAL, words.GRAPH_INTERVAL, words.BELIEF_COUNTS):  # fmt: skip
        assert part in told
    assert "a jump followed after 160 minutes" in told and "no jump has followed so far" in told
    assert "2 warning, 1 quiet; not judged: 1 with too few counts" in told
    assert "synchronised. Ψ is 0.31 bits, R 0.74 (by chance 0.31), 8 streams" in told
    assert words.REGIME_UNKNOWN.format(kind="Watched terms") in told
    assert "15 min ahead: 0.080 bits (0.056 to 0.104), q 0.004" in told and words.GRAPH_NOT in told
    assert "24 tests were made (4 streams, both lags), 8 passed the screen" in told
    assert "in 200 graphs of the same degrees 0.40 to 0.70" in told and "took over as the hub" in told
    assert "at least 0.65 and at most 0.86. Conflict K = 0.74, so the detectors contradict each other" in told
    assert "signals?kind=Sources" in told and "hour=28+Jan+2025%2C+14%3A00+UTC" in told


def test_the_view_is_in_the_address(root: Path, stated: Store) -> None:
    app = opened(root, kind="Watched terms")
    assert "signals?kind=Watched+terms" in said(app)
    assert "drones" in str(app.dataframe[0].value["label"].to_list())
    chosen = app.selectbox(key="link")
    assert "drone sightings" in str(chosen.options[0]) and "Likely" in str(chosen.options[0])


def test_a_missing_cell_is_not_drawn_as_zero() -> None:
    from datetime import UTC, datetime

    at = [datetime(2025, 1, 28, 14, 5 * n, tzinfo=UTC) for n in range(3)]
    data = pl.DataFrame(
        {"window_start": at, "label": ["a"] * 3, "value": [1.0, None, 0.0], "usual": [1.0] * 3,
         "score": [0.0, None, -1.0], "clipped": [0.0, None, 0.0]}
    )  # fmt: skip
    drawn = signals_charts.heat(data).to_dict()
    [rows] = drawn["datasets"].values()
    assert [row["value"] for row in rows] == [1.0, 0.0]


@pytest.mark.parametrize("name", ["signals", "warnings", "regimes", "leads", "beliefs"])
def test_the_data_behind_it_has_an_address(stated: Store, name: str) -> None:
    answer = read(name, None, None, None)
    assert answer.rows.height > 0 and TABLES[name].counts
