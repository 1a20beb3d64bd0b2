"""The tables of the state of attention as a whole: signals, regimes, who foretells whom, beliefs.

Here: the assets that Dagster alone computes, after the hour is over, with their columns and keys; and every asset there
is. Not here: the assets that the radar says live (``model``), and how anything is computed (``state``). These assets
follow the rules of generations like the others. They are not sealed with the day: they follow from what is.
"""

from __future__ import annotations

import polars as pl

from latticeforge.model import ASSETS, UTC_TIME, Asset, Table

SIGNAL = Table(
    "core.signal",
    {
        "window_start": UTC_TIME,
        "stream_id": pl.String,  # kind and name: source:gazette, attention:platform/term, narrative:20250128T1420Z-003
        "kind": pl.String,  # source, attention or narrative
        "label": pl.String,
        "value": pl.Float64,  # items (attention: mentions) in the window; null: not known, which is not 0
        "share": pl.Float64,  # of all counted items of the window, [0, 1]; null for attention
        "usual": pl.Float64,  # median of the last day (narrative: what its baseline expects), unit of the value
        "spread": pl.Float64,  # robust standard deviation about it (narrative: of the prediction)
        "score": pl.Float64,  # (value - usual) / spread, clipped to +-5
        "clipped": pl.Float64,  # what the clipping took away, in the same unit; 0 where nothing
        "known_windows": pl.Int32,  # of the last day (narrative: of its history)
    },
    ("stream_id",),
)

EARLY_WARNING = Table(
    "core.early_warning",
    {
        "window_start": UTC_TIME,
        "stream_id": pl.String,
        "kind": pl.String,
        "label": pl.String,
        "state": pl.String,  # warning, quiet, sparse, learning (too few rows yet) or missing (not known now)
        "score": pl.Float64,  # bits of the detector; null where it is not scored
        "threshold": pl.Float64,
        "since_at": UTC_TIME,  # when the signs began that the warning rests on
        "raised_at": UTC_TIME,  # when it was raised: the end of the window that raised it
        "lead_minutes": pl.Float64,  # from the warning to the first value clipped after it; null: none came so far
        "reason": pl.String,
        "method_version": pl.String,
    },
    ("stream_id",),
)

REGIME = Table(
    "core.regime",
    {
        "window_start": UTC_TIME,
        "kind": pl.String,  # of the streams that are taken together
        "streams": pl.Int32,  # usable ones
        "label": pl.String,  # what the figures alone say; null where there are too few rows or streams
        "verdict": pl.String,  # the label, or "not an attractor"
        "shown": pl.Boolean,
        "psi_bits": pl.Float64,
        "least_psi_bits": pl.Float64,
        "order_r": pl.Float64,  # Kuramoto order parameter, [0, 1]
        "chance_r": pl.Float64,  # what as many independent streams have
        "growth_per_hour": pl.Float64,  # of the order parameter
        "order_parameter": pl.Float64,  # how far the mean of all has moved, standard deviations
        "variance_bits": pl.Float64,  # log2 of its variance now over before
        "method_version": pl.String,
    },
    ("kind",),
)

BELIEF = Table(
    "core.belief",
    {
        "window_start": UTC_TIME,
        "link_id": pl.String,
        "detector": pl.String,  # one of the five, or "fused"
        "mass_distraction": pl.Float64,  # committed to each answer, and to neither; the three sum to 1
        "mass_organic": pl.Float64,
        "mass_unknown": pl.Float64,
        "plausibility": pl.Float64,  # of distraction: its mass and what is committed to neither
        "pignistic": pl.Float64,  # of distraction: with half of what is committed to neither
        "conflict_k": pl.Float64,  # of all detectors together; null for one alone
        "method_version": pl.String,
    },
    ("link_id", "detector"),
)

CAUSAL_LINK = Table(
    "core.causal_link",
    {
        "window_start": UTC_TIME,
        "source_stream": pl.String,  # foretells ...
        "target_stream": pl.String,  # ... this one
        "source_label": pl.String,
        "target_label": pl.String,
        "lag_minutes": pl.Int32,
        "bits": pl.Float64,  # transfer entropy beyond that of surrogates
        "std_error_bits": pl.Float64,
        "p_value": pl.Float64,  # against surrogates of the source
        "q_value": pl.Float64,  # over every pair and lag of the window
        "method_version": pl.String,
    },
    ("source_stream", "target_stream"),
)

CAUSAL_TEST = Table(
    "core.causal_test",
    {
        "window_start": UTC_TIME,
        "lag_minutes": pl.Int32,
        "streams": pl.List(pl.String),  # every stream that was tested
        "tests": pl.Int32,  # ordered pairs
        "screened": pl.Int32,  # of them that passed the fast screen and were tested with care
        "cells": pl.Int32,  # cells of 15 minutes compared
        "method_version": pl.String,
    },
    ("lag_minutes",),
)

FRAGILITY = Table(
    "core.fragility",
    {
        "window_start": UTC_TIME,
        "measure": pl.String,  # gini or hhi of betweenness
        "value": pl.Float64,
        "chance": pl.Float64,  # mean over graphs of the same degrees
        "chance_low": pl.Float64,  # their middle 95 %
        "chance_high": pl.Float64,
        "p_value": pl.Float64,
        "fragile": pl.Boolean,  # whether either measure exceeds chance at 5 %, both looks counted
        "nodes": pl.Int32,
        "edges": pl.Int32,
        "hub": pl.String,  # stream with the most betweenness; null where nothing passes anywhere
        "hub_share": pl.Float64,
        "surrogates": pl.Int32,
        "method_version": pl.String,
    },
    ("measure",),
)

TURNOVER = Table(
    "core.turnover",
    {
        "window_start": UTC_TIME,
        "kind": pl.String,  # hub (another one than before) or reversal (the net link runs the other way)
        "stream_before": pl.String,
        "stream_after": pl.String,
        "before_at": UTC_TIME,  # window of the graph that showed it the other way
        "amount": pl.Float64,  # lead in betweenness, (0, 1]; net bits of a reversal
        "method_version": pl.String,
    },
    ("kind", "stream_before", "stream_after"),
)

STATE_ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset("signals", (SIGNAL,), ("articles", "narratives", "spike_baselines")),
        Asset("regimes", (EARLY_WARNING, REGIME), ("articles",)),
        Asset("causal_graph", (CAUSAL_LINK, CAUSAL_TEST), ("articles",)),
        Asset("fragility", (FRAGILITY, TURNOVER), ("causal_graph",)),
        Asset("beliefs", (BELIEF,), ("correlations", "narratives", "articles")),
    )
}
EVERY_ASSET: dict[str, Asset] = ASSETS | STATE_ASSETS
