"""Stories of a whole file: words and meaning together, in memory that grows with the items."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from latticeforge.narratives import stories as module
from latticeforge.narratives.linkage import average_linkage
from latticeforge.narratives.stories import stories
from latticeforge.narratives.tongues import centred, tongue


def near_axes(axes: list[int], spread: float, seed: int = 3) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=(len(axes), 64))
    rows = np.eye(64)[axes] + spread * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def same_partition(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    return bool(((a[:, None] == a) == (b[:, None] == b)).all())


def test_no_items_and_one_item() -> None:
    assert stories([], [], np.zeros((0, 64), np.float32)).tolist() == []
    assert stories(["Rates held"], ["Rates held"], near_axes([0], 0)).tolist() == [0]


def test_a_story_is_named_after_its_first_item() -> None:
    titles = ["Bank holds rates", "Genoa flood", "Rates stay put", "Water in Genoa"]
    assert stories(titles, titles, near_axes([0, 1, 0, 1], 0.4)).tolist() == [0, 1, 0, 1]


def test_names_part_what_sounds_alike() -> None:
    """Two earthquakes: the vectors cannot tell them apart, the words can."""
    titles = [f"{verb} after quake in {place}" for place in ("Chile", "Nepal") for verb in ("Panic", "Grief", "Relief")]
    vectors = near_axes([0] * 6, 1.8)
    found = stories(titles, titles, vectors)
    together = found[:, None] == found
    assert together[:3, :3].sum() + together[3:, 3:].sum() > together[:3, 3:].sum() * 2
    assert len(set(found.tolist())) >= 2


def test_copies_go_with_their_voice() -> None:
    titles = ["Drones over Hull harbour", "AP: Drones over Hull harbour"]
    assert stories(titles, titles, near_axes([0, 1], 0)).tolist() == [0, 0]


def test_the_search_finds_the_groups_of_plain_average_linkage() -> None:
    features = near_axes(np.random.default_rng(8).integers(0, 30, 400).tolist(), 1.1)
    found = module._agglomerate(features)
    assert 5 < len(set(found.tolist())) < 300
    assert same_partition(found, average_linkage(features, module.MIN_SIMILARITY))


def test_more_items_than_a_block_and_than_neighbours() -> None:
    axes = np.random.default_rng(1).integers(0, 20, 1500)
    found = module._agglomerate(near_axes(axes.tolist(), 0.6))
    assert same_partition(found, axes)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Die Zahl der Opfer nach dem Beben steigt", "de"),
        ("El juez envía a prisión al alcalde", "es"),
        ("Землетрясение в Непале", "CYRILLIC"),
        ("東京で地震", "CJK"),
        ("Van Dijk and Los Angeles in one headline", ""),
        ("Quake in El Salvador", ""),
        ("", ""),
    ],
)
def test_tongues(title: str, expected: str) -> None:
    assert tongue(title) == expected


def test_what_a_foreign_language_shares_is_taken_out() -> None:
    """Vectors of one language share an axis here, as German and Spanish do in an English encoder."""
    axes = [1 + i % 10 for i in range(60)]
    vectors = near_axes(axes, 0.2)
    vectors[:, 0] += 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    german = [f"Der Bericht und das Thema {i}" for i in range(60)]
    assert (vectors @ vectors.T).min() > module.MIN_SIMILARITY
    result = centred(vectors, german)
    assert np.abs(np.linalg.norm(result, axis=1) - 1).max() < 1e-5
    assert same_partition(average_linkage(result, 0.4), np.array(axes))
    assert centred(vectors, ["A report on the theme"] * 60) is vectors
