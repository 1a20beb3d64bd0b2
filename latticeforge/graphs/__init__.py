"""Who leads whom as a graph: centrality, fragility, the mesh of narratives, sources and events.

Here: graphs of what ``information`` found, and what they show. Not here: the estimates themselves.

Importing this package compiles nothing. Method, figures and limits: docs/method/graphs.md.
"""

from latticeforge.graphs.centrality import (
    RollingCentrality,
    betweenness,
    betweenness_many,
    rolling_centrality,
    strengths,
)
from latticeforge.graphs.digraph import Digraph, causal_graph
from latticeforge.graphs.fragility import Concentration, Fragility, fragility, gini, hhi
from latticeforge.graphs.mesh import Mesh, MeshGraph, MeshWindow, mesh_window
from latticeforge.graphs.rewiring import rewirings
from latticeforge.graphs.turnover import Reversal, TakeOver, reversals, take_overs

__all__ = [
    "Concentration",
    "Digraph",
    "Fragility",
    "Mesh",
    "MeshGraph",
    "MeshWindow",
    "Reversal",
    "RollingCentrality",
    "TakeOver",
    "betweenness",
    "betweenness_many",
    "causal_graph",
    "fragility",
    "gini",
    "hhi",
    "mesh_window",
    "reversals",
    "rewirings",
    "rolling_centrality",
    "strengths",
    "take_overs",
]
