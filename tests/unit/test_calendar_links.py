"""The confirmed test: counts and scores against oracles, placebo calendars, effects, calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest, nbinom, norm, pearson3

from latticeforge.narratives.calendar_counts import (
    DAY_SLOTS,
    HOUR_SLOTS,
    WINDOW_SLOTS,
    Field,
    Panel,
    fit_baseline,
    normal_scores,
    score_field,
)
from latticeforge.narratives.calendar_test import (
    CLUSTER_SLOTS,
    CalendarTest,
    Centre,
    Placebos,
    placebos,
    run_test,
    weekday_class,
)
from latticeforge.narratives.calibration import Calibration, EffectPrior, calibrate, injected
from latticeforge.narratives.codebook import fit_code_book, narratives_for

K = 12
DAYS = 84
FIRST_TESTED = 28 * DAY_SLOTS
LAST = DAYS * DAY_SLOTS - WINDOW_SLOTS


def feed(seed: int = 1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Slots and narratives of 84 days of items with a daily rhythm."""
    rng = np.random.default_rng(seed)
    hours = DAYS * 24
    rate = rng.uniform(0.2, 1.0, K) * (1 + 0.5 * np.cos(2 * np.pi * (np.arange(hours)[:, None] / 24 - rng.random(K))))
    counts = rng.poisson(rate * rng.gamma(4.0, 0.25, size=rate.shape))
    at = np.repeat(np.arange(hours), counts.sum(axis=1)) * HOUR_SLOTS
    return (
        at + rng.integers(1, HOUR_SLOTS + 1, size=at.size),
        np.repeat(np.tile(np.arange(K), hours), counts.ravel()),
    )


def scored(slot: NDArray[np.int64], narrative: NDArray[np.int64]) -> Field:
    panel = Panel.build(slot, narrative, DAYS * DAY_SLOTS, K)
    starts = np.arange(7 * DAY_SLOTS, FIRST_TESTED - WINDOW_SLOTS + 1, WINDOW_SLOTS)
    return score_field(panel, fit_baseline(panel, starts, WINDOW_SLOTS), np.arange(FIRST_TESTED, LAST + 1))


@pytest.fixture(scope="module")
def field() -> Field:
    return scored(*feed())


USABLE = np.arange(LAST + 1) >= FIRST_TESTED
OPEN = np.ones((20, K), dtype=np.bool_)
NONE = np.zeros((20, K))


def event_slots(seed: int, n: int = 20) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(seed).choice(np.flatnonzero(USABLE), n, replace=False))


def outcome_of(field: Field, slots: NDArray[np.int64], seed: int = 0) -> CalendarTest:
    return run_test(field, placebos(slots, USABLE, HOUR_SLOTS), OPEN, NONE, seed, draws=199)


def test_counts_are_those_of_a_loop_over_items() -> None:
    slot, narrative = feed()
    panel = Panel.build(slot, narrative, DAYS * DAY_SLOTS, K)
    starts = np.array([0, 5, 1000, LAST])
    counts, total = panel.counts(starts, WINDOW_SLOTS)
    for row, start in enumerate(starts):
        inside = (slot > start) & (slot <= start + WINDOW_SLOTS)
        assert counts[row].tolist() == np.bincount(narrative[inside], minlength=K).tolist()
        assert total[row] == inside.sum()


def test_an_expectation_does_not_see_its_own_window() -> None:
    slot, narrative = feed()
    at = np.array([40 * DAY_SLOTS])
    plain = Panel.build(slot, narrative, DAYS * DAY_SLOTS, K).parts(at, WINDOW_SLOTS)
    more = np.full(9, at[0] + 3)
    raised = Panel.build(np.append(slot, more), np.append(narrative, np.full(9, 4)), DAYS * DAY_SLOTS, K)
    changed = raised.parts(at, WINDOW_SLOTS)
    np.testing.assert_allclose(changed[:, 0, 4], plain[:, 0, 4])
    assert (changed[:, 0, 5] > plain[:, 0, 5]).all()  # to the others it is a busier hour


