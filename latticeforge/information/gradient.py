"""How transfer entropy changes over time: the net lead of one series over another, window by window.

Here: net transfer in consecutive windows, its slope with an interval, changes of sign. Not here: a claim about anyone's
intention: the name is that of the quantity asked for; what is measured is a rate of change of information.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Floats, columns
from latticeforge.information.ksg import growing_k, transfer_entropy
from latticeforge.information.lags import Embedding

VERSION = "transfer-gradient/1"
_LEAST_WINDOWS = 3
_SURE = 1.96


@dataclass(frozen=True, slots=True)
class SignFlip:
    """Between the windows starting at ``before`` and ``after`` the lead passed from one series to the other."""

    before: int
    after: int
    leader_before: str
    leader_after: str


@dataclass(frozen=True, slots=True)
class TransferGradient:
    """Net transfer T(source -> target) - T(target -> source) in bits, by window, and its slope in bits a step."""

    starts: tuple[int, ...]
    net_bits: Floats
    std_error_bits: Floats
    slope_bits_per_step: float
    slope_interval: tuple[float, float]
    flips: tuple[SignFlip, ...]
    window: int
    algorithm: str


def intentionality_gradient(
    source: ArrayLike,
    target: ArrayLike,
    *,
    window: int,
    embedding: Embedding | None = None,
    k: int | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> TransferGradient:
    """Slope of the net transfer over consecutive windows that do not overlap (weighted least squares).

    slope = sum w (t - t0)(net - net0) / sum w (t - t0)^2, w = 1 / error^2; the interval at ``level`` is Student's, with
    the larger of the errors within and between windows. A flip is named where two consecutive sure windows (beyond 1.96
    errors of 0) differ in sign; unsure windows between them are passed over. ``window`` >= 200 steps.

    Raises:
        ValueError: the series hold fewer than three windows, or windows are shorter than 200.
    """
    x, y = columns(source, "source")[:, 0], columns(target, "target")[:, 0]
    starts = tuple(range(0, len(x) - window + 1, window))
    if window < 200 or len(starts) < _LEAST_WINDOWS:
        raise ValueError(f"a gradient needs three windows of at least 200 steps, not {len(starts)} of {window}")
    near = growing_k(window) if k is None else k
    net, error = np.empty(len(starts)), np.empty(len(starts))
    for place, start in enumerate(starts):
        part = slice(start, start + window)
        there = transfer_entropy(x[part], y[part], embedding=embedding, k=near, seed=seed)
        back = transfer_entropy(y[part], x[part], embedding=embedding, k=near, seed=seed)
        net[place] = there.bits - back.bits
        error[place] = math.hypot(there.std_error_bits, back.std_error_bits)
    middles = np.array(starts) + window / 2.0
    slope, interval = _slope(middles, net, error, level)
    return TransferGradient(starts, net, error, slope, interval, _flips(starts, net, error), window, VERSION)


def _slope(times: Floats, net: Floats, error: Floats, level: float) -> tuple[float, tuple[float, float]]:
    from scipy.special import stdtrit

    weight = 1.0 / np.maximum(error, 1e-12) ** 2
    apart = times - np.average(times, weights=weight)
    spread = float((weight * apart**2).sum())
    slope = float((weight * apart * net).sum() / spread)
    left = net - np.average(net, weights=weight) - slope * apart
    free = len(times) - 2
    between = float((weight * left**2).sum() / free)  # 1 where the windows' own errors explain the scatter
    half = float(stdtrit(free, 0.5 + level / 2.0)) * math.sqrt(max(1.0, between) / spread)
    return slope, (slope - half, slope + half)


def _flips(starts: tuple[int, ...], net: Floats, error: Floats) -> tuple[SignFlip, ...]:
    sure = [i for i in range(len(net)) if abs(net[i]) > _SURE * error[i]]
    leader = {True: "source", False: "target"}
    return tuple(
        SignFlip(starts[a], starts[b], leader[bool(net[a] > 0)], leader[bool(net[b] > 0)])
        for a, b in pairwise(sure)
        if net[a] * net[b] < 0
    )
