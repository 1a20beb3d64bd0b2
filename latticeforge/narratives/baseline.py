"""What share of all items a narrative usually has: Gamma posteriors at 5, 15 and 60 minutes.

Here: observed, exposure and the posterior of the share. Not here: the kernel and the history (``history``), the tail
probability and the alarm (``spikes``).

Method and pseudo-counts: docs/method/spikes.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.instants import instant
from latticeforge.model import SPIKE_BASELINE
from latticeforge.narratives.history import RECENT_WINDOWS, History, density, own_density, unit_rows
from latticeforge.windows import Window

SCALES_MINUTES = (5, 15, 60)
SPANS = (1, 3, 12)  # the same in windows
GUARD_WINDOWS = 12  # the last hour is in no baseline, so that a slow surge does not raise its own

PRIOR_SHAPE = 0.5  # half an item (Jeffreys) ...
PRIOR_ITEMS = 20.0  # ... in twenty: share 0.025, 95 % between 0.00003 and 0.13
MAX_HISTORY_ITEMS = 300.0  # more past than this does not make the next share any surer: news drifts
DISPERSION = 0.3  # squared coefficient of variation of a story's share from window to window


@dataclass(frozen=True)
class Counts:
    """A window's narratives in order of narrative_id, against their history: K narratives, W history windows."""

    narrative: pl.DataFrame
    vectors: NDArray[np.float32]  # (K, 384)
    now: NDArray[np.float64]  # (K,) similarity-weighted items of this window
    exposure: float  # counted items of this window
    past: NDArray[np.float64]  # (K, W) similarity-weighted items, 0 where missing
    past_exposure: NDArray[np.float64]  # (W,) counted items, 0 where missing
    age: NDArray[np.int64]  # (W,) windows before this one
    usable: NDArray[np.bool_]  # (W,)

    def recent(self, windows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The last ``windows`` windows and this one, newest first: items (K, windows + 1), exposure (windows + 1,)."""
        items = np.zeros((self.now.size, windows + 1))
        exposure = np.zeros(windows + 1)
        near = np.flatnonzero((self.age >= 1) & (self.age <= windows))
        items[:, self.age[near]] = self.past[:, near]
        exposure[self.age[near]] = self.past_exposure[near]
        items[:, 0], exposure[0] = self.now, self.exposure
        return items, exposure


def counted(narrative: pl.DataFrame, history: History, window: Window) -> Counts:
    """The similarity-weighted counts that baseline, onset and placebo interval share. Rows in any order."""
    narrative = narrative.sort("narrative_id")
    vectors = unit_rows(narrative["centroid"])
    items = narrative["items"].cast(pl.Float64).to_numpy()
    return Counts(
        narrative=narrative,
        vectors=vectors,
        now=own_density(vectors, items),
        exposure=float(items.sum()),
        past=density(vectors, history),
        past_exposure=np.where(history.missing, 0.0, history.exposure),
        age=history.age(window),
        usable=~history.missing,
    )


def spike_baselines(narrative: pl.DataFrame, history: History, window: Window) -> pl.DataFrame:
    """SPIKE_BASELINE rows: three scales for each narrative of the window.

    The share is estimated twice, from the last six hours without the last one and from the same hour on seven earlier
    days, and the larger of the two counts: a story must be unusual for this day *and* for this hour. Windows that are
    missing are left out of items and exposure alike, and counted.
    """
    if narrative.is_empty():
        return SPIKE_BASELINE.empty()
    counts = counted(narrative, history, window)
    alpha, beta = posterior(counts)
    items, exposure = counts.recent(SPANS[-1] - 1)
    observed = np.cumsum(items, axis=1)[:, [span - 1 for span in SPANS]]
    exposed = np.cumsum(exposure)[[span - 1 for span in SPANS]]
    rests_on = counts.age > GUARD_WINDOWS
    size, scales = observed.shape
    rows = pl.DataFrame(
        {
            "narrative_id": counts.narrative["narrative_id"].to_numpy().repeat(scales),
            "scale_minutes": np.tile(SCALES_MINUTES, size),
            "observed": observed.ravel(),
            "exposure": np.tile(exposed, size),
            "expected": np.outer(alpha / beta, exposed).ravel(),
            "alpha": alpha.repeat(scales),
            "beta": beta.repeat(scales),
        }
    )
    return SPIKE_BASELINE.shape(
        rows.with_columns(
            pl.col(pl.Float64).round(9),
            window_start=instant(window.start),
            history_windows=pl.lit(int(np.sum(rests_on & counts.usable))),
            missing_windows=pl.lit(int(np.sum(rests_on & ~counts.usable))),
        )
    )


def posterior(counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shape and rate (K,), (K,) of each narrative's share, dispersion included; the rate is in items of exposure.

    Gamma(1/2, 20) updated by at most 300 items of history, then widened: the variance of the next share is that of the
    posterior plus 0.3 times its squared mean, so that the predictive count is negative binomial with
    ``1 / shape = 1 / posterior shape + 0.3``.
    """
    today = (counts.age > GUARD_WINDOWS) & (counts.age <= RECENT_WINDOWS)
    (shape_a, rate_a), (shape_b, rate_b) = (_updated(counts, base) for base in (today, counts.age > RECENT_WINDOWS))
    first = shape_a / rate_a >= shape_b / rate_b
    shape, rate = np.where(first, shape_a, shape_b), np.where(first, rate_a, rate_b)
    widened = 1.0 / (1.0 / shape + DISPERSION)
    return widened, rate * widened / shape


def _updated(counts: Counts, base: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Gamma posterior from the windows of one base, its evidence discounted to at most MAX_HISTORY_ITEMS."""
    exposure = float(counts.past_exposure[base].sum())
    weight = min(1.0, MAX_HISTORY_ITEMS / exposure) if exposure > 0 else 0.0
    return PRIOR_SHAPE + weight * counts.past[:, base].sum(axis=1), PRIOR_ITEMS + weight * exposure
