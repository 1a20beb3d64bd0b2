"""Brandes' accumulation, compiled: on how many shortest paths does each node lie.

Here: the loops, on edges as arrays. Not here: normalisation and names (``centrality``).

    b(v) = sum over s != v != t of sigma_st(v) / sigma_st

with sigma_st shortest paths from s to t, sigma_st(v) of them through v. For each source one search counts paths, and
one pass back gathers ``delta(u) = sum over v behind u of sigma(u) / sigma(v) (1 + delta(v))``.

Source: U. Brandes, J. Math. Sociol. 25 (2001) 163.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_TIE = 1e-12  # lengths that differ by less, relatively, are equal: sums of the same lengths in another order


@compiled
def rows_of(nodes: int, tail: Indices) -> Indices:
    """(nodes + 1,): the edges of node u are first[u] to first[u + 1], where edges are sorted by tail."""
    first = np.zeros(nodes + 1, dtype=np.int64)
    for u in tail:
        first[u + 1] += 1
    for u in range(nodes):
        first[u + 1] += first[u]
    return first


@compiled
def by_hops(first: Indices, head: Indices, out: Floats) -> None:
    """Adds betweenness (n,) over all pairs to ``out``; every edge has the length 1."""
    nodes = first.size - 1
    level = np.empty(nodes, dtype=np.int64)
    queue = np.empty(nodes, dtype=np.int64)
    paths, share = np.empty(nodes), np.empty(nodes)
    for source in range(nodes):
        level[:] = -1
        share[:] = 0.0
        level[source], paths[source], queue[0] = 0, 1.0, source
        seen, at = 1, 0
        while at < seen:
            u = queue[at]
            at += 1
            behind = level[u] + 1
            for e in range(first[u], first[u + 1]):
                v = head[e]
                if level[v] < 0:
                    level[v] = behind
                    paths[v] = 0.0
                    queue[seen] = v
                    seen += 1
                if level[v] == behind:
                    paths[v] += paths[u]
        for i in range(seen - 1, 0, -1):
            u = queue[i]
            behind = level[u] + 1
            total = 0.0
            for e in range(first[u], first[u + 1]):
                v = head[e]
                if level[v] == behind:
                    total += share[v]
            delta = total * paths[u]
            out[u] += delta
            share[u] = (1.0 + delta) / paths[u]


@compiled
def by_length(first: Indices, head: Indices, length: Floats, out: Floats) -> None:
    """Adds betweenness (n,) over all pairs to ``out``; edges have lengths > 0 (Dijkstra's search)."""
    nodes = first.size - 1
    far, paths, share = np.empty(nodes), np.empty(nodes), np.empty(nodes)
    queue, place = np.empty(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int64)
    heap_far, heap_node = np.empty(head.size + 1), np.empty(head.size + 1, dtype=np.int64)
    for source in range(nodes):
        far[:] = np.inf
        place[:] = nodes  # in the queue; not settled yet
        far[source], paths[source] = 0.0, 1.0
        waiting = push(heap_far, heap_node, 0, 0.0, source)
        seen = 0
        while waiting > 0:
            u = heap_node[0]
            waiting = pop(heap_far, heap_node, waiting)
            if place[u] < nodes:
                continue
            queue[seen], place[u] = u, seen
            seen += 1
            for e in range(first[u], first[u + 1]):
                v, there = head[e], far[u] + length[e]
                if place[v] < nodes:
                    continue
                if far[v] == np.inf or there < far[v] * (1.0 - _TIE):
                    far[v], paths[v] = there, paths[u]
                    waiting = push(heap_far, heap_node, waiting, there, v)
                elif there <= far[v] * (1.0 + _TIE):
                    paths[v] += paths[u]
        for i in range(seen - 1, 0, -1):
            u = queue[i]
            total = 0.0
            for e in range(first[u], first[u + 1]):
                v = head[e]
                if place[v] > i and far[u] + length[e] <= far[v] * (1.0 + _TIE):
                    total += share[v]
            delta = total * paths[u]
            out[u] += delta
            share[u] = (1.0 + delta) / paths[u]


@compiled
def push(far: Floats, node: Indices, size: int, distance: float, which: int) -> int:
    """A node into a binary heap of ``size`` entries; the new size."""
    at = size
    while at > 0 and far[(at - 1) // 2] > distance:
        far[at], node[at] = far[(at - 1) // 2], node[(at - 1) // 2]
        at = (at - 1) // 2
    far[at], node[at] = distance, which
    return size + 1


@compiled
def pop(far: Floats, node: Indices, size: int) -> int:
    """The nearest node out of a binary heap of ``size`` entries; the new size."""
    size -= 1
    distance, which = far[size], node[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and far[child + 1] < far[child]:
            child += 1
        if far[child] >= distance:
            break
        far[at], node[at] = far[child], node[child]
        at = child
    far[at], node[at] = distance, which
    return size


@compiled
def of_many(nodes: int, tail: Indices, head: Indices, begins: Indices, out: Floats) -> None:
    """``by_hops`` for graphs of as many nodes, whose edges begin at ``begins`` (graphs + 1,), into (graphs, n)."""
    for g in range(begins.size - 1):
        by_hops(rows_of(nodes, tail[begins[g] : begins[g + 1]]), head[begins[g] : begins[g + 1]], out[g])
