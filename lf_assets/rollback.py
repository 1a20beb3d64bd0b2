"""The rollback job, and what it and `lf rollback` leave in the catalogue.

Here: a job around ``latticeforge.radar.rollback``, and a rollback as materialisations with their reason. Not here: what
a rollback does, or when later hours are computed again (``sensors.rolled_back``).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg

from latticeforge.radar.rollback import Effect, RollbackCoordinator
from latticeforge.store.rollbacks import Move, Recorded, Rollback, RollbackFault, moves, recorded
from latticeforge.windows import HOUR, floor_to, parse_instant
from lf_assets.partitions import hour_key
from resources import EncoderResource, StoreResource


class RollbackConfig(dg.Config):
    """What to take back. ``undo`` stands alone; else ``asset``, ``start`` and ``end`` are needed."""

    asset: str = ""
    start: str = ""
    end: str = ""
    source: str = ""
    batch: int = 0
    as_of: str = ""
    reason: str = "no reason was given"
    undo: int = 0
    preview: bool = False


@dg.op(
    description="Points an asset, and all that rests on it, back to earlier generations, or withdraws one source's (or"
    " one batch's) items; with preview it says what would change. Later hours are computed again by the hour job.",
    tags={"kind": "rollback"},
)
def roll_back(
    context: dg.OpExecutionContext, config: RollbackConfig, store: StoreResource, encoder: EncoderResource
) -> Iterator[dg.AssetMaterialization | dg.Output[dict[str, Any]]]:
    """One rollback, in one transaction."""
    command = f"dagster {context.job_name} {context.run.run_id}"
    coordinator = RollbackCoordinator(store.store, lambda: encoder.encoder, run_by="dagster", command=command)
    how = {"preview": config.preview, "recompute": config.preview}  # what is only previewed is computed here
    try:
        if config.undo:
            effect = coordinator.undo(config.undo, reason=config.reason, **how)
        else:
            effect = coordinator.roll_back(_asked(config), **how)
    except (RollbackFault, ValueError) as fault:
        raise dg.Failure(str(fault), allow_retries=False) from fault
    told = effect.to_dict()
    context.log.info(_summary(effect, config.preview))
    if not config.preview:
        with store.store.connection() as connection:
            yield from materialisations(connection, recorded(connection, effect.rollback_id))
    yield dg.Output(told, metadata={"effect": dg.MetadataValue.json(_plain(told))})


def _asked(config: RollbackConfig) -> Rollback:
    if not (config.asset and config.start and config.end):
        raise RollbackFault("asset, start and end are needed, or undo")
    return Rollback(
        config.asset,
        parse_instant(config.start),
        parse_instant(config.end),
        config.reason,
        source=config.source or None,
        fetch_id=config.batch or None,
        as_of=parse_instant(config.as_of) if config.as_of else None,
    )


def _summary(effect: Effect, preview: bool) -> str:
    name = "preview" if preview else f"rollback {effect.rollback_id}"
    later = f"; {effect.later[0]:%Y-%m-%dT%H:%MZ} to {effect.later[1]:%H:%MZ} to compute again" if effect.later else ""
    return f"{name}: {len(effect.windows)} window(s), {len(effect.changes)} number(s){later}"


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    import json

    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def materialisations(connection: psycopg.Connection, rollback: Recorded) -> list[dg.AssetMaterialization]:
    """One for each asset and hour with a pointer that the rollback has moved."""
    hours: dict[tuple[str, str], list[Move]] = {}
    for move in moves(connection, rollback.audit_id):
        hours.setdefault((move.asset, hour_key(floor_to(move.window_start, HOUR))), []).append(move)
    return [
        dg.AssetMaterialization(
            ["core", asset],
            partition=hour,
            description=f"rollback {rollback.rollback_id}: {rollback.reason}",
            metadata={
                "reason": rollback.reason,
                "rollback_id": rollback.rollback_id,
                "kind": rollback.kind,
                "run_by": rollback.run_by,
                "windows": len(moved),
                "rows_before": sum(m.rows_before for m in moved),
                "rows": sum(m.rows_after for m in moved),
            },
        )
        for (asset, hour), moved in hours.items()
    ]


@dg.job(
    description="Take back what was published: the same as `lf rollback`, with its preview and its undo.",
    executor_def=dg.in_process_executor,
)
def rollback_job() -> None:
    """The one op."""
    roll_back()
