"""What `lf analyze --publish` puts into the database: calendars, narratives, effects and placebo fans.

Here: the rows of ``core.calendar_*``. Not here: the analysis (``analyze``), and single events, which the radar itself
publishes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import polars as pl
import psycopg

from latticeforge.model import Grade, Verdict
from latticeforge.narratives.calendar_test import PLACEBOS
from latticeforge.radar.analyze import Analysis

_LINK = (
    "test", "calendar_id", "narrative_id", "label", "headline", "events", "p_value", "calendar_p", "q_value",
    "effect_items", "effect_low", "effect_high", "grade", "verdict", "likelihood", "likelihood_low", "likelihood_high",
    "conflict_k", "lag_s",
)  # fmt: skip
_FAN = (
    "test", "calendar_id", "narrative_id", "minute", "real", "low", "quarter", "middle", "three_quarters", "high",
)  # fmt: skip


def publish(connection: psycopg.Connection, analysis: Analysis, report: dict[str, Any]) -> str:
    """Store every calendar test with its fan; return the name of the analysis. The same one twice is stored once.

    Args:
        report: What was written beside the tables, with the digests of inputs and outputs.
    """
    name = analysis_id(report)
    plan = report["preregistration"]
    found = connection.execute(
        "insert into core.calendar_analysis (analysis_id, items, tested_from, placebos, tests, plan_sha256, versions)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning true",
        (
            name, report["items"], report["tested_from"], PLACEBOS, report["tests"],
            plan["sha256"] if plan else None, report["versions"],
        ),
    ).fetchone()  # fmt: skip
    if found:
        _copy(connection, "calendar_link", name, calendar_links(analysis).select(_LINK))
        _copy(connection, "calendar_fan", name, analysis.tables["fans"].select(_FAN))
    return name


def analysis_id(report: dict[str, Any]) -> str:
    """SHA-256 of what went in, what came out, the seed and the versions."""
    known = {key: report[key] for key in ("inputs", "outputs", "seed", "versions")}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def calendar_links(analysis: Analysis) -> pl.DataFrame:
    """Every test of a whole calendar, with what is said of it: nothing rarer than chance reads "no evidence"."""
    links = analysis.tables["links"].filter(pl.col("event_id") == "")
    on = ["calendar_id", "narrative", "p", "effect"]
    said = (
        analysis.tables["assessments"]
        .filter((pl.col("event_id") == "") & (pl.col("verdict") != str(Verdict.NO_EVIDENCE)))
        .select(*on, "grade", "verdict", "likelihood", "likelihood_low", "likelihood_high", "conflict_k", "lag_s")
    )
    described = analysis.tables["narratives"].select("narrative_id", "label", "headline")
    return (
        links.drop("likelihood", "lag_s")
        .join(said, on=on, how="left", maintain_order="left")
        .join(described, on="narrative_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("grade").fill_null(str(Grade.EXPLORATORY)),
            pl.col("verdict").fill_null(str(Verdict.NO_EVIDENCE)),
            pl.col("label", "headline").fill_null(""),
        )
        .rename({"p": "p_value", "q": "q_value", "effect": "effect_items"})
    )


def _copy(connection: psycopg.Connection, table: str, name: str, rows: pl.DataFrame) -> None:
    columns = ", ".join(("analysis_id", *rows.columns))
    with connection.cursor().copy(f"copy core.{table} ({columns}) from stdin".encode()) as copy:
        for row in rows.iter_rows():
            copy.write_row((name, *row))
