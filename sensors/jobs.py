"""What sensors and schedules start.

Here: selections of assets that run together. Not here: when.
"""

from __future__ import annotations

import dagster as dg

from latticeforge.model import ASSETS
from latticeforge.state_model import STATE_ASSETS

HOUR_JOB = dg.define_asset_job(
    "hour_job",
    selection=dg.AssetSelection.assets(*(["core", name] for name in ASSETS)),
    description="One hour (12 windows): articles to distraction scores, compared with what was said live.",
    executor_def=dg.in_process_executor,
)
STATE_JOB = dg.define_asset_job(
    "state_job",
    selection=dg.AssetSelection.assets(*(["core", name] for name in STATE_ASSETS)),
    description="One hour (12 windows): signals, regimes, who foretells whom, beliefs. Some seconds.",
    executor_def=dg.in_process_executor,
)
MARTS_JOB = dg.define_asset_job(
    "marts_job",
    selection=dg.AssetSelection.groups("marts"),
    description="The views the dashboard reads, rebuilt and tested by dbt.",
    executor_def=dg.in_process_executor,
)
SNAPSHOT_JOB = dg.define_asset_job(
    "snapshot_job",
    selection=dg.AssetSelection.groups("archive"),
    description="One day sealed and checked.",
    executor_def=dg.in_process_executor,
)
NIGHT_JOB = dg.define_asset_job(
    "night_job",
    selection=dg.AssetSelection.groups("marts", "archive") | dg.AssetSelection.assets(["live", "decision"]),
    description="The night's work: alarms that are due decided, marts rebuilt and tested, then the day sealed.",
    executor_def=dg.in_process_executor,
)
