"""Graphs by chance that keep every node's number of edges in and out.

Here: random switches of edges, compiled. Not here: what is compared with them (``fragility``).

A switch takes two edges a -> b, c -> d and makes a -> d, c -> b, unless a loop or an edge twice would come of it; an
attempt that fails counts, which makes all graphs of these degrees equally likely in the end. An edge keeps its weight
with its tail, so that outgoing strengths stay.

Sources: S. Maslov and K. Sneppen, Science 296 (2002) 910; R. Milo et al., arXiv:cond-mat/0312028; J. Besag and P.
Clifford, Biometrika 76 (1989) 633.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from latticeforge.graphs.digraph import Digraph
from latticeforge.machine_code import compiled

Indices = NDArray[np.int64]

ATTEMPTS = 20  # switches tried, an edge


def rewirings(graph: Digraph, count: int, seed: int) -> Iterator[Digraph]:
    """``count`` random graphs with the degrees of ``graph``, exchangeable with it if it is itself random.

    From the graph one chain of ``ATTEMPTS`` switches an edge leads to a hidden graph, and from there one chain leads to
    each result. Switching can be undone, so the graph and the results stand alike to the hidden one: a rank among
    them is an exact p-value, however short the chains (Besag & Clifford's parallel method).

    >>> ring = Digraph.of("abcd", [("a", "b", 1.0), ("b", "c", 1.0), ("c", "d", 1.0), ("d", "a", 1.0)])
    >>> [np.bincount(one.head).tolist() for one in rewirings(ring, 2, seed=0)]
    [[1, 1, 1, 1], [1, 1, 1, 1]]
    """
    chance, edges = np.random.default_rng(seed), graph.head.size
    taken = np.zeros((len(graph.names), len(graph.names)), dtype=np.bool_)

    def chain(head: Indices) -> Indices:
        moved = head.copy()
        if edges > 1:
            switch(graph.tail, moved, chance.integers(edges, size=(ATTEMPTS * edges, 2)), taken)
        return moved

    hidden = chain(graph.head)
    for _ in range(count):
        head = chain(hidden)
        order = np.argsort(graph.tail * len(graph.names) + head, kind="stable")
        yield Digraph(graph.names, graph.tail, head[order], graph.weight[order])


@compiled
def switch(tail: Indices, head: Indices, draws: Indices, taken: NDArray[np.bool_]) -> None:
    """Switches the heads (m,) of each drawn pair of edges that allows it; ``taken`` (n, n) comes and goes all False."""
    for e in range(tail.size):
        taken[tail[e], head[e]] = True
    for i in range(draws.shape[0]):
        one, two = draws[i, 0], draws[i, 1]
        a, b, c, d = tail[one], head[one], tail[two], head[two]
        if a == d or c == b or taken[a, d] or taken[c, b]:
            continue
        taken[a, b] = taken[c, d] = False
        taken[a, d] = taken[c, b] = True
        head[one], head[two] = d, b
    for e in range(tail.size):
        taken[tail[e], head[e]] = False
