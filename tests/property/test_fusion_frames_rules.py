"""What combination must do with any masses on any frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latticeforge.fusion import Frame, Rule, fuse, fuse_batch

RULES = st.sampled_from(["dempster", "yager", "pcr6"])


@st.composite
def opinions(draw: st.DrawFn) -> tuple[Frame, NDArray[np.float64]]:
    frame = Frame(tuple("abcde"[: draw(st.integers(1, 5))]))
    sources = draw(st.integers(1, 6))
    weights = st.sampled_from([0.0, 0.0, 1e-9, 0.3, 1.0, 2.0])
    made = np.zeros((sources, frame.subsets))
    for source in range(sources):
        made[source, 1:] = draw(st.lists(weights, min_size=frame.subsets - 1, max_size=frame.subsets - 1))
        made[source, -1] += draw(st.sampled_from([1e-6, 0.2, 1.0]))
    return frame, made / made.sum(axis=1, keepdims=True)


@settings(deadline=None)  # the first call compiles
@given(opinions(), RULES)
def test_masses_sum_to_one_and_nothing_lies_on_no_answer(given_: tuple[Frame, NDArray[np.float64]], rule: Rule) -> None:
    frame, masses = given_
    fused = fuse(frame, masses, rule=rule)
    assert fused.mass.sum() == pytest.approx(1.0, abs=1e-9)
    assert fused.mass.min() >= 0.0
    assert fused.mass[0] == 0.0
    assert 0.0 <= fused.conflict <= 1.0
    for subset in range(1, frame.subsets):
        names = frame.names_of(subset)
        assert fused.belief(*names) <= fused.plausibility(*names) + 1e-12


@settings(deadline=None)  # the first call compiles
@given(opinions(), RULES, st.randoms(use_true_random=False))
def test_the_order_of_sources_is_nothing(
    given_: tuple[Frame, NDArray[np.float64]], rule: Rule, random: np.random.Generator
) -> None:
    frame, masses = given_
    order = list(range(len(masses)))
    random.shuffle(order)  # type: ignore[arg-type]
    one, other = fuse(frame, masses, rule=rule), fuse(frame, masses[order], rule=rule)
    assert one.mass == pytest.approx(other.mass, abs=1e-9)
    assert one.log_agreement == pytest.approx(other.log_agreement, rel=1e-9, abs=1e-12)


@settings(deadline=None)  # the first call compiles
@given(opinions(), RULES, st.randoms(use_true_random=False))
def test_names_of_answers_mean_nothing(
    given_: tuple[Frame, NDArray[np.float64]], rule: Rule, random: np.random.Generator
) -> None:
    frame, masses = given_
    names = list(frame.hypotheses)
    random.shuffle(names)  # type: ignore[arg-type]
    other = Frame(tuple(names))
    moved = [other.subset(*frame.names_of(s)) if s else 0 for s in range(frame.subsets)]
    turned = np.empty_like(masses)
    turned[:, moved] = masses
    assert fuse(other, turned, rule=rule).mass[moved] == pytest.approx(fuse(frame, masses, rule=rule).mass, abs=1e-9)


@settings(deadline=None)  # the first call compiles
@given(opinions(), RULES)
def test_a_source_that_knows_nothing_adds_no_conflict(given_: tuple[Frame, NDArray[np.float64]], rule: Rule) -> None:
    frame, masses = given_
    vacuous = frame.mass({})
    with_it, without = fuse(frame, [*masses, vacuous], rule=rule), fuse(frame, masses, rule=rule)
    assert with_it.log_agreement == pytest.approx(without.log_agreement, rel=1e-9, abs=1e-12)
    if rule != "pcr6":  # whose ignorance takes its share of the conflicts it is part of
        assert with_it.mass == pytest.approx(without.mass, abs=1e-9)


@settings(deadline=None)  # the first call compiles
@given(opinions(), st.integers(1, 20), RULES)
def test_alone_and_in_a_batch_are_the_same(given_: tuple[Frame, NDArray[np.float64]], items: int, rule: Rule) -> None:
    frame, masses = given_
    alone, many = fuse(frame, masses, rule=rule), fuse_batch(frame, [masses] * items, rule=rule)
    assert (many.mass == many.mass[0]).all()
    assert many.mass[0] == pytest.approx(alone.mass, rel=1e-12, abs=1e-15)
    assert many.log_agreement[-1] == pytest.approx(alone.log_agreement, rel=1e-12, abs=1e-14)


@settings(deadline=None)  # the first call compiles
@given(opinions())
def test_sources_one_by_one_are_all_at_once(given_: tuple[Frame, NDArray[np.float64]]) -> None:
    frame, masses = given_
    last = fuse(frame, masses[:1])
    total = last.log_agreement
    for mass in masses[1:]:
        last = fuse(frame, [last.mass, mass])
        total += last.log_agreement
    at_once = fuse(frame, masses)
    assert last.mass == pytest.approx(at_once.mass, abs=1e-9)
    assert total == pytest.approx(at_once.log_agreement, rel=1e-9, abs=1e-9)
