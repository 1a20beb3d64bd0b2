"""The benchmark's scoring gives what the rules of the Numenta Anomaly Benchmark give by hand."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def nab() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "nab_score.py"
    spec = importlib.util.spec_from_file_location("nab_score", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["nab_score"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def scores(rows: int, **at: float) -> np.ndarray:
    values = np.zeros(rows)
    for row, value in at.items():
        values[int(row[1:])] = value
    return values


def test_a_row_is_worth_what_its_place_says(nab: ModuleType) -> None:
    worth, of_window = nab.Labelled(1000, ((300, 399),)).worth()
    full = 2 / (1 + math.exp(-5)) - 1
    assert worth[300] == pytest.approx(1.0)
    assert worth[350] == pytest.approx((2 / (1 + math.exp(-2.5)) - 1) / full)
    assert worth[399] == pytest.approx((2 / (1 + math.exp(-0.05)) - 1) / full)
    assert worth[299] == worth[0] == -0.11
    assert worth[400] == pytest.approx(0.11 * (2 / (1 + math.exp(5 / 99)) - 1))
    assert worth[999] == pytest.approx(-0.11, abs=1e-6)
    assert (np.flatnonzero(of_window == 0) == np.arange(300, 400)).all()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, 0.0),  # silence
        ({"r300": 1.0}, 100.0),  # the first row of the window and no other
        ({"r300": 1.0, "r310": 1.0, "r399": 1.0}, 100.0),  # later rows of the window neither earn nor cost
        ({"r200": 1.0}, -5.5),  # -0.11 of a span of 2
        ({"r200": 1.0, "r300": 1.0}, 94.5),
        ({"r100": 1.0, "r300": 1.0}, 100.0),  # probation: the first 150 rows are not scored
        ({"r399": 1.0}, 50 + 50 * (2 / (1 + math.exp(-0.05)) - 1) / (2 / (1 + math.exp(-5)) - 1)),
    ],
)
def test_scores_by_hand(nab: ModuleType, found: dict[str, float], expected: float) -> None:
    result = nab.at_threshold([(nab.Labelled(1000, ((300, 399),)), scores(1000, **found))], 0.5)
    assert result.score == pytest.approx(expected, abs=1e-9)


def test_probation_is_at_most_750_rows(nab: ModuleType) -> None:
    assert nab.Labelled(1000, ()).probation == 150
    assert nab.Labelled(15_900, ()).probation == 750


def test_the_best_threshold_is_that_of_a_search_over_all(nab: ModuleType) -> None:
    rng = np.random.default_rng(5)
    corpus = []
    for _ in range(3):
        values = rng.random(600).round(2)
        values[[210, 225, 400]] += [0.6, 0.9, 0.3]
        corpus.append((nab.Labelled(600, ((200, 239), (380, 419))), values))

    def plain(threshold: float) -> float:
        raw = 0.0
        for series, values in corpus:
            worth, of_window = series.worth()
            missed = {0, 1}
            for row in range(series.probation, 600):
                if values[row] >= threshold and (of_window[row] < 0 or of_window[row] in missed):
                    raw += worth[row]
                    missed.discard(int(of_window[row]))
            raw -= len(missed)
        return 100 * (raw + 6) / 12

    candidates = np.unique(np.concatenate([values for _, values in corpus]))
    best = nab.best_threshold(corpus)
    assert best.score == pytest.approx(max(0.0, *(plain(float(t)) for t in candidates)))
    assert plain(best.threshold) == pytest.approx(best.score)
    assert nab.at_threshold(corpus, 1.2).score == pytest.approx(plain(1.2))


def test_saying_nothing_is_best_where_every_row_costs(nab: ModuleType) -> None:
    result = nab.best_threshold([(nab.Labelled(1000, ((900, 909),)), scores(1000, r500=1.0, r501=1.0))])
    assert result.score == 0.0
    assert math.isinf(result.threshold)
