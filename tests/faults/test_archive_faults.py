"""Every random fault on an archive is found, and a clean one is found clean (benchmarks/archive_faults.py)."""

from __future__ import annotations

import random
import runpy
from pathlib import Path
from typing import Any

import pytest

from latticeforge.store import Store
from latticeforge.store.snapshot import verify_archive, verify_snapshot


@pytest.fixture
def faults(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "archive_faults.py"), run_name="archive_faults")


def broken(faults: dict[str, Any], store: Store, folder: Path, count: int, seed: int) -> Any:
    root = faults["build_archive"](store, folder)
    outcome = faults["inject"](folder, root, count, seed)
    assert verify_archive(folder, root=root)["chain"] == []
    return outcome


def test_every_fault_is_found_and_none_is_made_up(faults: dict[str, Any], store: Store, tmp_path: Path) -> None:
    outcome = broken(faults, store, tmp_path / "archive", 15 * len(faults["FAULTS"]), 11)
    assert outcome.missed == outcome.false_alarms == []
    assert set(outcome.found.values()) == {15}, "each kind of fault came as often as any other"
    assert outcome.clean_checks == 24


def test_a_broken_file_under_a_manifest_that_vouches_for_it_is_a_problem_and_no_accident(
    faults: dict[str, Any], store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the published root the last day is believed, so its files are read whatever they hold."""
    faults["build_archive"](store, tmp_path)
    last = tmp_path / faults["DAYS"][-1].isoformat()
    whole, rng, unreadable = {p.name: p.read_bytes() for p in last.iterdir()}, random.Random(5), 0
    for _ in range(60):
        faults["break_file_and_seal"](last, rng)
        unreadable += any("not readable as" in p for p in verify_snapshot(tmp_path, faults["DAYS"][-1]))
        for name, data in whole.items():
            (last / name).write_bytes(data)
    assert unreadable > 5
    capfd.readouterr()  # what polars says of its panics


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_faults_are_found(faults: dict[str, Any], store: Store, tmp_path: Path) -> None:
    outcome = broken(faults, store, tmp_path / "archive", 10_000, 1)
    assert outcome.missed == outcome.false_alarms == []
    assert sum(outcome.found.values()) == 10_000
