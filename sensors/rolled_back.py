"""Shows rollbacks in the catalogue and has the hours that rest on them computed again.

Here: a cursor on ``ops.rollback``. What `lf rollback` did is reported as materialisations with the reason; what the
Dagster job did has been reported by its run, and what it left is requested as an ordinary backfill of hours.
"""

import dagster as dg

from latticeforge.radar.rollback import later_hours
from latticeforge.store.rollbacks import Recorded, rollbacks
from lf_assets.backfill import hour_ranges
from lf_assets.core import REASON_TAG
from lf_assets.partitions import RANGE_END, RANGE_START
from lf_assets.rollback import materialisations
from resources import StoreResource
from sensors.jobs import HOUR_JOB

_BATCH = 20


@dg.sensor(
    job=HOUR_JOB,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports what `lf rollback` did as materialisations with the reason; requests the hours that rest on a"
    " rollback of the Dagster job.",
)
def rolled_back(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """One tick."""
    seen = int(context.cursor or 0)
    events: list[dg.AssetMaterialization] = []
    requests: list[dg.RunRequest] = []
    with store.store.connection() as connection:
        for rollback in rollbacks(connection, after_id=seen, limit=_BATCH):
            seen = rollback.rollback_id
            if rollback.run_by == "lf":
                events += materialisations(connection, rollback)
            if not rollback.recompute and (span := later_hours(connection, rollback)):
                requests += [_request(rollback, *keys) for keys in hour_ranges(*span)]
    return dg.SensorResult(run_requests=requests, asset_events=events, cursor=str(seen))


def _request(rollback: Recorded, first: str, last: str) -> dg.RunRequest:
    reason = f"rollback {rollback.rollback_id}: {rollback.reason}"
    return dg.RunRequest(
        run_key=f"rollback-{rollback.rollback_id}-{first}",
        tags={REASON_TAG: reason, RANGE_START: first, RANGE_END: last},
    )
