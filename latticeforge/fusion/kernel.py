"""Sources combined one after another, compiled: one item alone, or many eight at a time.

Here: loops over sources and items, conjunctions of large frames. Not here: conjunctions of up to four answers, written
out (``lanes``), frames, the names of rules, checks and words (``beliefs``).

A frame of more than four answers is cut into blocks of sixteen subsets. With A and C now ranging over the answers that
number the blocks,

    (f & g)[C] = sum over A containing C of f[A] & G(A, C),      G(A, C) = sum of g[B] over B with A & B = C,

G has one block for each way to put every answer outside A, into A but not C, or into C, and is a block of g or the sum
of two others. The product of commonalities is as fast, but gets small masses, and 1 - K, as differences of large ones.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latticeforge.fusion.frames import MOST_HYPOTHESES
from latticeforge.fusion.lanes import (
    ANSWERS,
    LEAST,
    SMALL,
    TOLERANCE,
    eight_1,
    eight_2,
    eight_3,
    eight_4,
    one_1,
    one_2,
    one_3,
    one_4,
    settle,
    survey,
    turn,
)
from latticeforge.machine_code import compiled
from latticeforge.machine_rows import LANES

Floats = NDArray[np.float64]

BLOCK = 1 << ANSWERS


def _ways(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """A, C, and how far behind a block of G its two parts lie (0: a block of g), for each of the 3^n ways."""
    digits = np.arange(3**n)[:, None] // 3 ** np.arange(n) % 3  # 0: outside A, 1: in A alone, 2: in C
    bits = 1 << np.arange(n)
    outside = digits == 0
    return (
        (digits > 0) @ bits,
        (digits == 2) @ bits,
        np.where(outside.any(axis=1), 3 ** outside.argmax(axis=1), 0),
    )


# The tables of 1 to 4 answers one behind the other; those of n answers begin at (3^n - 3) / 2.
_TABLES = [_ways(n) for n in range(1, MOST_HYPOTHESES - ANSWERS + 1)]
INSIDE = np.concatenate([table[0] for table in _TABLES])
COMMON = np.concatenate([table[1] for table in _TABLES])
PARTS = np.concatenate([table[2] for table in _TABLES])


@compiled
def space_of(subsets: int, lanes: int) -> Floats:
    """Working space of ``meet``: G, of 3^n blocks, where n answers number the blocks of the frame."""
    ways, blocks = 1, subsets // BLOCK
    while blocks > 1:
        ways, blocks = 3 * ways, blocks // 2
    return np.empty(ways * BLOCK * lanes)


@compiled
def meet(f: Floats, g: Floats, space: Floats, out: Floats) -> None:
    """f & g of one item, all (2^n,)."""
    out[:] = 0.0
    if f.size == 2:
        one_1(f, g, (0, 0, 0), out)
    elif f.size == 4:
        one_2(f, g, (0, 0, 0), out)
    elif f.size == 8:
        one_3(f, g, (0, 0, 0), out)
    elif f.size == 16:
        one_4(f, g, (0, 0, 0), out)
    else:
        meet_blocks(f, g, space, out, 1)


@compiled
def meet_eight(f: Floats, g: Floats, space: Floats, out: Floats) -> None:
    """f & g of eight items side by side, all (2^n * 8,), the items of a subset behind each other."""
    out[:] = 0.0
    if f.size == 2 * LANES:
        eight_1(f, g, (0, 0, 0), out)
    elif f.size == 4 * LANES:
        eight_2(f, g, (0, 0, 0), out)
    elif f.size == 8 * LANES:
        eight_3(f, g, (0, 0, 0), out)
    elif f.size == 16 * LANES:
        eight_4(f, g, (0, 0, 0), out)
    else:
        meet_blocks(f, g, space, out, LANES)


@compiled
def meet_blocks(f: Floats, g: Floats, space: Floats, out: Floats, lanes: int) -> None:
    """f & g of one item or eight on more than four answers, added to ``out``."""
    size = BLOCK * lanes
    count = space.size // size
    first = (count - 3) // 2
    for t in range(count - 1, -1, -1):
        here, parts = t * size, PARTS[first + t] * size
        for i in range(size):
            if parts > 0:
                space[here + i] = space[here + parts + i] + space[here + 2 * parts + i]
            else:
                space[here + i] = g[COMMON[first + t] * size + i]
        span = (INSIDE[first + t] * BLOCK, t * BLOCK, COMMON[first + t] * BLOCK)
        if lanes == 1:
            one_4(f, space, span, out)
        else:
            eight_4(f, space, span, out)


@compiled
def total_of(mass: Floats) -> float:
    """The sum of a source's masses (2^n,); -1 where they are none: negative, on no answer, or not 1 in all."""
    total, fine = 0.0, mass[0] == 0.0
    for value in mass:
        fine &= value >= 0.0
        total += value
    return total if fine and abs(total - 1.0) <= TOLERANCE else -1.0


