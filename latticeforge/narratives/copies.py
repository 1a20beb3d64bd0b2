"""Near-duplicates: which items repeat the wording of an earlier one, and so are no voice of their own.

Here: wording, and which wordings are the same. Not here: meaning (``clusters``): two papers that say the same in their
own words are two voices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from latticeforge.machine_code import compiled

MIN_JACCARD = 0.8
_FEW = 64

_AGENCIES = r"(?:afp|ansa|ap|associated press|bloomberg|dpa|efe|interfax|pa|reuters|tass|upi|xinhua)"
_PREFIX = re.compile(
    rf"^(?:(?:update|wrapup|corrected|refile|breaking|exclusive)(?: \d+)?\s*[-:–—]|{_AGENCIES}\s*[:–—-])\s*"
)
_SUFFIX = re.compile(rf"(?:\s[-–—|]\s*(?:the )?{_AGENCIES}(?: news)?|\s\|[^|]{{1,40}}|\s*\({_AGENCIES}\))\s*$")
_WORD = re.compile(r"[^\W_]+")


def wording(title: str) -> tuple[str, ...]:
    """The words of a title, without case, punctuation, agency names and their markers. Digits stay.

    >>> wording("UPDATE 1-Drones seen over Hull, 3 hurt - Reuters")
    ('drones', 'seen', 'over', 'hull', '3', 'hurt')
    """
    text = unicodedata.normalize("NFKC", title).casefold().strip()
    text = _SUFFIX.sub("", _PREFIX.sub("", text)) or text
    return tuple(_WORD.findall(text.replace("’", "").replace("'", "")))


def voices(titles: Sequence[str]) -> NDArray[np.int64]:
    """For each title the position of its voice: the first title with the same wording.

    Two titles are copies where the Jaccard index of their word sets is at least ``MIN_JACCARD`` and their numbers are
    equal (a new toll is news), and copies of copies are copies. The partition does not depend on the order of the
    titles; which member speaks does: give the earliest first.

    Returns:
        int64 (n,), each value <= its own position.
    """
    wordings = [wording(title) for title in titles]
    codes: dict[tuple[str, ...], int] = {}
    of_title = np.array([codes.setdefault(words, len(codes)) for words in wordings], dtype=np.int64)
    group = _same_wording(list(codes))[of_title]
    _, first, of_group = np.unique(group, return_index=True, return_inverse=True)
    return first[of_group].astype(np.int64)


def _same_wording(wordings: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
    """Group numbers (n,) of distinct wordings."""
    n = len(wordings)
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    left, right = _near_pairs(wordings)
    numbers = [tuple(sorted(word for word in words if word.isdigit())) for words in wordings]
    near = np.fromiter((numbers[a] == numbers[b] for a, b in zip(left, right, strict=True)), bool, len(left))
    graph = sparse.coo_matrix((np.ones(near.sum()), (left[near], right[near])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _near_pairs(wordings: Sequence[tuple[str, ...]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs whose word sets reach the threshold; few titles are compared one by one, for a sparse matrix costs 3 ms."""
    if len(wordings) <= _FEW:
        sets = [frozenset(words) for words in wordings]
        pairs = [(a, b) for (a, x), (b, y) in combinations(enumerate(sets), 2) if _jaccard_reached(x, y)]
        both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]
    tokens = _incidence(wordings)
    left, right = _candidates(tokens)
    shared = _shared(tokens.indptr, tokens.indices, left, right)
    sizes = np.diff(tokens.indptr)
    near = shared >= MIN_JACCARD * (sizes[left] + sizes[right] - shared)
    return left[near], right[near]


@compiled
def _shared(
    indptr: NDArray[np.int32], words: NDArray[np.int32], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many words the two rows of each pair share; the words of a row are sorted.

    20,000 titles of a templated day make 2 million pairs: gathering their rows as sparse matrices took four times as
    long as grouping by meaning.
    """
    shared = np.zeros(len(left), dtype=np.int64)
    for pair in range(len(left)):
        a, end_a = indptr[left[pair]], indptr[left[pair] + 1]
        b, end_b = indptr[right[pair]], indptr[right[pair] + 1]
        while a < end_a and b < end_b:
            if words[a] == words[b]:
                shared[pair] += 1
            step = words[a] <= words[b]
            b += words[b] <= words[a]
            a += step
    return shared


def _jaccard_reached(x: frozenset[str], y: frozenset[str]) -> bool:
    shared = len(x & y)
    return shared > 0 and shared >= MIN_JACCARD * (len(x) + len(y) - shared)


def _incidence(wordings: Sequence[tuple[str, ...]]) -> sparse.csr_matrix:
    """Word sets as a 0/1 matrix (n, vocabulary), the rarest word first in every row."""
    vocabulary: dict[str, int] = {}
    rows = [[vocabulary.setdefault(word, len(vocabulary)) for word in set(words)] for words in wordings]
    indptr = np.cumsum([0, *map(len, rows)])
    codes = np.fromiter((code for row in rows for code in row), np.int64, int(indptr[-1]))
    words = np.array(list(vocabulary))
    rarity = np.lexsort((words, np.bincount(codes, minlength=len(words)))).argsort()
    matrix = sparse.csr_matrix((np.ones(len(codes), np.float32), rarity[codes], indptr), shape=(len(rows), len(words)))
    matrix.sort_indices()
    return matrix


def _candidates(tokens: sparse.csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that can reach the threshold: their sets share one of their rarest words.

    Prefix filtering: sets of size s with Jaccard >= t share a word among the first s - ceil(t s) + 1 of each in any
    fixed order of words (Bayardo, Ma and Srikant 2007). With the rarest first, few pairs are left.
    """
    sizes = np.diff(tokens.indptr)
    keep = sizes - np.ceil(MIN_JACCARD * sizes).astype(np.int64) + 1
    position = np.arange(tokens.nnz) - np.repeat(tokens.indptr[:-1], sizes)
    mask = position < np.repeat(keep, sizes)
    rows = np.repeat(np.arange(tokens.shape[0]), sizes)[mask]
    prefix = sparse.csr_matrix((np.ones(mask.sum(), np.float32), (rows, tokens.indices[mask])), shape=tokens.shape)
    pairs = sparse.triu(prefix @ prefix.T, k=1).tocoo()
    return pairs.row.astype(np.int64), pairs.col.astype(np.int64)
