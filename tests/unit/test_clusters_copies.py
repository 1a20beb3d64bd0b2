"""Which titles are the same wording."""

from __future__ import annotations

import pytest

from latticeforge.narratives.copies import voices, wording


@pytest.mark.parametrize(
    "copy",
    [
        "AP: Drones seen over Hull harbour",
        "UPDATE 1-Drones seen over Hull harbour",
        "BREAKING: drones seen over Hull harbour!",
        "Drones seen over Hull harbour - Reuters",
        "Drones seen over Hull harbour | Example News",
        "DRONES SEEN OVER HULL HARBOUR (AFP)",
        "Drones  seen over Hull’s harbour".replace("’s", ""),
    ],
)
def test_agency_marks_case_and_spacing_are_no_wording(copy: str) -> None:
    assert wording(copy) == ("drones", "seen", "over", "hull", "harbour")


def test_one_changed_word_in_a_long_title_is_a_copy() -> None:
    first = "Residents of Hull report mysterious drones above the old harbour on Tuesday night"
    assert voices([first, first.replace("mysterious ", "")]).tolist() == [0, 0]


def test_another_toll_is_news() -> None:
    title = "At least {} people killed after a powerful earthquake strikes the coast of Chile early on Sunday"
    assert voices([title.format(30), title.format(45)]).tolist() == [0, 1]


def test_own_words_are_a_voice() -> None:
    assert voices(["Drones seen over Hull", "Mystery lights above Hull harbour", ""]).tolist() == [0, 1, 2]


def test_copies_of_copies_are_copies() -> None:
    words = [
        "alpha",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliet",
        "kilo",
        "lima",
    ]
    chain = [" ".join(words[i : i + 10]) for i in range(3)]
    assert voices([chain[0], chain[2]]).tolist() == [0, 1]
    assert voices(chain).tolist() == [0, 0, 0]


def test_no_titles_have_no_voices() -> None:
    assert voices([]).tolist() == []


def test_pairs_are_those_of_the_plain_definition() -> None:
    """Prefix filtering loses no pair: compared with every pair by hand."""
    import numpy as np

    rng = np.random.default_rng(3)
    titles = [" ".join(f"w{w}x" for w in rng.choice(12, rng.integers(1, 9), replace=False)) for _ in range(150)]
    sets = [set(title.split()) for title in titles]
    reach = np.array([[len(a & b) >= 0.8 * len(a | b) for b in sets] for a in sets])
    for _ in range(8):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert voices(titles).tolist() == reach.argmax(axis=1).tolist()
    assert len(set(voices(titles).tolist())) < 150