@compiled
def fold(masses: Floats, now: Floats) -> float:
    """Combine one item's sources (sources, 2^n) into ``now`` (2^n,). Returns log(1 - K), or 1 + the first bad source.

    The masses sum to 1. Where the sources contradict each other totally all of it lies on the whole frame.
    """
    sources, subsets = masses.shape
    space, then = space_of(subsets, 1), np.empty(subsets)
    now[:] = 0.0
    now[subsets - 1] = 1.0
    agreement, logarithm = 1.0, 0.0
    for k in range(sources):
        total = total_of(masses[k])
        if total < 0.0:
            return 1.0 + k
        meet(now, masses[k], space, then)
        left = 0.0
        for i in range(1, subsets):
            left += then[i]
        times = 1.0 / max(left, LEAST)
        for i in range(1, subsets):
            now[i] = then[i] * times
        now[0] = 0.0
        agreement *= left / total
        if 0.0 < agreement < SMALL:
            logarithm += math.log(agreement)
            agreement = 1.0
    if agreement == 0.0:
        now[subsets - 1] = 1.0
        return -math.inf
    return min(0.0, math.log(agreement) + logarithm)


@compiled
def beside(masses: Floats, first: int, step: int, items: int, source: Floats) -> None:
    """One source of up to eight items, ``step`` numbers from item to item, side by side into (2^n * 8,)."""
    subsets = source.size // LANES
    if items == LANES and subsets >= LANES:
        for i in range(0, subsets, LANES):
            turn(masses, (first + i, step), source, (i * LANES, LANES))
    else:
        for lane in range(items):
            for i in range(subsets):
                source[i * LANES + lane] = masses[first + lane * step + i]


@compiled
def apart(now: Floats, items: int, out: Floats) -> None:
    """Up to eight items side by side (2^n * 8,) into rows of their own (items, 2^n)."""
    subsets = out.shape[1]
    if items == LANES and subsets >= LANES:
        flat = out.reshape(-1)
        for i in range(0, subsets, LANES):
            turn(now, (i * LANES, LANES), flat, (i, subsets))
    else:
        for lane in range(items):
            for i in range(subsets):
                out[lane, i] = now[i * LANES + lane]


@compiled
def fold_many(masses: Floats, out: Floats, agreements: Floats, logarithms: Floats) -> int:
    """``fold`` for items (items, sources, 2^n) into (items, 2^n). Returns -1, or the first bad item.

    1 - K is ``agreements`` times the exponential of ``logarithms``, both (items,); the second is 0 where the first
    can hold it all.
    """
    items, sources, subsets = masses.shape
    row = subsets * LANES
    space = space_of(subsets, LANES)
    now, then, source = np.empty(row), np.empty(row), np.zeros(row)
    total, agreement, flat = np.empty(LANES), np.empty(LANES), masses.reshape(-1)
    for first in range(0, items, LANES):
        here = min(LANES, items - first)
        now[: row - LANES] = 0.0
        now[row - LANES :] = 1.0
        agreement[:] = 1.0
        logarithms[first : first + here] = 0.0
        for k in range(sources):
            beside(flat, (first * sources + k) * subsets, sources * subsets, here, source)
            bad = survey(source, subsets, total)
            meet_eight(now, source, space, then)
            now[:LANES] = 0.0
            small = settle(then, subsets, total, agreement, now)
            for lane in range(here if bad | small else 0):
                if bad >> lane & 1:
                    return first + lane
                if small >> lane & 1 and agreement[lane] > 0.0:
                    logarithms[first + lane] += math.log(agreement[lane])
                    agreement[lane] = 1.0
        apart(now, here, out[first : first + here])
        for lane in range(here):
            agreements[first + lane] = agreement[lane]
            if agreement[lane] == 0.0:
                out[first + lane, subsets - 1] = 1.0
    return -1
