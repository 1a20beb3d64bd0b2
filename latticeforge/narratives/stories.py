"""Stories of a whole file: its items over days or weeks, grouped by what they report.

Here: words and meaning in one similarity, and average linkage over it that fits in memory for tens of thousands of
items. Not here: windows and times (``clusters``), reading files and encoding (``cli``).
"""

from __future__ import annotations

import hashlib
import heapq
import math
import re
from collections import Counter
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.copies import voices
from latticeforge.narratives.labels import STOP_WORDS
from latticeforge.narratives.names import named, names, parted
from latticeforge.narratives.tongues import centred

MIN_SIMILARITY = 0.23  # mean similarity of two groups that become one story; docs/method/narratives.md
WORD_SHARE = 0.3  # weight of shared words in the similarity; the rest is shared meaning
NAME_WEIGHT = 3.0  # of a name against another word as rare
NEIGHBOURS = 40
HOPELESS = 0.5  # groups below this share of the threshold are no longer compared
WORD_DIM = 512

_BLOCK = 1024
_TOKEN = re.compile(r"[^\W_]+")


def stories(titles: Sequence[str], texts: Sequence[str], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """The story of each item, as the position of the story's first item; an item like no other stands alone.

    Near-duplicates with the same names are one voice. Two voices are as similar as ``WORD_SHARE`` x the cosine of their
    TF-IDF words plus the rest x the cosine of their vectors; average linkage (Sokal and Michener 1958) joins groups,
    the most similar first, until no mean similarity reaches ``MIN_SIMILARITY``. Names that never meet part what was
    joined. Items far apart in wording and meaning are not compared (``NEIGHBOURS`` a voice are), so memory grows with
    the number of items and not with its square.

    Args:
        titles: n titles, in an order of their own (sort them): equal similarities go by position.
        texts: n texts whose words count: the title, and the summary where there is one.
        vectors: float32 (n, d) of unit length, the encoded texts.
    """
    if not titles:
        return np.zeros(0, dtype=np.int64)
    of_title = named(titles, names(titles))
    speaking, voice_number = _voices(titles, of_title)
    spoken = [texts[i] for i in speaking]
    features = _features(spoken, centred(vectors[speaking], spoken))
    grouped = _agglomerate(features)
    story = parted(grouped, [of_title[i] for i in speaking], features)[voice_number]
    _, first, of_story = np.unique(story, return_index=True, return_inverse=True)
    return first[of_story].astype(np.int64)


def _voices(titles: Sequence[str], of_title: Sequence[Set[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(positions of the titles that speak, number of the voice of each title); one of other names is no copy."""
    keys: dict[tuple[int, tuple[str, ...]], int] = {}
    voice = [
        keys.setdefault((copied, tuple(sorted(own))), i)
        for i, (copied, own) in enumerate(zip(voices(titles).tolist(), of_title, strict=True))
    ]
    speaking, number = np.unique(voice, return_inverse=True)
    return speaking.astype(np.int64), number.astype(np.int64)


def _features(texts: Sequence[str], unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, WORD_DIM + d) whose dot product is the similarity."""
    return np.hstack([math.sqrt(WORD_SHARE) * _word_vectors(texts), math.sqrt(1 - WORD_SHARE) * unit])


def _word_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """TF-IDF of each text in ``WORD_DIM`` signed, hashed dimensions, of unit length (Weinberger et al. 2009).

    Hashing keeps cosines up to an error of about 1 / sqrt(WORD_DIM), and needs no vocabulary in memory.
    """
    tokens = [_TOKEN.findall(text) for text in texts]
    capitalised = names(texts)
    documents = [sorted({token.casefold() for token in of_text} - STOP_WORDS) for of_text in tokens]
    frequency = Counter(word for words in documents for word in words)
    weights = {
        word: (1.0 + math.log((1 + len(texts)) / (1 + count))) * (NAME_WEIGHT if word in capitalised else 1.0)
        for word, count in frequency.items()
    }
    places = {word: _place(word) for word in frequency}
    vectors = np.zeros((len(texts), WORD_DIM), dtype=np.float32)
    for row, words in zip(vectors, documents, strict=True):
        for word in words:
            place, sign = places[word]
            row[place] += sign * weights[word]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(length, np.float32(1e-9))
    return vectors


def _place(word: str) -> tuple[int, float]:
    digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
    return digest // 2 % WORD_DIM, 1.0 if digest % 2 else -1.0


def _neighbours(features: NDArray[np.float32]) -> list[set[int]]:
    """For each row the rows it is compared with: the nearest above the threshold, either way."""
    n = len(features)
    near: list[set[int]] = [set() for _ in range(n)]
    count = min(NEIGHBOURS + 1, n)
    for start in range(0, n, _BLOCK):
        similarity = features[start : start + _BLOCK] @ features.T
        top = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        rows, columns = np.nonzero(np.take_along_axis(similarity, top, axis=1) >= MIN_SIMILARITY)
        for row, other in zip((rows + start).tolist(), top[rows, columns].tolist(), strict=True):
            if row != other:
                near[row].add(other)
                near[other].add(row)
    return near


def _agglomerate(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Average linkage, the most similar pair first, over the groups that have neighbours in common: (n,) groups.

    The mean similarity of two groups is the dot product of their sums over the product of their sizes. A group is
    named after its lowest row; a pair in the queue is stale once either side has grown.
    """
    near = _neighbours(features)
    total = features.astype(np.float64)
    size = np.ones(len(features), dtype=np.int64)
    group = np.arange(len(features))
    queue: list[tuple[float, int, int, int, int]] = []

    def offer(a: int, candidates: set[int]) -> None:
        others = np.array(sorted(candidates), dtype=np.int64)
        if not len(others):
            return
        mean = total[others] @ total[a] / (size[others] * size[a])
        for b in others[mean < HOPELESS * MIN_SIMILARITY].tolist():
            near[a].discard(b)
            near[b].discard(a)
        good = mean >= MIN_SIMILARITY
        for b, similarity in zip(others[good].tolist(), mean[good].tolist(), strict=True):
            low, high = min(a, b), max(a, b)
            heapq.heappush(queue, (-round(similarity, 9), low, high, int(size[low]), int(size[high])))

    for row in range(len(features)):
        offer(row, {other for other in near[row] if other > row})
    while queue:
        _, a, b, size_a, size_b = heapq.heappop(queue)
        if size[a] != size_a or size[b] != size_b:
            continue
        total[a] += total[b]
        size[a] += size[b]
        size[b] = 0
        group[b] = a
        for other in near[b]:
            near[other].discard(b)
            if other != a:
                near[other].add(a)
        near[a] = (near[a] | near[b]) - {a, b}
        near[b].clear()
        offer(a, near[a])
    for row in range(len(group)):  # every group points to a lower row, which is settled already
        group[row] = group[group[row]]
    return group
