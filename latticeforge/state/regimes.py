"""Early warnings of each stream, and the regime that all streams of a kind are in together.

Here: EARLY_WARNING and REGIME rows. Not here: the detectors (``detectors``), the measure of emergence
(``information.emergence``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.detectors.catalogue import detector
from latticeforge.detectors.protocol import SCORE, Alert, Batch
from latticeforge.detectors.regimes import LEAST_PSI_BITS, RegimeWatch
from latticeforge.detectors.synchrony import LEAST_SERIES, SynchronyWatch
from latticeforge.information.emergence import emergence
from latticeforge.signals.robust import robust_scale
from latticeforge.signals.whiten import deseasoned, stabilised
from latticeforge.state.signals import MOST, label_of
from latticeforge.state.streams import DAY_ROWS, HOUR_ROWS, STEP_S, Board, row_of
from latticeforge.state_model import EARLY_WARNING, REGIME
from latticeforge.windows import HOUR, Window, floor_to

Floats = NDArray[np.float64]

HISTORY_ROWS = 3 * DAY_ROWS  # what a warning and a regime rest on
HORIZON_S = 12 * 3600.0  # a warning speaks of the half day after it
JUMP_SIGMAS = 5.0  # what counts as the change that was warned of
TOGETHER_ROWS = 256
LEAST_ROWS = 2 * DAY_ROWS  # a daily rhythm cannot be told from one day
MOST_TOGETHER = 20
LEAST_A_DAY = 144.0  # half a count a window: below, variance falls to nothing whenever nobody happens to speak
LATTICE = 1  # the first layer of shared information that Psi subtracts once for each stream is given back

_ROW = {n: t for n, t in EARLY_WARNING.columns.items() if n != "window_start"}


def early_warnings(boards: Sequence[Board], windows: Sequence[Window]) -> dict[datetime, pl.DataFrame]:
    """EARLY_WARNING rows by start of the window: the default detector on the leading streams of each.

    The detector begins three days before the hour of the window, so that a window's rows follow from that hour and its
    history alone, and twelve windows share one run. Warnings count for ``HORIZON_S``. The lead is the time from a
    warning to the first value more than 5 robust standard deviations from the median of the day before the warning.
    A stream of less than half a count a window is sparse and is not judged.
    """
    told: dict[tuple[str, int, datetime], dict[datetime, dict[str, Any]]] = {}
    frames = {}
    for window in windows:
        hour = floor_to(window.start, HOUR)
        rows = []
        for board in boards:
            for place in board.leading(row_of(board, window), MOST[board.kind]):
                key = board.kind, place, hour
                if key not in told:
                    told[key] = _told(board, place, hour)
                rows.append(told[key][window.start])
        frame = pl.DataFrame(rows, schema=_ROW)
        frames[window.start] = EARLY_WARNING.shape(
            frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start))
        )
    return frames


def _told(board: Board, place: int, hour: datetime) -> dict[datetime, dict[str, Any]]:
    """What is said of one stream in each window of an hour."""
    first = board.rows_to(hour)
    before = board.trailing(first, HISTORY_ROWS)[place]
    inside = board.values[place, first : first + HOUR_ROWS]
    series: Floats = np.concatenate([before, inside])
    ends = hour.timestamp() + STEP_S * np.arange(1.0 - HISTORY_ROWS, 1.0 + inside.size)
    watch = detector()
    watch.ingest(Batch(ends[:HISTORY_ROWS], before))
    told = {}
    for row in range(HISTORY_ROWS, series.size):
        state = watch.ingest(Batch(ends[row : row + 1], series[row : row + 1]))
        alert = watch.query(HORIZON_S)
        known = math.isfinite(series[row])
        name = _state(known, state.ready, float(np.nansum(series[row + 1 - DAY_ROWS : row + 1])), alert)
        start = datetime.fromtimestamp(ends[row] - STEP_S, UTC)
        told[start] = {
            "stream_id": f"{board.kind}:{board.names[place]}",
            "kind": board.kind,
            "label": label_of(board, place),
            "state": name,
            "score": state.figures[SCORE] if name in ("warning", "quiet") else None,
            "threshold": watch.threshold,
            "method_version": watch.version,
            **_warning(alert if name == "warning" else None, series[: row + 1], ends[: row + 1]),
        }
    return told


def _state(known: bool, ready: bool, day: float, alert: Alert | None) -> str:
    """What is said of a stream that has ``day`` counts in the last day; the first that holds."""
    if not known:
        return "missing"
    if day < LEAST_A_DAY:
        return "sparse"
    if not ready:
        return "learning"
    return "warning" if alert else "quiet"


def _warning(alert: Alert | None, series: Floats, ends: Floats) -> dict[str, Any]:
    if alert is None:
        return {"since_at": None, "raised_at": None, "lead_minutes": None, "reason": ""}
    return {
        "since_at": datetime.fromtimestamp(alert.since_s, UTC),
        "raised_at": datetime.fromtimestamp(alert.raised_at_s, UTC),
        "lead_minutes": lead_minutes(series, int(np.searchsorted(ends, alert.raised_at_s))),
        "reason": alert.reason,
    }


def lead_minutes(series: Floats, raised: int) -> float | None:
    """Minutes from row ``raised`` to the first later row that jumps; None where none has.

    >>> lead_minutes(np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 40.0]), 4)
    10.0
    """
    centre, scale = robust_scale(series[max(0, raised + 1 - DAY_ROWS) : raised + 1])
    with np.errstate(invalid="ignore"):
        jumped = np.flatnonzero(np.abs(series[raised + 1 :] - centre) > JUMP_SIGMAS * scale)
    return float((jumped[0] + 1) * STEP_S / 60) if scale > 0 and jumped.size else None


def regimes(boards: Sequence[Board], window: Window) -> pl.DataFrame:
    """REGIME rows of one window, one for each kind of streams.

    The last 256 windows of the leading streams, counts stabilised and the daily rhythm of three days taken out (two
    sources that share nothing but day and night are in step too), labelled by ``detectors.regimes``. Psi is that of the
    mean of all streams, with the first lattice correction. Streams with less than two days of rows are left out.
    """
    rows = [_regime(board, window) for board in boards]
    frame = pl.DataFrame(rows, schema={n: t for n, t in REGIME.columns.items() if n != "window_start"})
    return REGIME.shape(frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start)))


def _regime(board: Board, window: Window) -> dict[str, Any]:
    end = row_of(board, window)
    history = board.trailing(end, HISTORY_ROWS)[board.leading(end, MOST_TOGETHER)]
    series = np.array([r for row in history if (r := _without_rhythm(row)) is not None]).reshape(-1, TOGETHER_ROWS)
    times = STEP_S * np.arange(TOGETHER_ROWS, dtype=np.float64)
    found: Mapping[str, float] = {}
    together: Mapping[str, float] = {}
    watch = RegimeWatch(psi_bits, window_rows=TOGETHER_ROWS, every_rows=1)
    if len(series) >= LEAST_SERIES:
        found = watch.ingest(Batch(times, series.T)).figures
        synchrony = SynchronyWatch(window_rows=TOGETHER_ROWS, every_rows=1)
        together = synchrony.ingest(Batch(times, series.T)).figures
    regime = watch.regime
    return {
        "kind": board.kind,
        "streams": len(series),
        "label": regime.label if regime else None,
        "verdict": regime.verdict if regime else None,
        "shown": regime is not None and regime.shown,
        "psi_bits": _number(found.get("psi_bits")),
        "least_psi_bits": LEAST_PSI_BITS,
        "order_r": _number(found.get("order")),
        "chance_r": _number(together.get("chance_order")),
        "growth_per_hour": _number(together.get("growth", math.nan) * HOUR_ROWS),
        "order_parameter": _number(found.get("order_parameter")),
        "variance_bits": _number(found.get("variance_bits")),
        "method_version": watch.version,
    }


def psi_bits(series: Floats) -> float:
    """Psi of the mean of (series, rows), in bits; lattice correction of the first layer."""
    return emergence(series.T, series.mean(axis=0), lattice=LATTICE).psi_bits


def _without_rhythm(history: Floats) -> Floats | None:
    """The last rows of a stream without its daily rhythm, missing rows missing; None where too little is known."""
    known = np.isfinite(history)
    if known.sum() < LEAST_ROWS:
        return None
    level = stabilised(np.where(known, history, np.median(history[known])))
    left = deseasoned(level, float(DAY_ROWS))[-TOGETHER_ROWS:]
    return np.where(known[-TOGETHER_ROWS:], left, np.nan)


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
