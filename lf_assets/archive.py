"""The sealed day.

Here: one asset around ``latticeforge.store.snapshot``. Not here: when it is sealed (``sensors.schedules``).
"""

from datetime import date

import dagster as dg

from latticeforge.embedding.weights import published_sha256
from latticeforge.model import ASSETS
from latticeforge.store.day_chain import read_chain
from latticeforge.store.sealed import root_problems
from latticeforge.store.snapshot import create_snapshot, verify_snapshot
from lf_assets.catalogue import DAILY_SNAPSHOT
from lf_assets.checks import result
from lf_assets.partitions import DAYS
from resources import SnapshotResource, StoreResource

WHOLE = dg.AssetCheckSpec(
    "whole",
    asset=["archive", "daily_snapshot"],
    description="Every file, the manifest, the Merkle root and the link to the day before are as sealed.",
)


@dg.asset(
    key=["archive", "daily_snapshot"],
    group_name="archive",
    deps=[["core", name] for name in ASSETS] + [["landing", name] for name in ("item", "attention", "calendar_event")],
    description=DAILY_SNAPSHOT.description,
    owners=[DAILY_SNAPSHOT.owner],
    kinds=set(DAILY_SNAPSHOT.kinds),
    tags={"retention": "forever"},
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
    check_specs=[WHOLE],
)
def daily_snapshot(
    context: dg.AssetExecutionContext, store: StoreResource, snapshots: SnapshotResource
) -> dg.MaterializeResult:
    """Seal the day, then read it back from where it lies and check it."""
    day = date.fromisoformat(context.partition_key)
    archive = snapshots.archive
    manifest = create_snapshot(store.store, day, archive, weights=published_sha256)
    problems = verify_snapshot(archive, day)
    with store.store.connection() as connection:
        problems += root_problems(connection, read_chain(archive, skip_unreadable=True), archive.where)
    return dg.MaterializeResult(
        metadata={
            "root": manifest.root,
            "previous_root": manifest.head.previous.root if manifest.head.previous else "none: the first sealed day",
            "rows": manifest.rows,
            "bytes": sum(f.bytes for f in manifest.files),
            "windows": manifest.head.windows,
            "archive": f"{archive.where}/{day}",
            "files": dg.MetadataValue.md(
                "\n".join(["| table | rows | bytes |", "|---|---|---|"])
                + "".join(f"\n| {f.table} | {f.rows} | {f.bytes} |" for f in manifest.files)
            ),
        },
        check_results=[result(WHOLE.name, problems)],
    )
