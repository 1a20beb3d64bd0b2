"""Brandes' accumulation, compiled: on how many shortest paths does each node lie.

Here: the loops, on edges as arrays. Not here: normalisation and names (``centrality``).

    b(v) = sum over s != v != t of sigma_st(v) / sigma_st

with sigma_st shortest paths from s to t, sigma_st(v) of them through v. For each source one search counts paths, and
one pass back gathers ``delta(u) = sum over v behind u of sigma(u) / sigma(v) (1 + delta(v))``.

Source: U. Brandes, J. Math. Sociol. 25 (2001) 163.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.graphs.lanes import LANES, TOGETHER, gain, reach, share_out
from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LEVELS = 32  # beyond, searching every node on every level costs more than a queue
_TIE = 1e-12  # lengths that differ by less, relatively, are equal: sums of the same lengths in another order


class Edges(NamedTuple):
    """Edges by tail and by head: ``head[first[u]:first[u + 1]]`` behind u, ``tail_in[first_in[v]:...]`` before v.

    Each node has a multiple of ``TOGETHER`` of both; the places left over hold n, a node that is never reached.
    """

    first: Indices
    head: Indices
    first_in: Indices
    tail_in: Indices


class Work(NamedTuple):
    """Working space of ``from_eight``: front (levels, 8 n + 8), and rows (8 n + 8,)."""

    front: Floats
    unseen: Floats
    gained: Floats
    share: Floats


@compiled
def beside(nodes: int, here: Indices, there: Indices) -> tuple[Indices, Indices]:
    """(first, other): the other ends of each node's edges, filled up."""
    first = np.zeros(nodes + 1, dtype=np.int64)
    for v in here:
        first[v + 1] += 1
    for v in range(nodes):
        first[v + 1] = first[v] + -(-first[v + 1] // TOGETHER) * TOGETHER
    other, place = np.full(first[nodes], nodes, dtype=np.int64), first.copy()
    for e in range(here.size):
        other[place[here[e]]] = there[e]
        place[here[e]] += 1
    return first, other


@compiled
def work_for(nodes: int) -> Work:
    """Working space for graphs of so many nodes."""
    row = (nodes + 1) * LANES
    return Work(np.zeros((LEVELS + 1, row)), np.zeros(row), np.zeros(row), np.zeros(row))


@compiled
def by_hops(tail: Indices, head: Indices, work: Work, out: Floats) -> None:
    """Adds betweenness (n,) over all pairs to ``out``; every edge has the length 1."""
    nodes = out.size
    first, behind = beside(nodes, tail, head)
    first_in, before = beside(nodes, head, tail)
    edges = Edges(first, behind, first_in, before)
    for source in range(0, nodes, LANES):
        if not from_eight(source, edges, work, out):
            for one in range(source, min(source + LANES, nodes)):
                from_one(one, edges, out)


@compiled
def from_eight(source: int, edges: Edges, work: Work, out: Floats) -> bool:
    """Adds what ways from eight sources, ``source`` and the next, give. False, and nothing added, where they are long.

    All eight are searched level by level, each node on each level: front[d, v] counts the shortest paths of d steps to
    v, one lane a source, and is 0 where v is nearer or farther. Most nodes have nothing to do on most levels, but to
    ask which costs more than doing nothing eight lanes at a time: the processor cannot foresee the answers.
    """
    nodes = edges.first.size - 1
    depth, reached = begin(source, nodes, work), 1
    while reached:
        if depth == LEVELS:
            return False
        before, behind = work.front[depth], work.front[depth + 1]
        depth += 1
        reached = 0
        for v in range(nodes):
            span = (edges.first_in[v], edges.first_in[v + 1], v)
            reached |= reach(before, edges.tail_in, span, work.unseen, behind)
    for level in range(depth - 1, 1, -1):
        for v in range(nodes):
            share_out(work.front[level], work.gained, v, work.share)
        for u in range(nodes):
            span = (edges.first[u], edges.first[u + 1], u)
            gain(work.share, edges.head, span, work.front[level - 1], work.gained)
    for v in range(nodes):
        row = work.gained[v * LANES : (v + 1) * LANES]
        out[v] += (row[0] + row[1]) + (row[2] + row[3]) + ((row[4] + row[5]) + (row[6] + row[7]))
    return True


@compiled
def begin(source: int, nodes: int, work: Work) -> int:
    """Level 0: each of the eight at itself; lanes beyond the last node see everything and reach nothing."""
    front = work.front[0]
    front[:] = 0.0
    work.gained[:] = 0.0
    work.share[:] = 0.0
    work.unseen[:] = 1.0
    for lane in range(nodes - source, LANES):
        work.unseen[lane::LANES] = 0.0
    for lane in range(min(LANES, nodes - source)):
        place = (source + lane) * LANES + lane
        front[place], work.unseen[place] = 1.0, 0.0
    return 0


@compiled
def from_one(source: int, edges: Edges, out: Floats) -> None:
    """Adds what ways from one source give: for long ways, where few nodes lie on one level."""
    first, head = edges.first, edges.head
    nodes = first.size - 1
    level, queue = np.full(nodes + 1, -1, dtype=np.int64), np.empty(nodes, dtype=np.int64)
    paths, share = np.zeros(nodes + 1), np.empty(nodes)
    level[nodes] = -2
    level[source], paths[source], queue[0] = 0, 1.0, source
    seen, at = 1, 0
    while at < seen:
        u = queue[at]
        at += 1
        for e in range(first[u], first[u + 1]):
            v = head[e]
            if level[v] == -1:
                level[v] = level[u] + 1
                queue[seen] = v
                seen += 1
            if level[v] == level[u] + 1:
                paths[v] += paths[u]
    for i in range(seen - 1, 0, -1):
        u = queue[i]
        total = 0.0
        for e in range(first[u], first[u + 1]):
            if level[head[e]] == level[u] + 1:
                total += share[head[e]]
        out[u] += total * paths[u]
        share[u] = (1.0 + total * paths[u]) / paths[u]


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
    work = work_for(nodes)
    for g in range(begins.size - 1):
        mine = slice(begins[g], begins[g + 1])
        by_hops(tail[mine], head[mine], work, out[g])


@compiled
def of_many_weighted(tail: Indices, head: Indices, length: Floats, begins: Indices, out: Floats) -> None:
    """``by_length`` for graphs as in ``of_many``, edges sorted by tail."""
    for g in range(begins.size - 1):
        mine = slice(begins[g], begins[g + 1])
        first = np.searchsorted(tail[mine], np.arange(out.shape[1] + 1))
        by_length(first, head[mine], length[mine], out[g])
