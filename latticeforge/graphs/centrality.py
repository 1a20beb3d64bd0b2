"""How much passes through each node: betweenness and strength, of one graph, of many, and window by window.

Here: the measures and their units. Not here: the compiled search (``brandes``), whether a value is more than chance
(``fragility``), and what changed between windows (``turnover``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.graphs.brandes import of_many, of_many_weighted
from latticeforge.graphs.digraph import Digraph

Floats = NDArray[np.float64]

VERSION = "centrality/1"


@dataclass(frozen=True, slots=True, eq=False)
class RollingCentrality:
    """Centralities (windows, nodes), NaN where a window's graph lacks a node.

    ``betweenness`` in [0, 1]; ``out_strength`` and ``in_strength`` in the unit of the weights.
    """

    names: tuple[str, ...]
    betweenness: Floats
    out_strength: Floats
    in_strength: Floats
    algorithm: str = VERSION


def betweenness(graph: Digraph, *, weighted: bool = False, normalised: bool = True) -> Floats:
    """(n,) how much of the shortest ways between other nodes leads through each node.

    b(v) = sum over s != v != t of sigma_st(v) / sigma_st, over the (n - 1)(n - 2) ordered pairs where ``normalised``:
    [0, 1]. Every edge is one step long; with ``weighted`` it is 1 / weight long, so that strong links are short.

    Reference: L. C. Freeman, Sociometry 40 (1977) 35; U. Brandes, J. Math. Sociol. 25 (2001) 163.

    >>> betweenness(Digraph.of(["a", "b", "c"], [("a", "b", 1.0), ("b", "c", 1.0)])).tolist()
    [0.0, 0.5, 0.0]
    """
    found: Floats = betweenness_many([graph], weighted=weighted, normalised=normalised)[0]
    return found


def betweenness_many(graphs: Sequence[Digraph], *, weighted: bool = False, normalised: bool = True) -> Floats:
    """(graphs, n): ``betweenness`` of graphs with the same number of nodes.

    Raises:
        ValueError: the graphs differ in their number of nodes.
    """
    sizes = {len(graph.names) for graph in graphs}
    if len(sizes) > 1:
        raise ValueError(f"graphs of one number of nodes are wanted, not of {sorted(sizes)}")
    n = sizes.pop() if sizes else 0
    out = np.zeros((len(graphs), n))
    if not graphs:
        return out
    begins = np.zeros(len(graphs) + 1, dtype=np.int64)
    np.cumsum([graph.tail.size for graph in graphs], out=begins[1:])
    tail, head = np.concatenate([g.tail for g in graphs]), np.concatenate([g.head for g in graphs])
    if weighted:
        of_many_weighted(tail, head, 1.0 / np.concatenate([g.weight for g in graphs]), begins, out)
    else:
        of_many(n, tail, head, begins, out)
    return out / _pairs(n) if normalised else out


def strengths(graph: Digraph) -> tuple[Floats, Floats]:
    """(n,) each: the weights of a node's outgoing and of its incoming edges, summed, in the unit of the weights.

    >>> [side.tolist() for side in strengths(Digraph.of(["a", "b"], [("a", "b", 2.0)]))]
    [[2.0, 0.0], [0.0, 2.0]]
    """
    out = np.zeros((2, len(graph.names)))
    np.add.at(out[0], graph.tail, graph.weight)
    np.add.at(out[1], graph.head, graph.weight)
    return out[0], out[1]


def rolling_centrality(graphs: Sequence[Digraph], *, weighted: bool = False) -> RollingCentrality:
    """Betweenness and strengths window by window; the nodes are those of all windows, sorted by name.

    ``graphs``: one a window, oldest first. A node that a window's graph does not name is NaN there, not 0.

    >>> first, then = Digraph.of(["a", "b"], [("a", "b", 1.0)]), Digraph.of(["b", "c"], [("c", "b", 1.0)])
    >>> rolling_centrality([first, then]).in_strength.tolist()
    [[0.0, 1.0, nan], [nan, 1.0, 0.0]]
    """
    names = tuple(sorted({name for graph in graphs for name in graph.names}))
    column = {name: i for i, name in enumerate(names)}
    between, leaving, entering = np.full((3, len(graphs), len(names)), np.nan)
    for window, graph in enumerate(graphs):
        at = [column[name] for name in graph.names]
        between[window, at] = betweenness(graph, weighted=weighted)
        leaving[window, at], entering[window, at] = strengths(graph)
    return RollingCentrality(names, between, leaving, entering)


def _pairs(n: int) -> float:
    return float(max(1, (n - 1) * (n - 2)))