@pytest.mark.parametrize(("a", "b"), [(0.01, 0.7), (0.7, 0.1), (0.0, 2.5)])
def test_scores_are_the_mid_p_tail_of_scipy(a: float, b: float) -> None:
    rng = np.random.default_rng(3)
    mu = rng.gamma(1.0, 8.0, size=4000)
    y = rng.poisson(mu * rng.gamma(2.0, 0.5, size=mu.size)).astype(float)
    size = mu / (a + b * mu)
    law = nbinom(size, size / (size + mu))
    assert y.max() > 60  # both ways of summing are used
    oracle = np.clip(norm.isf(law.sf(y) + 0.5 * law.pmf(y)), -5.0, 5.0)
    np.testing.assert_allclose(normal_scores(y, mu, a, b), oracle, atol=2e-5)


def test_nothing_expected_and_nothing_seen_is_no_surprise() -> None:
    assert normal_scores(np.zeros(1), np.full(1, 1e-9), 0.1, 0.7).tolist() == [0.0]


def test_the_cube_root_is_close_to_pearson_iii() -> None:
    x = np.linspace(-1.5, 4.5, 40)
    for skew in (-0.2, 0.0, 0.3, 0.8):
        one = np.ones(x.size)
        centre = Centre(0 * one, one, skew * one, np.ones(x.size, dtype=np.bool_))
        np.testing.assert_allclose(centre.scores(x), norm.isf(pearson3(skew).sf(x)), atol=0.03)


