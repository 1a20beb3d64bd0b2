"""Proportional conflict redistribution, compiled: each conflict goes back to the answers that made it.

Here: rule 6 (PCR6) for any number of sources. Not here: its checks and names (``beliefs``).

    m(X) = (m_1 & ... & m_s)(X) + sum over i, and over the tuples (X_1, ..., X_s) without a common answer and X_i = X,
           of m_i(X) * prod_j m_j(X_j) / sum_j m_j(X_j)

Taken literally that is a sum over as many tuples as the sources have masses to the power of s. With 1 / S equal to the
integral of exp(-t S) over t > 0 the tuple falls into a product, m_j(X_j) exp(-t m_j(X_j)) for each source, and the sum
over tuples into conjunctions: one for each source and each of 112 points t (trapezoid rule in log t, relative error
below 1e-12 for 1 / S; sums S below 1e-8 belong to products below 1e-16).

Source: A. Martin and C. Osswald, Proc. 9th Int. Conf. on Information Fusion (2006); PCR5 of Smarandache and Dezert
(2005) is the same for two sources.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.fusion.kernel import meet_eight, space_of
from latticeforge.machine_code import compiled
from latticeforge.machine_rows import LANES

Floats = NDArray[np.float64]

_POINTS = 112
_STEP, _FIRST = 0.32, -13.0  # of the natural logarithm of t


def quadrature() -> tuple[Floats, Floats]:
    """Points t and weights w with sum of w exp(-t S) = 1 / S for S in [1e-8, 20].

    All points of the endless rule below the first are one point, of their weight and mean.
    """
    points = np.exp(_FIRST + _STEP * np.arange(_POINTS - 1))
    grow = np.exp(_STEP)
    return np.append(points[0] / (grow + 1.0), points), _STEP * np.append(points[0] / (grow - 1.0), points)


@compiled
def redistributed(masses: Floats, points: Floats, weights: Floats, out: Floats) -> None:
    """Adds to ``out`` (2^n,) what the conflicts of one item's sources (sources, 2^n) give back; points (8 m,)."""
    sources, subsets = masses.shape
    row = subsets * LANES
    space = space_of(subsets, LANES)
    tilted = np.empty((sources, row))
    behind = np.zeros((sources + 1, row))  # the conjunction of all sources from k on
    ahead, others = np.empty(row), np.empty(row)
    behind[sources, row - LANES :] = 1.0
    for first in range(0, points.size, LANES):
        here = slice(first, first + LANES)
        tilt(masses, points[here], tilted)
        for k in range(sources - 1, 0, -1):
            meet_eight(behind[k + 1], tilted[k], space, behind[k])
        ahead[: row - LANES] = 0.0
        ahead[row - LANES :] = 1.0
        for k in range(sources):
            meet_eight(ahead, behind[k + 1], space, others)
            give_back(masses[k], tilted[k], others, weights[here], out)
            meet_eight(ahead, tilted[k], space, others)
            ahead[:] = others


@compiled
def tilt(masses: Floats, points: Floats, tilted: Floats) -> None:
    """m exp(-t m) of every source (sources, 2^n) at eight points, into (sources, 2^n * 8)."""
    for k in range(masses.shape[0]):
        for i in range(masses.shape[1]):
            for lane in range(LANES):
                mass = masses[k, i]
                tilted[k, i * LANES + lane] = mass * np.exp(-points[lane] * mass) if mass > 0.0 else 0.0


@compiled
def give_back(mass: Floats, tilted: Floats, others: Floats, weights: Floats, out: Floats) -> None:
    """Adds one source's shares of its conflicts with all others at eight points."""
    for x in range(1, mass.size):
        if mass[x] > 0.0:
            for lane in range(LANES):
                apart = 0.0
                for other in range(mass.size):
                    if other & x == 0:
                        apart += others[other * LANES + lane]
                out[x] += mass[x] * weights[lane] * tilted[x * LANES + lane] * apart
