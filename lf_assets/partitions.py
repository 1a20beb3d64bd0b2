"""Hours and days, and which earlier hours an hour rests on.

Here: partition definitions and mappings. Not here: the five-minute windows themselves, which are rows
(``latticeforge.windows``): a year of them would be 105,000 keys.
"""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.history import DAYS_BACK
from latticeforge.settings import Settings
from latticeforge.windows import HOUR, Window, windows_between

FIRST_DAY = Settings().first_day
HOURS = dg.HourlyPartitionsDefinition(start_date=f"{FIRST_DAY:%Y-%m-%d}-00:00", timezone="UTC")
DAYS = dg.DailyPartitionsDefinition(start_date=f"{FIRST_DAY:%Y-%m-%d}", timezone="UTC")
PER_RUN = 24
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
HOUR_FORMAT = "%Y-%m-%d-%H:%M"
BACKFILL = dg.BackfillPolicy.multi_run(max_partitions_per_run=PER_RUN)

# The same time on the earliest earlier day, and the hour around it. A span and not a list of hours: a backfill may then
# compute days side by side, as soon as the narratives of the week before are there.
HISTORY_HOURS = DAYS_BACK * 24 + 1


def trailing(hours: int) -> dg.TimeWindowPartitionMapping:
    """An hour rests on itself and the ``hours`` before it; those before the first partition are not waited for."""
    return dg.TimeWindowPartitionMapping(start_offset=-hours, end_offset=0, allow_nonexistent_upstream_partitions=True)


HISTORY = trailing(HISTORY_HOURS)
LINKABLE = trailing(int(LINK_SPAN / HOUR))


def hour_key(at: datetime) -> str:
    """The key of the hour partition that begins at ``at``."""
    return f"{at:{HOUR_FORMAT}}"


def windows_of(context: dg.AssetExecutionContext) -> list[Window]:
    """Every window of the hours this step computes, oldest first."""
    span = context.partition_time_window
    return list(windows_between(span.start, span.end))
