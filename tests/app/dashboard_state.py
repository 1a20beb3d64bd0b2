"""The state of attention of the made-up afternoon (``dashboard_day.py``), for the page Signals.

Here: rows, written through the store as Dagster writes them. Not here: numbers that mean anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import psycopg

from latticeforge.model import Table
from latticeforge.state_model import STATE_ASSETS
from latticeforge.store.generations import Write, read_active, write_generations
from latticeforge.windows import HOUR, Window, windows_between

LAST = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))
GRAPH = Window(datetime(2025, 1, 28, 13, 55, tzinfo=UTC))
STREAMS = (
    ("source:meridian", "source", "meridian"),
    ("source:harbor-post", "source", "harbor-post"),
    ("source:valley-star", "source", "valley-star"),
    ("attention:web/drones", "attention", "drones (web)"),
)


def seed(connection: psycopg.Connection) -> None:
    """Two hours of windows, and the graph of the one that ends at 14:00."""
    links = read_active(connection, "correlations", LAST.start - 2 * HOUR, LAST.end)
    for window in windows_between(LAST.start - 2 * HOUR, LAST.end):
        own = links.filter(pl.col("window_start") == window.start)["link_id"].to_list()
        frames: dict[str, list[list[dict[str, Any]]]] = {
            "signals": [_signals(window)],
            "regimes": [_warnings(window), _regimes()],
            "beliefs": [[row for link in own for row in _beliefs(link)]],
        }
        if window == GRAPH:
            frames |= {"causal_graph": [_links(), _tests()], "fragility": [_measures(), _turns()]}
        writes = [
            Write(
                name,
                window,
                tuple(_frame(t, rows, window) for t, rows in zip(STATE_ASSETS[name].tables, found, strict=True)),
            )
            for name, found in frames.items()
        ]
        write_generations(connection, writes, origin="dagster")


def _frame(table: Table, rows: Sequence[dict[str, Any]], window: Window) -> pl.DataFrame:
    return pl.DataFrame([{"window_start": window.start} | row for row in rows], schema=dict(table.columns))


def _signals(window: Window) -> list[dict[str, Any]]:
    minutes = (LAST.start - window.start) // timedelta(minutes=1)
    rows = []
    for place, (stream, kind, label) in enumerate(STREAMS):
        missing = label == "valley-star" and 40 <= minutes < 60
        score = 5.0 if (minutes, place) == (0, 0) else float((minutes // 5 * (place + 3)) % 7 - 3)
        rows.append(
            {
                "stream_id": stream, "kind": kind, "label": label, "value": None if missing else 4.0 + score,
                "share": None, "usual": 4.0, "spread": 1.0, "score": None if missing else score,
                "clipped": None if missing else (3.5 if score == 5 else 0.0), "known_windows": 280,
            }
        )  # fmt: skip
    return rows


def _warnings(window: Window) -> list[dict[str, Any]]:
    base: dict[str, Any] = {"score": 0.4, "threshold": 2.0, "since_at": None, "raised_at": None, "lead_minutes": None,
                            "reason": "", "method_version": "compression/1"}  # fmt: skip
    rows = []
    for stream, kind, label in STREAMS:
        row = base | {"stream_id": stream, "kind": kind, "label": label, "state": "quiet"}
        if label in ("meridian", "harbor-post"):
            led = label == "meridian" and window.end > GRAPH.end
            row |= {
                "state": "warning", "score": 2.4, "since_at": LAST.start - timedelta(hours=7),
                "raised_at": LAST.start - timedelta(hours=3), "lead_minutes": 160.0 if led else None,
                "reason": "variance fell 3.1 bits below the usual and has risen 2.4 bits from there",
            }  # fmt: skip
        rows.append(row | ({"state": "sparse", "score": None} if label == "valley-star" else {}))
    return rows


def _regimes() -> list[dict[str, Any]]:
    known = {"streams": 8, "label": "synchronised", "verdict": "synchronised", "shown": True, "psi_bits": 0.31,
             "least_psi_bits": 0.1, "order_r": 0.74, "chance_r": 0.31, "growth_per_hour": 0.02, "order_parameter": 0.4,
             "variance_bits": 0.2, "method_version": "regimes/1"}  # fmt: skip
    unknown = dict.fromkeys(("label", "verdict", "psi_bits", "order_r", "chance_r", "growth_per_hour",
                             "order_parameter", "variance_bits"))  # fmt: skip
    return [known | {"kind": "source"}, known | unknown | {"kind": "attention", "streams": 0, "shown": False}]


def _beliefs(link: str) -> list[dict[str, Any]]:
    masses = {"amplification": (0.7, 0.0), "onset": (0.3, 0.0), "diversity": (0.0, 0.4), "fused": (0.65, 0.14)}
    return [
        {
            "link_id": link, "detector": name, "mass_distraction": pushed, "mass_organic": organic,
            "mass_unknown": 1 - pushed - organic, "plausibility": 1 - organic, "pignistic": (1 + pushed - organic) / 2,
            "conflict_k": 0.74 if name == "fused" else None, "method_version": "2025.1",
        }
        for name, (pushed, organic) in masses.items()
    ]  # fmt: skip


def _links() -> list[dict[str, Any]]:
    pairs = (("meridian", "harbor-post"), ("meridian", "valley-star"), ("harbor-post", "plainview"))
    return [
        {
            "source_stream": f"source:{a}", "target_stream": f"source:{b}", "source_label": a, "target_label": b,
            "lag_minutes": 15, "bits": 0.08 - 0.02 * place, "std_error_bits": 0.012, "p_value": 1e-6, "q_value": 0.004,
            "method_version": "causal-graph/1",
        }
        for place, (a, b) in enumerate(pairs)
    ]  # fmt: skip


def _tests() -> list[dict[str, Any]]:
    names = [f"source:{n}" for n in ("meridian", "harbor-post", "valley-star", "plainview")]
    return [
        {"lag_minutes": lag, "streams": names, "tests": 12, "screened": 4, "cells": 650, "method_version": "1"}
        for lag in (15, 30)
    ]


def _measures() -> list[dict[str, Any]]:
    return [
        {
            "measure": name, "value": 0.75, "chance": 0.5, "chance_low": 0.4, "chance_high": 0.7, "p_value": 0.01,
            "fragile": True, "nodes": 4, "edges": 3, "hub": "source:harbor-post", "hub_share": 1.0, "surrogates": 200,
            "method_version": "fragility/1",
        }
        for name in ("gini", "hhi")
    ]  # fmt: skip


def _turns() -> list[dict[str, Any]]:
    return [
        {
            "kind": "hub", "stream_before": "source:meridian", "stream_after": "source:harbor-post",
            "before_at": GRAPH.start - HOUR, "amount": 0.3, "method_version": "turnover/1",
        }
    ]  # fmt: skip
