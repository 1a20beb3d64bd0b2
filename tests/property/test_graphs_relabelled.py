"""Names of nodes mean nothing, and every graph keeps what it must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from latticeforge.graphs import Digraph, betweenness, fragility, gini, hhi, reversals, rewirings, strengths

Weights = NDArray[np.float64]


@st.composite
def matrices(draw: st.DrawFn, most: int = 12) -> Weights:
    n = draw(st.integers(2, most))
    made = draw(arrays(np.float64, (n, n), elements=st.sampled_from([0.0, 0.0, 0.0, 0.25, 0.5, 1.0])))
    np.fill_diagonal(made, 0.0)
    return np.asarray(made)


def named(weights: Weights) -> Digraph:
    return Digraph.from_matrix([f"n{i:02}" for i in range(len(weights))], weights)


@settings(deadline=None)  # the first call compiles
@given(matrices(), st.randoms(use_true_random=False), st.booleans())
def test_relabelled_nodes_keep_their_centrality(weights: Weights, random: np.random.Generator, weighted: bool) -> None:
    order = list(range(len(weights)))
    random.shuffle(order)  # type: ignore[arg-type]
    one, other = named(weights), named(weights[np.ix_(order, order)])
    assert betweenness(other, weighted=weighted) == pytest.approx(betweenness(one, weighted=weighted)[order], rel=1e-9)
    for there, here in zip(strengths(other), strengths(one), strict=True):
        assert there == pytest.approx(here[order])
    assert gini(betweenness(other)) == pytest.approx(gini(betweenness(one)), abs=1e-9)


@settings(deadline=None)
@given(matrices())
def test_betweenness_turned_round_is_the_same_and_sums_to_the_detours(weights: Weights) -> None:
    graph, back = named(weights), named(weights.T)
    found = betweenness(graph, normalised=False)
    assert betweenness(back, normalised=False) == pytest.approx(found, rel=1e-9, abs=1e-12)
    steps = distances(weights > 0)
    assert found.sum() == pytest.approx((steps[steps > 1] - 1).sum())  # a way of k steps has k - 1 nodes between


def distances(there: NDArray[np.bool_]) -> Weights:
    """Steps from row to column, 0 where there is no way, by powers of the matrix."""
    n = len(there)
    steps, reached = np.zeros((n, n)), np.eye(n, dtype=bool)
    for k in range(1, n):
        further = (reached @ there) & ~reached
        steps[further] = k
        reached = reached | further
    return steps


@settings(deadline=None)
@given(matrices(), st.integers(0, 5))
def test_rewired_graphs_keep_degrees_and_outgoing_weights(weights: Weights, seed: int) -> None:
    graph = named(weights)
    for other in rewirings(graph, 3, seed):
        there = other.matrix()
        assert (np.diag(there) == 0).all()
        assert ((there > 0).sum(axis=0) == (weights > 0).sum(axis=0)).all()
        assert ((there > 0).sum(axis=1) == (weights > 0).sum(axis=1)).all()
        assert np.sort(there, axis=1).tolist() == np.sort(weights, axis=1).tolist()


@settings(deadline=None, max_examples=40)
@given(matrices(8))
def test_figures_of_fragility_lie_where_they_must(weights: Weights) -> None:
    found = fragility(named(weights), surrogates=19)
    for one in (found.gini, found.hhi):
        assert 0.0 <= one.value <= 1.0
        assert 1 / 20 <= one.p_value <= 1.0
        assert one.low <= one.high
        assert one.excess_low <= one.excess_high
    assert 0.0 <= found.hub_share <= 1.0
    assert found.hhi.value <= found.hub_share + 1e-12


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.floats(1e-3, 1e3))
def test_concentration_knows_no_unit(values: list[int], unit: float) -> None:
    scaled = (np.array(values) * unit).tolist()
    assert gini(scaled) == pytest.approx(gini(values), abs=1e-9)
    assert hhi(scaled) == pytest.approx(hhi(values), abs=1e-9)


@settings(deadline=None)
@given(matrices(6), matrices(6))
def test_windows_turned_round_reverse_every_reversal(first: Weights, then: Weights) -> None:
    there = {(e.leader_before, e.leader_after) for e in reversals([named(first), named(then)])}
    back = {(e.leader_after, e.leader_before) for e in reversals([named(then), named(first)])}
    assert there == back
