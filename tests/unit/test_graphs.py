"""Graphs against counts of every shortest path one by one, and the mesh against one built anew."""

from __future__ import annotations

import doctest
import importlib
import itertools
import pkgutil
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.sparse.csgraph import floyd_warshall

import latticeforge.graphs
from latticeforge.graphs import (
    Digraph,
    Mesh,
    MeshWindow,
    betweenness,
    betweenness_many,
    causal_graph,
    fragility,
    gini,
    hhi,
    mesh_window,
    reversals,
    rewirings,
    rolling_centrality,
    strengths,
    take_overs,
)
from latticeforge.information import Lead, Leads

MODULES = [f"latticeforge.graphs.{m.name}" for m in pkgutil.iter_modules(latticeforge.graphs.__path__)]
START = datetime(2025, 1, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def random_graph(nodes: int, density: float, seed: int) -> Digraph:
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 5, (nodes, nodes)) / 4.0  # few different lengths, so that many ways are equally long
    return Digraph.from_matrix([f"n{i}" for i in range(nodes)], weights * (rng.random((nodes, nodes)) < density))


def by_pairs(graph: Digraph, *, weighted: bool) -> np.ndarray:
    """The definition: sigma_st(v) = sigma_sv sigma_vt where v lies on a shortest way; numbers of ways by length."""
    n, weights = len(graph.names), graph.matrix()
    length = np.full((n, n), np.inf)
    length[weights > 0] = 1.0 / weights[weights > 0] if weighted else 1.0
    far = floyd_warshall(np.where(np.isinf(length), 0.0, length))
    ways = np.eye(n)
    for s, t in sorted(itertools.product(range(n), repeat=2), key=lambda pair: far[pair]):
        if s != t and np.isfinite(far[s, t]):
            last = [u for u in range(n) if np.isclose(far[s, u] + length[u, t], far[s, t], rtol=1e-12)]
            ways[s, t] = sum(ways[s, u] for u in last)
    found = np.zeros(n)
    for s, v, t in itertools.permutations(range(n), 3):
        if np.isfinite(far[s, t]) and np.isclose(far[s, v] + far[v, t], far[s, t], rtol=1e-12):
            found[v] += ways[s, v] * ways[v, t] / ways[s, t]
    return found


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("nodes", "density"), [(2, 1.0), (3, 0.5), (9, 0.2), (9, 0.6), (17, 0.12), (17, 0.3)])
def test_betweenness_is_that_of_every_pair(nodes: int, density: float, weighted: bool) -> None:
    for seed in range(5):
        graph = random_graph(nodes, density, seed)
        found = betweenness(graph, weighted=weighted, normalised=False)
        assert found == pytest.approx(by_pairs(graph, weighted=weighted), rel=1e-9, abs=1e-12)
        assert betweenness(graph, weighted=weighted) * max(1, (nodes - 1) * (nodes - 2)) == pytest.approx(found)


def test_long_ways_are_counted_as_short_ones_are() -> None:
    """A ring of 60 nodes has ways of 59 steps: node after node lies on all of those that pass it."""
    names = [f"n{i:02}" for i in range(60)]
    ring = Digraph.of(names, [(names[i], names[(i + 1) % 60], 1.0) for i in range(60)])
    assert betweenness(ring, normalised=False) == pytest.approx(np.full(60, 58 * 59 / 2))
    chain = Digraph.of(names, [(a, b, 1.0) for a, b in itertools.pairwise(names)])
    assert betweenness(chain, normalised=False) == pytest.approx([i * (59 - i) for i in range(60)])


def test_many_graphs_are_each_alone() -> None:
    graphs = [random_graph(12, density, seed) for seed, density in enumerate([0.0, 0.1, 0.5, 1.0])]
    many = betweenness_many(graphs)
    for row, graph in zip(many, graphs, strict=True):
        assert row.tolist() == betweenness(graph).tolist()
    for row, graph in zip(betweenness_many(graphs, weighted=True), graphs, strict=True):
        assert row.tolist() == betweenness(graph, weighted=True).tolist()
    assert betweenness_many([]).shape == (0, 0)
    with pytest.raises(ValueError, match="one number of nodes"):
        betweenness_many([graphs[0], random_graph(3, 0.5, 0)])


