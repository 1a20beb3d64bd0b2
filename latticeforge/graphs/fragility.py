"""Does the flow hang on few nodes? Concentration of betweenness against graphs of the same degrees.

Here: Gini coefficient, Herfindahl index, their surrogates, p-values and intervals. Not here: betweenness itself
(``centrality``) and the random graphs (``rewiring``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.graphs.centrality import betweenness, betweenness_many
from latticeforge.graphs.digraph import Digraph
from latticeforge.graphs.rewiring import rewirings

Floats = NDArray[np.float64]

VERSION = "fragility/1"
_EQUAL = 1e-9  # the same graph with its nodes in another order gives the same concentration but for rounding


@dataclass(frozen=True, slots=True)
class Concentration:
    """One index, what chance gives, and how much more it is.

    ``low`` and ``high``: the middle 95 % of the rewired graphs. ``excess`` = value - their mean, ``excess_low`` = value
    - high, ``excess_high`` = value - low. ``p_value`` = (b + 1) / (m + 1), b of m rewired graphs being no less.
    """

    value: float
    chance: float
    low: float
    high: float
    excess: float
    excess_low: float
    excess_high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Fragility:
    """How concentrated betweenness is. ``hub``: the node with the most of it, None where nothing passes anywhere."""

    gini: Concentration
    hhi: Concentration
    hub: str | None
    hub_share: float  # of all betweenness, [0, 1]
    nodes: int
    edges: int
    surrogates: int
    algorithm: str = VERSION

    def fragile(self, level: float = 0.05) -> bool:
        """Whether either index exceeds chance at this level, which counts that two were looked at."""
        return 2.0 * min(self.gini.p_value, self.hhi.p_value) <= level


def gini(values: ArrayLike) -> float:
    """G = sum of (2 i - n - 1) x_(i) / (n sum x), x in rising order, i from 1: [0, (n - 1) / n]; 0 where all are 0.

    Reference: C. Gini, Variabilita e mutabilita (1912); the form is that of Sen (1973).

    >>> gini([1.0, 1.0, 1.0]), gini([0.0, 0.0, 0.0, 1.0])
    (0.0, 0.75)
    """
    return float(_gini(_amounts(values)))


def hhi(values: ArrayLike) -> float:
    """H = sum of squared shares (Herfindahl and Hirschman): [1/n, 1]; 0 where all values are 0.

    >>> hhi([1.0, 1.0]), hhi([0.0, 5.0])
    (0.5, 1.0)
    """
    return float(_hhi(_amounts(values)))


def fragility(graph: Digraph, *, surrogates: int = 200, weighted: bool = False, seed: int = 0) -> Fragility:
    """Gini and Herfindahl index of betweenness, each against ``surrogates`` rewirings with the same degrees.

    A graph hangs on few nodes more than its degrees explain where the p-values are small. Where degrees leave only one
    graph (a star), every p-value is 1. ``weighted``: ways are as in ``betweenness``.

    Raises:
        ValueError: fewer than 19 surrogates, with which no p-value reaches 0.05.

    >>> two_rooms = [(a, b, 1.0) for room in ("abcd", "efgh") for a in room for b in room if a != b]
    >>> doors = [("a", "e", 1.0), ("e", "a", 1.0)]
    >>> found = fragility(Digraph.of("abcdefgh", [*two_rooms, *doors]))
    >>> round(found.hhi.value, 3), found.hub in ("a", "e"), found.fragile()
    (0.5, True, True)
    """
    if surrogates < 19:
        raise ValueError(f"{surrogates} surrogates; with fewer than 19 no p-value reaches 0.05")
    others = list(rewirings(graph, surrogates, seed))
    by_chance = betweenness_many(others, weighted=weighted)
    own = betweenness(graph, weighted=weighted)
    total = float(own.sum())
    top = int(own.argmax()) if total > 0.0 else None
    return Fragility(
        gini=_against(float(_gini(own)), _gini(by_chance)),
        hhi=_against(float(_hhi(own)), _hhi(by_chance)),
        hub=None if top is None else graph.names[top],
        hub_share=0.0 if top is None else float(own[top]) / total,
        nodes=len(graph.names),
        edges=graph.tail.size,
        surrogates=surrogates,
    )


def _against(value: float, chance: Floats) -> Concentration:
    low, high = (float(q) for q in np.quantile(chance, [0.025, 0.975]))
    mean = float(chance.mean())
    p_value = (1 + int((chance >= value - _EQUAL).sum())) / (chance.size + 1)
    return Concentration(value, mean, low, high, value - mean, value - high, value - low, p_value)


def _amounts(values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 1 or table.size == 0 or not (np.isfinite(table) & (table >= 0.0)).all():
        raise ValueError("concentration is one of amounts (n,), finite and at least 0")
    return table


def _gini(values: Floats) -> Floats:
    n = values.shape[-1]
    total = values.sum(axis=-1)
    ranked = np.sort(values, axis=-1) @ (2.0 * np.arange(1, n + 1) - n - 1)
    made: Floats = np.where(total > 0.0, ranked / (n * np.where(total > 0.0, total, 1.0)), 0.0)
    return made


def _hhi(values: Floats) -> Floats:
    total = values.sum(axis=-1, keepdims=True)
    made: Floats = ((values / np.where(total > 0.0, total, 1.0)) ** 2).sum(axis=-1)
    return made
