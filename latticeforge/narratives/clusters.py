"""Narratives of one window: its counted articles, grouped by meaning.

Here: the micro-clusters of a five-minute window and what is said of each. Not here: comparing windows (``baseline``,
``chains``), grouping a whole file over weeks (``stories``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.instants import instants
from latticeforge.model import NARRATIVE, NARRATIVE_ITEM, UTC_TIME, Table
from latticeforge.narratives.copies import voices
from latticeforge.narratives.labels import labels
from latticeforge.narratives.linkage import average_linkage
from latticeforge.windows import Window

MIN_SIMILARITY = 0.4  # mean cosine between the voices of two groups that become one; docs/method/narratives.md
_DECIMALS = 9
_COUNTED = ("items", "voices", "sources", "accounts", "copy_share", "source_hhi", "first_at", "last_at")


@dataclass(frozen=True, slots=True)
class Narratives:
    """The narratives of one window (NARRATIVE rows) and the items of each (NARRATIVE_ITEM rows)."""

    narrative: pl.DataFrame
    items: pl.DataFrame


def narratives(articles: pl.DataFrame, vectors: NDArray[np.float32], window: Window) -> Narratives:
    """Group the counted articles of ``window``; an item like no other is a narrative of its own.

    Near-duplicates are folded into voices; voices are joined by average linkage over cosine until no two groups have a
    mean similarity of ``MIN_SIMILARITY``. The order of the rows changes nothing.

    Args:
        articles: ARTICLE rows of the window.
        vectors: float32 (n, 384) of unit length; row i belongs to row i of ``articles``.

    Raises:
        ValueError: the number of vectors is not the number of articles.
    """
    if len(vectors) != articles.height:
        raise ValueError(f"{articles.height} articles need as many vectors, got {len(vectors)}")
    rows = articles.with_row_index("row").filter(pl.col("counted")).unique("item_id", keep="any")
    rows = rows.sort("event_at", "item_id")
    if rows.is_empty():
        return Narratives(NARRATIVE.empty(), NARRATIVE_ITEM.empty())
    unit = vectors[rows["row"].to_numpy()].astype(np.float64)
    voice = voices(rows["title"].to_list())
    speaking, voice_number = np.unique(voice, return_inverse=True)
    group = average_linkage(unit[speaking].astype(np.float32), MIN_SIMILARITY)
    return _describe(rows, unit, voice, group, group[voice_number], window)


def _describe(
    rows: pl.DataFrame,
    unit: NDArray[np.float64],
    voice: NDArray[np.int64],
    voice_group: NDArray[np.int64],
    group: NDArray[np.int64],
    window: Window,
) -> Narratives:
    """The two frames. ``rows`` in order of time; ``voice`` and ``group`` (n,), ``voice_group`` (voices,).

    In plain lists: a window has some thirty rows, and the same work in frames took five times as long.
    """
    speaking = np.unique(voice)
    centroid = _centroids(unit[speaking], voice_group)
    cosine = np.round(np.clip(np.einsum("ij,ij->i", unit, centroid[group]), -1.0, 1.0), _DECIMALS)
    ids, titles = rows["item_id"].to_list(), rows["title"].to_list()
    label = labels([titles[i] for i in speaking], voice_group)
    summaries = _summaries(rows, ids, voice.tolist(), group.tolist(), cosine.tolist())
    ranked = sorted(summaries, key=lambda s: (-s["items"], s["first_at"], s["medoid"]))
    name = {s["group"]: f"{_stem(window)}-{rank:03d}" for rank, s in enumerate(ranked, 1)}
    narrative = {
        "window_start": [window.start] * len(ranked),
        "narrative_id": [name[s["group"]] for s in ranked],
        "label": [label[s["group"]] for s in ranked],
        "headline": [titles[s["central"]] for s in ranked],
        "centroid": centroid[[s["group"] for s in ranked]].astype(np.float32),
    } | {column: [s[column] for s in ranked] for column in _COUNTED}
    by_id = sorted(range(len(ids)), key=ids.__getitem__)
    items = {
        "window_start": [window.start] * len(ids),
        "narrative_id": [name[int(group[i])] for i in by_id],
        "item_id": [ids[i] for i in by_id],
        "voice_id": [ids[int(voice[i])] for i in by_id],
        "similarity": cosine[by_id],
    }
    return Narratives(_frame(NARRATIVE, narrative), _frame(NARRATIVE_ITEM, items))


def _frame(table: Table, columns: dict[str, Any]) -> pl.DataFrame:
    return table.shape(pl.DataFrame([_column(n, t, columns[n]) for n, t in table.columns.items()]))


def _column(name: str, kind: Any, values: Any) -> pl.Series:
    return instants(values).alias(name) if kind == UTC_TIME else pl.Series(name, values, dtype=kind)


def _summaries(
    rows: pl.DataFrame, ids: list[str], voice: list[int], group: list[int], cosine: list[float]
) -> list[dict[str, Any]]:
    """One record a group: counts, concentration over accounts, first and last time, and the most central item."""
    members: dict[int, list[int]] = {}
    for place, number in enumerate(group):
        members.setdefault(number, []).append(place)
    sources, accounts = rows["source"].to_list(), rows["account"].to_list()
    times = rows["event_at"].to_list()
    found = []
    for number, places in members.items():
        voices_here = len({voice[i] for i in places})
        shares = [n / len(places) for n in Counter((sources[i], accounts[i]) for i in places).values()]
        central = max(places, key=lambda i: (cosine[i], -i))  # of equals the earliest
        found.append(
            {
                "group": number,
                "items": len(places),
                "voices": voices_here,
                "sources": len({sources[i] for i in places}),
                "accounts": len(shares),
                "copy_share": round(1.0 - voices_here / len(places), _DECIMALS),
                "source_hhi": round(sum(share * share for share in sorted(shares)), _DECIMALS),
                "first_at": times[places[0]],
                "last_at": times[places[-1]],
                "central": central,
                "medoid": ids[central],
            }
        )
    return found


def _centroids(unit: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean direction of each group, of unit length: (groups, d)."""
    total = np.zeros((int(group.max()) + 1, unit.shape[1]))
    np.add.at(total, group, unit)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    unit_length: NDArray[np.float64] = total / np.maximum(length, np.finfo(np.float64).tiny)
    return unit_length


def _stem(window: Window) -> str:
    """How ids of this window begin; the radar's sliding look is named to the second."""
    return f"{window.start:%Y%m%dT%H%MZ}" if window.aligned else f"{window.start:%Y%m%dT%H%M%SZ}"
