"""What a detector's alerts were worth: lead time, precision, recall, against the same alerts at shifted events.

Here: scores and events in, figures out. Not here: detectors, files (``lf backtest``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import Batch, Watch, raises

Floats = NDArray[np.float64]

VERSION = "backtest/1"
WEEK_S = 604_800.0
PLACEBOS = 199


@dataclass(frozen=True, slots=True)
class Backtest:
    """How alerts met events. An alert is right where an event follows within the horizon."""

    detector: str
    threshold: float
    horizon_s: float
    alerts: int
    events: int  # those inside the scored span
    warned: int  # events with an alert at most the horizon before
    recall: float  # warned / events; NaN where there is none
    precision: float  # right alerts / alerts; NaN where there is none
    lead_s: tuple[float, ...]  # first alert before each warned event, in order of the events
    false_alarms_per_week: float
    placebo_recall: float  # mean over the shifts
    placebo_precision: float
    placebos: int
    p_value: float  # of warning so many events by chance: (1 + shifts that warn as many) / (1 + shifts)
    span_s: float  # first to last scored row
    version: str = VERSION

    @property
    def median_lead_s(self) -> float:
        """NaN where no event was warned of."""
        return float(np.median(self.lead_s)) if self.lead_s else math.nan


def alert_times(watch: Watch, batch: Batch) -> tuple[Floats, Floats]:
    """Times of the alerts of a whole series, and of its scored rows."""
    scores = watch.ingest(batch).scores
    rows = raises(scores, watch.threshold, watch.rearm_rows, np.zeros(2))
    return batch.times_s[rows], batch.times_s[np.isfinite(scores)]


def backtest(
    watch: Watch, batch: Batch, events_s: Sequence[float], horizon_s: float, *, seed: int, placebos: int = PLACEBOS
) -> Backtest:
    """Run a fresh detector over a series and compare its alerts with events.

    Events before the first or after the last scored row do not count. The placebos move all events by one amount
    around the scored span (a circular shift, at least a horizon away from where they were): alerts keep their clusters,
    events keep their distances, only the lag between them is by chance.

    Args:
        watch: fresh; it is used up.
        batch: the whole series.
        events_s: seconds since 1970 UTC, any order.
        horizon_s: how long before an event an alert may come, above 0.
        seed: of the shifts.
        placebos: how many shifts.

    Raises:
        ValueError: the horizon is not above 0.
    """
    if not horizon_s > 0:
        raise ValueError(f"the horizon must be above 0 seconds, not {horizon_s}")
    alerts, scored = alert_times(watch, batch)
    begin, end = (float(scored[0]), float(scored[-1])) if scored.size else (0.0, 0.0)
    events = np.sort(np.asarray(events_s, dtype=np.float64))
    events = events[(events >= begin) & (events <= end)] if scored.size else events[:0]
    lead = leads(alerts, events, horizon_s)
    right = _right(alerts, events, horizon_s)
    shifts = _shifts(end - begin, horizon_s, placebos, seed) if events.size else np.empty(0)
    moved = [np.sort(begin + (events - begin + shift) % (end - begin)) for shift in shifts]
    chance = np.array([leads(alerts, one, horizon_s).size for one in moved], dtype=np.int64)
    weeks = (end - begin) / WEEK_S
    return Backtest(
        detector=watch.version,
        threshold=watch.threshold,
        horizon_s=horizon_s,
        alerts=alerts.size,
        events=events.size,
        warned=lead.size,
        recall=lead.size / events.size if events.size else math.nan,
        precision=right / alerts.size if alerts.size else math.nan,
        lead_s=tuple(lead.tolist()),
        false_alarms_per_week=(alerts.size - right) / weeks if weeks > 0 else math.nan,
        placebo_recall=float(chance.mean() / events.size) if chance.size else math.nan,
        placebo_precision=_mean_precision(alerts, moved, horizon_s),
        placebos=chance.size,
        p_value=(1 + int((chance >= lead.size).sum())) / (1 + chance.size),
        span_s=end - begin,
    )


def leads(alerts: Floats, events: Floats, horizon_s: float) -> Floats:
    """Seconds from the first alert of the horizon before each event to it; events without one are left out.

    >>> leads(np.array([10.0, 20.0, 90.0]), np.array([25.0, 60.0]), 30.0)
    array([15.])
    """
    first = np.append(alerts, np.inf)[np.searchsorted(alerts, events - horizon_s)]
    return np.asarray((events - first)[first <= events])


def _right(alerts: Floats, events: Floats, horizon_s: float) -> int:
    after = np.searchsorted(events, alerts)
    following = np.append(events, np.inf)[after]
    return int((following - alerts <= horizon_s).sum())


def _shifts(span_s: float, horizon_s: float, count: int, seed: int) -> Floats:
    """Amounts to move events by, none of them within a horizon of where they were."""
    if span_s <= 2 * horizon_s:
        return np.empty(0)
    return np.random.default_rng(seed).uniform(horizon_s, span_s - horizon_s, count)


def _mean_precision(alerts: Floats, moved: list[Floats], horizon_s: float) -> float:
    if not alerts.size or not moved:
        return math.nan
    return float(np.mean([_right(alerts, one, horizon_s) for one in moved]) / alerts.size)


def ranking_score(null: Floats, signal: Floats) -> float:
    """Area under the ROC curve: the chance that a score of ``signal`` is above one of ``null``, ties half, [0, 1].

    Source: J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29.

    >>> ranking_score(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    0.875
    """
    above = (signal[:, None] > null[None]).mean()
    return float(above + 0.5 * (signal[:, None] == null[None]).mean())
