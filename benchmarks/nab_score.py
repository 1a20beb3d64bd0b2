"""The scoring of the Numenta Anomaly Benchmark, standard profile.

Here: the score of detections against labelled windows. Not here: series (``attention_series``), detectors, tables.

Source: Lavin & Ahmad, "Evaluating real-time anomaly detection algorithms", ICMLA 2015. The earliest detection inside
a window earns up to 1, falling along a sigmoid towards its right edge; each row outside a window costs up to 0.11, less
right after one; each window without a detection costs 1. 0 is the score of a detector that says nothing, 100 that of
one that names the first row of every window and no other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 1.0, 0.11, 1.0
PROBATION_SHARE, PROBATION_ROWS = 0.15, 750

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """One series with its windows of rows, first and last included, in order and apart."""

    rows: int
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Rows at the start that are not scored."""
        return min(int(PROBATION_SHARE * self.rows), PROBATION_ROWS)

    def worth(self) -> tuple[Scores, NDArray[np.int64]]:
        """What a detection at each row adds (negative outside windows), and the window of each row or -1."""
        worth, of_window = np.full(self.rows, -FALSE_POSITIVE), np.full(self.rows, -1)
        for number, (first, last) in enumerate(self.windows):
            width = last - first + 1
            inside = np.arange(first, last + 1)
            worth[inside] = TRUE_POSITIVE * _sigmoid(-(last - inside + 1) / width) / _sigmoid(np.array(-1.0))
            of_window[inside] = number
            until = self.windows[number + 1][0] if number + 1 < len(self.windows) else self.rows
            after = np.arange(last + 1, until)
            worth[after] = FALSE_POSITIVE * _sigmoid((after - last) / max(width - 1, 1))
        return worth, of_window


@dataclass(frozen=True)
class Result:
    """What a threshold reaches on a corpus."""

    score: float  # 0 to 100; may be negative
    threshold: float
    found: int
    windows: int
    false_rows: int


def _sigmoid(position: Scores) -> Scores:
    """From 1 far before an edge to -1 far after it, 0 on it."""
    return np.asarray(2 / (1 + np.exp(5 * np.asarray(position))) - 1)


def at_threshold(corpus: Sequence[tuple[Labelled, Scores]], threshold: float) -> Result:
    """The score of all rows whose anomaly score reaches the threshold."""
    steps = _steps(corpus)
    return _result(corpus, steps[steps[:, 0] >= threshold], threshold)


def best_threshold(corpus: Sequence[tuple[Labelled, Scores]]) -> Result:
    """The best score one threshold reaches on the whole corpus; saying nothing is among those tried."""
    steps = _steps(corpus)
    steps = steps[np.argsort(-steps[:, 0], kind="stable")]
    totals = np.cumsum(steps[:, 1])
    complete = np.flatnonzero(np.append(steps[1:, 0] != steps[:-1, 0], True))
    best = complete[np.argmax(totals[complete])] if complete.size else -1
    if best < 0 or totals[best] <= 0:
        return _result(corpus, steps[:0], math.inf)
    return _result(corpus, steps[: best + 1], float(steps[best, 0]))


def _steps(corpus: Sequence[tuple[Labelled, Scores]]) -> Scores:
    """What lowering the threshold to a value changes: (value, change of score, windows found, false rows)."""
    parts = []
    for series, scores in corpus:
        worth, of_window = series.worth()
        scored = np.arange(series.rows) >= series.probation
        outside = np.flatnonzero(scored & (of_window < 0))
        zero = np.zeros(outside.size)
        parts.append(np.column_stack([scores[outside], worth[outside], zero, zero + 1]))
        for number in range(len(series.windows)):
            rows = np.flatnonzero(scored & (of_window == number))
            # A row is the earliest detection for thresholds above all before it: each record takes over from the last.
            before = np.maximum.accumulate(np.append(-math.inf, scores[rows]))[:-1]
            records = rows[scores[rows] > before][::-1]
            change = np.diff(worth[records], prepend=-FALSE_NEGATIVE)
            found = np.arange(records.size) == 0
            parts.append(np.column_stack([scores[records], change, found, np.zeros(records.size)]))
    return np.concatenate(parts)


def _result(corpus: Sequence[tuple[Labelled, Scores]], steps: Scores, threshold: float) -> Result:
    windows = sum(len(series.windows) for series, _ in corpus)
    gained, found, false_rows = steps[:, 1:].sum(axis=0)
    score = 100 * float(gained) / ((TRUE_POSITIVE + FALSE_NEGATIVE) * windows) if windows else math.nan
    return Result(score, threshold, int(found), windows, int(false_rows))
