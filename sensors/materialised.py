"""Which hours Dagster has computed, and up to which landed item.

Here: reading the instance's own records. Not here: our tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import dagster as dg

from lf_assets.core import LANDED_SEQ
from lf_assets.partitions import hour_key

_FIRST, _LAST = dg.AssetKey(["core", "articles"]), dg.AssetKey(["core", "distraction_scores"])
_LIMIT = 2000


def finished(instance: dg.DagsterInstance, hours: Iterable[datetime]) -> set[str]:
    """Keys of those hours that have been computed to the end."""
    return set(_records(instance, _LAST, hours))


def covered_seq(instance: dg.DagsterInstance, hours: Iterable[datetime]) -> dict[str, int]:
    """For each of those hours that has been computed: ``seq`` of the newest item that had landed then."""
    found = _records(instance, _FIRST, hours)
    return {key: int(str(made.metadata[LANDED_SEQ].value)) for key, made in found.items()}


def _records(
    instance: dg.DagsterInstance, asset: dg.AssetKey, hours: Iterable[datetime]
) -> dict[str, dg.AssetMaterialization]:
    keys = [hour_key(h) for h in hours]
    if not keys:
        return {}
    asked = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=keys)
    newest: dict[str, dg.AssetMaterialization] = {}
    for record in instance.fetch_materializations(asked, limit=_LIMIT).records:
        made = record.asset_materialization
        if made and made.partition and LANDED_SEQ in made.metadata:
            newest.setdefault(made.partition, made)
    return newest
