"""Live alarms that are due, confirmed or withdrawn.

Here: one asset around ``latticeforge.radar.decisions``. Not here: when it runs (``sensors.schedules``) and the rule.
"""

from collections import Counter
from datetime import UTC, datetime

import dagster as dg

from latticeforge.radar.decisions import decide_due
from lf_assets.catalogue import DECISIONS
from resources import EncoderResource, StoreResource


@dg.asset(
    key=["live", "decision"],
    group_name="live",
    deps=[["live", "alert"], ["landing", "item"], ["core", "narratives"]],
    description=DECISIONS.description,
    owners=[DECISIONS.owner],
    kinds=set(DECISIONS.kinds),
    tags={"retention": "forever"},
)
def decisions(
    context: dg.AssetExecutionContext, store: StoreResource, encoder: EncoderResource
) -> dg.MaterializeResult:
    """Decide what is due now; a run that comes late decides what the missed ones would have."""
    with store.store.connection() as connection:
        decided = decide_due(connection, datetime.now(UTC), encoder.encoder)
    counts = Counter(str(one.decision.outcome) for one in decided)
    rows = "".join(f"\n| {d.alarm.event_id} | {d.decision.outcome} | {d.decision.reason} |" for d in decided)
    return dg.MaterializeResult(
        metadata={
            "confirmed": counts["confirmed"],
            "withdrawn": counts["withdrawn"],
            "decisions": dg.MetadataValue.md("| event | decision | reason |\n|---|---|---|" + rows),
        }
    )
