"""The mesh: stories, the sources that carry them and the events they follow, in one graph, window by window.

Here: the ties of a window, and a mesh that takes windows in and out. Not here: which nodes a page shows and where they
stand (the dashboard), and whether a story follows an event (``narratives.links``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from latticeforge.graphs.digraph import Digraph

if TYPE_CHECKING:
    import polars as pl

VERSION = "mesh/1"

Tie = tuple[str, str]  # two nodes, "event:", "narrative:" or "source:" before their names, in this order


@dataclass(frozen=True, slots=True)
class MeshWindow:
    """The ties of one window, in items, > 0: a source carries a narrative, or one exceeds its baseline at an event."""

    start: datetime
    ties: Mapping[Tie, float]


@dataclass(frozen=True, slots=True)
class MeshGraph:
    """The mesh of some windows. ``nodes`` and ``ties`` are sorted by name and weigh items; ties have no direction."""

    windows: tuple[datetime, ...]
    nodes: Mapping[str, float]
    ties: Mapping[Tie, float]
    algorithm: str = VERSION

    def digraph(self) -> Digraph:
        """The same with each tie in both directions, for centralities."""
        both = [edge for (a, b), weight in self.ties.items() for edge in ((a, b, weight), (b, a, weight))]
        return Digraph.of(list(self.nodes), both)


class Mesh:
    """A graph over windows: adding and removing one costs as much as the window is large, however many are in.

    Every tie keeps its weight by window and their sum is rounded once, so that a mesh after any additions and removals
    is the same, to the last bit, as one built from the windows it holds.

    >>> from datetime import UTC, datetime
    >>> noon, one = datetime(2025, 1, 28, 12, tzinfo=UTC), datetime(2025, 1, 28, 13, tzinfo=UTC)
    >>> mesh = Mesh()
    >>> mesh.add(MeshWindow(noon, {("narrative:storm", "source:wire"): 3.0}))
    >>> mesh.add(MeshWindow(one, {("narrative:storm", "source:wire"): 2.0, ("event:vote", "narrative:storm"): 1.5}))
    >>> mesh.remove(noon)
    >>> dict(mesh.graph().nodes)
    {'event:vote': 1.5, 'narrative:storm': 3.5, 'source:wire': 2.0}
    """

    def __init__(self) -> None:
        self._windows: dict[datetime, MeshWindow] = {}
        self._ties: dict[Tie, dict[datetime, float]] = {}

    def add(self, window: MeshWindow) -> None:
        """Take a window in.

        Raises:
            ValueError: it is in already, or a tie does not weigh more than 0.
        """
        if window.start in self._windows:
            raise ValueError(f"the window of {window.start:%Y-%m-%d %H:%M} is in the mesh; remove it first")
        if not all(0.0 < weight < math.inf for weight in window.ties.values()):
            raise ValueError("ties weigh more than 0")
        self._windows[window.start] = window
        for tie, weight in window.ties.items():
            self._ties.setdefault(tie, {})[window.start] = weight

    def remove(self, start: datetime) -> None:
        """Take the window that begins at ``start`` out.

        Raises:
            KeyError: it is not in.
        """
        for tie in self._windows.pop(start).ties:
            weights = self._ties[tie]
            del weights[start]
            if not weights:
                del self._ties[tie]

    def graph(self) -> MeshGraph:
        """What is in, all windows together; a node weighs what its ties weigh."""
        ties = {tie: math.fsum(weights.values()) for tie, weights in sorted(self._ties.items())}
        beside: dict[str, list[float]] = defaultdict(list)
        for (a, b), weight in ties.items():
            beside[a].append(weight)
            beside[b].append(weight)
        nodes = {name: math.fsum(weights) for name, weights in sorted(beside.items())}
        return MeshGraph(tuple(sorted(self._windows)), nodes, ties)


def mesh_window(
    start: datetime,
    items: pl.DataFrame,
    articles: pl.DataFrame,
    correlations: pl.DataFrame,
    story_of: Mapping[str, str] | None = None,
) -> MeshWindow:
    """The ties of the window that begins at ``start``, from its tables (``model``), rows in any order.

    Args:
        items: NARRATIVE_ITEM rows (narrative_id, item_id).
        articles: ARTICLE rows (item_id, source).
        correlations: CORRELATION rows (event_id, narrative_id, effect_items); effects not above 0 make no tie, and of
            several tests of one pair (scales of time) the largest effect counts.
        story_of: narrative_id to the name it goes by across windows (its chain); its own where it is not named.
    """
    names = story_of or {}
    ties: dict[Tie, float] = defaultdict(float)
    carried = items.select("narrative_id", "item_id").join(articles.select("item_id", "source"), on="item_id")
    for narrative, source, count in carried.group_by("narrative_id", "source").len().iter_rows():
        ties[f"narrative:{names.get(narrative, narrative)}", f"source:{source}"] += count
    for event, narrative, effect in correlations.select("event_id", "narrative_id", "effect_items").iter_rows():
        tie = f"event:{event}", f"narrative:{names.get(narrative, narrative)}"
        if effect is not None and effect > max(0.0, ties.get(tie, 0.0)):
            ties[tie] = effect
    return MeshWindow(start, dict(ties))
