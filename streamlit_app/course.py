"""The course of one link: the story and the event through time, what was usual, and what chance does at like moments.

Here: numbers for charts, made by the same functions as the radar's. Not here: SQL (``asking.link``) and charts
(``ui.link_charts``). Shares are of all counted items of a five-minute window, in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import nbinom

from latticeforge.narratives.history import BEFORE, History, density, grown, history_windows
from latticeforge.windows import WINDOW, Window, floor_to, windows_between

BEFORE_EVENT = timedelta(hours=1)
AFTER_WINDOW = timedelta(hours=1)
LONGEST = timedelta(hours=6)
FAN_REACH = 6  # windows each side
CANDIDATES = 4  # the largest groups of a placebo slot; the one that grew most is among them
FAN_QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
_MINUTES = 5

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


def course_windows(event_at: datetime, window: datetime) -> list[Window]:
    """The windows of the time line: an hour before the event to an hour after the window, six hours at most."""
    last = window + WINDOW + AFTER_WINDOW
    first = max(min(event_at, window) - BEFORE_EVENT, last - LONGEST)
    return list(windows_between(floor_to(first, WINDOW), last))


def placebo_windows(window: datetime) -> list[Window]:
    """The windows that chance was measured on."""
    return history_windows(Window(window))


def time_line(history: History, story: Vectors, event: Vectors | None, alpha: float, beta: float) -> pl.DataFrame:
    """A row a window that was computed: at, items, story, event (null where its meaning is unknown), usual, low, high.

    ``low`` and ``high`` hold 95 % of what the usual share leads to by chance: quantiles of the Gamma-Poisson predictive
    count for the items of that window.
    """
    here = ~history.missing & (history.exposure > 0)
    exposure = history.exposure[here]
    spread = nbinom(alpha, beta / (beta + exposure))
    known = density(event, history)[0][here] / exposure if event is not None else np.full(exposure.size, np.nan)
    return pl.DataFrame(
        {
            "at": pl.Series(history.starts[here]).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "items": exposure.astype(np.int64),
            "story": density(story, history)[0][here] / exposure,
            "event": known,
            "usual": np.full(exposure.size, alpha / beta),
            "low": spread.ppf(0.025) / exposure,
            "high": spread.ppf(0.975) / exposure,
        }
    ).with_columns(pl.col("event").fill_nan(None))


@dataclass(frozen=True)
class Fan:
    """What the fastest-growing story of each placebo slot did: quantiles of its share by minutes from the slot."""

    rows: pl.DataFrame  # minute, low, quarter, middle, three_quarters, high, slots
    slots: int


def placebo_fan(history: History) -> Fan:
    """The fan over every comparable window of the history: its group that grew most, followed half an hour each way."""
    slots = np.flatnonzero(history.comparable)
    chosen = [(int(w), c) for w in slots if (c := _fastest(history, int(w))) is not None]
    if not chosen:
        return Fan(pl.DataFrame(), 0)
    counts = density(history.centroids[[c for _, c in chosen]], history)
    rows = []
    for step in range(-FAN_REACH, FAN_REACH + 1):
        shares = _shares_at(history, counts, [w for w, _ in chosen], step)
        if shares.size:
            rows.append((_MINUTES * step, *np.quantile(shares, FAN_QUANTILES), int(shares.size)))
    names = ["minute", "low", "quarter", "middle", "three_quarters", "high", "slots"]
    return Fan(pl.DataFrame(rows, schema=names, orient="row"), len(chosen))


def _fastest(history: History, w: int) -> int | None:
    """The row of the group of window ``w`` that grew most against the three windows before."""
    low, high = np.searchsorted(history.cluster_window, [w, w + 1])
    if low == high:
        return None
    rows = low + np.argsort(-history.items[low:high], kind="stable")[:CANDIDATES]
    first = int(np.searchsorted(history.starts, history.starts[w] - BEFORE * _MINUTES * 60_000_000))
    before = np.arange(first, w)[~history.missing[first:w]]
    start = int(np.searchsorted(history.cluster_window, first))
    near = History(
        history.starts[first:w],
        history.exposure[first:w],
        history.missing[first:w],
        history.cluster_window[start:low] - first,
        history.centroids[start:low],
        history.items[start:low],
        history.voices[start:low],
    )
    same = density(history.centroids[rows], near).sum(axis=1)
    growth = grown(history.items[rows], float(history.exposure[w]), same, float(history.exposure[before].sum()))
    return int(rows[int(np.argmax(growth))])


def _shares_at(history: History, counts: Floats, slots: list[int], step: int) -> Floats:
    """Shares ``step`` windows from each slot, where that window lies in the history and was counted."""
    found = []
    for row, w in enumerate(slots):
        at = w + step
        if not 0 <= at < history.starts.size or history.missing[at] or history.exposure[at] <= 0:
            continue
        if history.starts[at] - history.starts[w] == step * _MINUTES * 60_000_000:
            found.append(counts[row, at] / history.exposure[at])
    return np.array(found)


def around(line: pl.DataFrame, window: datetime) -> pl.DataFrame:
    """The story's shares by minutes from ``window``, as far as the fan reaches: minute, story."""
    reach = _MINUTES * FAN_REACH
    return line.select((pl.col("at") - window).dt.total_minutes().alias("minute"), "story").filter(
        pl.col("minute").is_between(-reach, reach)
    )
