"""How often chance does the same: placebo slots, their p-values and intervals, and the correction for many tests.

Here: the rank of a group against the history's slots, the placebo interval of an effect, Benjamini-Hochberg. Not here:
the confirmed test on calendars of events, which needs slots on both sides of each event.

Method: docs/method/links.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, nbinom

from latticeforge.narratives.baseline import GUARD_WINDOWS, PRIOR_ITEMS, PRIOR_SHAPE, Counts
from latticeforge.narratives.history import BEFORE, History, grown
from latticeforge.narratives.spikes import predictive_tail

MIN_SLOTS = 24  # with fewer placebo slots their quantiles say nothing


def group_p(items: float, k: int, counts: Counts, history: History) -> tuple[float, int]:
    """``(b + 1) / (m + 1)`` and m: in how many of the m placebo slots a group grew at least as unlikely fast.

    The statistic is the group's growth: its items above the share its meaning had in the three windows before, so that
    a story that merely goes on is no rival in every slot of its life. Growths compare, between busy and quiet slots, by
    the tail they have for a story of which nothing is known. The slots are the usable windows of the history, the last
    six hours and the same hour on earlier days; the real slot is the one added.
    """
    recent, exposure = counts.recent(BEFORE)
    before, exposure_before = recent[k : k + 1, 1:].sum(axis=1), float(exposure[1:].sum())
    here = grown(np.array([items]), counts.exposure, before, exposure_before)
    rarity = generic_tail(here, np.array([counts.exposure]))[0]
    # no group grows by more than its size, so only slots with a large enough group need a closer look
    closer = np.flatnonzero(history.comparable & (generic_tail(history.largest, history.exposure) <= rarity))
    growth = np.array([history.growth(int(w)) for w in closer])
    rivals = int(np.sum(generic_tail(growth, history.exposure[closer]) <= rarity))
    placebos = int(history.comparable.sum())
    return (rivals + 1.0) / (placebos + 1.0), placebos


def generic_tail(items: NDArray[np.float64], exposure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tail of a group's size under the prior of a story's share alone."""
    return predictive_tail(items, exposure, np.array([PRIOR_SHAPE]), np.array([PRIOR_ITEMS]))


def effect_interval(
    counts: Counts, k: int, span: int, effect: float, alpha: float, beta: float, exposure: float
) -> tuple[float, float]:
    """95 % interval of the items above the baseline of narrative ``k``.

    Two things are uncertain, and each side adds them in squares:

    - what chance would have added: 97.5 % (at least 0) and 2.5 % quantiles (at most 0) of what this narrative was above
      its share in the slots of the baseline, summed over ``span`` consecutive windows, and those of the predictive
      negative binomial; the wider counts, as a story that never appeared has slots that say nothing;
    - the effect's own count: exact Poisson limits (Garwood 1936).
    """
    share = alpha / beta
    spread = nbinom(alpha, beta / (beta + max(exposure, 0.0)))
    low, high = (float(spread.ppf(q)) - share * exposure for q in (0.025, 0.975))
    slots = _runs(counts, span)
    if slots.size >= MIN_SLOTS:
        residual = counts.past[k] - share * counts.past_exposure
        total = np.concatenate([[0.0], np.cumsum(residual)])
        seen = np.quantile(total[slots + 1] - total[slots + 1 - span], [0.025, 0.975])
        low, high = min(low, float(seen[0])), max(high, float(seen[1]))
    extra = max(effect, 0.0)
    fewest = 0.5 * float(chi2.ppf(0.025, 2.0 * extra)) if extra else 0.0
    most = 0.5 * float(chi2.ppf(0.975, 2.0 * extra + 2.0))
    return effect - math.hypot(max(high, 0.0), extra - fewest), effect + math.hypot(min(low, 0.0), most - extra)


def benjamini_hochberg(p_values: Sequence[float], tests: int) -> list[float]:
    """q-values of ``p_values`` among ``tests`` tests, the others counting as p = 1.

    Benjamini & Hochberg, J. R. Stat. Soc. B 57, 289 (1995).

    >>> [round(q, 3) for q in benjamini_hochberg([0.01, 0.04], tests=4)]
    [0.04, 0.08]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    raised = p[order] * tests / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return [float(value) for value in q]


def _runs(counts: Counts, span: int) -> NDArray[np.int64]:
    """Indices of the history windows that end ``span`` consecutive usable windows, all of them in the baseline."""
    good = counts.usable & (counts.age > GUARD_WINDOWS)
    ends = np.arange(span - 1, good.size)
    if not ends.size:
        return ends
    unbroken = counts.age[ends - span + 1] - counts.age[ends] == span - 1
    held = np.concatenate([[0], np.cumsum(good)])
    found: NDArray[np.int64] = ends[unbroken & (held[ends + 1] - held[ends + 1 - span] == span)]
    return found
