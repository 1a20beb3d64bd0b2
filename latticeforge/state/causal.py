"""Which streams foretell which, once an hour: significant transfer entropy among sources and terms over a week.

Here: CAUSAL_LINK and CAUSAL_TEST rows. Not here: the estimate (``information.leads``) and what its graph shows
(``fragility``). Foretelling is not causing: a third may lead both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.information.lags import Embedding
from latticeforge.information.leads import Lead, find_leads
from latticeforge.information.surrogates import benjamini_yekutieli
from latticeforge.signals.lags import innovations
from latticeforge.state.signals import label_of
from latticeforge.state.streams import DAY_ROWS, WEEK_ROWS, Board, row_of
from latticeforge.state_model import CAUSAL_LINK, CAUSAL_TEST
from latticeforge.windows import HOUR, WINDOW, Window, floor_to

Floats = NDArray[np.float64]

VERSION = "causal-graph/1"
CELL_ROWS = 3  # a quarter of an hour: copies of a report come within one
CELL_MINUTES = CELL_ROWS * (WINDOW.seconds // 60)
CELLS_A_DAY = DAY_ROWS // CELL_ROWS
LAGS = (1, 2)  # cells
MOST_LED = {"source": 16, "attention": 8}
LEAST_KNOWN = 0.9  # of the week's cells; the others stand at the stream's median
LEAST_A_CELL = 0.5  # counts, on average
SCREEN = 0.02  # of the fast screen; the false-discovery rate of some thousand tests asks for far less
MAX_Q = 0.05


@dataclass(frozen=True)
class Led:
    """What can be tested: m streams, n cells. ``series`` is free of rhythm and memory."""

    names: tuple[str, ...]  # stream ids
    labels: tuple[str, ...]
    series: Floats  # (n, m)


def is_graph_window(window: Window) -> bool:
    """Whether the window ends a full hour: only those have a graph."""
    return floor_to(window.end, HOUR) == window.end


def causal_links(boards: Sequence[Board], window: Window) -> tuple[pl.DataFrame, pl.DataFrame]:
    """CAUSAL_LINK and CAUSAL_TEST rows; none where the window does not end an hour or fewer than two streams are known.

    Counts of a week in cells of 15 minutes, stabilised, without their daily rhythm and their own memory
    (``signals.lags.innovations``). At lags of 15 and 30 minutes every ordered pair goes through
    ``information.find_leads``: copula screen, then KSG against 200 circular shifts. q is Benjamini and Yekutieli's over
    all pairs and both lags; links with q <= 0.05 are kept, each at its clearer lag.

    With the rhythm out and the memory in, 173 of 182 pairs of the demo day's sources passed the screen: whatever moves
    all of them slowly makes each foretell each.
    """
    led = _led(boards, window) if is_graph_window(window) else None
    if led is None or len(led.names) < 2:
        return CAUSAL_LINK.empty(), CAUSAL_TEST.empty()
    looked = [find_leads(led.series, led.names, embedding=Embedding(lag=lag), screen=SCREEN) for lag in LAGS]
    tests = pl.DataFrame(
        {
            "lag_minutes": [lag * CELL_MINUTES for lag in LAGS],
            "streams": [list(led.names)] * len(LAGS),
            "tests": [one.pairs for one in looked],
            "screened": [len(one.found) for one in looked],
            "cells": [one.n for one in looked],
            "method_version": [f"{VERSION} {one.algorithm}" for one in looked],
        }
    ).with_columns(window_start=pl.lit(window.start))
    found = [(lag, lead) for lag, one in zip(LAGS, looked, strict=True) for lead in one.found]
    every = sum(one.pairs for one in looked)
    q_values = benjamini_yekutieli(
        np.concatenate([[lead.tail_p_value for _, lead in found], np.ones(every - len(found))])
    )
    return _links(led, found, q_values[: len(found)].tolist(), window), CAUSAL_TEST.shape(tests)


def _links(led: Led, found: Sequence[tuple[int, Lead]], q_values: Sequence[float], window: Window) -> pl.DataFrame:
    labels = dict(zip(led.names, led.labels, strict=True))
    clearest: dict[tuple[str, str], tuple[float, int, Lead]] = {}
    for (lag, lead), q in zip(found, q_values, strict=True):
        pair = lead.source, lead.target
        if q <= MAX_Q and lead.bits > 0 and (pair not in clearest or q < clearest[pair][0]):
            clearest[pair] = q, lag, lead
    rows = [
        {
            "source_stream": lead.source,
            "target_stream": lead.target,
            "source_label": labels[lead.source],
            "target_label": labels[lead.target],
            "lag_minutes": lag * CELL_MINUTES,
            "bits": lead.bits,
            "std_error_bits": lead.std_error_bits,
            "p_value": lead.tail_p_value,
            "q_value": q,
            "method_version": VERSION,
        }
        for q, lag, lead in clearest.values()
    ]
    frame = pl.DataFrame(rows, schema={n: t for n, t in CAUSAL_LINK.columns.items() if n != "window_start"})
    return CAUSAL_LINK.shape(frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start)))


def _led(boards: Sequence[Board], window: Window) -> Led:
    names, labels, series = [], [], []
    for board in boards:
        end = row_of(board, window)
        week = board.trailing(end, WEEK_ROWS)
        for place in board.leading(end, MOST_LED[board.kind], WEEK_ROWS):
            cells = week[place].reshape(-1, CELL_ROWS).sum(axis=1)  # a cell with a missing window is missing
            known = np.isfinite(cells)
            if known.mean() < LEAST_KNOWN or cells[known].mean() < LEAST_A_CELL:
                continue
            names.append(f"{board.kind}:{board.names[place]}")
            labels.append(label_of(board, place))
            whole = np.where(known, cells, np.median(cells[known]))
            series.append(innovations(whole, float(CELLS_A_DAY))[0])
    shortest = min((s.size for s in series), default=0)  # what the memory of the others took from their beginning
    return Led(tuple(names), tuple(labels), np.array([s[s.size - shortest :] for s in series]).T)
