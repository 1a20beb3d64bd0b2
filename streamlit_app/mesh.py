"""The mesh of events, stories and sources: which are shown, what ties them, and where each stands.

Here: a graph in three columns with few crossings, from rows. Not here: SQL (``asking.day``) and the drawing
(``ui.mesh_chart``). Three columns, not a cloud: a name stands beside every node, also where there are 200.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

COLUMNS = ("event", "story", "source")
MAX_NODES = {"event": 40, "story": 110, "source": 50}
_SWEEPS = 4  # barycentre passes; more hardly take crossings away


@dataclass(frozen=True)
class Node:
    """One node: ``weight`` is its items (an event has none)."""

    key: str
    kind: str
    name: str
    weight: float
    detail: str = ""


@dataclass(frozen=True)
class Edge:
    """A tie of two nodes: an event and a story (a test, with its verdict), or a story and a source (items)."""

    left: str
    right: str
    verdict: str  # "" for items
    weight: float
    statement: str = ""  # statement_id and story_key of the link, where there is one


@dataclass(frozen=True)
class Mesh:
    """Nodes with their places: column 0 to 2, row from 0."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    places: Mapping[str, tuple[int, float]]

    def near(self, key: str) -> frozenset[str]:
        """The node, its neighbours, and the far ends of the stories among them."""
        first = {key} | self._beside({key})
        kinds = {node.key: node.kind for node in self.nodes}
        return frozenset(first | self._beside({k for k in first if kinds.get(k) == "story"}))

    def _beside(self, keys: Iterable[str]) -> set[str]:
        wanted = set(keys)
        return {e.right for e in self.edges if e.left in wanted} | {e.left for e in self.edges if e.right in wanted}

    def only(self, keys: frozenset[str]) -> Mesh:
        """The part that consists of some nodes."""
        nodes = tuple(n for n in self.nodes if n.key in keys)
        return placed(nodes, tuple(e for e in self.edges if e.left in keys and e.right in keys))


def build(events: pl.DataFrame, stories: pl.DataFrame, links: pl.DataFrame, carriers: pl.DataFrame) -> Mesh:
    """The mesh of a span: its events and those tested in it, linked stories and the largest, their sources."""
    story_of = {n: row["chain_id"] for row in stories.iter_rows(named=True) for n in row["narratives"]}
    ties = [_tie(row, story_of) for row in links.iter_rows(named=True)]
    edges = _strongest([edge for edge in ties if edge is not None])
    linked = {edge.right for edge in edges}
    chosen = _first(_stories(stories), linked, MAX_NODES["story"])
    kept = {node.key for node in chosen}
    shared = _shares(carriers, story_of, kept)
    sources = _first(_sources(carriers, story_of, kept), set(), MAX_NODES["source"])
    named = _first(_events(events, links), {edge.left for edge in edges}, MAX_NODES["event"])
    nodes = (*named, *chosen, *sources)
    keys = {node.key for node in nodes}
    return placed(nodes, tuple(e for e in (*edges, *shared) if e.left in keys and e.right in keys))


def placed(nodes: Sequence[Node], edges: Sequence[Edge]) -> Mesh:
    """Order each column by the mean place of its neighbours, so that few edges cross."""
    order = {kind: [n.key for n in nodes if n.kind == kind] for kind in COLUMNS}
    beside: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        beside[edge.left].append(edge.right)
        beside[edge.right].append(edge.left)
    for _ in range(_SWEEPS):
        for kind in ("story", "event", "source"):
            at = {key: i / max(1, len(column)) for column in order.values() for i, key in enumerate(column)}
            order[kind].sort(key=lambda k: (_mean([at[b] for b in beside[k]], at[k]), k))
    tallest = max((len(column) for column in order.values()), default=0)
    places = {
        key: (COLUMNS.index(kind), (i + 0.5) * tallest / len(column))
        for kind, column in order.items()
        for i, key in enumerate(column)
    }
    return Mesh(tuple(nodes), tuple(edges), places)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _tie(row: dict[str, object], story_of: Mapping[str, str]) -> Edge | None:
    story = story_of.get(str(row["narrative_id"]))
    if story is None:
        return None
    likelihood = row["likelihood"]
    weight = float(likelihood) if isinstance(likelihood, float) else 0.0
    statement = f"{row['statement_id']}\x1f{row['story_key']}"
    return Edge(f"event:{row['event_id']}", f"story:{story}", str(row["verdict"]), weight, statement)


def _strongest(edges: Sequence[Edge]) -> list[Edge]:
    best: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        known = best.get((edge.left, edge.right))
        if known is None or edge.weight > known.weight:
            best[edge.left, edge.right] = edge
    return list(best.values())


def _stories(stories: pl.DataFrame) -> list[Node]:
    return [
        Node(f"story:{row['chain_id']}", "story", row["label"], float(row["items"]), row["headline"])
        for row in stories.iter_rows(named=True)
    ]


def _events(events: pl.DataFrame, links: pl.DataFrame) -> list[Node]:
    found: dict[str, Node] = {}
    for row in events.iter_rows(named=True):
        found[row["event_id"]] = Node(f"event:{row['event_id']}", "event", row["title"], 0.0, row["category"] or "")
    for row in links.iter_rows(named=True):
        node = Node(f"event:{row['event_id']}", "event", row["event_title"] or row["event_id"], 0.0)
        found.setdefault(row["event_id"], node)
    return list(found.values())


def _sources(carriers: pl.DataFrame, story_of: Mapping[str, str], kept: set[str]) -> list[Node]:
    items: dict[str, float] = defaultdict(float)
    titles: dict[str, str] = {}
    for row in carriers.iter_rows(named=True):
        if f"story:{story_of.get(row['narrative_id'])}" in kept:
            items[row["source"]] += row["items"]
            titles[row["source"]] = row["source_title"]
    nodes = [Node(f"source:{s}", "source", titles[s], n) for s, n in items.items()]
    return sorted(nodes, key=lambda n: (-n.weight, n.key))


def _shares(carriers: pl.DataFrame, story_of: Mapping[str, str], kept: set[str]) -> list[Edge]:
    items: dict[tuple[str, str], float] = defaultdict(float)
    for row in carriers.iter_rows(named=True):
        story = f"story:{story_of.get(row['narrative_id'])}"
        if story in kept:
            items[story, f"source:{row['source']}"] += row["items"]
    return [Edge(story, source, "", n) for (story, source), n in items.items()]


def _first(nodes: Sequence[Node], wanted: set[str], limit: int) -> list[Node]:
    """The nodes that must be there, then the others in their order, ``limit`` in all."""
    return sorted(nodes, key=lambda n: n.key not in wanted)[:limit]
