"""Bad input on the command line: one clear line that says what to do, never a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def lf(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LF_")}
    return subprocess.run(
        [sys.executable, "-m", "latticeforge.cli", *arguments],
        env={**clean, "LF_HOME": str(home), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_a_wrong_database_url(tmp_path: Path) -> None:
    done = lf(tmp_path, "db", "status", LF_DATABASE_URL="postgresql://lf:secret@127.0.0.1:1/none")
    assert done.returncode == 1
    said = one_line(done)
    assert "cannot reach database none at 127.0.0.1" in said
    assert "LF_DATABASE_URL" in said
    assert "secret" not in said


@pytest.mark.parametrize(("variable", "command"), [("LF_DASHBOARD_PORT", "demo"), ("LF_DAGSTER_PORT", "demo")])
def test_a_port_in_use(tmp_path: Path, variable: str, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = lf(tmp_path, command, "--serve", **{"LF_DASHBOARD_PORT": "1", "LF_DAGSTER_PORT": "1", variable: port})
    assert done.returncode == 1
    assert f"port {port}" in one_line(done)
    assert variable in one_line(done)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("digest", "--from", "yesterday", "--to", "2025-01-02"), "write it like 2025-01-28"),
        (("digest", "--from", "2025-01-02", "--to", "2025-01-01"), "is not before"),
        (("replay", "absent.csv"), "check the path"),
        (("replay", "columns.csv"), "has no column 'published_at'"),
        (("replay", "good.csv", "--from", "2030-01-01"), "no dated item between"),
        (("feed", "parse", "absent.xml"), "absent.xml"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    (tmp_path / "columns.csv").write_text("source,title\na,b\n")
    (tmp_path / "good.csv").write_text("source,published_at,title\na,2025-01-01T00:00:00Z,A headline\n")
    done = lf(tmp_path, *(str(tmp_path / a) if "." in a else a for a in arguments))
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert says in done.stderr.replace("\n", " ")


def test_a_setting_that_is_no_number(tmp_path: Path) -> None:
    done = lf(tmp_path, "status", LF_DAGSTER_PORT="many")
    assert done.returncode == 2
    assert "LF_DAGSTER_PORT" in one_line(done)


def test_a_home_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")
    done = lf(tmp_path, "demo", "--json")
    assert done.returncode == 1
    assert "set LF_HOME" in one_line(done)
    assert (tmp_path / "demo" / "thesis.txt").read_text() == "years of work"


def test_a_replay_runs_twice_to_the_same_digests(tmp_path: Path) -> None:
    rows = ["source,published_at,title"]
    rows += [
        f"paper-{n % 3},2025-01-01T{n // 6:02d}:{n % 6 * 10:02d}:00Z,Council debates bridge {n % 4}" for n in range(60)
    ]
    rows += ["paper-1,,Undated headline", "paper-2,1970-01-01T00:00:00Z,A date of nothing"]
    items = tmp_path / "items.csv"
    items.write_text("\n".join(rows))
    found = []
    for name in ("one", "two"):
        home = tmp_path / name
        done = lf(home, "replay", str(items), "--json")
        assert done.returncode == 0, done.stderr
        assert '"items_lost": 0' in done.stdout
        found.append(lf(home, "digest", "--from", "2024-12-31", "--to", "2025-01-02").stdout)
    assert found[0] == found[1]
    assert '"articles"' in found[0]
