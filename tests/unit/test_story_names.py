"""Names tell two events of one kind apart."""

from __future__ import annotations

import numpy as np

from latticeforge.narratives.names import named, names, parted
from latticeforge.narratives.stories import stories

QUAKES = [
    f"{verb} {place} {rest}"
    for place in ("Chile", "Nepal")
    for verb, rest in (
        ("Aid flights land in", "after magnitude 7 tremor"),
        ("Rescuers dig through rubble in", "for survivors"),
        ("Aftershocks rattle", "as thousands sleep outdoors"),
        ("Why the", "quake did so much damage"),
    )
]


def alike(count: int) -> np.ndarray:
    return np.tile(np.eye(1, 64, dtype=np.float32), (count, 1))


def test_a_capital_that_begins_a_clause_makes_no_name() -> None:
    texts = ["AP: Death toll climbs in Chile", "UPDATE 1-Rescuers dig in Chile - Tears flow", "Chile: Miners freed"]
    assert names(texts) == {"chile"}
    assert names(["Written Like This In Chile Today"]) == frozenset()
    assert named(["Chile mourns", "The mourning"], names(texts)) == [{"chile"}, set()]


def test_the_same_words_of_another_place_are_another_story() -> None:
    """Vectors that cannot tell them apart, and wordings that differ in one word of nine."""
    found = stories(QUAKES, QUAKES, alike(8))
    assert found.tolist() == [0] * 4 + [4] * 4


def test_names_that_meet_keep_a_story_together() -> None:
    titles = [*QUAKES, "Chile sends rescuers to Nepal"]
    assert len(set(stories(titles, titles, alike(9)).tolist())) == 1


def test_an_item_without_a_name_goes_with_what_it_is_most_similar_to() -> None:
    of_item = [{"chile"}] * 3 + [{"nepal"}] * 3 + [set(), {"oslo"}]
    rows = np.eye(2, 8, dtype=np.float32)[[0, 0, 0, 1, 1, 1, 1, 0]]
    group = np.zeros(8, dtype=np.int64)
    assert parted(group, of_item, rows).tolist() == [0, 0, 0, 3, 3, 3, 3, 0]
    assert parted(group, [{"chile"}] * 6 + [{"oslo"}] * 2, rows).tolist() == [0] * 8
    order = np.random.default_rng(0).permutation(8)
    shuffled = parted(group, [of_item[i] for i in order], rows[order])
    assert ((shuffled[:, None] == shuffled) == (rows[order] @ rows[order].T > 0)).all()
