"""Names of narratives."""

from __future__ import annotations

import numpy as np

from latticeforge.narratives.labels import labels

DRONES = ["Drone sightings alarm Hull", "More drone sightings over a harbour", "What is behind the drone sightings?"]
RATES = ["Bank holds rates", "Rates stay put as bank waits", "Interest rates: the bank's long wait"]


def test_a_pair_of_words_wins_over_its_parts() -> None:
    first, second = labels(DRONES + RATES, np.array([0, 0, 0, 1, 1, 1]))
    assert first == "drone sightings"
    assert set(second.lower().split()) == {"bank", "rates"}


def test_what_stands_in_every_group_names_none() -> None:
    titles = [
        "Watch: Genoa flood rises",
        "Genoa flood: watch",
        "Watch: Turin derby drawn",
        "Turin derby on video, watch",
    ]
    assert labels(titles, np.array([0, 0, 1, 1])) == ["Genoa flood", "Turin derby"]


def test_names_keep_their_capitals() -> None:
    assert labels(["A new film of Hugh Grant", "Hugh Grant retires"], np.array([0, 0])) == ["Hugh Grant"]


def test_labels_are_short_and_need_no_english() -> None:
    titles = ["Überschwemmung in Genua fordert Opfer", "Genua nach der Überschwemmung", "東京で地震"]
    german, japanese = labels(titles, np.array([0, 0, 1]))
    assert 1 <= len(german.split()) <= 4
    assert "Genua" in german
    assert japanese == "東京で地震"


def test_a_title_without_words_has_no_label() -> None:
    assert labels(["!!!"], np.array([0])) == [""]
    assert labels([], np.array([], dtype=np.int64)) == []