def test_a_graph_is_read_back_as_it_was_given() -> None:
    graph = random_graph(8, 0.4, 1)
    again = Digraph.of(graph.names, reversed(graph.edges))
    assert again.edges == graph.edges
    assert Digraph.from_matrix(graph.names, graph.matrix()).edges == graph.edges
    leaving, entering = strengths(graph)
    assert leaving == pytest.approx(graph.matrix().sum(axis=1))
    assert entering == pytest.approx(graph.matrix().sum(axis=0))


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        ([("a", "z", 1.0)], "not named: z"),
        ([("a", "a", 1.0)], "to itself"),
        ([("a", "b", 1.0), ("a", "b", 2.0)], "twice"),
        ([("a", "b", 0.0)], "above 0"),
        ([("a", "b", float("nan"))], "above 0"),
    ],
)
def test_edges_that_cannot_be_are_refused(edges: list[tuple[str, str, float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Digraph.of(["a", "b"], edges)


def test_matrices_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="2 x 2"):
        Digraph.from_matrix(["a", "b"], np.ones((3, 3)))
    with pytest.raises(ValueError, match="above 0"):
        Digraph.from_matrix(["a", "b"], [[0.0, -1.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="one name"):
        Digraph.of(["a", "a"], [])
    assert Digraph.from_matrix(["a", "b"], [[5.0, np.nan], [0.0, 5.0]]).edges == []


def lead(source: str, target: str, bits: float, q_value: float) -> Lead:
    return Lead(source, target, bits, 0.01, 0.0, 0.005, q_value, q_value)


def test_the_causal_graph_holds_what_is_significant_and_above_zero() -> None:
    found = (lead("a", "b", 0.3, 0.01), lead("b", "c", 0.2, 0.2), lead("c", "a", -0.1, 0.01), lead("d", "b", 0.1, 0.04))
    leads = Leads(found, 12, 400, 4, "leads/1")
    assert causal_graph(leads).edges == [("a", "b", 0.3), ("d", "b", 0.1)]
    assert causal_graph(leads, level=0.3).names == ("a", "b", "c", "d")
    few = causal_graph(leads, ["c", "b", "a"])
    assert (few.names, few.edges) == (("c", "b", "a"), [("a", "b", 0.3)])


# --- fragility


def two_rooms(size: int) -> Digraph:
    """Two groups in which each is tied to each, and one door between them."""
    rooms = [[f"{room}{i}" for i in range(size)] for room in "ab"]
    inside = [(x, y, 1.0) for room in rooms for x, y in itertools.permutations(room, 2)]
    return Digraph.of([*rooms[0], *rooms[1]], [*inside, ("a0", "b0", 1.0), ("b0", "a0", 1.0)])


def test_a_door_between_two_rooms_is_fragile_and_a_random_graph_is_not() -> None:
    found = fragility(two_rooms(5), seed=3)
    assert found.fragile()
    assert found.hhi.value == pytest.approx(0.5)
    assert found.hhi.p_value == found.gini.p_value == pytest.approx(1 / 201)
    assert found.gini.low <= found.gini.chance <= found.gini.high < found.gini.value
    assert found.gini.excess == pytest.approx(found.gini.value - found.gini.chance)
    assert 0 < found.gini.excess_low < found.gini.excess < found.gini.excess_high
    assert (found.hub, found.hub_share) == ("a0", pytest.approx(0.5))
    assert (found.nodes, found.edges, found.surrogates, found.algorithm) == (10, 42, 200, "fragility/1")


def test_p_values_of_random_graphs_are_even() -> None:
    """Graphs drawn from the null itself: 120 graphs, both ends of the p-values about as often as they should."""
    rng = np.random.default_rng(8)
    p_values = []
    for seed in range(120):
        weights = (rng.random((12, 12)) < 0.25).astype(float)
        graph = Digraph.from_matrix([f"n{i}" for i in range(12)], weights)
        p_values.append(fragility(graph, surrogates=39, seed=seed).gini.p_value)
    below = np.array(p_values)
    assert 0.0 <= (below <= 0.05).mean() <= 0.12
    assert 0.35 <= (below <= 0.5).mean() <= 0.65


def test_where_degrees_leave_one_graph_nothing_is_fragile() -> None:
    star = Digraph.of("abcde", [*((x, "a", 1.0) for x in "bcde"), *(("a", x, 1.0) for x in "bcde")])
    found = fragility(star)
    assert (found.hub, found.hhi.value, found.hhi.p_value, found.fragile()) == ("a", 1.0, 1.0, False)
    nothing = fragility(Digraph.of("abc", [("a", "b", 1.0)]))
    assert (nothing.hub, nothing.hub_share, nothing.gini.value, nothing.gini.p_value) == (None, 0.0, 0.0, 1.0)
    assert fragility(Digraph.of("ab", [])).hhi.value == 0.0


def test_fragility_follows_weights_where_it_is_told_to() -> None:
    rng = np.random.default_rng(3)
    graph = Digraph.from_matrix([f"n{i}" for i in range(10)], rng.random((10, 10)))  # each tied to each
    assert fragility(graph, surrogates=19).hub is None
    assert fragility(graph, surrogates=19, weighted=True).hub is not None


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    graph = random_graph(12, 0.3, 5)
    assert fragility(graph, seed=1) == fragility(graph, seed=1)
    assert fragility(graph, seed=1).gini.chance != fragility(graph, seed=2).gini.chance
    with pytest.raises(ValueError, match="19"):
        fragility(graph, surrogates=18)


def test_rewired_graphs_of_given_degrees_are_equally_likely() -> None:
    """All graphs in which three nodes of out-degree 1 point at three of in-degree 1, without loops: two rings."""
    ring = Digraph.of("abc", [("a", "b", 1.0), ("b", "c", 1.0), ("c", "a", 1.0)])
    assert {tuple(one.head.tolist()) for one in rewirings(ring, 50, 0)} == {(1, 2, 0)}  # no switch avoids a loop
    four = Digraph.of("abcd", [("a", "b", 1.0), ("b", "a", 1.0), ("c", "d", 1.0), ("d", "c", 1.0)])
    seen = [tuple(one.head.tolist()) for one in rewirings(four, 900, 0)]
    counts = {graph: seen.count(graph) for graph in set(seen)}
    assert len(counts) == 9  # permutations of four without a fixed point
    assert min(counts.values()) > 60
    assert max(counts.values()) < 145


def test_concentration_is_between_its_bounds() -> None:
    assert gini([0.0, 0.0]) == hhi([0.0]) == 0.0
    assert gini([2.0] * 7) == pytest.approx(0.0)
    assert hhi([2.0] * 8) == pytest.approx(1 / 8)
    x = np.random.default_rng(1).random(50)
    wanted = np.abs(x[:, None] - x).sum() / (2 * 50 * x.sum())  # half the relative mean difference
    assert gini(x) == pytest.approx(wanted)
    for wrong in ([], [-1.0], [np.nan], [[1.0]]):
        with pytest.raises(ValueError, match="amounts"):
            gini(wrong)


# --- windows


def test_rolling_centrality_knows_absent_from_unimportant() -> None:
    first = Digraph.of("abc", [("a", "b", 2.0), ("b", "c", 1.0)])
    then = Digraph.of("bd", [("d", "b", 4.0)])
    rolling = rolling_centrality([first, then])
    assert rolling.names == ("a", "b", "c", "d")
    assert rolling.betweenness[0].tolist()[:3] == [0.0, 0.5, 0.0]
    assert np.isnan(rolling.betweenness[1]).tolist() == [True, False, True, False]
    assert rolling.out_strength[1, 3] == rolling.in_strength[1, 1] == 4.0
    assert rolling.algorithm == "centrality/1"
    weighted = rolling_centrality([random_graph(8, 0.5, 2)], weighted=True)
    assert weighted.betweenness[0] == pytest.approx(betweenness(random_graph(8, 0.5, 2), weighted=True))


def hub(name: str) -> Digraph:
    others = [n for n in "abcd" if n != name]
    return Digraph.of("abcd", [*((o, name, 1.0) for o in others[:2]), (name, others[2], 1.0)])


def test_hubs_that_take_over_are_named_once() -> None:
    nobody = Digraph.of("abcd", [])
    tied = Digraph.of("abcd", [("a", "b", 1.0), ("b", "c", 1.0), ("c", "d", 1.0)])  # b and c alike
    events = take_overs(rolling_centrality([hub("a"), hub("a"), nobody, tied, hub("b"), hub("b")]))
    assert [(e.before, e.after, e.hub_before, e.hub_after) for e in events] == [(1, 4, "a", "b")]
    assert events[0].margin == pytest.approx(2 / 6)
    assert take_overs(rolling_centrality([hub("a"), hub("b")]), least_margin=0.5) == ()
    assert take_overs(rolling_centrality([])) == ()


def test_reversals_are_of_the_net_link() -> None:
    windows = [
        Digraph.of("abc", [("a", "b", 0.5), ("b", "a", 0.1), ("a", "c", 0.2)]),
        Digraph.of("abc", [("a", "b", 0.2), ("b", "a", 0.2)]),
        Digraph.of("abc", [("b", "a", 0.3), ("c", "a", 0.05)]),
    ]
    found = {(e.leader_before, e.leader_after): e for e in reversals(windows)}
    assert set(found) == {("a", "b"), ("a", "c")}
    assert (found["a", "b"].before, found["a", "b"].after) == (0, 2)
    assert found["a", "b"].net_before == pytest.approx(0.4)
    assert found["a", "b"].net_after == pytest.approx(0.3)
    assert [e.leader_after for e in reversals(windows, least_net=0.1)] == ["b"]


# --- mesh


def windows_of(count: int, seed: int) -> list[MeshWindow]:
    rng = np.random.default_rng(seed)
    ties = [(f"narrative:{i}", f"source:{j}") for i in range(6) for j in range(4)]
    return [
        MeshWindow(START + timedelta(minutes=5 * w), {tie: float(rng.random()) for tie in ties if rng.random() < 0.4})
        for w in range(count)
    ]


def test_a_mesh_is_the_same_however_it_came_to_hold_its_windows() -> None:
    windows = windows_of(12, 4)
    moving = Mesh()
    for window in windows:
        moving.add(window)
    for window in windows[::2]:
        moving.remove(window.start)
    moving.add(windows[4])
    anew = Mesh()
    for window in reversed([*windows[1::2], windows[4]]):
        anew.add(window)
    assert moving.graph() == anew.graph()
    assert list(moving.graph().ties) == sorted(moving.graph().ties)
    both = moving.graph().digraph()
    assert len(both.edges) == 2 * len(moving.graph().ties)
    assert betweenness(both).max() > 0
    for window in [*windows[1::2], windows[4]]:
        moving.remove(window.start)
    empty = moving.graph()
    assert (empty.windows, dict(empty.nodes), dict(empty.ties)) == ((), {}, {})


def test_a_mesh_refuses_what_it_cannot_hold() -> None:
    mesh = Mesh()
    mesh.add(MeshWindow(START, {}))
    with pytest.raises(ValueError, match="12:00 is in the mesh"):
        mesh.add(MeshWindow(START, {}))
    with pytest.raises(ValueError, match="more than 0"):
        mesh.add(MeshWindow(START + timedelta(minutes=5), {("a", "b"): 0.0}))
    with pytest.raises(KeyError):
        mesh.remove(START + timedelta(minutes=5))


def test_ties_of_a_window_are_counts_and_effects() -> None:
    items = pl.DataFrame({"narrative_id": ["n1", "n1", "n1", "n2"], "item_id": ["i1", "i2", "i3", "i4"]})
    articles = pl.DataFrame({"item_id": ["i4", "i3", "i2", "i1", "i9"], "source": ["x", "y", "x", "x", "z"]})
    tested = pl.DataFrame(
        {
            "event_id": ["e", "e", "e", "f"],
            "narrative_id": ["n1", "n1", "n2", "n2"],
            "effect_items": [4.0, 6.5, -1.0, None],
        }
    )
    made = mesh_window(START, items, articles, tested)
    assert made.ties == {
        ("narrative:n1", "source:x"): 2.0,
        ("narrative:n1", "source:y"): 1.0,
        ("narrative:n2", "source:x"): 1.0,
        ("event:e", "narrative:n1"): 6.5,
    }
    chained = mesh_window(START, items, articles, tested, {"n1": "story", "n2": "story"})
    assert chained.ties[("narrative:story", "source:x")] == 3.0
    shuffled = mesh_window(START, items[::-1], articles[::-1], tested[::-1])
    assert shuffled == made
