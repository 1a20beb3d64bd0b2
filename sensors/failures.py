"""Every failed run leaves an event in our own ledger.

Here: run failures. Not here: failed checks of runs that went on, which Dagster shows on the asset.
"""

from datetime import UTC, datetime

import dagster as dg

from latticeforge.store.ledger import record_event
from resources import StoreResource


@dg.run_failure_sensor(
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records each failed run as dagster.run_failed in ops.event.",
)
def failures(context: dg.RunFailureSensorContext, store: StoreResource) -> None:
    """One failed run."""
    run = context.dagster_run
    steps = [e.step_key for e in context.get_step_failure_events() if e.step_key]
    with store.store.connection() as connection:
        record_event(
            connection,
            "dagster.run_failed",
            f"{run.job_name} failed: {(context.failure_event.message or 'no message').splitlines()[0]}",
            at=datetime.now(UTC),
            source="dagster",
            severity="error",
            detail={"run_id": run.run_id, "job": run.job_name, "steps": steps, "tags": dict(run.tags)},
        )
