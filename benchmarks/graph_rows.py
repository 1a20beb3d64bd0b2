"""Speed of belief fusion and of betweenness beside the usual ways, in the same run; ``lf bench signals`` shows them.

Peers are measured where they are installed; none is a need of the project. Times are processor time of one thread, but
for rustworkx, which uses all cores: both sides by the clock on the wall there.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from signals_rows import Row, medians

from latticeforge.fusion import MARKET_FRAME, fuse, fuse_batch
from latticeforge.graphs import Digraph, betweenness, betweenness_many

Floats = NDArray[np.float64]

SOURCES, ITEMS, CALLS, GRAPHS, NODES, REPEATS = 5, 2000, 500, 300, 20, 5


def opinions(items: int) -> Floats:
    """(items, 5, 16) masses on the four answers of the market frame, each on one answer, on two, and on all."""
    rng = np.random.default_rng(11)
    made = np.zeros((items, SOURCES, MARKET_FRAME.subsets))
    single, pair = np.array([1, 2, 4, 8]), np.array([3, 5, 6, 9, 10, 12])
    weight = rng.dirichlet([2.0, 2.0, 2.0], size=(items, SOURCES))
    at = np.ogrid[:items, :SOURCES]
    made[(*at, rng.choice(single, (items, SOURCES)))] = weight[..., 0]
    made[(*at, rng.choice(pair, (items, SOURCES)))] = weight[..., 1]
    made[..., -1] = weight[..., 2]
    return made


def fusion(items: int, rounds: int) -> tuple[float, float, float]:
    """Milliseconds an item, ours and py_dempster_shafer's, and how far apart; one at a time where ``items`` is 1."""
    from pyds import MassFunction

    masses = opinions(max(items, CALLS))
    keys = [frozenset(MARKET_FRAME.names_of(subset)) for subset in range(MARKET_FRAME.subsets)]
    few = masses[:50]
    theirs = [[MassFunction({keys[i]: float(m[i]) for i in np.flatnonzero(m)}) for m in sources] for sources in few]

    def peer() -> list[MassFunction]:
        return [first.combine_conjunctive(rest) for first, *rest in theirs]

    listed = list(masses)

    def ours() -> None:
        for _ in range(REPEATS):  # one round is over sooner than what the peer left in the cache is replaced
            if items > 1:
                fuse_batch(MARKET_FRAME, masses)
            else:
                for one in listed:
                    fuse(MARKET_FRAME, one)

    times = medians(ours, peer, rounds)
    apart = max(
        abs(float(fuse(MARKET_FRAME, m).mass[keys.index(key)]) - value)
        for m, made in zip(few, peer(), strict=True)
        for key, value in made.items()
    )
    return times[0] / len(masses) / REPEATS, times[1] / len(few), apart


def fusion_single(rounds: int) -> Row:
    """Five sources on four answers, three masses each, one call an item."""
    return Row("Dempster-Shafer, 5 sources, 4 answers, one item", "py_dempster_shafer", *_row(1, rounds, 20, 60))


def fusion_batched(rounds: int) -> Row:
    """The same for 2,000 items in one call, an item."""
    return Row("the same in a batch, an item", "py_dempster_shafer", *_row(ITEMS, rounds, 200, 500))


def _row(items: int, rounds: int, at_least: float, aim: float) -> tuple[float, float, float, float, float]:
    ours_ms, peer_ms, apart = fusion(items, rounds)
    return ours_ms, peer_ms, at_least, aim, apart


def random_graph(nodes: int, edges_a_node: float, seed: int) -> Digraph:
    """Each edge is there or not with one chance; weights are not used."""
    rng = np.random.default_rng(seed)
    there = rng.random((nodes, nodes)) < edges_a_node / (nodes - 1)
    return Digraph.from_matrix([str(i) for i in range(nodes)], there.astype(float))


def small_graphs(edges_a_node: float, rounds: int) -> Row:
    """Betweenness of 300 graphs of 20 nodes, a graph; igraph's graphs are made beforehand, as ours are."""
    import igraph

    graphs = [random_graph(NODES, edges_a_node, seed) for seed in range(GRAPHS)]
    theirs = [
        igraph.Graph(NODES, list(zip(g.tail.tolist(), g.head.tolist(), strict=True)), directed=True) for g in graphs
    ]

    def ours() -> list[Floats]:
        return [betweenness_many(graphs, normalised=False) for _ in range(REPEATS)]

    def peer() -> list[list[list[float]]]:
        return [[graph.betweenness() for graph in theirs] for _ in range(REPEATS)]

    times = medians(ours, peer, rounds)
    apart = float(np.abs(ours()[0] - np.array(peer()[0])).max())
    work = f"betweenness, many graphs of 20 nodes and {edges_a_node * NODES:.0f} edges, a graph"
    return Row(work, "igraph", times[0] / GRAPHS / REPEATS, times[1] / GRAPHS / REPEATS, 3, 6, apart)


def dense_graphs(rounds: int) -> Row:
    """As a causal graph that holds a third of all pairs."""
    return small_graphs(6.0, rounds)


def sparse_graphs(rounds: int) -> Row:
    """As a causal graph that holds a sixth of all pairs."""
    return small_graphs(3.0, rounds)


def large_graph(rounds: int) -> Row:
    """Betweenness of one graph of 1,000 nodes and about 5,000 edges."""
    import rustworkx

    graph = random_graph(1000, 5.0, 0)
    theirs = rustworkx.PyDiGraph()
    theirs.add_nodes_from(range(1000))
    theirs.add_edges_from_no_data(list(zip(graph.tail.tolist(), graph.head.tolist(), strict=True)))

    def peer() -> Floats:
        found = rustworkx.betweenness_centrality(theirs)
        return np.array([found[node] for node in range(1000)])

    times = medians(lambda: betweenness(graph), peer, rounds, clock=time.perf_counter)
    apart = float(np.abs(betweenness(graph) - peer()).max())
    return Row("betweenness, one graph of 1,000 nodes", "rustworkx, on the wall", *times, 1, 1.3, apart)


ROWS: dict[Callable[[int], Row], str] = {  # with the module of the peer
    fusion_single: "pyds",
    fusion_batched: "pyds",
    sparse_graphs: "igraph",
    dense_graphs: "igraph",
    large_graph: "rustworkx",
}


def rows(rounds: int) -> list[Row]:
    """Every row whose peer is installed."""
    return [measure(rounds) for measure, peer in ROWS.items() if importlib.util.find_spec(peer)]
