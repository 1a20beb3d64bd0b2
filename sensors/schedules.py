"""When a day is sealed.

Here: the hour and minute. Not here: sealing.
A day ends at 24:00 UTC; its last window stays open for late items for ``LF_ALLOWED_LATENESS_S`` and takes a moment to
close. So the night's work, due at 23:59, waits that grace and begins at 00:07 UTC (with 330 s), for the day before.
"""

import math
from datetime import UTC

import dagster as dg

from latticeforge.settings import Settings
from latticeforge.windows import DAY
from sensors.jobs import NIGHT_JOB

_DUE_MINUTE = 23 * 60 + 59
_CLOSING_MINUTES = 1  # the most that closing the last window may take


def sealing_minute(allowed_lateness_s: float) -> int:
    """Minute of the day (UTC) at which the day before is sealed: 23:59, to its end, the grace, and the closing.

    >>> sealing_minute(60.0)
    2
    """
    return (_DUE_MINUTE + 1 + math.ceil(allowed_lateness_s / 60) + _CLOSING_MINUTES) % (24 * 60)


_HOUR, _MINUTE = divmod(sealing_minute(Settings().allowed_lateness_s), 60)


@dg.schedule(
    job=NIGHT_JOB,
    cron_schedule=f"{_MINUTE} {_HOUR} * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Rebuilds the marts and seals the day that has just ended: 23:59 UTC plus the grace for late items.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Asks for the day before the tick."""
    day = f"{context.scheduled_execution_time.astimezone(UTC) - DAY:%Y-%m-%d}"
    return dg.RunRequest(run_key=day, partition_key=day)
