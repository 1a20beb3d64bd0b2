"""The benchmark of honesty runs, and its small form already shows what the large one proves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CALENDARS = re.compile(r"^\| \d+[^|]* \| \d+ \| (\d\.\d+) \(", re.MULTILINE)
RECALL = re.compile(r"^\| 30 \| 100% \| \d+ \| (\d\.\d+) ", re.MULTILINE)
SKILL = re.compile(r"^\| 1-3 sd .* \| (\d\.\d+) \| (-?\d\.\d+) \|", re.MULTILINE)


def benchmark(root: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "benchmarks" / "honesty.py"), *arguments]
    environment = os.environ | {"LF_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_few_placebos_and_most_effects_are_flagged(root: Path, tmp_path: Path) -> None:
    done = benchmark(root, tmp_path, "--quick")
    assert done.returncode == 0, done.stderr
    flagged = [float(share) for share in CALENDARS.findall(done.stdout)]
    assert len(flagged) >= 5
    assert sum(flagged) / len(flagged) < 0.08
    assert min(float(recall) for recall in RECALL.findall(done.stdout)) >= 0.9
    assert all(float(ece) < 0.04 and float(skill) > 0.3 for ece, skill in SKILL.findall(done.stdout))


def test_an_unknown_part_is_named(root: Path, tmp_path: Path) -> None:
    done = benchmark(root, tmp_path, "hope")
    assert done.returncode == 2
    assert "there is no part hope; the parts are nulls, power, probability" in done.stderr
