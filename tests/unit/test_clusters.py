"""Narratives of one window: what is counted, what is folded, what is said of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from latticeforge.model import ARTICLE, NARRATIVE, NARRATIVE_ITEM, text_hash
from latticeforge.narratives.clusters import narratives
from latticeforge.windows import Window

WINDOW = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))


def article_rows(titles: list[str], **columns: list[object]) -> pl.DataFrame:
    n = len(titles)
    rows: dict[str, object] = {
        "item_id": [f"item{i:04d}" for i in range(n)],
        "source": [f"source {i % 3}" for i in range(n)],
        "account": [""] * n,
        "event_at": [WINDOW.start + timedelta(seconds=i % 300) for i in range(n)],
        "date_status": ["ok"] * n,
        "counted": [True] * n,
        "title": titles,
        "summary": [""] * n,
        "url": [""] * n,
        "text_hash": [text_hash(title) for title in titles],
        "window_start": [WINDOW.start] * n,
    }
    return ARTICLE.shape(pl.DataFrame(rows | columns, schema_overrides=ARTICLE.columns))


def around(directions: list[int], spread: float = 0.3, seed: int = 7) -> NDArray[np.float32]:
    """Unit vectors, one near each named axis; the mean cosine between two of one axis is about 1 / (1 + spread^2)."""
    noise = np.random.default_rng(seed).normal(size=(len(directions), 384))
    noise *= spread / np.linalg.norm(noise, axis=1, keepdims=True)
    rows = np.eye(384)[directions] + noise
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_an_empty_window_has_no_narratives() -> None:
    found = narratives(ARTICLE.empty(), np.zeros((0, 384), np.float32), WINDOW)
    assert found.narrative.equals(NARRATIVE.empty())
    assert found.items.equals(NARRATIVE_ITEM.empty())


def test_one_item_is_a_narrative() -> None:
    found = narratives(article_rows(["Drones seen over Hull"]), around([0]), WINDOW)
    row = found.narrative.row(0, named=True)
    assert row["narrative_id"] == "20250128T1420Z-001"
    assert (row["items"], row["voices"], row["copy_share"], row["source_hhi"]) == (1, 1, 0.0, 1.0)
    assert found.items["voice_id"].to_list() == ["item0000"]


def test_the_radar_s_sliding_window_names_its_seconds() -> None:
    sliding = Window(WINDOW.start + timedelta(seconds=31))
    assert narratives(article_rows(["Drones seen"]), around([0]), sliding).narrative["narrative_id"].to_list() == [
        "20250128T142031Z-001"
    ]


def test_meanings_part_and_the_largest_comes_first() -> None:
    titles = [
        "Rates held by the bank",
        "Bank leaves rates alone",
        "Flood in Genoa",
        "Genoa under water",
        "Genoa cut off",
    ]
    found = narratives(article_rows(titles), around([0, 0, 1, 1, 1]), WINDOW)
    assert found.narrative["items"].to_list() == [3, 2]
    assert found.items["narrative_id"].str.slice(-3).to_list() == ["002", "002", "001", "001", "001"]
    assert "Genoa" in found.narrative["label"][0]
    assert found.narrative["headline"][1] in titles[:2]


def test_copies_fold_into_the_earliest_voice() -> None:
    titles = ["Drones seen over Hull harbour", "AP: Drones seen over Hull harbour", "Strange lights worry Hull"]
    times = [WINDOW.start + timedelta(seconds=s) for s in (50, 10, 30)]
    found = narratives(article_rows(titles, event_at=times), around([0, 0, 0]), WINDOW)
    row = found.narrative.row(0, named=True)
    assert (row["items"], row["voices"]) == (3, 2)
    assert row["copy_share"] == pytest.approx(1 / 3, abs=1e-9)
    assert found.items["voice_id"].to_list() == ["item0001", "item0001", "item0002"]


def test_the_centroid_is_the_mean_of_voices_not_of_copies() -> None:
    titles = ["Lights seen over Hull"] * 50 + ["Drones worry a port"]
    vectors = around([0] * 51, spread=0.5)
    vectors[:50] = vectors[0]
    found = narratives(article_rows(titles), vectors, WINDOW)
    mean = vectors[0].astype(np.float64) + vectors[50]
    assert found.narrative["centroid"][0].to_numpy() == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_all_identical_items_are_one_voice() -> None:
    found = narratives(article_rows(["Drones seen over Hull"] * 40), np.repeat(around([3]), 40, axis=0), WINDOW)
    row = found.narrative.row(0, named=True)
    assert (found.narrative.height, row["items"], row["voices"], row["sources"]) == (1, 40, 1, 3)
    assert row["copy_share"] == pytest.approx(39 / 40)


def test_concentration_counts_accounts() -> None:
    titles = [f"Drone sighting number {word}" for word in ("one", "two", "three", "four")]
    rows = article_rows(titles, source=["x", "x", "x", "y"], account=["a", "a", "b", ""])
    row = narratives(rows, around([0] * 4), WINDOW).narrative.row(0, named=True)
    assert (row["sources"], row["accounts"]) == (2, 3)
    assert row["source_hhi"] == pytest.approx((2 / 4) ** 2 + 2 * (1 / 4) ** 2)


def test_undated_items_are_not_counted() -> None:
    rows = article_rows(["Drones seen", "Drones heard"], counted=[True, False], event_at=[WINDOW.start, None])
    assert narratives(rows, around([0, 0]), WINDOW).items["item_id"].to_list() == ["item0000"]


def test_vectors_must_match_the_articles() -> None:
    with pytest.raises(ValueError, match="2 articles need as many vectors, got 1"):
        narratives(article_rows(["a", "b"]), around([0]), WINDOW)
