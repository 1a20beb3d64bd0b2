"""The surge detector finds what stands out, says nothing of what does not, and survives any series."""

from __future__ import annotations

import numpy as np
import pytest

from latticeforge.detectors.surges import LABEL, WARM_UP_ROWS, SurgeDetector, detect

DAY = 288
ROWS = 20 * DAY
TIMES = 1_424_995_200 + 300.0 * np.arange(ROWS)


def counts(seed: int, level: float = 20.0) -> np.ndarray:
    """Negative binomial counts with a daily rhythm."""
    rng = np.random.default_rng(seed)
    rhythm = np.exp(0.8 * np.sin(2 * np.pi * np.arange(ROWS) / DAY))
    return rng.poisson(level * rhythm * rng.gamma(8, 1 / 8, ROWS)).astype(float)


def labelled(values: np.ndarray, times: np.ndarray = TIMES) -> np.ndarray:
    return np.flatnonzero(detect(times, values) >= LABEL)


@pytest.mark.parametrize("seed", range(4))
def test_a_burst_is_labelled_at_its_onset_and_not_all_along(seed: int) -> None:
    values, onset = counts(seed), 15 * DAY + 40 * seed
    values[onset : onset + 100] += 200 * np.exp(-np.arange(100) / 30)
    hits = labelled(values)
    assert ((hits >= onset) & (hits <= onset + 1)).any()
    assert ((hits >= onset) & (hits < onset + 100)).sum() <= 6


def test_a_slow_surge_of_hours_is_labelled_though_no_row_stands_out() -> None:
    values, onset = counts(1, level=60.0), 15 * DAY
    peak_before = values[:onset].max()
    values[onset : onset + 120] = np.minimum(values[onset : onset + 120] * 2.2, peak_before)
    hits = labelled(values)
    assert ((hits >= onset) & (hits < onset + 60)).any()


def test_at_night_less_is_unusual_than_at_noon() -> None:
    values = counts(2)
    noon, night = 15 * DAY + DAY // 4, 15 * DAY + 3 * DAY // 4
    by_day, by_night = values.copy(), values.copy()
    by_day[noon : noon + 3] = by_night[night : night + 3] = 80
    assert detect(TIMES, by_night)[night : night + 3].max() > detect(TIMES, by_day)[noon : noon + 3].max() + 0.05


def test_a_series_used_to_spikes_needs_a_larger_one() -> None:
    quiet = counts(3)
    spiky = quiet.copy()
    spiky[np.random.default_rng(3).integers(DAY, 14 * DAY, 60)] += 150
    for values in (quiet, spiky):
        values[15 * DAY + 7] += 150
    assert detect(TIMES, quiet)[15 * DAY + 7] > LABEL + 0.05
    assert detect(TIMES, spiky)[15 * DAY + 7] < LABEL


@pytest.mark.parametrize("value", [0.0, 5.0, -3.25, 1e300, 1e-300])
def test_a_constant_series_is_never_labelled(value: float) -> None:
    assert labelled(np.full(ROWS, value)).size == 0


def test_a_few_mentions_after_nothing_are_no_surge_but_many_are() -> None:
    few, many = np.zeros(ROWS), np.zeros(ROWS)
    few[10 * DAY] = 1
    many[10 * DAY] = 30
    assert labelled(few).size == 0
    assert labelled(many).tolist() == [10 * DAY]


def test_what_is_missing_is_not_zero() -> None:
    values = counts(4)
    holes = values.copy()
    holes[9 * DAY : 10 * DAY] = np.nan
    scores = detect(TIMES, holes)
    assert (scores[9 * DAY : 10 * DAY] == 0).all()
    kept = np.isfinite(holes)
    assert np.array_equal(detect(TIMES[kept], holes[kept]), scores[kept])
    assert not ((labelled(holes) >= 10 * DAY) & (labelled(holes) < 11 * DAY)).any()


def test_the_end_of_an_outage_is_no_surge() -> None:
    values = counts(5)
    values[9 * DAY : 9 * DAY + 100] = 0
    after = labelled(values)
    assert not ((after >= 9 * DAY) & (after < 10 * DAY)).any()


def test_a_hole_in_time_does_not_make_the_row_after_it_unusual() -> None:
    kept = np.r_[0 : 9 * DAY, 12 * DAY : ROWS]
    hits = labelled(counts(6)[kept], TIMES[kept])
    assert not ((hits >= 9 * DAY) & (hits < 9 * DAY + DAY // 2)).any()


def test_any_numbers_give_scores_between_0_and_1() -> None:
    rng = np.random.default_rng(8)
    values = rng.standard_cauchy(ROWS) * 10.0 ** rng.integers(-300, 300, ROWS)
    values[rng.integers(ROWS, size=200)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.7e308, -1.7e308], 200)
    times = TIMES + rng.integers(-2000, 2000, ROWS)
    times[1000:1100] = times[1000]
    times[2000] = np.nan
    scores = detect(times, values)
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_negative_and_fractional_values_are_judged_like_others() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(-5, 1, ROWS)
    values[15 * DAY] = 60
    assert 15 * DAY in labelled(values)


def test_nothing_is_said_before_enough_was_seen() -> None:
    values = counts(10)
    values[WARM_UP_ROWS - 5] = 10_000
    scores = detect(TIMES, values)
    assert (scores[:WARM_UP_ROWS] == 0).all()
    assert scores[WARM_UP_ROWS:].any()
    assert (detect(TIMES[:200], values[:200]) == 0).all()
    assert detect(np.empty(0), np.empty(0)).size == 0


def test_a_surge_does_not_blind_the_detector_to_the_next() -> None:
    values = counts(11)
    for onset in (10 * DAY, 13 * DAY, 16 * DAY):
        values[onset : onset + 60] += 400 * np.exp(-np.arange(60) / 20)
    hits = labelled(values)
    assert all(((hits >= onset) & (hits < onset + 10)).any() for onset in (10 * DAY, 13 * DAY, 16 * DAY))


def test_false_labels_are_rare_in_series_without_a_surge() -> None:
    times = np.concatenate([TIMES, TIMES + ROWS * 300.0, TIMES + 2 * ROWS * 300.0])
    labels = [
        labelled(np.concatenate([counts(3 * seed), counts(3 * seed + 1), counts(3 * seed + 2)]), times).size
        for seed in range(20, 32)
    ]
    assert 0 < np.mean(labels) < 8  # once in ten days is what a label says: six in two months


def test_rows_one_by_one_score_like_all_at_once() -> None:
    values, detector = counts(12)[: 3 * DAY], SurgeDetector()
    one_by_one = [detector.score(TIMES[i : i + 1], values[i : i + 1])[0] for i in range(values.size)]
    assert np.array_equal(one_by_one, detect(TIMES[: values.size], values))
