"""The asset graph: it loads, it is what we wrote down, and the workspace file leads to it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from latticeforge.model import ASSETS
from latticeforge.narratives.history import history_windows
from latticeforge.settings import Settings
from latticeforge.state_model import STATE_ASSETS
from latticeforge.windows import Window, floor_to
from lf_assets.definitions import build_defs, defs
from lf_assets.partitions import HISTORY, HOURS, LINKABLE, hour_key
from sensors.schedules import sealing_minute

SPECS = Path(__file__).with_name("asset_specs.json")
HOUR = "2025-01-28-14:00"


def described() -> dict[str, Any]:
    """Every asset as the catalogue shows it; of the marts, whose texts are dbt's, only key, group, owners and kinds."""
    assets = {}
    for spec in defs.resolve_all_asset_specs():
        entry: dict[str, Any] = {"group": spec.group_name, "owners": list(spec.owners), "kinds": sorted(spec.kinds)}
        if spec.key.path[0] != "marts":
            entry["description"] = spec.description
            entry["deps"] = sorted(d.asset_key.to_user_string() for d in spec.deps)
            entry["partitions"] = str(spec.partitions_def) if spec.partitions_def else None
        assets[spec.key.to_user_string()] = entry
    every = [c for a in defs.resolve_asset_graph().assets_defs for c in a.check_specs]
    checks = [c for c in every if c.asset_key.path[0] != "marts"]
    named = {f"{c.asset_key.to_user_string()}:{c.name}": {"blocking": c.blocking} for c in checks}
    return {"assets": assets, "checks": named}


def test_they_load_and_validate() -> None:
    dg.Definitions.validate_loadable(build_defs())


def test_the_specs_are_those_written_down(tmp_path: Path) -> None:
    found = json.dumps(described(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (tmp_path / "asset_specs.json").write_text(found)
    assert json.loads(found) == json.loads(SPECS.read_text()), (
        f"if this is meant, copy {tmp_path}/asset_specs.json here"
    )


def test_every_asset_has_group_owner_kinds_and_description() -> None:
    for spec in defs.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        state = name in {f"core/{one}" for one in STATE_ASSETS}  # a dozen assets in one group cannot be read
        assert spec.group_name == ("state" if state else spec.key.path[0]), name
        assert spec.owners and spec.kinds and spec.description, name
    keys = {s.key.to_user_string() for s in defs.resolve_all_asset_specs()}
    assert {f"core/{name}" for name in ASSETS} | {"live/alert", "landing/item", "archive/daily_snapshot"} <= keys
    assert any(key.startswith("marts/") for key in keys)


def test_dbt_tests_are_checks_of_the_marts() -> None:
    every = [c for a in defs.resolve_asset_graph().assets_defs for c in a.check_specs]
    assert len([c for c in every if c.asset_key.path[0] == "marts"]) >= 5


def upstream(mapping: dg.TimeWindowPartitionMapping, key: str) -> tuple[list[str], list[str]]:
    """Hour keys that an hour rests on: those that exist, and those before the first partition."""
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(
        HOURS.subset_with_partition_keys([key]), HOURS, HOURS, current_time=datetime(2025, 3, 1, tzinfo=UTC)
    )
    return list(found.partitions_subset.get_partition_keys()), list(found.required_but_nonexistent_partition_keys)


def test_an_hour_waits_for_every_hour_its_history_reads() -> None:
    keys, absent = upstream(HISTORY, HOUR)
    first = datetime(2025, 1, 28, 14, tzinfo=UTC)
    needed = {hour_key(floor_to(h.start, first - first.replace(hour=13))) for h in history_windows(Window(first))}
    last = Window(first.replace(minute=55))
    needed |= {hour_key(h.start.replace(minute=0)) for h in history_windows(last)} - {HOUR}
    assert needed <= set(keys)
    assert keys[-1] == HOUR
    assert not absent
    assert upstream(LINKABLE, HOUR)[0] == ["2025-01-28-12:00", "2025-01-28-13:00", HOUR]


def test_hours_before_the_first_partition_do_not_block() -> None:
    first = HOURS.get_first_partition_key()
    assert first is not None
    assert upstream(HISTORY, first) == ([first], [])


def test_a_backfill_gives_at_most_a_day_to_one_run() -> None:
    graph = defs.resolve_asset_graph()
    for name in ASSETS:
        policy = graph.get(dg.AssetKey(["core", name])).backfill_policy
        assert policy is not None and policy.max_partitions_per_run == 24


@pytest.mark.parametrize(("lateness_s", "minute"), [(60, 2), (1, 2), (61, 3), (600, 11)])
def test_a_day_is_sealed_after_the_grace(lateness_s: float, minute: int) -> None:
    assert sealing_minute(lateness_s) == minute


def test_the_schedule_seals_the_day_that_has_ended() -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert schedule.cron_schedule == f"{sealing_minute(Settings().allowed_lateness_s)} 0 * * *"
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2025, 1, 29, 0, 2, tzinfo=UTC),
            repository_def=defs.get_repository_def(),
        )
        requests = schedule.evaluate_tick(context).run_requests
    assert requests is not None
    assert [r.partition_key for r in requests] == ["2025-01-28"]


def test_the_workspace_file_validates(root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(root / "workspace.yaml")],
        cwd=root,
        env={**_clean_environment(), "DAGSTER_HOME": str(tmp_path), "LF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "postgres").exists(), "loading starts no server"


def _clean_environment() -> dict[str, str]:
    import os

    return {k: v for k, v in os.environ.items() if not k.startswith(("LF_", "DAGSTER_"))}
