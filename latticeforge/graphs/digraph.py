"""A directed graph with weights, as arrays, and the causal graph of significant transfer entropy.

Here: the record, its checks, how it is made. Not here: anything computed on it (``centrality``, ``fragility``), and any
claim of cause: an arrow says that one series foretells another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from latticeforge.information.leads import Leads

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Digraph:
    """Nodes by name, and edges ``tail[e] -> head[e]`` with ``weight[e] > 0``, sorted by tail, then head.

    ``tail`` and ``head`` (m,) index ``names``; no loops, no edge twice. Make one with ``of`` or ``from_matrix``.
    """

    names: tuple[str, ...]
    tail: Indices
    head: Indices
    weight: Floats

    @property
    def edges(self) -> list[tuple[str, str, float]]:
        """(from, to, weight) of every edge."""
        ends = zip(self.tail.tolist(), self.head.tolist(), self.weight.tolist(), strict=True)
        return [(self.names[a], self.names[b], weight) for a, b, weight in ends]

    def matrix(self) -> Floats:
        """(n, n) weights, row -> column, 0 where there is no edge."""
        made = np.zeros((len(self.names), len(self.names)))
        made[self.tail, self.head] = self.weight
        return made

    @staticmethod
    def of(names: Sequence[str], edges: Iterable[tuple[str, str, float]]) -> Digraph:
        """A graph of named edges (from, to, weight); nodes without an edge belong to ``names`` too.

        Raises:
            ValueError: two nodes of one name, an edge between others, a loop, an edge twice, or a weight not above 0.

        >>> Digraph.of(["a", "b", "c"], [("b", "c", 2.0), ("a", "b", 1.0)]).edges
        [('a', 'b', 1.0), ('b', 'c', 2.0)]
        """
        place = {name: i for i, name in enumerate(names)}
        listed = list(edges)
        strange = sorted({end for a, b, _ in listed for end in (a, b) if end not in place})
        if strange:
            raise ValueError(f"edges between nodes that are not named: {', '.join(strange)}")
        tail = np.array([place[a] for a, _, _ in listed], dtype=np.int64)
        head = np.array([place[b] for _, b, _ in listed], dtype=np.int64)
        return _checked(tuple(names), tail, head, np.array([w for _, _, w in listed], dtype=np.float64))

    @staticmethod
    def from_matrix(names: Sequence[str], weights: ArrayLike) -> Digraph:
        """A graph of a matrix (n, n), row -> column, where 0 and NaN mean no edge; the diagonal is passed over.

        Raises:
            ValueError: the matrix does not fit the names, or a weight is negative or infinite.
        """
        table = np.array(weights, dtype=np.float64)
        if table.shape != (len(names), len(names)):
            raise ValueError(f"{len(names)} nodes have a matrix {len(names)} x {len(names)}, not {table.shape}")
        np.fill_diagonal(table, 0.0)
        tail, head = np.nonzero(np.nan_to_num(table, nan=0.0, posinf=np.inf, neginf=-np.inf))
        return _checked(tuple(names), tail, head, table[tail, head])


def _checked(names: tuple[str, ...], tail: Indices, head: Indices, weight: Floats) -> Digraph:
    if len(set(names)) != len(names):
        raise ValueError("two nodes have one name")
    if not (np.isfinite(weight) & (weight > 0.0)).all():
        raise ValueError("weights are finite and above 0")
    if (tail == head).any():
        raise ValueError("an edge from a node to itself")
    key = tail * len(names) + head
    order = np.argsort(key, kind="stable")
    if (np.diff(key[order]) == 0).any():
        raise ValueError("an edge is given twice")
    return Digraph(names, tail[order], head[order], weight[order])


def causal_graph(leads: Leads, names: Sequence[str] | None = None, *, level: float = 0.05) -> Digraph:
    """Who leads whom: an edge for each significant transfer entropy, its weight the effective transfer in bits, > 0.

    ``level`` in (0, 1): the false discovery rate over all pairs that were tested (``Leads.significant``). ``names``:
    the nodes and their order; those with an edge, sorted, if None. Edges of other nodes are left out.

    Reference: T. Schreiber, Phys. Rev. Lett. 85 (2000) 461; L. Novelli et al., Network Neurosci. 3 (2019) 827.
    """
    edges = [(lead.source, lead.target, lead.bits) for lead in leads.significant(level) if lead.bits > 0.0]
    nodes = sorted({end for a, b, _ in edges for end in (a, b)}) if names is None else list(names)
    return Digraph.of(nodes, [edge for edge in edges if set(edge[:2]) <= set(nodes)])
