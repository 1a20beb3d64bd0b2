"""Dagster sensors and schedules: when something is to be computed, and what is reported of it.

Here: cursors on our own tables, run requests, events. Not here: assets (``lf_assets``) or any calculation.
"""

from sensors.closed_windows import closed_windows
from sensors.failures import failures
from sensors.jobs import HOUR_JOB, MARTS_JOB, NIGHT_JOB, SNAPSHOT_JOB, STATE_JOB
from sensors.late_items import late_items
from sensors.rolled_back import rolled_back
from sensors.schedules import nightly
from sensors.whole_hours import whole_hours

JOBS = [HOUR_JOB, STATE_JOB, MARTS_JOB, SNAPSHOT_JOB, NIGHT_JOB]
SENSORS = [closed_windows, late_items, rolled_back, whole_hours, failures]
SCHEDULES = [nightly]

__all__ = ["JOBS", "SCHEDULES", "SENSORS"]
