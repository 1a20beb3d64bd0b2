"""Which narratives have more items than their baseline makes likely, since when, and which of them raise the alarm.

Here: the predictive tail at three scales, the onset estimate, one alarm an onset. Not here: the baseline (``baseline``)
and anything about events (``links``). Everything follows from the window and its history: no state of other runs.

Method: docs/method/spikes.md.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betainc, xlogy

from latticeforge.instants import instant
from latticeforge.model import SPIKE
from latticeforge.narratives.baseline import SCALES_MINUTES, SPANS, Counts, counted
from latticeforge.narratives.history import SAME_MEANING, History, cosines, kernel
from latticeforge.windows import EPOCH, WINDOW, Window, floor_to, microseconds

SPIKE_P = 1e-3  # predictive tail at and below which a narrative is listed as a spike
MIN_ITEMS = 4.0  # of one story in the span; below, nothing can be told from chance (methods: single events)
LOOK_BACK = 12  # windows in which an earlier spike of the same meaning silences this one
GROWTH = 4.0  # ... unless there are now more than this many times its items: a ripple does not silence the wave

_P_FLOOR = 1e-300
_P_PUBLISHED = 1e-9


def spikes(baselines: pl.DataFrame, narrative: pl.DataFrame, history: History, window: Window) -> pl.DataFrame:
    """SPIKE rows: each narrative and scale with p <= 0.001 on at least four items.

    ``is_onset`` is True for at most one row a narrative, and for one narrative a meaning: the scale with the smallest
    p, where the same meaning was not already spiking in a window of the last hour.
    """
    if narrative.is_empty():
        return SPIKE.empty()
    counts = counted(narrative, history, window)
    table = baselines.sort("narrative_id", "scale_minutes")
    grid = {c: table[c].to_numpy().reshape(-1, len(SCALES_MINUTES)) for c in ("observed", "expected", "exposure")}
    alpha, beta = (table[c].to_numpy().reshape(-1, len(SCALES_MINUTES))[:, 0] for c in ("alpha", "beta"))
    p = predictive_tail(grid["observed"], grid["exposure"], alpha[:, None], beta[:, None])
    spiking = (p <= SPIKE_P) & (grid["observed"] >= MIN_ITEMS)
    k, scale = np.nonzero(spiking)
    if not k.size:
        return SPIKE.empty()
    alarm = _alarms(counts, p, spiking, alpha, beta)
    onset = onset_age(*counts.recent(LOOK_BACK), alpha / beta)
    names = counts.narrative.select("narrative_id", "label", "first_at")[k]
    minutes = np.array(SCALES_MINUTES)[scale]
    chosen = p[k, scale]
    rows = names.with_columns(
        window_start=instant(window.start),
        spike_id=pl.col("narrative_id") + pl.Series([f"-{m}m" for m in minutes]),
        scale_minutes=pl.Series(minutes),
        observed=pl.Series(grid["observed"][k, scale]),
        expected=pl.Series(grid["expected"][k, scale]),
        ratio=pl.Series(grid["observed"][k, scale] / np.maximum(grid["expected"][k, scale], 1e-9)),
        p_value=pl.Series(np.maximum(chosen, _P_PUBLISHED)),
        surprise=pl.Series(-np.log10(chosen)),
        onset_at=_onset_at(names["first_at"], onset[k], counts.vectors[k], history, window),
        is_onset=pl.Series(scale == alarm[k]),
    )
    return SPIKE.shape(rows.with_columns(pl.col(pl.Float64).round(9)))


def predictive_tail(
    observed: NDArray[np.float64], exposure: NDArray[np.float64], alpha: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(N >= observed) for N ~ Poisson(share * exposure), share ~ Gamma(alpha, rate beta); in [1e-300, 1].

    N is negative binomial, so the tail is the regularised incomplete beta function I_q(observed, alpha) with
    q = exposure / (exposure + beta) (Johnson, Kemp & Kotz, Univariate Discrete Distributions, 5.6), which also holds
    between integers, where similarity-weighted counts lie.
    """
    tail = betainc(np.maximum(observed, 1e-12), alpha, exposure / (exposure + beta))
    return np.where(observed > 0, np.clip(tail, _P_FLOOR, 1.0), 1.0)


