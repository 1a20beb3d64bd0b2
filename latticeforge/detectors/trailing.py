"""Compiled pieces that several detectors share: a delayed window and a trailing Kendall's tau.

Here: state that moves on row by row. Not here: windows (``signals.moments``), scores.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]


class Tau(NamedTuple):
    """The last ``ring.size`` usable values, and the pairs among them."""

    ring: Floats  # (m,)
    counts: NDArray[np.int64]  # (4,) values in all, concordant less discordant, tied, place of the next


def fresh_tau(rows: int) -> Tau:
    """No values yet."""
    return Tau(np.zeros(rows), np.zeros(4, dtype=np.int64))


@compiled
def push_tau(tau: Tau, value: float) -> float:
    """Kendall's tau-b of the last values against time, with this one; NaN until the ring is full or all are equal.

    Exact: pairs are whole numbers, those of the value that leaves are taken out again. 2 m comparisons a row. A missing
    value is passed over.
    """
    ring, counts = tau.ring, tau.counts
    size = ring.size
    if not np.isnan(value):
        place = counts[3]
        held = min(counts[0], size)
        if held == size:  # the oldest leaves: it was before all others
            old = ring[place]
            for i in range(size):
                counts[1] -= int(ring[i] > old) - int(ring[i] < old)
                counts[2] -= int(ring[i] == old and i != place)
        for i in range(held):
            if held < size or i != place:
                counts[1] += int(value > ring[i]) - int(value < ring[i])
                counts[2] += int(value == ring[i])
        ring[place] = value
        counts[0] += 1
        counts[3] = (place + 1) % size
    if counts[0] < size:
        return np.nan
    pairs = size * (size - 1) // 2
    if counts[2] >= pairs:
        return np.nan
    return float(counts[1] / np.sqrt(float(pairs) * float(pairs - counts[2])))


class Delay(NamedTuple):
    """The last rows, to be handed on later."""

    ring: Floats  # (rows,)
    place: NDArray[np.int64]  # (1,)


def fresh_delay(rows: int) -> Delay:
    """Missing rows."""
    return Delay(np.full(rows, np.nan), np.zeros(1, dtype=np.int64))


@compiled
def push_delay(delay: Delay, value: float) -> float:
    """Take the value in, hand out the one of ``ring.size`` rows before (NaN: missing or none yet)."""
    place = delay.place[0]
    before = float(delay.ring[place])
    delay.ring[place] = value
    delay.place[0] = (place + 1) % delay.ring.size
    return before
