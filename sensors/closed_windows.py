"""Shows in Dagster's catalogue what the radar does, has finished hours recomputed, steps in when the radar is down.

Here: a cursor on ``ops.window`` and ``live.alert``. Not here: anything the radar waits for: it knows nothing of
Dagster.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg

from latticeforge.settings import Settings
from latticeforge.store.ledger import record_event
from latticeforge.store.progress import Closing, closings, finished_hours, left_hours, new_alerts, silence_s
from latticeforge.windows import DAY, HOUR, WINDOW, floor_to
from lf_assets.core import REASON_TAG
from lf_assets.partitions import RANGE_END, RANGE_START, hour_key
from resources import StoreResource
from sensors.jobs import HOUR_JOB
from sensors.materialised import finished

SILENT_S = 60.0  # a radar that has not said so for this long is down
_BATCH = 2000


@dg.sensor(
    job=HOUR_JOB,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports windows the radar has closed and alerts it has raised; requests hours that are over. When the"
    " radar's last sign of life is older than 60 s, requests the hours it has left and records that.",
)
def closed_windows(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """One tick."""
    seen = json.loads(context.cursor) if context.cursor else {"window": 0, "alert": 0}
    now = datetime.now(UTC)
    with store.store.connection() as connection:
        closed = closings(connection, seen["window"], _BATCH)
        alert_seq, rows, alerts = new_alerts(connection, seen["alert"])
        over = finished_hours(connection, sorted({floor_to(c.window_start, HOUR) for c in closed}))
        left = _left(connection, now)
        wanted = [h for h in over + left if hour_key(h) not in finished(context.instance, over + left)]
        stepped = [h for h in left if h in wanted]
        requests = [_of_span(*span) for span in _spans(sorted(h for h in wanted if h not in stepped))]
        requests += [_of_span(h, h, {REASON_TAG: "the radar is down"}) for h in stepped]
        if stepped:
            _record(connection, stepped, now)
    events = ([_windows_event(closed)] if closed else []) + ([_alert_event(rows, alerts)] if rows else [])
    seen = {"window": closed[-1].seq if closed else seen["window"], "alert": alert_seq}
    return dg.SensorResult(run_requests=requests, asset_events=events, cursor=json.dumps(seen))


def _of_span(first: datetime, last: datetime, tags: Mapping[str, str] | None = None) -> dg.RunRequest:
    """One run for neighbouring hours: after a first start there are 192, and each run costs seconds to start."""
    start, end = hour_key(first), hour_key(last)
    if first == last:
        return dg.RunRequest(run_key=f"hour-{start}", partition_key=start, tags=tags or {})
    return dg.RunRequest(run_key=f"hours-{start}-{end}", tags={**(tags or {}), RANGE_START: start, RANGE_END: end})


def _spans(hours: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """(first, last) of each stretch of neighbouring hours within one UTC day."""
    spans: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if spans and hour - spans[-1][1] == HOUR and hour.date() == spans[-1][0].date():
            spans[-1] = (spans[-1][0], hour)
        else:
            spans.append((hour, hour))
    return spans


def _left(connection: psycopg.Connection, now: datetime) -> list[datetime]:
    """Hours of the last day that are over, have items, and that a silent radar has not closed."""
    silent = silence_s(connection, "radar", now)
    if silent is None or silent <= SILENT_S:
        return []
    over = floor_to(now - timedelta(seconds=Settings().allowed_lateness_s), HOUR)
    return left_hours(connection, over - DAY, over)


def _record(connection: psycopg.Connection, hours: Sequence[datetime], now: datetime) -> None:
    """Each hour is recorded once, though every tick finds it until its run is done."""
    known = connection.execute(
        "select detail ->> 'hour' from ops.event where kind = 'dagster.stepped_in' and at > %s", (now - 2 * DAY,)
    ).fetchall()
    for hour in hours:
        if (hour_key(hour),) not in known:
            message = f"the radar is silent: Dagster computes the hour {hour_key(hour)}"
            detail = {"hour": hour_key(hour)}
            record_event(
                connection, "dagster.stepped_in", message, at=now, source="radar", severity="warning", detail=detail
            )


def _windows_event(closed: Sequence[Closing]) -> dg.AssetMaterialization:
    newest = max(closed, key=lambda c: c.window_start)
    metadata: dict[str, Any] = {
        "windows": len(closed),
        "first_window": min(c.window_start for c in closed).isoformat(),
        "last_window": newest.window_start.isoformat(),
        "items": sum(c.items for c in closed),
        "narratives": sum(c.narratives for c in closed),
        "spikes": sum(c.spikes for c in closed),
        "links_tested": sum(c.links for c in closed),
        "links_reported": sum(c.reported for c in closed),
        "lag_s": (newest.closed_at - newest.window_start - WINDOW).total_seconds(),  # on the radar's clock
        "close_s_worst": max(c.close_s for c in closed),
    }
    for name in ("delay_p50_s", "delay_p95_s", "delay_p99_s"):
        if known := [value for c in closed if (value := getattr(c, name)) is not None]:
            metadata[f"{name}_worst"] = max(known)
    return dg.AssetMaterialization(["live", "windows"], metadata=metadata)


def _alert_event(rows: int, alerts: int) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(["live", "alert"], metadata={"evaluations": rows, "alerts": alerts})
