"""Great Expectations suites on articles and scores.

Here: the suites and a small adapter from active rows to a validation. Not here: anything that another check says
already (digests, windows). The package takes seconds to import, so it is imported where a suite runs; it is told to
send nothing.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime
from typing import Any

import psycopg

from latticeforge.model import DateStatus, Grade, Verdict
from latticeforge.store.generations import read_active

_Expectation = tuple[str, dict[str, Any]]

SUITES: dict[str, list[_Expectation]] = {
    "articles": [
        ("ExpectColumnValuesToNotBeNull", {"column": "title"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "source"}),
        ("ExpectColumnValueLengthsToEqual", {"column": "item_id", "value": 24}),
        ("ExpectColumnValuesToBeUnique", {"column": "item_id"}),
        ("ExpectColumnValuesToBeInSet", {"column": "date_status", "value_set": [s.value for s in DateStatus]}),
        ("ExpectColumnPairValuesToBeEqual", {"column_A": "counted", "column_B": "dated"}),
    ],
    "distraction_scores": [
        ("ExpectColumnValuesToBeUnique", {"column": "link_id"}),
        ("ExpectColumnValuesToBeBetween", {"column": "likelihood", "min_value": 0, "max_value": 1}),
        ("ExpectColumnValuesToBeBetween", {"column": "conflict_k", "min_value": 0, "max_value": 1}),
        ("ExpectColumnValuesToBeBetween", {"column": "belief_total", "min_value": 0.999999, "max_value": 1.000001}),
        ("ExpectColumnValuesToBeInSet", {"column": "verdict", "value_set": [v.value for v in Verdict]}),
        ("ExpectColumnValuesToBeInSet", {"column": "grade", "value_set": [g.value for g in Grade]}),
        ("ExpectColumnValuesToBeInSet", {"column": "interval_in_order", "value_set": [True]}),
    ],
}


def expectation_problems(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> list[str]:
    """Each expectation of the asset's suite that its active rows in ``[start, end)`` do not meet."""
    frame = _columns(connection, asset, start, end)
    if frame.empty:
        return []
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # nobody watches a run's standard error
    asset_in_gx = context.data_sources.add_pandas("rows").add_dataframe_asset(asset)
    batch = asset_in_gx.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(asset, [getattr(gx.expectations, kind)(**given) for kind, given in SUITES[asset]])
    return [_problem(asset, found) for found in batch.validate(suite).results if not found.success]


def _columns(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> Any:
    import polars as pl

    rows = read_active(connection, asset, start, end)
    if asset == "articles":
        rows = rows.with_columns(dated=pl.col("date_status") == DateStatus.OK.value).drop("text_hash")
    else:
        low, high = pl.col("likelihood_low"), pl.col("likelihood_high")
        rows = rows.with_columns(
            belief_total=pl.sum_horizontal("belief_distraction", "belief_organic", "belief_unknown"),
            interval_in_order=(low <= pl.col("likelihood")) & (pl.col("likelihood") <= high),
        ).drop("evidence", "partial")
    return rows.to_pandas()


def _problem(asset: str, found: Any) -> str:
    what = found.expectation_config
    told = {k: v for k, v in found.result.items() if k in ("unexpected_count", "partial_unexpected_list")}
    columns = ", ".join(str(v) for k, v in what.kwargs.items() if k.startswith("column"))
    return f"{asset}: {what.type} of {columns}: {told or found.exception_info}"