def test_placebos_keep_hour_weekday_class_era_and_clusters() -> None:
    slots = np.sort(np.append(event_slots(5, 18), [FIRST_TESTED + 900, FIRST_TESTED + 960]))
    where = placebos(slots, USABLE, HOUR_SLOTS)
    drawn = where.draw(400, np.random.default_rng(0), WINDOW_SLOTS)
    assert USABLE[drawn].all()
    apart = (drawn - slots + DAY_SLOTS // 2) % DAY_SLOTS - DAY_SLOTS // 2
    assert np.abs(apart).max() == HOUR_SLOTS
    days = (drawn - apart) // DAY_SLOTS * DAY_SLOTS
    assert (weekday_class(days) == weekday_class(slots)).all()
    for cluster in where.clusters:
        assert 0 in cluster.moves
        assert slots[cluster.events[-1]] - slots[cluster.events[0]] < CLUSTER_SLOTS
        moved = drawn[:, cluster.events] - slots[cluster.events]
        assert (moved == moved[:, :1]).all()
    assert any(cluster.events.size > 1 for cluster in where.clusters)
    assert np.isin(drawn, where.field_slots()).all()
    of = np.concatenate([np.full(c.events.size, i) for i, c in enumerate(where.clusters)])
    members = np.concatenate([c.events for c in where.clusters])
    placed = drawn[:, members]
    strangers = of[:, None] != of
    assert np.abs(placed[:, :, None] - placed[:, None, :])[:, strangers].min() >= WINDOW_SLOTS


def test_weekday_class_of_known_days() -> None:
    thursday = 0
    weekend = [bool(weekday_class(np.array([(thursday + day) * DAY_SLOTS + 7]))[0]) for day in range(7)]
    assert weekend == [False, False, True, True, False, False, False]


def test_p_is_uniform_where_nothing_follows(field: Field) -> None:
    p = np.array([outcome_of(field, event_slots(1000 + i), seed=i).p for i in range(400)])
    spread = p - np.random.default_rng(0).random(p.size) / 200
    assert kstest(spread, "uniform").pvalue > 0.01
    assert (p <= 0.05).mean() <= 0.08  # under 3 sd above 0.05


def test_a_strong_effect_is_found_and_measured() -> None:
    slot, narrative = feed()
    slots = event_slots(7)
    rng = np.random.default_rng(1)
    added = np.repeat(slots, 5) + rng.integers(1, WINDOW_SLOTS + 1, size=100)
    raised = scored(np.append(slot, added), np.append(narrative, np.full(100, 3)))
    outcome = outcome_of(raised, slots)
    assert outcome.best == 3
    assert outcome.p == pytest.approx(1 / 200)
    assert outcome.narrative_p[3] == outcome.p
    assert outcome.effect_low[3] < 5.0 < outcome.effect_high[3]
    assert outcome.effect_low[3] > 2.0


def test_the_gate_and_own_coverage_keep_an_event_out_of_its_own_link() -> None:
    slot, narrative = feed()
    slots = event_slots(7)
    added = np.repeat(slots, 5) + np.tile(np.arange(1, 6), 20)
    raised = scored(np.append(slot, added), np.append(narrative, np.full(100, 3)))
    where = placebos(slots, USABLE, HOUR_SLOTS)
    gated = OPEN.copy()
    gated[:, 3] = False
    outcome = run_test(raised, where, gated, NONE, 0, draws=199)
    assert outcome.narrative_p[3] == 1.0
    assert outcome.best != 3
    own = NONE.copy()
    own[:, 3] = 5.0
    assert run_test(raised, where, OPEN, own, 0, draws=199).narrative_p[3] > 0.05


def test_own_coverage_never_makes_a_link_stronger(field: Field) -> None:
    own = np.random.default_rng(2).integers(0, 2, size=(20, K)).astype(float)
    slots = event_slots(9)
    where = placebos(slots, USABLE, HOUR_SLOTS)
    with_own = run_test(field, where, OPEN, own, 0, draws=199)
    assert (with_own.narrative_p >= outcome_of(field, slots).narrative_p).all()


def test_the_order_of_items_changes_nothing_and_the_seed_decides(field: Field) -> None:
    slot, narrative = feed()
    order = np.random.default_rng(4).permutation(slot.size)
    slots = event_slots(9)
    first, again = outcome_of(field, slots), outcome_of(scored(slot[order], narrative[order]), slots)
    assert np.array_equal(first.score, again.score)
    assert np.array_equal(first.effect_low, again.effect_low)
    assert not np.array_equal(first.placebo_max, outcome_of(field, slots, seed=1).placebo_max)


def test_moving_all_by_whole_weeks_changes_nothing() -> None:
    slots = event_slots(9)
    week = 7 * DAY_SLOTS
    later = placebos(slots + week, np.concatenate([np.zeros(week, dtype=np.bool_), USABLE]), HOUR_SLOTS)
    same = placebos(slots, USABLE, HOUR_SLOTS)
    assert [c.moves.tolist() for c in later.clusters] == [c.moves.tolist() for c in same.clusters]


def test_a_day_that_was_not_observed_is_no_placebo() -> None:
    usable = USABLE.copy()
    usable[40 * DAY_SLOTS : 41 * DAY_SLOTS] = False
    slots = event_slots(11)
    slots = slots[usable[slots]]
    reached = placebos(slots, usable, HOUR_SLOTS).field_slots()
    assert usable[reached].all()


def calibrated(field: Field) -> tuple[Placebos, CalendarTest, Calibration]:
    slots = event_slots(13)
    where = placebos(slots, USABLE, HOUR_SLOTS)
    test = run_test(field, where, OPEN, NONE, 0, draws=599)
    return where, test, calibrate(test, field, OPEN, 1)


def test_the_likelihood_rises_with_the_margin_and_keeps_its_range(field: Field) -> None:
    calibration = calibrated(field)[2]
    values = [calibration.likelihood(m) for m in np.linspace(-3, 6, 40)]
    assert all(low <= p <= high for p, low, high in values)
    assert all(low >= 0 and high <= 1 for _, low, high in values)
    assert np.all(np.diff([p for p, _, _ in values]) >= -1e-9)
    assert values[0][0] < 0.03
    assert values[-1][0] > 0.9


def test_the_base_rate_moves_the_likelihood(field: Field) -> None:
    _, test, _ = calibrated(field)
    rare, common = (calibrate(test, field, OPEN, 1, base_rate=rate).likelihood(1.0)[0] for rate in (0.01, 0.5))
    assert rare < common


def test_larger_effects_stand_out_more(field: Field) -> None:
    _, test, _ = calibrated(field)
    margins = [
        float(np.mean(injected(test, field, OPEN, 1, EffectPrior((sd, sd), (1.0, 1.0)))[0])) for sd in (0.5, 1, 2, 4)
    ]
    assert margins == sorted(margins)
    assert margins[-1] > margins[0] + 1


def test_an_effect_on_a_gated_narrative_does_not_count(field: Field) -> None:
    _, test, _ = calibrated(field)
    none = np.zeros((20, K), dtype=np.bool_)
    margin, _ = injected(test, field, none, 1, EffectPrior((4.0, 4.0), (1.0, 1.0)))
    null = test.placebo_max - np.median(test.placebo_max)
    np.testing.assert_allclose(np.sort(margin), np.sort(null[: margin.size]))


def test_no_slots_give_an_empty_field() -> None:
    slot, narrative = feed()
    panel = Panel.build(slot, narrative, DAYS * DAY_SLOTS, K)
    baseline = fit_baseline(panel, np.arange(7 * DAY_SLOTS, FIRST_TESTED, WINDOW_SLOTS), WINDOW_SLOTS)
    assert score_field(panel, baseline, np.zeros(0, dtype=np.int64)).score.shape == (0, K)


def titled(count: int = 300) -> tuple[list[str], NDArray[np.float32]]:
    rng = np.random.default_rng(8)
    subject = rng.integers(6, size=count)
    vectors = np.eye(384, dtype=np.float32)[subject] + 0.05 * rng.normal(size=(count, 384)).astype(np.float32)
    words = ("flood", "budget", "cup", "strike", "vaccine", "heatwave")
    titles = [f"{words[s]} report {i}" for i, s in enumerate(subject)]
    return titles, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_code_book_finds_the_subjects_in_any_order_of_rows() -> None:
    titles, vectors = titled()
    book = fit_code_book(titles, vectors, 6, 0)
    order = np.random.default_rng(1).permutation(len(titles))
    doubled = [titles[i] for i in order] + titles[:50]
    again = fit_code_book(doubled, np.concatenate([vectors[order], vectors[:50]]), 6, 0)
    assert book.digest == again.digest
    assert book.labels == again.labels
    of = book.nearest(vectors)
    words = [title.split()[0] for title in titles]
    assert len({(w, int(n)) for w, n in zip(words, of, strict=True)}) == 6
    assert {label.split()[0] for label in book.labels} == set(words)
    assert np.bincount(of).tolist() == sorted(np.bincount(of), reverse=True)


def test_the_gate_drops_the_nearest_narratives() -> None:
    titles, vectors = titled()
    book = fit_code_book(titles, vectors, 6, 0)
    gate = book.unrelated(vectors[:40])
    assert (~gate).sum(axis=1).tolist() == [1] * 40  # the others have nothing in common with it
    assert not gate[np.arange(40), book.nearest(vectors[:40])].any()
    between = (vectors[0] + vectors[np.flatnonzero(book.nearest(vectors) != book.nearest(vectors)[0])[0]]) / 1.5
    assert (~book.unrelated(between[None, :].astype(np.float32))).sum() == 2  # 30 % of six, both close to it


def test_how_many_narratives_a_record_carries() -> None:
    assert narratives_for(0.1, 10_000) == 4
    assert narratives_for(2.0, 10_000) == 40
    assert narratives_for(8.0, 10_000) == 64
    assert narratives_for(500.0, 100_000) == 200
    assert narratives_for(8.0, 200) == 20


def test_a_code_book_needs_titles() -> None:
    with pytest.raises(ValueError, match="before the tested time"):
        fit_code_book([], np.zeros((0, 384), dtype=np.float32), 6, 0)


def test_rescored_cells_agree_with_the_field(field: Field) -> None:
    rows, column = np.arange(200), np.full(200, 2)
    np.testing.assert_allclose(field.rescored(rows, column, np.zeros(200)), field.score[rows, 2], atol=2e-3)
    shifted = replace(field, counts=field.counts + 2)
    np.testing.assert_allclose(
        field.rescored(rows, column, np.full(200, 2.0)), shifted.rescored(rows, column, np.zeros(200))
    )
