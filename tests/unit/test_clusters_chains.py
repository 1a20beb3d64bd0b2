"""Chains and articles: identity over windows, and over revisions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from latticeforge.model import VECTOR
from latticeforge.narratives.articles import articles
from latticeforge.narratives.chains import chain
from latticeforge.windows import Window

WINDOW = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))


def frame(ids: list[str], vectors: list[list[float]], chains: list[str] | None = None) -> pl.DataFrame:
    full = np.zeros((len(ids), 384), np.float32)
    for row, vector in zip(full, vectors, strict=True):
        row[: len(vector)] = np.array(vector) / np.linalg.norm(vector)
    columns = {"narrative_id": ids, "centroid": pl.Series(full, dtype=VECTOR)}
    return pl.DataFrame(columns | ({"chain_id": chains} if chains else {}))


def test_the_closest_pair_joins_first_and_once() -> None:
    previous = frame(["a", "b"], [[1, 0], [0, 1]], ["first", "second"])
    current = frame(["x", "y", "z"], [[1, 0.1], [1, 0.5], [-1, -1]])
    found = chain(previous, current)
    assert found["chain_id"].to_list() == ["first", "y", "z"]
    assert found["similarity"].is_null().to_list() == [False, True, True]


def test_row_order_changes_nothing() -> None:
    previous = frame(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]], ["1", "2", "3"])
    current = frame(["x", "y"], [[1, 0.1], [0.2, 1]])
    assert chain(previous[::-1], current[::-1]).equals(chain(previous, current))


def test_without_a_previous_window_every_narrative_begins_a_chain() -> None:
    current = frame(["x"], [[1.0]])
    assert chain(frame(["a"], [[1.0]], ["1"]).clear(), current)["chain_id"].to_list() == ["x"]
    assert chain(current.with_columns(chain_id=pl.lit("c")), current.clear()).height == 0


def landed(**columns: list[object]) -> pl.DataFrame:
    n = len(columns["seq"])
    rows: dict[str, object] = {
        "content_hash": [b""] * n,
        "source": ["s"] * n,
        "account": [""] * n,
        "summary": [""] * n,
        "url": [""] * n,
        "event_at": [WINDOW.start] * n,
        "date_status": ["ok"] * n,
        "first_seen_at": [WINDOW.start] * n,
        "text_hash": [b"0" * 32] * n,
    }
    return pl.DataFrame(rows | columns)


def test_the_first_revision_counts_whatever_the_row_order() -> None:
    rows = landed(seq=[7, 3, 5], item_id=["a", "a", "b"], title=["corrected", "as first seen", "other"])
    assert articles(rows, WINDOW)["title"].to_list() == ["as first seen", "other"]
    assert articles(rows[::-1], WINDOW).equals(articles(rows, WINDOW))


def test_only_trusted_dates_are_counted() -> None:
    rows = landed(seq=[1, 2], item_id=["a", "b"], title=["x", "y"], date_status=["ok", "missing"])
    assert articles(rows, WINDOW)["counted"].to_list() == [True, False]


def test_an_empty_landing_has_no_articles() -> None:
    assert articles(landed(seq=[1], item_id=["a"], title=["x"]).clear(), WINDOW).height == 0
