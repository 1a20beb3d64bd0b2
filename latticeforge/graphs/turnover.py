"""What changed from window to window: another hub, a link that runs the other way.

Here: the two kinds of events. Not here: the centralities they are read from (``centrality``), and why it changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latticeforge.graphs.centrality import RollingCentrality
from latticeforge.graphs.digraph import Digraph

VERSION = "turnover/1"


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Between two windows (counted from 0) the most betweenness passed from one node to another.

    ``margin``: how far the new hub lies before the old one in the later window, betweenness in (0, 1].
    """

    before: int
    after: int
    hub_before: str
    hub_after: str
    margin: float
    algorithm: str = VERSION


@dataclass(frozen=True, slots=True)
class Reversal:
    """Between two windows the net link of two nodes changed its direction.

    ``net_before`` > 0 from ``leader_before`` to ``leader_after``, ``net_after`` > 0 back, in the unit of the weights.
    """

    before: int
    after: int
    leader_before: str
    leader_after: str
    net_before: float
    net_after: float
    algorithm: str = VERSION


def take_overs(rolling: RollingCentrality, *, least_margin: float = 0.0) -> tuple[TakeOver, ...]:
    """Each change of the node with the most betweenness, oldest first.

    A window has a hub where one node has strictly more betweenness than any other, by more than ``least_margin`` (of
    [0, 1]). Windows without one are passed over: the hub before them is compared with the hub after.

    >>> ways = [[("a", "b"), ("b", "c")], [("b", "a"), ("a", "c")]]
    >>> from latticeforge.graphs.centrality import rolling_centrality
    >>> graphs = [Digraph.of("abc", [(*edge, 1.0) for edge in edges]) for edges in ways]
    >>> [(e.hub_before, e.hub_after, e.margin) for e in take_overs(rolling_centrality(graphs))]
    [('b', 'a', 0.5)]
    """
    found, last = [], None
    values = np.nan_to_num(rolling.betweenness, nan=0.0)
    for window, row in enumerate(values):
        hub = _hub(row.tolist(), least_margin)
        if hub is None:
            continue
        if last is not None and last[1] != hub:
            margin = float(row[hub] - row[last[1]])
            found.append(TakeOver(last[0], window, rolling.names[last[1]], rolling.names[hub], margin))
        last = window, hub
    return tuple(found)


def reversals(graphs: Sequence[Digraph], *, least_net: float = 0.0) -> tuple[Reversal, ...]:
    """Each change of direction of a pair's net link, by window, then by the names.

    net(a, b) = weight(a -> b) - weight(b -> a), an absent edge weighing 0. A window in which it is within
    ``least_net`` of 0 says nothing of the pair and is passed over. ``graphs``: one a window, oldest first.

    >>> graphs = [Digraph.of("ab", [("a", "b", 0.3)]), Digraph.of("ab", []), Digraph.of("ab", [("b", "a", 0.2)])]
    >>> [(e.before, e.after, e.leader_before, e.net_after) for e in reversals(graphs)]
    [(0, 2, 'a', 0.2)]
    """
    found = []
    last: dict[tuple[str, str], tuple[int, float]] = {}
    for window, graph in enumerate(graphs):
        for pair, net in sorted(_nets(graph).items()):
            if abs(net) <= least_net:
                continue
            known = last.get(pair)
            if known is not None and known[1] * net < 0.0:
                leaders = pair if known[1] > 0.0 else pair[::-1]
                found.append(Reversal(known[0], window, *leaders, abs(known[1]), abs(net)))
            last[pair] = window, net
    return tuple(found)


def _hub(values: list[float], least_margin: float) -> int | None:
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    if not order or values[order[0]] <= 0.0:
        return None
    second = values[order[1]] if len(order) > 1 else 0.0
    return order[0] if values[order[0]] - second > max(least_margin, 1e-12) else None


def _nets(graph: Digraph) -> dict[tuple[str, str], float]:
    nets: dict[tuple[str, str], float] = {}
    for a, b, weight in graph.edges:
        pair, sign = ((a, b), 1.0) if a < b else ((b, a), -1.0)
        nets[pair] = nets.get(pair, 0.0) + sign * weight
    return nets
