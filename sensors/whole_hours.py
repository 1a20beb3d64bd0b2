"""Has the state of an hour computed when all of its windows are, and again when one of them changes.

Here: a cursor on the moves of ``core.active``, in the order in which they were committed. The radar's closings, the
hours that Dagster computed and rollbacks all end there. Not here: hours that lie more than a day behind the newest;
they are a backfill (``python -m lf_assets.backfill --asset-group state``).
"""

import json
from datetime import datetime

import dagster as dg

from latticeforge.model import ASSETS
from latticeforge.store.progress import moved_hours
from latticeforge.store.progress import whole_hours as computed_hours
from latticeforge.windows import DAY
from lf_assets.partitions import hour_key
from resources import StoreResource
from sensors.jobs import STATE_JOB

_LAST = "distraction_scores"


@dg.sensor(
    job=STATE_JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests the state (signals to beliefs) of each hour of the last day that is whole and has changed.",
)
def whole_hours(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """One tick."""
    seen = json.loads(context.cursor) if context.cursor else {"at": None, "waiting": []}
    after = datetime.fromisoformat(seen["at"]) if seen["at"] else None
    with store.store.connection() as connection:
        newest, moved = moved_hours(connection, after, list(ASSETS))
        waiting = sorted({*moved, *(datetime.fromisoformat(at) for at in seen["waiting"])})
        waiting = [at for at in waiting if at > waiting[-1] - DAY]
        whole = computed_hours(connection, _LAST, waiting)
    told = newest.isoformat() if newest else None
    open_hours = [at.isoformat() for at in waiting if at not in whole]
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"state-{hour_key(at)}-{told}", partition_key=hour_key(at)) for at in whole
        ],
        cursor=json.dumps({"at": told, "waiting": open_hours}),
    )
