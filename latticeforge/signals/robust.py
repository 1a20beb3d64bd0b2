"""Scales that a few wild values cannot move, and clipping that says how much it took away.

Here: median and MAD of a whole series, and the running form of one row at a time. Not here: seasons (``whiten``).

Source: P. J. Huber, Robust Statistics (1981), chapters 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

VERSION = "robust/1"
LIMIT_SIGMAS = 5.0
TO_SIGMA = 1.482602218505602  # 1 / the upper quartile of the standard normal: MAD to standard deviation
MEAN_TO_SIGMA = 1.2533141373155001  # sqrt(pi / 2): mean absolute deviation to standard deviation


@dataclass(frozen=True, slots=True)
class Normalised:
    """A series in robust standard deviations. ``values + clipped`` is the series before clipping."""

    values: Floats  # (n,) within +-limit; NaN where missing
    clipped: Floats  # (n,) signed amount taken away, 0 where nothing was
    centre: float  # unit of the input
    scale: float  # unit of the input; 0 where the series does not vary
    limit_sigmas: float
    version: str = VERSION

    @property
    def clipped_rows(self) -> int:
        """How many values lay beyond the limit."""
        return int(np.count_nonzero(self.clipped))

    @property
    def clipped_total(self) -> float:
        """Sum of the absolute amounts taken away, in robust standard deviations."""
        return float(np.abs(self.clipped).sum())


def robust_scale(values: Floats) -> tuple[float, float]:
    """Median, and 1.4826 MAD: the standard deviation of a normal series, unmoved by less than half of wild values.

    Where more than half of the values are equal the MAD is 0; then 1.2533 times the mean absolute deviation from the
    median stands in. (NaN, 0) where nothing is finite; the scale is 0 only where the finite values are all equal.

    >>> robust_scale(np.array([1.0, 2.0, 3.0, 4.0, 1e9]))
    (3.0, 1.482602218505602)
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return float("nan"), 0.0
    centre = float(np.median(finite))
    away = np.abs(finite - centre)
    return centre, TO_SIGMA * float(np.median(away)) or MEAN_TO_SIGMA * float(away.mean())


def normalise(values: Floats, limit_sigmas: float = LIMIT_SIGMAS) -> Normalised:
    """(x - median) / scale, clipped to +-``limit_sigmas``; see ``robust_scale``.

    NaN and infinities are missing and stay NaN. A series that does not vary becomes zeros.

    >>> made = normalise(np.array([1.0, 2.0, 3.0, 4.0, 1e3]))
    >>> made.values.round(3), made.clipped.round(1)
    (array([-1.349, -0.674,  0.   ,  0.674,  5.   ]), array([  0. ,   0. ,   0. ,   0. , 667.5]))
    """
    if not limit_sigmas > 0:
        raise ValueError(f"the limit must be above 0 standard deviations, not {limit_sigmas}")
    values = np.asarray(values, dtype=np.float64)
    centre, scale = robust_scale(values)
    raw = np.where(np.isfinite(values), (values - centre) / (scale or 1.0), np.nan)
    kept = np.clip(raw, -limit_sigmas, limit_sigmas)
    return Normalised(kept, np.nan_to_num(raw - kept), centre, scale, limit_sigmas)


@compiled
def clip_running(scale: Floats, x: float, memory: float, limit_sigmas: float) -> float:
    """``x`` (around 0), clipped to ``limit_sigmas`` running scales; then the scale takes it in.

    ``scale`` (4,) is [weight, mean absolute value, rows clipped, amount clipped] and is changed. The mean forgets over
    ``memory`` rows; one row moves it by at most twice the limit. The first rows until weight 20 are not clipped.
    """
    sigma = MEAN_TO_SIGMA * scale[1]
    limit = limit_sigmas * sigma
    kept = x
    if scale[0] >= 20 and abs(x) > limit > 0:
        kept = limit if x > 0 else -limit
        scale[2] += 1
        scale[3] += abs(x - kept)
    scale[0] += 1
    scale[1] += (abs(kept) - scale[1]) / min(scale[0], memory)
    return kept
