"""What every detector of warnings is: rows in, a state out; asked, an alert or nothing.

Here: the records, the protocol, and what all detectors do alike (counting rows, raising an alert once an onset). Not
here: any arithmetic of a warning.

Rows lie on a regular grid (``latticeforge.signals.resample``), missing ones as NaN: windows are counted in rows. A
missing row is learnt from by nothing and scored NaN; time passes all the same.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

SCORE = "score"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one series, or of several on one grid.

    Raises:
        ValueError: shapes do not fit, or a time is not finite or before the one before it.
    """

    times_s: Floats  # (n,) seconds since 1970 UTC, not falling
    values: Floats  # (n,) or (n, series); NaN and infinities are missing

    def __post_init__(self) -> None:
        if self.times_s.ndim != 1 or self.values.ndim not in (1, 2) or self.values.shape[0] != self.times_s.size:
            raise ValueError(f"{self.times_s.shape} times do not fit values of shape {self.values.shape}")
        if not np.isfinite(self.times_s).all() or (self.times_s[1:] < self.times_s[:-1]).any():
            raise ValueError("times must be finite and must not fall; sort the rows first")


@dataclass(frozen=True, slots=True)
class State:
    """What is known after a batch. ``scores`` and ``figures`` are the detector's own; each documents its units."""

    version: str
    at_s: float  # of the last row; NaN before the first
    rows: int  # taken in so far
    missing: int  # of those, without a usable value
    ready: bool  # whether the last row was scored
    scores: Floats  # (n,) of this batch's rows, each by the rows up to it only; NaN where there is none
    figures: Mapping[str, float]  # of the last row


@dataclass(frozen=True, slots=True)
class Alert:
    """A warning, as it stood when it was raised."""

    version: str
    raised_at_s: float
    since_s: float  # when the signs it rests on began
    score: float
    threshold: float
    reason: str
    figures: Mapping[str, float]  # of the row that raised it


class Detector(Protocol):
    """Anything that warns. However rows are cut into batches, scores and alerts are the same."""

    @property
    def version(self) -> str:
        """Name and number of the method, changed with every change of its results."""

    @property
    def threshold(self) -> float:
        """The score from which it warns."""

    def ingest(self, batch: Batch) -> State:
        """Take in rows that follow those before; ValueError where a batch begins before the last one ended."""

    def query(self, horizon_s: float) -> Alert | None:
        """The last alert that was raised at most ``horizon_s`` seconds before the last row, or None.

        A warning speaks of the time after it, up to the horizon; one older than that has run out.
        """


class Watch(ABC):
    """A detector but for its arithmetic. A subclass names its figures, the first of them the score, and fills them in.

    An alert is raised by the first row at or above the threshold, and again only after ``rearm_rows`` scored rows in
    turn below it.
    """

    version: ClassVar[str]
    names: ClassVar[tuple[str, ...]]  # figures of a row; the first is the score
    series: ClassVar[str] = "one"  # or "several": what the values of a batch hold

    def __init__(self, threshold: float, rearm_rows: int) -> None:
        if not math.isfinite(threshold) or rearm_rows < 1:
            raise ValueError(f"the threshold must be a number and rearm_rows at least 1: {threshold}, {rearm_rows}")
        self.threshold, self.rearm_rows = threshold, rearm_rows
        self._edge = np.zeros(2)  # whether raised; scored rows below since
        self._figures = np.full(len(self.names), np.nan)
        self._alert: Alert | None = None
        self._at_s, self._rows, self._missing = math.nan, 0, 0

    def ingest(self, batch: Batch) -> State:
        """See ``Detector``."""
        self._check(batch)
        values = np.asarray(batch.values, dtype=np.float64)
        values = np.where(np.isfinite(values), values, np.nan)
        out = np.full((values.shape[0], len(self.names)), np.nan)
        self._advance(batch.times_s, values, out)
        scores = np.ascontiguousarray(out[:, 0])
        raised = raises(scores, self.threshold, self.rearm_rows, self._edge)
        if batch.times_s.size:
            self._at_s, self._figures = float(batch.times_s[-1]), out[-1]
            self._rows += scores.size
            self._missing += int(np.isnan(values).reshape(scores.size, -1).all(axis=1).sum())
        if raised.size:
            row = int(raised[-1])
            self._alert = self._raise(float(batch.times_s[row]), self._named(out[row]))
        ready = bool(np.isfinite(self._figures[0]))
        figures = self._named(self._figures)
        return State(self.version, self._at_s, self._rows, self._missing, ready, scores, figures)

    def query(self, horizon_s: float) -> Alert | None:
        """See ``Detector``."""
        if not horizon_s >= 0:
            raise ValueError(f"the horizon must be at least 0 seconds, not {horizon_s}")
        if self._alert is None or self._at_s - self._alert.raised_at_s > horizon_s:
            return None
        return self._alert

    @abstractmethod
    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        """Fill ``out`` (n, figures); rows left NaN are not scored."""

    @abstractmethod
    def _reason(self, figures: Mapping[str, float]) -> str:
        """Why, in one sentence with its numbers."""

    def _since_s(self, at_s: float, figures: Mapping[str, float]) -> float:
        """When the signs began; the alert itself where a method has no other answer."""
        return at_s

    def _check(self, batch: Batch) -> None:
        wanted = 2 if self.series == "several" else 1
        if batch.values.ndim != wanted:
            raise ValueError(f"{self.version} reads {self.series} series; the values have shape {batch.values.shape}")
        if batch.times_s.size and batch.times_s[0] < self._at_s:
            raise ValueError(f"the batch begins at {batch.times_s[0]}, before the last row at {self._at_s}")

    def _named(self, row: Floats) -> dict[str, float]:
        return dict(zip(self.names, row.tolist(), strict=True))

    def _raise(self, at_s: float, figures: dict[str, float]) -> Alert:
        since, reason = self._since_s(at_s, figures), self._reason(figures)
        return Alert(self.version, at_s, since, figures[self.names[0]], self.threshold, reason, figures)


@compiled
def raises(scores: Floats, threshold: float, rearm_rows: int, edge: Floats) -> NDArray[np.int64]:
    """Rows at which an alert is raised. ``edge`` (2,) carries on: whether raised, and scored rows below since."""
    found = []
    for i in range(scores.size):
        if np.isnan(scores[i]):
            continue
        if scores[i] >= threshold:
            if edge[0] == 0:
                found.append(i)
            edge[0], edge[1] = 1.0, 0.0
        else:
            edge[1] += 1
            if edge[1] >= rearm_rows:
                edge[0] = 0.0
    return np.array(found, dtype=np.int64)
