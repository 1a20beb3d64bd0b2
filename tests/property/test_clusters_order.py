"""The order of rows, duplicate delivery and the hour of day change no narrative."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeforge.model import ARTICLE
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.copies import voices
from latticeforge.windows import Window

WINDOW = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))
TITLES = [
    "Drones seen over Hull harbour on Tuesday",
    "AP: Drones seen over Hull harbour on Tuesday",
    "Mystery lights alarm Hull",
    "Bank holds rates",
    "Rates held by bank",
    "Genoa flood: 3 dead",
    "Genoa flood: 5 dead",
    "",
]
_UNIT = np.random.default_rng(11).normal(size=(len(TITLES), 384))
_UNIT[1], _UNIT[2], _UNIT[4], _UNIT[6] = _UNIT[0], _UNIT[2] + _UNIT[0], _UNIT[4] + _UNIT[3], _UNIT[6] + _UNIT[5]
VECTORS = (_UNIT / np.linalg.norm(_UNIT, axis=1, keepdims=True)).astype(np.float32)

items = st.lists(
    st.tuples(st.integers(0, len(TITLES) - 1), st.integers(0, 299), st.sampled_from("abc"), st.booleans()),
    min_size=1,
    max_size=40,
)


def window_of(drawn: list[tuple[int, int, str, bool]], window: Window) -> tuple[pl.DataFrame, np.ndarray]:
    rows = [
        {
            "window_start": window.start,
            "item_id": f"{number:03d}",
            "source": source,
            "account": "",
            "event_at": window.start + timedelta(seconds=second) if dated else None,
            "date_status": "ok" if dated else "missing",
            "counted": dated,
            "title": TITLES[text],
            "summary": "",
            "url": "",
            "text_hash": bytes([text]),
        }
        for number, (text, second, source, dated) in enumerate(drawn)
    ]
    return pl.DataFrame(rows, schema=ARTICLE.columns), VECTORS[[text for text, *_ in drawn]]


@settings(max_examples=60, deadline=None)
@given(items, st.randoms(use_true_random=False))
def test_row_order_and_duplicates_change_nothing(drawn: list[tuple[int, int, str, bool]], random: Random) -> None:
    rows, vectors = window_of(drawn, WINDOW)
    order = [*range(len(drawn)), 0, len(drawn) - 1]
    random.shuffle(order)
    plain, shuffled = narratives(rows, vectors, WINDOW), narratives(rows[order], vectors[order], WINDOW)
    assert shuffled.narrative.equals(plain.narrative)
    assert shuffled.items.equals(plain.items)


@settings(max_examples=40, deadline=None)
@given(items)
def test_counts_add_up_and_centroids_are_unit(drawn: list[tuple[int, int, str, bool]]) -> None:
    found = narratives(*window_of(drawn, WINDOW), WINDOW)
    counted = sum(dated for *_, dated in drawn)
    assert found.narrative["items"].sum() == counted == found.items.height
    assert found.narrative["narrative_id"].is_unique().all()
    assert found.items["voice_id"].n_unique() == found.narrative["voices"].sum()
    assert set(found.items["voice_id"]) <= set(found.items["item_id"])
    if counted:
        assert np.abs(np.linalg.norm(found.narrative["centroid"].to_numpy(), axis=1) - 1).max() < 1e-6
        assert found.items["similarity"].is_between(-1, 1).all()


@settings(max_examples=30, deadline=None)
@given(items, st.integers(1, 500))
def test_another_day_groups_alike(drawn: list[tuple[int, int, str, bool]], windows: int) -> None:
    later = Window(WINDOW.start + windows * timedelta(minutes=5))
    now, then = narratives(*window_of(drawn, WINDOW), WINDOW), narratives(*window_of(drawn, later), later)
    assert then.narrative["items"].to_list() == now.narrative["items"].to_list()
    assert then.narrative["centroid"].equals(now.narrative["centroid"])


@settings(max_examples=60, deadline=None)
@given(st.permutations(TITLES))
def test_the_partition_into_voices_knows_no_order(order: list[str]) -> None:
    def parts(titles: list[str]) -> set[frozenset[str]]:
        voice = voices(titles).tolist()
        return {frozenset(t for t, v in zip(titles, voice, strict=True) if v == one) for one in voice}

    assert parts(order) == parts(TITLES)
