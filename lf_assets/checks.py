"""Asset checks: what the library finds wrong, as Dagster shows it.

Here: which check belongs to which asset and how a list of problems becomes a result. Not here: the checking itself
(``latticeforge.store.integrity`` and ``ledger_chain``), which `lf verify` calls too. They run inside the asset's own
step: partitioned asset checks are a preview in Dagster.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import psycopg

from latticeforge.model import ASSETS
from latticeforge.store.integrity import (
    LiveComparison,
    ledger_problems,
    misplaced_items,
    repeated_items,
    vector_problems,
)
from latticeforge.store.ledger_chain import entry_problems
from lf_assets.expectations import SUITES, expectation_problems

_SHOWN = 20
LIVE, LEDGER, CHAIN, UNIQUE, IN_WINDOW, VECTORS, EXPECTATIONS = (
    "live_equals_recomputed",
    "ledger",
    "chain",
    "unique",
    "in_window",
    "vectors",
    "expectations",
)
_DESCRIPTIONS = {
    LIVE: "What the radar said live equals what the hour recomputes; only late data may explain a difference."
    " Nothing is written where it does not.",
    LEDGER: "Row counts and digests of every window are those the ledger recorded.",
    CHAIN: "The ledger's entries of these windows hash on from the entry before and say what the generations say.",
    UNIQUE: "No item counts in two windows.",
    IN_WINDOW: "Every article lies in its window and has landed.",
    VECTORS: "Every vector is stored, has length 1 ± 0.001 and is the one named by its SHA-256.",
    EXPECTATIONS: "Great Expectations suite: columns, ranges and sets.",
}
_BLOCKING = {LIVE, LEDGER}


def names_of(asset: str) -> list[str]:
    """The checks of a core asset."""
    own = {"articles": [UNIQUE, IN_WINDOW], "embeddings": [VECTORS]}.get(asset, [])
    live = [LIVE] if asset in ASSETS else []  # the others the radar does not say
    return [*live, LEDGER, CHAIN, *own, *([EXPECTATIONS] if asset in SUITES else [])]


def specs_of(asset: str) -> list[dg.AssetCheckSpec]:
    """Specs of the checks that the asset ``core/ASSET`` returns."""
    key = dg.AssetKey(["core", asset])
    return [
        dg.AssetCheckSpec(name, asset=key, description=_DESCRIPTIONS[name], blocking=name in _BLOCKING)
        for name in names_of(asset)
    ]


def live_result(compared: LiveComparison) -> dg.AssetCheckResult:
    """The comparison with what was said live."""
    return result(
        LIVE,
        compared.problems,
        equal_windows=compared.equal,
        explained_windows=len(compared.explained),
        explanations=compared.explained,
    )


def stored_results(
    connection: psycopg.Connection, asset: str, start: datetime, end: datetime
) -> list[dg.AssetCheckResult]:
    """Every check of what is stored of a core asset in ``[start, end)``."""
    results = [result(LEDGER, ledger_problems(connection, asset, start, end))]
    if asset == "articles":
        results.append(result(UNIQUE, repeated_items(connection, start, end)))
        results.append(result(IN_WINDOW, misplaced_items(connection, start, end)))
    if asset == "embeddings":
        results.append(result(VECTORS, vector_problems(connection, start, end)))
    if asset in SUITES:
        results.append(result(EXPECTATIONS, expectation_problems(connection, asset, start, end)))
    return results


def chain_result(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> dg.AssetCheckResult:
    """The ledger's entries of what is committed of a core asset in ``[start, end)``."""
    return result(CHAIN, entry_problems(connection, asset, start, end))


def result(name: str, problems: Sequence[str], **metadata: object) -> dg.AssetCheckResult:
    """Passed where there is no problem; the first twenty are shown."""
    return dg.AssetCheckResult(
        check_name=name,
        passed=not problems,
        description="; ".join(problems[:3]) or None,
        metadata={"problems": len(problems), "first_problems": list(problems[:_SHOWN]), **metadata},
    )
