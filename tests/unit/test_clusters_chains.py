"""Chains and articles: identity over windows, and over revisions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from latticeforge.narratives.articles import articles
from latticeforge.narratives.chains import Links, chain, open_chains
from latticeforge.windows import Window

WINDOW = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))


def links(ids: list[str], vectors: list[list[float]], chains: list[str | None] | None = None) -> Links:
    full = np.zeros((len(ids), 384), np.float32)
    for row, vector in zip(full, vectors, strict=True):
        row[: len(vector)] = np.array(vector) / np.linalg.norm(vector)
    return Links(ids, chains or [None] * len(ids), full)


def test_the_closest_pair_joins_first_and_once() -> None:
    previous = links(["a", "b"], [[1, 0], [0, 1]], ["first", "second"])
    found = chain(previous, links(["x", "y", "z"], [[1, 0.1], [1, 0.5], [-1, -1]]))
    assert [chain_id for chain_id, _ in found] == ["first", "y", "z"]
    assert [similarity is None for _, similarity in found] == [False, True, True]


def test_without_a_previous_window_every_narrative_begins_a_chain() -> None:
    current = links(["x"], [[1.0]])
    assert chain(open_chains([]), current) == [("x", None)]
    assert chain(current, links([], [])) == []


def test_the_newest_narrative_of_each_chain_is_open() -> None:
    first = links(["a", "b"], [[1, 0], [0, 1]], ["one", None])
    then = links(["c", "d"], [[1, 1], [-1, 0]], ["b", "one"])
    found = open_chains([first, then])
    assert (found.narrative_ids, found.chain_ids) == (("c", "d"), ["b", "one"])
    assert np.array_equal(found.centroids, then.centroids)


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
