"""Dempster's rule on two answers."""

from __future__ import annotations

import pytest

from latticeforge.fusion import Mass, combine, support


def test_zadehs_example_on_two_answers() -> None:
    fused = combine([Mass(0.8, 0.1, 0.1), Mass(0.2, 0.7, 0.1)])
    conflict = 0.8 * 0.7 + 0.1 * 0.2
    assert fused.conflict == pytest.approx(conflict)
    assert fused.mass.distraction == pytest.approx((0.8 * 0.2 + 0.8 * 0.1 + 0.1 * 0.2) / (1 - conflict))
    assert fused.mass.unknown == pytest.approx(0.1 * 0.1 / (1 - conflict))


def test_total_contradiction_leaves_everything_unknown() -> None:
    fused = combine([Mass(1.0, 0.0, 0.0), Mass(0.0, 1.0, 0.0)])
    assert fused.conflict == 1.0
    assert fused.mass == Mass(0.0, 0.0, 1.0)


def test_nothing_known_changes_nothing() -> None:
    assert combine([]).mass == Mass(0.0, 0.0, 1.0)
    one = Mass(0.3, 0.5, 0.2)
    fused = combine([one, Mass(0.0, 0.0, 1.0)])
    assert fused.conflict == pytest.approx(0.0, abs=1e-12)
    assert (fused.mass.distraction, fused.mass.organic) == pytest.approx((0.3, 0.5))


def test_support_grows_with_the_ratio_and_stops_at_the_reliability() -> None:
    assert support(0.0, 0.9) == Mass(0.0, 0.0, 1.0)
    assert support(50.0, 0.9).distraction == pytest.approx(0.9)
    assert support(-50.0, 0.9).organic == pytest.approx(0.9)
    assert 0 < support(0.5, 0.9).distraction < support(1.0, 0.9).distraction


@pytest.mark.parametrize("parts", [(0.5, 0.6, 0.2), (-0.1, 0.5, 0.6), (float("nan"), 0.5, 0.5)])
def test_masses_that_are_none_are_refused(parts: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="masses"):
        Mass(*parts)
