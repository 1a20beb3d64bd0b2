"""Simple detectors to compare with: each takes the values of a series and says how unusual each row is.

Here: rules of a few lines, causal, missing rows counted as the last value. Not here: ours (``latticeforge.detectors``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DAY = 288

Floats = NDArray[np.float64]


def median_mad(values: Floats) -> Floats:
    """Distance from the median of the day before, in median absolute deviations."""
    values = _filled(values)
    windows = np.lib.stride_tricks.sliding_window_view(values, DAY)[:-1]
    middle = np.median(windows, axis=1)
    spread = 1.4826 * np.median(np.abs(windows - middle[:, None]), axis=1)
    return np.concatenate([np.zeros(DAY), (values[DAY:] - middle) / np.maximum(spread, 0.5)])


def z_score(values: Floats) -> Floats:
    """Distance from the mean of the day before, in standard deviations."""
    values = _filled(values)
    windows = np.lib.stride_tricks.sliding_window_view(values, DAY)[:-1]
    return np.concatenate([np.zeros(DAY), (values[DAY:] - windows.mean(axis=1)) / np.maximum(windows.std(axis=1), 0.5)])


def ewma(values: Floats, short: float = 6.0, long: float = 288.0) -> Floats:
    """Distance of a short exponential mean from a long one, in standard deviations."""
    values = _filled(values)
    fast = slow = float(values[0])
    variance, scores = 1.0, np.zeros(values.size)
    for i, value in enumerate(values.tolist()):
        fast += (value - fast) / short
        scores[i] = (fast - slow) / np.sqrt(variance + 0.25)
        slow += (value - slow) / long
        variance += ((value - slow) ** 2 - variance) / long
    scores[:DAY] = 0
    return scores


def bayesian_change_point(values: Floats, runs: int = 200, hazard: float = 1 / 2000) -> Floats:
    """-log10 density of a log count under run lengths up to ``runs``: Adams & MacKay 2007, normal of unknown spread.

    Only rows above what is expected count.
    """
    y = np.log1p(np.maximum(_filled(values), 0))
    mean, precision, shape, rate = (np.full(runs, x) for x in (y[0], 1.0, 1.0, 0.3))
    weight, scores = np.zeros(runs), np.zeros(y.size)
    weight[0] = 1.0
    for i, value in enumerate(y.tolist()):
        spread = rate * (precision + 1) / (shape * precision)
        size = 1 + (value - mean) ** 2 / (2 * shape * spread)
        density = size ** -(shape + 0.5) / np.sqrt(spread)
        evidence = float(weight @ density)
        scores[i] = -np.log10(evidence) if value > weight @ mean else 0.0
        grown = weight * density * (1 - hazard) / evidence
        moved = mean + (value - mean) / (precision + 1)
        wider = rate + precision * (value - mean) ** 2 / (2 * (precision + 1))
        weight[1:], weight[0] = grown[:-1], hazard
        weight[-1] += grown[-1]
        weight /= weight.sum()
        mean[1:], mean[0] = moved[:-1], y[0]
        rate[1:], rate[0] = wider[:-1], 0.3
        precision[1:], shape[1:] = precision[:-1] + 1, shape[:-1] + 0.5
    scores[:DAY] = 0
    return scores


def _filled(values: Floats) -> Floats:
    """Each missing value is the one before it."""
    known = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), 0))
    return np.nan_to_num(values[known])
