"""What of the past enters: embeddings, and how to choose that of the target.

Here: delay vectors, Ragwitz' criterion. Not here: the information itself (``ksg``), the lag of the source (``scan``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Floats, columns


@dataclass(frozen=True, slots=True)
class Embedding:
    """Which samples stand for the past of target and source when target[t] is foretold.

    Target: target[t-1], target[t-1-delay], ... (``target`` values). Source: source[t-lag], source[t-lag-delay], ...
    (``source`` values). All in steps, at least 1.

    >>> Embedding(target=2, source=1, lag=3).reach
    3
    """

    target: int = 1
    source: int = 1
    delay: int = 1
    lag: int = 1

    def __post_init__(self) -> None:
        if min(self.target, self.source, self.delay, self.lag) < 1:
            raise ValueError(f"an embedding counts in steps of at least 1, not {self}")

    @property
    def reach(self) -> int:
        """Steps from the foretold sample back to the oldest that is used."""
        return max(1 + (self.target - 1) * self.delay, self.lag + (self.source - 1) * self.delay)


def past(series: Floats, values: int, delay: int, lag: int, reach: int) -> Floats:
    """Delay vectors (values, n - reach, columns) of a series (n, columns), newest value first."""
    rows = len(series) - reach
    starts = [reach - lag - a * delay for a in range(values)]
    return np.stack([series[s : s + rows] for s in starts])


def ragwitz(series: ArrayLike, targets: Sequence[int] = (1, 2, 3, 4), delays: Sequence[int] = (1, 2, 3)) -> Embedding:
    """The embedding whose nearest past best foretells the series: least error of the locally constant predictor.

    Error = mean over t of (x[t] - mean of what followed the 4 nearest pasts)^2; the smallest embedding is taken that is
    no worse than the best by two standard errors of their difference. Ragwitz & Kantz, Phys. Rev. E 65, 056201 (2002).

    >>> import numpy as np
    >>> x = np.zeros(600); noise = np.random.default_rng(1).standard_normal(600)
    >>> for t in range(2, 600): x[t] = 0.3 * x[t - 1] - 0.8 * x[t - 2] + noise[t]
    >>> ragwitz(x).target >= 2
    True
    """
    x = columns(series, "series")
    choices = [Embedding(target=t, delay=d) for t in targets for d in delays if t > 1 or d == min(delays)]
    choices.sort(key=lambda c: (c.target, c.delay))
    reach = max(c.reach for c in choices)  # all are judged on the same samples
    errors = np.array([_squared_errors(x, c, reach) for c in choices])
    worse = errors - errors[np.argmin(errors.mean(axis=1))]
    unsure = 2.0 * worse.std(axis=1) / np.sqrt(worse.shape[1])
    return choices[int(np.argmax(worse.mean(axis=1) <= unsure))]


def _squared_errors(x: Floats, choice: Embedding, reach: int, neighbours: int = 4) -> Floats:
    from scipy.spatial import cKDTree

    points = past(x, choice.target, choice.delay, 1, reach)[:, :, 0].T
    follows = x[reach:, 0]
    nearest = np.asarray(cKDTree(points).query(points, neighbours + 1, p=np.inf)[1])
    found: Floats = (follows - follows[nearest[:, 1:]].mean(axis=1)) ** 2
    return found
