"""Rows of the state of attention from made-up streams: what is missing, what warns, who leads, what it hangs on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from latticeforge.model import NARRATIVE, SPIKE_BASELINE
from latticeforge.state.causal import causal_links
from latticeforge.state.fragility import fragilities
from latticeforge.state.regimes import HISTORY_ROWS, early_warnings, regimes
from latticeforge.state.signals import signals
from latticeforge.state.streams import WEEK_ROWS, Board, attention_board, source_board
from latticeforge.state_model import CAUSAL_LINK, CAUSAL_TEST
from latticeforge.windows import HOUR, WINDOW, Window, windows_between

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
NO_GAPS = pl.DataFrame(
    schema={"source": pl.String, "from_at": pl.Datetime("us", "UTC"), "to_at": pl.Datetime("us", "UTC")}
)


def board(values: np.ndarray[tuple[int, int], np.dtype[np.float64]], end: datetime, kind: str = "source") -> Board:
    names = tuple(f"s{i:02}" for i in range(len(values)))
    return Board(kind, names, end - values.shape[1] * WINDOW, values.astype(np.float64), None)


def test_what_is_not_known_is_missing_and_silence_is_zero() -> None:
    at = [NOON + WINDOW * i for i in (1, 3, 3)]
    counts = pl.DataFrame({"window_start": at, "source": ["a", "a", "b"], "items": [2.0, 4.0, 4.0]})
    gaps = pl.DataFrame([("b", NOON + 4 * WINDOW, None)], schema=NO_GAPS.schema, orient="row")
    computed = {NOON + WINDOW * i for i in (0, 1, 3, 4)}
    made = source_board(counts, computed, gaps, NOON, NOON + 5 * WINDOW)
    assert made.names == ("a", "b")
    nan = np.nan
    np.testing.assert_array_equal(made.trailing(5, 5), [[nan, 2, nan, 4, 0], [nan, nan, nan, 4, nan]])
    assert made.share is not None and made.share[0, 3] == 0.5


def test_a_term_that_the_platform_left_out_is_zero_and_a_silent_platform_is_missing() -> None:
    rows = [(NOON, "web", "storm", 3.0), (NOON + WINDOW, "web", "vote", 5.0)]
    counts = pl.DataFrame(rows, schema=["window_start", "platform", "term", "mentions"], orient="row")
    made = attention_board(
        counts.with_columns(pl.col("window_start").cast(pl.Datetime("us", "UTC"))), NO_GAPS, NOON, NOON + 3 * WINDOW
    )
    np.testing.assert_array_equal(made.values, [[3, 0, np.nan], [0, 5, np.nan]])


def test_a_signal_keeps_what_was_clipped_and_a_narrative_is_measured_against_its_baseline() -> None:
    values = np.tile([4.0, 6.0, 5.0], (1, 100))
    values[0, -1] = 100.0
    narrative = (
        NARRATIVE.empty()
        .clear(1)
        .with_columns(narrative_id=pl.lit("n1"), label=pl.lit("storm"), items=pl.lit(9, pl.Int32))
    )
    usual = SPIKE_BASELINE.empty().clear(1).with_columns(
        narrative_id=pl.lit("n1"), scale_minutes=pl.lit(5, pl.Int32), observed=pl.lit(9.0), expected=pl.lit(4.0),
        exposure=pl.lit(50.0), beta=pl.lit(50.0), history_windows=pl.lit(144, pl.Int32),
    )  # fmt: skip
    rows = signals([board(values, NOON)], narrative, usual, Window(NOON - WINDOW))
    source, story = rows.sort("kind", descending=True).to_dicts()
    assert source["score"] == 5.0 and source["usual"] == 5.0
    assert source["clipped"] == pytest.approx(95 / source["spread"] - 5, abs=1e-6)
    assert story["score"] == pytest.approx(5 / np.sqrt(4 * 2)) and story["clipped"] == 0.0 and story["share"] == 1.0


def test_warnings_follow_from_the_hour_and_its_history_alone() -> None:
    rng = np.random.default_rng(3)
    rows = np.arange(HISTORY_ROWS + 12)
    size = np.select([rows < 630, rows < 760], [3.0, 0.2], 6.0)
    values = np.stack([np.maximum(0, np.rint(20 + size * rng.normal(size=size.size))), np.full(size.size, 0.1)])
    values[0, -30] = 90.0
    made = board(values, NOON + HOUR)
    windows = list(windows_between(NOON, NOON + HOUR))
    together = early_warnings([made], windows)
    for window in windows[::5]:
        assert early_warnings([made], [window])[window.start].equals(together[window.start])
    longer = board(np.pad(values, ((0, 0), (50, 0)), constant_values=7.0), NOON + HOUR)
    assert early_warnings([longer], windows[:1])[NOON].equals(together[NOON])
    narrow, sparse = together[windows[-1].start].to_dicts()
    assert (narrow["state"], sparse["state"]) == ("warning", "sparse")
    assert narrow["since_at"] < narrow["raised_at"] <= NOON + HOUR and "fell" in narrow["reason"]
    assert narrow["lead_minutes"] is not None and narrow["lead_minutes"] > 0


def test_a_regime_is_shown_only_where_emergence_bears_it_out() -> None:
    rng = np.random.default_rng(5)
    rows = np.arange(HISTORY_ROWS)
    apart = rng.poisson(8.0, (6, rows.size)).astype(float)
    [alone] = regimes([board(apart, NOON)], Window(NOON - WINDOW)).to_dicts()
    assert alone["streams"] == 6 and alone["verdict"] == "not an attractor" and not alone["shown"]
    assert alone["order_r"] < 0.7 and alone["psi_bits"] < alone["least_psi_bits"]
    short = board(apart[:, -400:], NOON)
    [unknown] = regimes([short], Window(NOON - WINDOW)).to_dicts()
    assert unknown["streams"] == 0 and unknown["label"] is None and not unknown["shown"]


def test_who_foretells_whom_is_found_once_an_hour_with_every_test_counted() -> None:
    rng = np.random.default_rng(7)
    values = rng.poisson(3.0, (4, WEEK_ROWS)).astype(float)
    values[2, 3:] += values[0, :-3]  # s02 says a quarter of an hour later what s00 said
    made = board(values, NOON)
    links, tests = causal_links([made], Window(NOON - WINDOW))
    assert [(r["source_stream"], r["target_stream"], r["lag_minutes"]) for r in links.to_dicts()] == [
        ("source:s00", "source:s02", 15)
    ]
    assert links["bits"][0] > 0 and links["q_value"][0] <= 0.05
    assert tests["tests"].to_list() == [12, 12] and tests["lag_minutes"].to_list() == [15, 30]
    longer = board(np.pad(values, ((0, 0), (700, 0)), constant_values=1.0), NOON)
    assert causal_links([longer], Window(NOON - WINDOW))[0].equals(links), "what was read beside does not matter"
    nothing = causal_links([made], Window(NOON - 2 * WINDOW))
    assert nothing[0].is_empty() and nothing[1].is_empty()


def graph(at: datetime, edges: list[tuple[str, str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [
        {"window_start": at, "source_stream": a, "target_stream": b, "source_label": a, "target_label": b,
         "lag_minutes": 15, "bits": 0.1, "std_error_bits": 0.01, "p_value": 0.001, "q_value": 0.01,
         "method_version": "1"}
        for a, b in edges
    ]  # fmt: skip
    tests = [
        {
            "window_start": at,
            "lag_minutes": 15,
            "streams": list("abcdefgh"),
            "tests": 56,
            "screened": 5,
            "cells": 600,
            "method_version": "1",
        }
    ]
    return pl.DataFrame(rows, schema=CAUSAL_LINK.columns), pl.DataFrame(tests, schema=CAUSAL_TEST.columns)


def test_a_hub_that_takes_over_and_a_link_that_turns_are_told_once() -> None:
    first, then = NOON - HOUR - WINDOW, NOON - WINDOW
    rooms = [(a, b) for room in ("abcd", "efgh") for a in room for b in room if a != b]
    one = graph(first, [*rooms, ("a", "e"), ("e", "b")])
    two = graph(then, [*rooms, ("c", "g"), ("g", "d"), ("b", "e")])
    links, tests = pl.concat([one[0], two[0]]), pl.concat([one[1], two[1]])
    measures, turns = fragilities(links, tests, Window(then))
    assert measures["measure"].to_list() == ["gini", "hhi"] and measures["nodes"].to_list() == [8, 8]
    assert (measures["chance_low"] <= measures["chance"]).all() and (measures["p_value"] > 0).all()
    told = {(r["kind"], r["stream_before"], r["stream_after"]) for r in turns.to_dicts()}
    assert ("reversal", "e", "b") in told
    assert turns["before_at"].unique().to_list() == [first]
    again = fragilities(links, tests, Window(then + timedelta(minutes=5)))
    assert again[0].is_empty() and again[1].is_empty()
