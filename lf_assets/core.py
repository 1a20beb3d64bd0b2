"""The derived assets, hour by hour, each by one library function: seven that the radar calls too, and what follows.

Here: one body for all of them: load, compute, compare with what was said live, write, check, describe. Not here: the
stages (``latticeforge.radar.stages``).
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from latticeforge.radar.stages import compute
from latticeforge.radar.state_stages import compute_state
from latticeforge.state.fragility import MEMORY
from latticeforge.state.streams import HOUR_ROWS, WEEK_ROWS
from latticeforge.state_model import EVERY_ASSET, STATE_ASSETS
from latticeforge.store.audit import act
from latticeforge.store.digest import range_digest
from latticeforge.store.generations import Written, write_generations
from latticeforge.store.integrity import compare_live
from latticeforge.store.progress import newest_seq
from latticeforge.windows import HOUR, microseconds
from lf_assets.catalogue import CORE
from lf_assets.checks import LIVE, chain_result, live_result, names_of, specs_of, stored_results
from lf_assets.partitions import BACKFILL, HISTORY, HOURS, LINKABLE, hour_key, trailing, windows_of
from lf_assets.plots import bars
from lf_assets.readers import dashboard_page
from resources import EncoderResource, StoreResource

REASON_TAG = "latticeforge/reason"
LANDED_SEQ = "landed_seq"

# What a stage reads beside the assets that model.ASSETS names, or reads of earlier hours.
_LANDED = {
    "articles": ["item"],
    "correlations": ["calendar_event"],
    "signals": ["attention"],
    "regimes": ["attention"],
    "causal_graph": ["attention"],
}
WEEK = trailing(WEEK_ROWS // HOUR_ROWS)
_EARLIER: dict[str, dict[str, dg.PartitionMapping]] = {
    "spike_baselines": {"narratives": HISTORY},
    "spikes": {"narratives": HISTORY},
    "correlations": {"spikes": LINKABLE, "narratives": HISTORY},
    "signals": {"articles": WEEK},
    "regimes": {"articles": WEEK},
    "causal_graph": {"articles": WEEK},
    "fragility": {"causal_graph": trailing(int(MEMORY / HOUR))},
}


def core_asset(name: str) -> dg.AssetsDefinition:
    """The asset ``core/NAME``."""
    entry = CORE[name]

    @dg.asset(
        key=["core", name],
        group_name="state" if name in STATE_ASSETS else "core",
        deps=_deps(name),
        description=entry.description,
        owners=[entry.owner],
        kinds=set(entry.kinds),
        tags={"window_minutes": "5"},
        partitions_def=HOURS,
        backfill_policy=BACKFILL,
        check_specs=specs_of(name),
    )
    def body(
        context: dg.AssetExecutionContext, store: StoreResource, encoder: EncoderResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        windows = windows_of(context)
        reason = context.run.tags.get(REASON_TAG, "")
        with store.store.connection() as connection:
            act(connection, command=f"dagster {context.job_name} {context.run.run_id}", reason=reason)
            landed_seq = newest_seq(connection)
            if name in STATE_ASSETS:  # they need no text encoder, which takes a second to load
                writes = compute_state(connection, name, windows)
            else:
                writes = compute(connection, name, windows, encoder=encoder.encoder)
            if LIVE in names_of(name):
                live = compare_live(connection, writes)
                yield live_result(live)
                if live.problems:
                    raise dg.Failure(f"nothing was written: {live.problems[0]}", allow_retries=False)
            written = write_generations(connection, writes, origin="dagster", reason=reason)
            yield from stored_results(connection, name, windows[0].start, windows[-1].end)
        with store.store.connection() as connection:  # the ledger's entries are made as the rows are committed
            yield chain_result(connection, name, windows[0].start, windows[-1].end)
        _describe_hours(context, written)
        yield dg.MaterializeResult(metadata={**_metadata(name, written, entry.unit), LANDED_SEQ: landed_seq})

    return body


def _deps(name: str) -> list[dg.AssetDep]:
    landed = [dg.AssetDep(["landing", table]) for table in _LANDED.get(name, [])]
    earlier = _EARLIER.get(name, {})
    upstream = EVERY_ASSET[name].upstream
    return landed + [dg.AssetDep(["core", one], partition_mapping=earlier.get(one)) for one in upstream]


def _metadata(name: str, written: Sequence[Written], unit: str) -> Mapping[str, object]:
    changed = [w for w in written if w.changed]
    return {
        "rows": sum(w.rows for w in written),
        "windows": len(written),
        "changed_windows": len(changed),
        "changed": ", ".join(str(w.window) for w in changed if not w.first) or "none that were there before",
        "generations": f"{min(w.generation_id for w in written)} to {max(w.generation_id for w in written)}",
        "digest": range_digest(name, [(microseconds(w.window.start), w.digest) for w in written]),
        "dashboard": dashboard_page(name, written[0].window.start),
        "rows_by_window": bars([w.window for w in written], [w.rows for w in written], unit),
    }


def _describe_hours(context: dg.AssetExecutionContext, written: Sequence[Written]) -> None:
    rows: dict[str, int] = {}
    for w in written:
        key = hour_key(w.window.start.replace(minute=0))
        rows[key] = rows.get(key, 0) + w.rows
    for key, count in rows.items():
        context.add_asset_metadata({"dagster/partition_row_count": count}, partition_key=key)


CORE_ASSETS = [core_asset(name) for name in EVERY_ASSET]
