"""Proportional conflict redistribution, compiled: each conflict goes back to the answers that made it.

Here: rule 6 (PCR6) for any number of sources. Not here: its checks and names (``beliefs``).

    m(X) = (m_1 & ... & m_s)(X) + sum over i, and over the tuples (X_1, ..., X_s) without a common answer and X_i = X,
           of m_i(X) * prod_j m_j(X_j) / sum_j m_j(X_j)

Taken literally that is a sum over as many tuples as the sources have masses to the power of s. With 1 / S equal to the
integral of exp(-t S) over t > 0 the tuple falls into a product, m_j(X_j) exp(-t m_j(X_j)) for each source, and the sum
over tuples into conjunctions: one for each source and each of 106 points t (trapezoid rule in log t, relative error
below 1e-12 for 1 / S; sums S below 1e-8 belong to products below 1e-16).

Source: A. Martin and C. Osswald, Proc. 9th Int. Conf. on Information Fusion (2006); PCR5 of Smarandache and Dezert
(2005) is the same for two sources.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.fusion.kernel import answers_of, meet_lanes
from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

_STEP = 0.33
_FIRST, _LAST = -13.0, 22.0  # natural logarithms of t


def quadrature() -> tuple[Floats, Floats]:
    """Points t and weights w with sum of w exp(-t S) = 1 / S for S in [1e-8, 20].

    All points of the endless rule below the first are one point, of their weight and mean.
    """
    points = np.exp(np.arange(_FIRST, _LAST, _STEP))
    grow = np.exp(_STEP)
    return np.append(points[0] / (grow + 1.0), points), _STEP * np.append(points[0] / (grow - 1.0), points)


@compiled
def redistributed(masses: Floats, points: Floats, weights: Floats, out: Floats) -> None:
    """Adds to ``out`` (2^n,) what the conflicts of one item's sources (sources, 2^n) give back."""
    sources, subsets = masses.shape
    lanes = points.size
    ways = np.empty((3 ** answers_of(subsets), lanes))
    tilted = np.zeros((sources, subsets, lanes))
    behind = np.zeros((sources + 1, subsets, lanes))  # the conjunction of all sources from k on
    ahead, others = np.zeros((subsets, lanes)), np.empty((subsets, lanes))
    for k in range(sources):
        for i in range(1, subsets):
            if masses[k, i] > 0.0:
                tilted[k, i] = masses[k, i] * np.exp(-points * masses[k, i])
    behind[sources, subsets - 1] = 1.0
    ahead[subsets - 1] = 1.0
    for k in range(sources - 1, 0, -1):
        meet_lanes(behind[k + 1], tilted[k], ways, behind[k])
    for k in range(sources):
        meet_lanes(ahead, behind[k + 1], ways, others)
        for x in range(1, subsets):
            if masses[k, x] > 0.0:
                for other in range(subsets):
                    if other & x == 0:
                        out[x] += masses[k, x] * np.sum(weights * tilted[k, x] * others[other])
        meet_lanes(ahead, tilted[k], ways, others)
        ahead[:] = others
