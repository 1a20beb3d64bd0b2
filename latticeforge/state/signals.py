"""How each stream stands in a window against its own last day.

Here: SIGNAL rows. Not here: the series (``streams``), warnings (``regimes``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from latticeforge.signals.robust import LIMIT_SIGMAS, normalise
from latticeforge.state.streams import DAY_ROWS, Board, row_of
from latticeforge.state_model import SIGNAL
from latticeforge.windows import Window

MOST = {"source": 24, "attention": 16, "narrative": 8}
SHORTEST = 5  # minutes: the scale of a narrative's baseline that is one window


def signals(boards: Sequence[Board], narrative: pl.DataFrame, baselines: pl.DataFrame, window: Window) -> pl.DataFrame:
    """SIGNAL rows of one window: the leading sources and terms of the last day, the leading narratives of the window.

    A source or term is measured against the median and robust standard deviation of its own last 288 windows
    (``signals.normalise``). A narrative lives for hours and has no such day: it is measured against what its baseline
    foretells, and the spread of that prediction. Scores beyond 5 are clipped; ``clipped`` keeps what was taken away.

    Args:
        narrative, baselines: NARRATIVE and SPIKE_BASELINE rows of the window.
    """
    rows = [row for board in boards for row in _streams(board, window)]
    rows += _narratives(narrative, baselines)
    frame = pl.DataFrame(rows, schema={n: t for n, t in SIGNAL.columns.items() if n != "window_start"})
    return SIGNAL.shape(frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start)))


def label_of(board: Board, place: int) -> str:
    """What people call a stream: the source's name, or the term and its platform."""
    platform, slash, term = board.names[place].partition("/")
    return f"{term} ({platform})" if board.kind == "attention" and slash else board.names[place]


def _streams(board: Board, window: Window) -> Iterator[dict[str, Any]]:
    end = row_of(board, window)
    day = board.trailing(end, DAY_ROWS)
    for place in board.leading(end, MOST[board.kind]):
        made = normalise(day[place])
        known = math.isfinite(day[place, -1])
        yield {
            "stream_id": f"{board.kind}:{board.names[place]}",
            "kind": board.kind,
            "label": label_of(board, place),
            "value": _number(day[place, -1]),
            "share": _number(board.share[place, end - 1]) if board.share is not None else None,
            "usual": _number(made.centre),
            "spread": made.scale,
            "score": _number(made.values[-1]),
            "clipped": float(made.clipped[-1]) if known else None,
            "known_windows": int(np.isfinite(day[place]).sum()),
        }


def _narratives(narrative: pl.DataFrame, baselines: pl.DataFrame) -> Iterator[dict[str, Any]]:
    usual = baselines.filter(pl.col("scale_minutes") == SHORTEST)
    total = narrative["items"].sum()
    leading = narrative.sort("items", "narrative_id", descending=[True, False]).head(MOST["narrative"])
    for row in leading.join(usual, on="narrative_id").iter_rows(named=True):
        # Gamma-Poisson: the share is Gamma(alpha, beta), the count Poisson of share times exposure
        spread = math.sqrt(row["expected"] * (1.0 + row["exposure"] / row["beta"]))
        raw = (row["observed"] - row["expected"]) / spread
        score = max(-LIMIT_SIGMAS, min(LIMIT_SIGMAS, raw))
        yield {
            "stream_id": f"narrative:{row['narrative_id']}",
            "kind": "narrative",
            "label": row["label"],
            "value": row["observed"],
            "share": row["items"] / total,
            "usual": row["expected"],
            "spread": spread,
            "score": score,
            "clipped": raw - score,
            "known_windows": row["history_windows"],
        }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
