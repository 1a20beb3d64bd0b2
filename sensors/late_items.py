"""Has an hour computed again when items land in it afterwards.

Here: a cursor on ``landing.item`` and the list of hours that are watched. An hour is watched from its first item until
a run has covered its newest one, so that an item which lands while the hour is being computed is not lost.
Not here: ``eager()`` (it sees only the newest partition) and ``@asset_sensor`` (it drops bursts).
"""

import json
from datetime import UTC, datetime

import dagster as dg

from latticeforge.store.progress import landed_hours
from lf_assets.core import REASON_TAG
from lf_assets.partitions import HOUR_FORMAT, hour_key
from resources import StoreResource
from sensors.jobs import HOUR_JOB
from sensors.materialised import covered_seq

_BATCH = 50_000  # items a tick
_REQUESTS = 24  # hours a tick


@dg.sensor(
    job=HOUR_JOB,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests hours that were computed before their newest item landed.",
)
def late_items(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """One tick."""
    seen = json.loads(context.cursor) if context.cursor else {"seq": 0, "watched": {}}
    with store.store.connection() as connection:
        last, hours = landed_hours(connection, seen["seq"], _BATCH)
    watched: dict[str, int] = {**seen["watched"], **{hour_key(h): seq for h, seq in hours.items()}}
    covered = covered_seq(context.instance, [_hour(key) for key in watched])
    open_hours = {key: seq for key, seq in watched.items() if covered.get(key, 0) < seq}
    late = [key for key in sorted(open_hours) if key in covered][:_REQUESTS]
    return dg.SensorResult(
        run_requests=[_request(key, open_hours[key]) for key in late],
        cursor=json.dumps({"seq": last, "watched": open_hours}),
    )


def _request(key: str, seq: int) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"late-{key}-{seq}", partition_key=key, tags={REASON_TAG: f"late items, the newest is number {seq}"}
    )


def _hour(key: str) -> datetime:
    return datetime.strptime(key, HOUR_FORMAT).replace(tzinfo=UTC)
