"""The only ``Definitions``.

Here: putting assets, jobs, sensors, schedules and resources together. Not here: any of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from lf_assets.archive import daily_snapshot
from lf_assets.core import CORE_ASSETS
from lf_assets.decisions import decisions
from lf_assets.external import EXTERNAL_SPECS
from lf_assets.marts import dbt_resource, marts
from lf_assets.rollback import rollback_job
from resources import EncoderResource, SnapshotResource, StoreResource
from sensors import JOBS, SCHEDULES, SENSORS


def build_defs(resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Everything Dagster knows of this project.

    Args:
        resource_overrides: Resources by name (store, encoder, snapshots, dbt) in place of those from the environment.
    """
    resources: dict[str, object] = {
        "store": StoreResource(),
        "encoder": EncoderResource(),
        "snapshots": SnapshotResource(),
        "dbt": dbt_resource(),
    }
    return dg.Definitions(
        assets=[*EXTERNAL_SPECS, *CORE_ASSETS, marts, decisions, daily_snapshot],
        jobs=[*JOBS, rollback_job],
        sensors=SENSORS,
        schedules=SCHEDULES,
        resources={**resources, **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
