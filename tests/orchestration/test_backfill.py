"""`python -m lf_assets.backfill` as `lf` starts it: a process of its own, an instance on Postgres, JSON on stdout."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from latticeforge.demo.dagster_stage import state_meanwhile
from latticeforge.model import ASSETS, DateStatus, Item, item_id_of
from latticeforge.settings import Settings
from latticeforge.state_model import STATE_ASSETS
from latticeforge.store import Store
from latticeforge.store.generations import digests
from latticeforge.store.snapshot import read_manifest, verify_snapshot
from lf_assets import backfill
from lf_assets.backfill import hour_ranges
from resources import EncoderResource

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Land = Callable[[Sequence[Item]], None]
Run = Callable[..., dg.ExecuteInProcessResult]
Inside = Callable[..., tuple[int, list[dict[str, Any]], str]]


def item(n: int) -> Item:
    at = NOON + timedelta(minutes=4 * n)
    title = f"{('Council votes', 'Storm closes railway', 'Club signs striker')[n % 3]} {n % 2}"
    return Item(item_id_of("p", str(n)), f"p{n % 4}", str(n), title, "", "", "", at, None, at, DateStatus.OK, at)


@pytest.fixture
def environment(database_url: str, tmp_path: Path, root: Path, encoders: EncoderResource) -> dict[str, str]:
    """What `lf` sets for a Dagster process."""
    (tmp_path / "models").symlink_to(encoders.models)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text((root / "dagster.yaml").read_text())
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("LF_", "DAGSTER_"))},
        "LF_HOME": str(tmp_path),
        "LF_DATABASE_URL": database_url,
        "LF_DAGSTER_DATABASE_URL": database_url,
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "PYTHONPATH": str(root),
    }


def started(environment: dict[str, str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    command = [sys.executable, "-m", "lf_assets.backfill", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_hours_then_the_sealed_day_on_the_instance_of_the_ui(
    store: Store, environment: dict[str, str], land: Land, run_hours: Run, tmp_path: Path
) -> None:
    land([item(n) for n in range(40)])
    code, lines, stderr = started(
        environment, "--from", "2025-01-28T12:00Z", "--to", "2025-01-28T14:00Z", "--snapshot", "2025-01-28"
    )
    assert code == 0, stderr
    hours, sealed = lines
    assert (hours["job"], hours["ok"], hours["asset_partition_range_end"]) == ("hour_job", True, "2025-01-28-13:00")
    assert set(hours["rows"]) == {f"core/{name}" for name in ASSETS}
    assert hours["rows"]["core/articles"] == 30
    assert (sealed["job"], sealed["partition"], sealed["failures"]) == ("snapshot_job", "2025-01-28", [])
    folder = tmp_path / "snapshots"
    assert verify_snapshot(folder, date(2025, 1, 28)) == []
    assert sealed["rows"]["archive/daily_snapshot"] == read_manifest(folder, date(2025, 1, 28)).rows
    with store.connection() as connection:
        runs = connection.execute("select pipeline_name, status from runs order by id").fetchall()
        before = digests(connection, NOON, NOON + 2 * HOUR)
    assert runs == [("hour_job", "SUCCESS"), ("snapshot_job", "SUCCESS")], "the UI shows them"
    assert run_hours("2025-01-28-12:00", "2025-01-28-13:00").success
    with store.connection() as connection:
        assert digests(connection, NOON, NOON + 2 * HOUR) == before


@pytest.fixture
def inside(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    """The same in this process, which has paid for the imports already."""
    for name in ("LF_HOME", "LF_DATABASE_URL", "LF_DAGSTER_DATABASE_URL", "DAGSTER_HOME"):
        monkeypatch.setenv(name, environment[name])

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        code = backfill.main(arguments)
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return run


def test_hours_are_computed_as_they_are_told_to_be_settled(
    store: Store, inside: Inside, land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    land([item(n) for n in range(40)])
    range_ = ("--wait", "--from", "2025-01-28T12:00Z", "--to", "2025-01-28T14:00Z")
    monkeypatch.setattr("sys.stdin", io.StringIO("2025-01-28T13:00:00+00:00\n"))
    code, [first], _ = inside(*range_)
    assert (code, first["asset_partition_range_end"]) == (0, "2025-01-28-12:00"), "whoever told it has gone"
    monkeypatch.setattr("sys.stdin", io.StringIO("2025-01-28T13:00:00+00:00\nend\n"))
    code, lines, _ = inside(*range_)
    assert [line["asset_partition_range_start"] for line in lines] == ["2025-01-28-12:00", "2025-01-28-13:00"]
    with store.connection() as connection:
        scored = connection.execute("select count(*) from core.active where asset = 'distraction_scores'").fetchone()
    assert scored == (24,)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # dbt and dagster-dbt call what they have deprecated
def test_marts_are_built_and_tested_by_dbt(store: Store, inside: Inside) -> None:
    code, [line], stderr = inside("--asset-group", "marts")
    assert code == 0, stderr
    assert line["ok"]
    with store.connection() as connection:
        views = connection.execute("select count(*) from pg_views where schemaname = 'marts'").fetchone()
        checks = connection.execute("select count(*) from asset_check_executions").fetchone()
    assert views is not None and views[0] >= 4
    assert checks is not None and checks[0] >= 5


def test_the_state_of_hours_is_a_group_of_its_own(store: Store, inside: Inside, land: Land) -> None:
    land([item(n) for n in range(20)])
    hour = ("--from", "2025-01-28T12:00Z", "--to", "2025-01-28T13:00Z")
    assert inside(*hour)[0] == 0
    code, [line], stderr = inside("--asset-group", "state", *hour)
    assert code == 0, stderr
    assert (line["job"], line["ok"]) == ("state_job", True)
    assert set(line["rows"]) == {f"core/{name}" for name in STATE_ASSETS} and line["rows"]["core/signals"] > 0


def test_the_served_demo_has_its_state_computed_and_ends_it(
    store: Store, inside: Inside, land: Land, tmp_path: Path
) -> None:
    land([item(n) for n in range(20)])
    assert inside("--from", "2025-01-28T12:00Z", "--to", "2025-01-28T13:00Z")[0] == 0
    settings = Settings(home=tmp_path / "served")
    log = settings.home / "logs" / "dagster-state.log"
    deadline = time.monotonic() + 120
    with state_meanwhile(settings, store.url, NOON, NOON + HOUR):
        while '"job": "state_job"' not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
    assert '"ok": true' in log.read_text(), log.read_text()
    with store.connection() as connection:
        assert connection.execute("select count(*) from core.active where asset = 'beliefs'").fetchone() == (12,)


def test_a_failed_run_is_told_and_gives_exit_code_1(store: Store, inside: Inside, land: Land) -> None:
    land([item(0)])
    with store.connection() as connection:
        connection.execute("alter table core.spike rename to gone")
    code, [line], _ = inside("--from", "2025-01-28T12:00Z", "--to", "2025-01-28T13:00Z")
    assert code == 1
    assert not line["ok"]
    assert 'Execution of step "core__spikes" failed' in line["failures"][0]


def test_a_range_is_cut_at_midnight_into_runs_of_at_most_a_day() -> None:
    start = datetime(2025, 1, 27, 22, 30, tzinfo=UTC)
    assert list(hour_ranges(start, datetime(2025, 1, 29, 0, 10, tzinfo=UTC))) == [
        ("2025-01-27-22:00", "2025-01-27-23:00"),
        ("2025-01-28-00:00", "2025-01-28-23:00"),
        ("2025-01-29-00:00", "2025-01-29-00:00"),
    ]
    assert list(hour_ranges(start, start - HOUR)) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2025-01-28"], "both --from and --to"),
        (["--from", "noon", "--to", "2025-01-28"], "'noon' is not a time"),
        (["--snapshot", "28.01.2025"], "28.01.2025"),
        ([], "DAGSTER_HOME"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert backfill.main(arguments) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert len(told.splitlines()) == 1
