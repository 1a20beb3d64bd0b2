"""Does the graph of leads hang on few streams, and did another take the lead?

Here: FRAGILITY and TURNOVER rows out of stored graphs. Not here: the graphs (``causal``), the measures (``graphs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from latticeforge.graphs import Digraph, fragility, reversals, rolling_centrality, take_overs
from latticeforge.graphs.fragility import VERSION, Concentration
from latticeforge.graphs.turnover import VERSION as TURNOVER_VERSION
from latticeforge.state_model import FRAGILITY, TURNOVER
from latticeforge.windows import DAY, Window

MEMORY = DAY  # graphs of this long before a window are what it is compared with
SURROGATES = 200
LEAST_EDGES = 2  # with fewer, nothing leads through anything


def fragilities(links: pl.DataFrame, tests: pl.DataFrame, window: Window) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FRAGILITY and TURNOVER rows of one window; none where it has no graph, no FRAGILITY with fewer than two links.

    Concentration of betweenness (every link one step) against 200 graphs of the same degrees. A hub take-over or a
    reversal is told in the window whose graph shows it first, against the last graph of the day before that says
    otherwise.

    Args:
        links, tests: CAUSAL_LINK and CAUSAL_TEST rows of the window and of the day before it, in any order.
    """
    graphs = graphs_of(links, tests, window)
    if not graphs or graphs[-1][0] != window.start:
        return FRAGILITY.empty(), TURNOVER.empty()
    return _fragility(graphs[-1][1], window), _turnover(graphs, window)


def graphs_of(links: pl.DataFrame, tests: pl.DataFrame, window: Window) -> list[tuple[datetime, Digraph]]:
    """The graph of each window of the last day up to this one that has one, oldest first."""
    inside = pl.col("window_start").is_between(window.start - MEMORY, window.start)
    graphs = []
    for rows in tests.filter(inside).sort("window_start").partition_by("window_start", maintain_order=True):
        at: datetime = rows["window_start"][0]
        own = links.filter(pl.col("window_start") == at)
        edges = own.select("source_stream", "target_stream", "bits").rows()
        graphs.append((at, Digraph.of(rows["streams"][0].to_list(), edges)))
    return graphs


def _fragility(graph: Digraph, window: Window) -> pl.DataFrame:
    if len(graph.edges) < LEAST_EDGES:
        return FRAGILITY.empty()
    found = fragility(graph, surrogates=SURROGATES)
    measures: dict[str, Concentration] = {"gini": found.gini, "hhi": found.hhi}
    rows = [
        {
            "measure": name,
            "value": one.value,
            "chance": one.chance,
            "chance_low": one.low,
            "chance_high": one.high,
            "p_value": one.p_value,
            "fragile": found.fragile(),
            "nodes": found.nodes,
            "edges": found.edges,
            "hub": found.hub,
            "hub_share": found.hub_share,
            "surrogates": found.surrogates,
            "method_version": VERSION,
        }
        for name, one in measures.items()
    ]
    frame = pl.DataFrame(rows, schema={n: t for n, t in FRAGILITY.columns.items() if n != "window_start"})
    return FRAGILITY.shape(frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start)))


def _turnover(graphs: Sequence[tuple[datetime, Digraph]], window: Window) -> pl.DataFrame:
    times, drawn = [at for at, _ in graphs], [graph for _, graph in graphs]
    last = len(graphs) - 1
    rows: list[tuple[str, str, str, datetime, float]] = [
        ("hub", e.hub_before, e.hub_after, times[e.before], e.margin)
        for e in take_overs(rolling_centrality(drawn))
        if e.after == last
    ]
    rows += [
        ("reversal", e.leader_before, e.leader_after, times[e.before], e.net_after)
        for e in reversals(drawn)
        if e.after == last
    ]
    names = [n for n in TURNOVER.columns if n not in ("window_start", "method_version")]
    frame = pl.DataFrame(rows, schema={n: TURNOVER.columns[n] for n in names}, orient="row")
    said = frame.with_columns(
        pl.col("amount").round(9), window_start=pl.lit(window.start), method_version=pl.lit(TURNOVER_VERSION)
    )
    return TURNOVER.shape(said)
