"""The arithmetic of combination, compiled: conjunction without subtraction, one item or many side by side.

Here: loops over subsets. Not here: frames, the names of rules, checks and words (``beliefs``).

The conjunction of two mass functions f and g is

    (f & g)(C) = sum over A containing C of f(A) * G(A, C),      G(A, C) = sum of g(B) over B with A & B = C.

G has one entry for each way to put every answer outside A, into A but not C, or into C: 3^n, not 4^n, and each is an
entry of g or the sum of two others. Nothing is subtracted, so that every mass keeps its relative precision however near
1 the conflict comes. The product of commonalities is as fast, but gets 1 - K as a difference and loses it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latticeforge.fusion.frames import MOST_HYPOTHESES
from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

LANES = 64  # items side by side: 41 KB of G on four answers, which stays in the nearest cache
_TOLERANCE = 1e-9
_SMALL = 1e-150  # a product of agreements below it moves into a logarithm
_LEAST = 1e-300


def _ways(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """A, C, and how far behind an entry of G its two parts lie (0: an entry of g), for each of the 3^n ways."""
    digits = np.arange(3**n)[:, None] // 3 ** np.arange(n) % 3  # 0: outside A, 1: in A alone, 2: in C
    bits = 1 << np.arange(n)
    outside = digits == 0
    return (
        (digits > 0) @ bits,
        (digits == 2) @ bits,
        np.where(outside.any(axis=1), 3 ** outside.argmax(axis=1), 0),
    )


# The tables of 1 to 8 answers one behind the other; those of n answers begin at (3^n - 3) / 2.
_TABLES = [_ways(n) for n in range(1, MOST_HYPOTHESES + 1)]
INSIDE = np.concatenate([table[0] for table in _TABLES])
COMMON = np.concatenate([table[1] for table in _TABLES])
PARTS = np.concatenate([table[2] for table in _TABLES])


@compiled
def answers_of(subsets: int) -> int:
    """n of 2^n."""
    n = 0
    while 1 << n < subsets:
        n += 1
    return n


@compiled
def total_of(mass: Floats) -> float:
    """The sum of a source's masses (2^n,); -1 where they are none: negative, on no answer, or not 1 in all."""
    total = 0.0
    for value in mass:
        if not value >= 0.0:
            return -1.0
        total += value
    return total if mass[0] == 0.0 and abs(total - 1.0) <= _TOLERANCE else -1.0


@compiled
def meet(f: Floats, g: Floats, ways: Floats, out: Floats) -> None:
    """f & g of one item: all (2^n,); ``ways`` (3^n,) is working space."""
    first = (ways.size - 3) // 2
    out[:] = 0.0
    for t in range(ways.size - 1, -1, -1):
        parts = PARTS[first + t]
        common = COMMON[first + t]
        entry = ways[t + parts] + ways[t + 2 * parts] if parts > 0 else g[common]
        ways[t] = entry
        out[common] += f[INSIDE[first + t]] * entry


@compiled
def meet_lanes(f: Floats, g: Floats, ways: Floats, out: Floats) -> None:
    """f & g of items side by side: all (2^n, lanes); ``ways`` (3^n, lanes)."""
    first = (ways.shape[0] - 3) // 2
    out[:] = 0.0
    for t in range(ways.shape[0] - 1, -1, -1):
        parts = PARTS[first + t]
        entry = ways[t]
        if parts > 0:
            left, right = ways[t + parts], ways[t + 2 * parts]
            for lane in range(entry.size):
                entry[lane] = left[lane] + right[lane]
        else:
            entry[:] = g[COMMON[first + t]]
        weight, made = f[INSIDE[first + t]], out[COMMON[first + t]]
        for lane in range(entry.size):
            made[lane] += weight[lane] * entry[lane]


@compiled
def fold(masses: Floats, out: Floats) -> int:
    """Combine one item's sources (sources, 2^n) into ``out`` (2^n + 1,): masses, then log(1 - K).

    The masses sum to 1, or are all 0 where the sources contradict each other totally. Returns -1, or the first source
    whose masses are none.
    """
    sources, subsets = masses.shape
    ways = np.empty(3 ** answers_of(subsets))
    now, then = np.zeros(subsets), np.empty(subsets)
    now[subsets - 1] = 1.0
    agreement, logarithm = 1.0, 0.0
    for k in range(sources):
        total = total_of(masses[k])
        if total < 0.0:
            return k
        meet(now, masses[k], ways, then)
        left = 0.0
        for i in range(1, subsets):
            left += then[i]
        now[0] = 0.0
        scale = 1.0 / max(left, _LEAST)
        for i in range(1, subsets):
            now[i] = then[i] * scale
        agreement *= left / total
        if agreement < _SMALL:
            logarithm += math.log(agreement)
            agreement = 1.0
    out[:subsets] = now
    out[subsets] = math.log(agreement) + logarithm
    return -1


@compiled
def fold_many(masses: Floats, out: Floats) -> int:
    """``fold`` for items (items, sources, 2^n) into (items, 2^n + 1). Returns -1, or the first item with bad masses."""
    items, sources, subsets = masses.shape
    lanes = max(1, min(LANES, items))
    ways = np.empty((3 ** answers_of(subsets), lanes))
    now, then, source = np.zeros((subsets, lanes)), np.empty((subsets, lanes)), np.zeros((subsets, lanes))
    agreement, logarithm, total, left = np.empty(lanes), np.empty(lanes), np.empty(lanes), np.empty(lanes)
    for first in range(0, items, lanes):
        here = min(lanes, items - first)
        agreement[:] = 1.0
        logarithm[:] = 0.0
        now[:] = 0.0
        now[subsets - 1] = 1.0
        for k in range(sources):
            for lane in range(here):
                total[lane] = total_of(masses[first + lane, k])
                if total[lane] < 0.0:
                    return first + lane
                for i in range(subsets):
                    source[i, lane] = masses[first + lane, k, i]
            meet_lanes(now, source, ways, then)
            renormalise(then, total, now, left)
            for lane in range(here):
                agreement[lane] *= left[lane] / total[lane]
                if agreement[lane] < _SMALL:
                    logarithm[lane] += math.log(agreement[lane])
                    agreement[lane] = 1.0
        for lane in range(here):
            for i in range(subsets):
                out[first + lane, i] = now[i, lane]
            out[first + lane, subsets] = math.log(agreement[lane]) + logarithm[lane]
    return -1


@compiled
def renormalise(then: Floats, total: Floats, now: Floats, left: Floats) -> None:
    """What is not on the empty set (2^n, lanes), made to sum to 1 a lane; its sum before, into ``left`` (lanes,)."""
    left[:] = 0.0
    for i in range(1, then.shape[0]):
        for lane in range(left.size):
            left[lane] += then[i, lane]
    now[0] = 0.0
    for i in range(1, then.shape[0]):
        for lane in range(left.size):
            now[i, lane] = then[i, lane] / max(left[lane], _LEAST)