def onset_age(
    items: NDArray[np.float64], exposure: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(K,) how many windows ago the surge began, from items (K, n) and exposure (n,), newest first; 0: in this one.

    The start of the run up to now with the largest Poisson log-likelihood ratio O log(O/E) - (O - E), O > E
    (Kulldorff's temporal scan statistic); the latest where several tie.
    """
    observed = np.cumsum(items, axis=1)
    expected = np.cumsum(exposure)[None, :] * share[:, None]
    ratio = xlogy(observed, observed / np.maximum(expected, 1e-12)) - (observed - expected)
    age: NDArray[np.int64] = np.argmax(np.where(observed > expected, ratio, 0.0), axis=1)
    return age


def _alarms(
    counts: Counts,
    p: NDArray[np.float64],
    spiking: NDArray[np.bool_],
    alpha: NDArray[np.float64],
    beta: NDArray[np.float64],
) -> NDArray[np.int64]:
    """(K,) index of the scale that raises the alarm, -1 where none does."""
    best = np.argmin(np.where(spiking, p, 2.0), axis=1)
    fresh = spiking.any(axis=1) & ~_already(counts, alpha, beta)
    best_p = np.take_along_axis(p, best[:, None], axis=1)[:, 0]
    order = sorted(np.flatnonzero(fresh), key=lambda i: (best_p[i], -counts.now[i], i))
    alarm = np.full(counts.now.size, -1)
    kept: list[int] = []
    alike = kernel(cosines(counts.vectors[order], counts.vectors[order])) >= SAME_MEANING
    for rank, i in enumerate(order):
        if not alike[rank, kept].any():
            kept.append(rank)
            alarm[i] = best[i]
    return alarm


def _already(counts: Counts, alpha: NDArray[np.float64], beta: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(K,) whether the same meaning was spiking, at any scale and not much smaller, at the end of an earlier window.

    The spans of those windows reach back up to another hour. Today's posterior stands in for theirs: it is made of
    windows before all of them, or of earlier days.
    """
    items, exposure = counts.recent(LOOK_BACK + SPANS[-1] - 1)
    zero = np.zeros((counts.now.size, 1))
    total = np.concatenate([zero, np.cumsum(items, axis=1)], axis=1)
    total_exposure = np.concatenate([[0.0], np.cumsum(exposure)])
    ends = np.arange(1, LOOK_BACK + 1)
    comparable = items[:, ends] * GROWTH >= items[:, :1]
    found = np.zeros(counts.now.size, dtype=np.bool_)
    for span in SPANS:
        observed = total[:, ends + span] - total[:, ends]
        exposed = total_exposure[ends + span] - total_exposure[ends]
        p = predictive_tail(observed, exposed[None, :], alpha[:, None], beta[:, None])
        found |= ((p <= SPIKE_P) & (observed >= MIN_ITEMS) & comparable).any(axis=1)
    return found


def _onset_at(
    first_at: pl.Series, age: NDArray[np.int64], vectors: NDArray[np.float32], history: History, window: Window
) -> pl.Series:
    """When the first item of the story came in the window its surge began in; that window's start if not known.

    An event minutes before a surge often lies in the same window: the window's start would put it behind the surge.
    """
    base = floor_to(window.start, WINDOW)
    place = {int(start): w for w, start in enumerate(history.starts)}
    onsets = []
    for first, a, vector in zip(first_at, age.tolist(), vectors, strict=True):
        began = microseconds(base - WINDOW * a)
        if a == 0:
            onsets.append(max(first, window.start))
        else:
            onsets.append(EPOCH + timedelta(microseconds=history.first_of(vector, place[began])))
    return pl.Series(onsets, dtype=first_at.dtype)
