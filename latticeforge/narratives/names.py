"""Names in titles: two reports of the same kind of event, of other places and people, are two stories.

Here: which words of a file are names, and the parting of groups whose names never meet. Not here: similarity and
linkage (``stories``), and names as entities: a word is a name where a plain word would have no capital.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from latticeforge.narratives.labels import STOP_WORDS

MAX_CAPITALS = 0.75  # share of capitalised words from which a text is Written Like This
MIN_SHARE = 0.05  # of a group's items that a name stands in before it may part the group
MIN_ITEMS = 3

_TOKEN = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[:.!?;|–—“”\"‘(/]|\s['’-]|\d-")  # what follows begins with a capital, name or not


def names(texts: Sequence[str]) -> frozenset[str]:
    """Words that have a capital more often than not where a plain word has none: after the first word of a clause.

    Two earthquakes share their words and differ in their names. Texts that are mostly capitals tell nothing.

    >>> sorted(names(["Quake in Chile: Rescuers dig", "Many dead in Chile quake"]))
    ['chile']
    """
    capitals: Counter[str] = Counter()
    for text in texts:
        tokens = _TOKEN.findall(text)
        if sum(token[0].isupper() for token in tokens) <= MAX_CAPITALS * len(tokens):
            for clause in _CLAUSE.split(text):
                for token in _TOKEN.findall(clause)[1:]:
                    capitals[token.casefold()] += 1 if token[0].isupper() else -1
    return frozenset(word for word, surplus in capitals.items() if surplus > 0)


def named(titles: Sequence[str], among: Set[str]) -> list[frozenset[str]]:
    """The names in each title."""
    counted = among - STOP_WORDS
    return [frozenset(counted & {token.casefold() for token in _TOKEN.findall(title)}) for title in titles]


def parted(group: NDArray[np.int64], of_item: Sequence[Set[str]], features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Groups (n,) in which names that never stand in one title are kept apart.

    Names that meet in a title belong together, and so do those that both meet a third. Where a group's names fall into
    several such circles it tells of several events: each item goes with its names, and one without any with the circle
    it is most similar to. Names in fewer than ``MIN_SHARE`` of a group's items, or ``MIN_ITEMS``, part nothing.

    Args:
        group: of each item, as the position of its first.
        of_item: the names of each.
        features: rows (n, d) whose dot product is the similarity.
    """
    found = group.copy()
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        circle = _circles([of_item[i] for i in rows.tolist()])
        if circle.max(initial=0) < 1:
            continue
        of_circle = [rows[circle == c] for c in range(int(circle.max()) + 1)]
        middle = np.stack([features[members].mean(axis=0, dtype=np.float64) for members in of_circle])
        lost = circle < 0
        circle[lost] = np.round(features[rows[lost]] @ middle.T, 9).argmax(axis=1)
        for c in range(len(of_circle)):
            members = rows[circle == c]
            found[members] = members.min()
    return found


def _circles(of_item: Sequence[Set[str]]) -> NDArray[np.int64]:
    """The circle of names (n,) that each item belongs to, -1 without a name that counts."""
    held = Counter(name for names_here in of_item for name in names_here)
    least = max(MIN_ITEMS, MIN_SHARE * len(of_item))
    place = {name: i for i, name in enumerate(sorted(name for name, count in held.items() if count >= least))}
    circle = np.full(len(of_item), -1, dtype=np.int64)
    if len(place) < 2:
        return circle
    here = [sorted(place[name] for name in names_here if name in place) for names_here in of_item]
    met = np.array(sorted({pair for row in here for pair in combinations(row, 2)}), dtype=np.int64).reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(met)), (met[:, 0], met[:, 1])), shape=(len(place), len(place)))
    label = connected_components(graph, directed=False)[1]
    for i, row in enumerate(here):
        if row:
            circle[i] = label[row[0]]
    return circle
