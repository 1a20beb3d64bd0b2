"""What Dempster's rule must do with any masses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeforge.fusion import Mass, combine, support

WEIGHTS = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda w: sum(w) > 1e-3)


@st.composite
def masses(draw: st.DrawFn) -> Mass:
    weight = draw(WEIGHTS)
    return Mass(*(w / math.fsum(weight) for w in weight))


@given(st.lists(masses(), max_size=8), st.randoms(use_true_random=False))
def test_order_is_nothing_and_masses_sum_to_one(given_masses: list[Mass], random: object) -> None:
    fused = combine(given_masses)
    total = fused.mass.distraction + fused.mass.organic + fused.mass.unknown
    assert total == pytest.approx(1.0)
    assert 0.0 <= fused.conflict <= 1.0
    assert combine(given_masses[::-1]) == fused


@given(masses(), masses(), masses())
def test_pairwise_is_the_same_as_all_at_once(a: Mass, b: Mass, c: Mass) -> None:
    first = combine([a, b])
    if first.conflict > 1 - 1e-6:
        return
    two_steps, at_once = combine([first.mass, c]), combine([a, b, c])
    if at_once.conflict > 1 - 1e-6:
        return
    assert two_steps.mass.distraction == pytest.approx(at_once.mass.distraction, abs=1e-6)
    whole = 1 - (1 - first.conflict) * (1 - two_steps.conflict)
    assert whole == pytest.approx(at_once.conflict, abs=1e-6)


@given(st.integers(1, 400), st.floats(0.5, 0.999))
def test_equal_contradicting_sources_stay_even_as_k_reaches_one(pairs: int, reliability: float) -> None:
    fused = combine([support(20.0, reliability), support(-20.0, reliability)] * pairs)
    assert fused.mass.distraction == pytest.approx(fused.mass.organic)
    assert math.isfinite(fused.mass.unknown)
    assert fused.conflict <= 1.0


@given(st.floats(-50, 50), st.floats(0, 1))
def test_support_is_a_mass_on_one_answer(log_ratio: float, reliability: float) -> None:
    mass = support(log_ratio, reliability)
    assert min(mass.distraction, mass.organic) == 0.0
    assert max(mass.distraction, mass.organic) <= reliability
