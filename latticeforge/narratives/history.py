"""The trailing windows a baseline rests on, and the density of a meaning in them.

Here: which windows make the history of a window, their micro-clusters as arrays, the similarity kernel and the
similarity-weighted counts. Not here: what is expected of a narrative (``baseline``) and where the rows come from
(``store``).

Everything that is summed here is exact: vectors are put on an integer lattice and kernel weights on multiples of 2^-20,
so that no order of rows, thread count or matrix library can change a bit of the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import EMBEDDING_DIM
from latticeforge.windows import DAY, WINDOW, Window, floor_to, microseconds

RECENT_WINDOWS = 72  # the last six hours
DAYS_BACK = 7
BEFORE = 3  # windows against which a group is seen to grow
AROUND = 6  # windows each side of the same time on an earlier day: together one hour

KERNEL_FLOOR = 0.50  # cosine at and below which two narratives are not the same meaning
KERNEL_FULL = 0.75  # cosine at and above which they are
SAME_MEANING = 0.5  # kernel weight from which two narratives are one story

_WINDOW_US = 300_000_000
_DAY_US = 86_400_000_000
# Unit vectors times 4000, rounded: a dot product stays below 4010^2 < 2^24, so float32 sums are exact integers in any
# order of addition. The rounding moves a cosine by about 1e-4 (one standard deviation).
_LATTICE = np.float32(4000.0)
_WEIGHT_STEP = 2.0**20
_BLOCK = 8192
_IN_CACHE = 256
_CACHED = 4
_AT_ONCE = 8


def history_windows(window: Window) -> list[Window]:
    """The 156 committed windows before ``window``: its last six hours and the same hour on seven earlier days.

    For an unaligned window (the radar's sliding look) the history ends at the last five-minute boundary before it
    begins. Sorted, unique, none overlapping ``window``.
    """
    base = floor_to(window.start, WINDOW)
    recent = {base - WINDOW * age for age in range(1, RECENT_WINDOWS + 1)}
    daily = {base - DAY * day + WINDOW * step for day in range(1, DAYS_BACK + 1) for step in range(-AROUND, AROUND)}
    return [Window(start) for start in sorted(recent | daily)]


@dataclass(frozen=True, eq=False)
class History:
    """Micro-clusters of the trailing windows: W windows, M clusters."""

    starts: NDArray[np.int64]  # (W,) microseconds since 1970 UTC, oldest first
    exposure: NDArray[np.float64]  # (W,) counted items
    missing: NDArray[np.bool_]  # (W,) never computed, or not comparable for a recorded gap
    cluster_window: NDArray[np.int64]  # (M,) index into starts, ascending
    centroids: NDArray[np.float32]  # (M, 384) unit rows
    items: NDArray[np.float64]  # (M,)
    voices: NDArray[np.float64]  # (M,)
    first_at: NDArray[np.int64] | None = None  # (M,) microseconds since 1970 UTC of the first item; None: not known

    def __post_init__(self) -> None:
        if np.any(np.diff(self.cluster_window) < 0):
            raise ValueError("the micro-clusters of a history must be in order of their windows")

    @classmethod
    def build(
        cls, narrative_rows: pl.DataFrame, windows: Sequence[Window], computed: set[datetime], gaps: pl.DataFrame
    ) -> History:
        """Arrays from stored rows.

        Args:
            narrative_rows: window_start, items, voices, centroid and, where onsets are to be told to the second,
                first_at; rows of other windows are ignored, in any order.
            windows: what ``history_windows`` gave.
            computed: starts of the windows that have an active generation of narratives, even an empty one.
            gaps: source, from_at, to_at (null: still open) of holes in collection that were not filled since.

        A window is missing where a source that is heard now was in a gap: its narratives would seem rarer than they
        were. A source that is silent now as well is absent from both sides of the comparison and hides nothing; one
        that was silent for more than a day counts as newly appeared, or one dead feed's return would blind the radar.
        """
        starts = np.array([microseconds(w.start) for w in windows], dtype=np.int64)
        known = np.array([w.start in computed for w in windows], dtype=np.bool_)
        timed = "first_at" in narrative_rows.columns
        rows = narrative_rows.select("window_start", "items", "voices", "centroid", *(["first_at"] if timed else []))
        at = rows["window_start"].dt.epoch("us").to_numpy()
        slot = np.searchsorted(starts, at)
        held = np.flatnonzero(np.append(starts, -1)[slot] == at)
        held = held[np.argsort(slot[held], kind="stable")]
        whole = np.array_equal(held, np.arange(rows.height))  # as the radar gives them; spares copies of 70 MB
        items = rows["items"].cast(pl.Float64).to_numpy()[held]
        slot = slot[held].astype(np.int64)
        return cls(
            starts=starts,
            exposure=np.bincount(slot, weights=items, minlength=starts.size).astype(np.float64),
            missing=~known | _in_gap(starts, gaps),
            cluster_window=slot,
            centroids=unit_rows(rows["centroid"]) if whole else unit_rows(rows["centroid"])[held],
            items=items,
            voices=rows["voices"].cast(pl.Float64).to_numpy()[held],
            first_at=rows["first_at"].dt.epoch("us").to_numpy()[held] if timed else None,
        )

    def age(self, window: Window) -> NDArray[np.int64]:
        """(W,) how many windows before ``window`` each begins: 1 is the one right before it."""
        base = microseconds(floor_to(window.start, WINDOW))
        return (base - self.starts) // _WINDOW_US

    def first_of(self, vector: NDArray[np.float32], w: int) -> int:
        """When a meaning was first told in window ``w``: microseconds; the window's start where that is not known."""
        low, high = np.searchsorted(self.cluster_window, [w, w + 1])
        if self.first_at is None or low == high:
            return int(self.starts[w])
        scale = float(_LATTICE) ** 2
        cosine = (self._lattice[low:high] @ _on_lattice(vector[None, :])[0]).astype(np.float64) / scale
        same = kernel(cosine) >= SAME_MEANING
        return int(self.first_at[low:high][same].min()) if same.any() else int(self.starts[w])

    @cached_property
    def comparable(self) -> NDArray[np.bool_]:
        """(W,) whether a window, and at least one of the three right before it, are usable: growth has a meaning."""
        first = np.searchsorted(self.starts, self.starts - BEFORE * _WINDOW_US)
        usable_before = np.concatenate([[0], np.cumsum(~self.missing)])
        known: NDArray[np.bool_] = usable_before[np.arange(self.starts.size)] > usable_before[first]
        return known & ~self.missing

    @cached_property
    def largest(self) -> NDArray[np.float64]:
        """(W,) items of the largest group of each window."""
        most = np.zeros(self.starts.size)
        np.maximum.at(most, self.cluster_window, self.items)
        return most

    def growth(self, w: int) -> float:
        """The most items by which a group of window ``w`` exceeds its meaning's share of the three windows before."""
        if w not in self._growths:
            self._growths[w] = self._growth(w)
        return self._growths[w]

    def _growth(self, w: int) -> float:
        first = int(np.searchsorted(self.starts, self.starts[w] - BEFORE * _WINDOW_US))
        before = np.arange(first, w)[~self.missing[first:w]]
        start, low, high = np.searchsorted(self.cluster_window, [first, w, w + 1])
        earlier = self._lattice[start:low]
        counted = np.where(self.missing[self.cluster_window[start:low]], 0.0, self.items[start:low])
        exposure_before = float(self.exposure[before].sum())
        rest = low + np.argsort(-self.items[low:high], kind="stable")
        most = 0.0
        while rest.size:  # a group cannot grow by more than its size, so the largest few settle it
            looked_at, rest = rest[:_AT_ONCE], rest[_AT_ONCE:]
            same = _weighted_counts(self._lattice[looked_at], earlier, counted)[:, 0]
            growth = grown(self.items[looked_at], float(self.exposure[w]), same, exposure_before)
            most = max(most, float(growth.max()))
            rest = rest[self.items[rest] > most]
        return most

    @cached_property
    def _lattice(self) -> NDArray[np.float32]:
        return _on_lattice(self.centroids)

    @cached_property
    def _growths(self) -> dict[int, float]:
        return {}

    @cached_property
    def _densities(self) -> dict[bytes, NDArray[np.float64]]:
        return {}


def density(vectors: NDArray[np.float32], history: History) -> NDArray[np.float64]:
    """Similarity-weighted items per history window, (K, W), for K unit vectors; 0 in windows that are missing.

    The one costly step of a window (2 * 384 * K * M operations): the last results are kept with the history, so that
    the baseline, the onset and the placebo interval of one window share it.
    """
    key = blake2b(np.ascontiguousarray(vectors).tobytes(), digest_size=16).digest()
    cache = history._densities
    if key not in cache:
        while len(cache) >= _CACHED:
            cache.pop(next(iter(cache)))
        query, slots = _on_lattice(vectors), history.starts.size
        counts = _weighted_counts(query, history._lattice, history.items, history.cluster_window, slots)
        counts[:, history.missing] = 0.0
        cache[key] = counts
    return cache[key]


def own_density(vectors: NDArray[np.float32], items: NDArray[np.float64]) -> NDArray[np.float64]:
    """Similarity-weighted items of the window itself, (K,): a story that fell into two clusters counts for both."""
    lattice = _on_lattice(vectors)
    return _weighted_counts(lattice, lattice, items)[:, 0]


def kernel(cosine: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far two narratives mean the same, in [0, 1]: a smooth step from 0 at cosine 0.50 to 1 at 0.75.

    Two random headlines reach 0.40 in 1 of 100 pairs and 0.61 in 1 of 1,000; reports of one story lie between 0.6 and
    0.85 and near copies above 0.9 (docs/method/spikes.md).
    """
    x = np.clip((cosine - KERNEL_FLOOR) / (KERNEL_FULL - KERNEL_FLOOR), 0.0, 1.0)
    return np.rint(x * x * (3.0 - 2.0 * x) * _WEIGHT_STEP) / _WEIGHT_STEP


def grown(
    items: NDArray[np.float64], exposure: float, items_before: NDArray[np.float64], exposure_before: float
) -> NDArray[np.float64]:
    """Items above what the share just before would give, >= 0; all of them where nothing at all came before."""
    usual = items_before * (exposure / exposure_before) if exposure_before > 0 else np.zeros_like(items)
    return np.maximum(items - usual, 0.0)


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float64]:
    """(A, B) cosines of unit rows, exact on the lattice and so equal on every machine."""
    return (_on_lattice(left) @ _on_lattice(right).T).astype(np.float64) / float(_LATTICE) ** 2


def unit_rows(column: pl.Series) -> NDArray[np.float32]:
    """A column of 384 numbers a row as a contiguous (n, 384) array."""
    if column.is_empty():
        return np.zeros((0, EMBEDDING_DIM), dtype=np.float32)
    return np.ascontiguousarray(column.cast(pl.Array(pl.Float32, EMBEDDING_DIM)).to_numpy(), dtype=np.float32)


def _on_lattice(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled = np.empty_like(vectors, dtype=np.float32)
    for low in range(0, len(vectors), _IN_CACHE):  # each block is rounded while it is still in the processor's cache
        block = scaled[low : low + _IN_CACHE]
        np.rint(np.multiply(vectors[low : low + _IN_CACHE], _LATTICE, out=block), out=block)
    return scaled


def _weighted_counts(
    query: NDArray[np.float32],
    lattice: NDArray[np.float32],
    items: NDArray[np.float64],
    slot: NDArray[np.int64] | None = None,
    slots: int = 1,
) -> NDArray[np.float64]:
    """(K, slots): items of the M rows of ``lattice`` by kernel weight to the K rows of ``query``; one slot if None."""
    counts = np.zeros(len(query) * slots)
    scale = float(_LATTICE) ** 2
    for low in range(0, len(lattice), _BLOCK):
        dots = query @ lattice[low : low + _BLOCK].T
        # hardly one pair in 200 is close enough to count, so the kernel sees only those
        near = np.flatnonzero(dots.ravel() > np.float32(KERNEL_FLOOR * scale))
        if near.size:
            row, column = np.divmod(near, dots.shape[1])
            weight = kernel(dots.ravel()[near].astype(np.float64) / scale) * items[low + column]
            cell = row if slot is None else row * slots + slot[low + column]
            counts += np.bincount(cell, weights=weight, minlength=counts.size)
    return counts.reshape(len(query), slots)


def _in_gap(starts: NDArray[np.int64], gaps: pl.DataFrame) -> NDArray[np.bool_]:
    """(W,) whether a source that is heard right after the last window was in a gap of at most a day."""
    hit = np.zeros(starts.size, dtype=np.bool_)
    if not starts.size:
        return hit
    now = int(starts[-1]) + _WINDOW_US
    holes = [
        (source, microseconds(begin), microseconds(end) if end else now + _WINDOW_US)
        for source, begin, end in gaps.select("source", "from_at", "to_at").iter_rows()
    ]
    silent = {source for source, begin, end in holes if begin <= now < end}
    for source, begin, end in holes:
        if source not in silent and end - begin <= _DAY_US:
            hit |= (starts < end) & (starts + _WINDOW_US > begin)
    return hit
