"""`lf bench signals`: what is said of rows, and that every piece of work named in the plan has one."""

from __future__ import annotations

import doctest
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from latticeforge.cli import app, bench_signals
from latticeforge.cli.bench_signals import met, signals_table

ROW = {"work": "betweenness, a graph", "peer": "igraph", "ours_ms": 0.0057, "peer_ms": 29.0, "apart": 1e-14}


def row(ratio: float, **changed: Any) -> dict[str, Any]:
    made = ROW | {"ratio": ratio, "at_least": 3.0, "aim": 6.0} | changed
    return made | {"met": met(made)}


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(bench_signals).failed == 0


@pytest.mark.parametrize(("ratio", "says"), [(2.9, "not met"), (3.0, "met"), (5.9, "met"), (6.0, "aim met")])
def test_a_ratio_is_set_against_what_is_promised(ratio: float, says: str) -> None:
    assert row(ratio)["met"] == says


def test_the_table_says_everything_and_names_what_is_left_out() -> None:
    found = {"rows": [row(5.0), row(2.0, apart=None)], "left_out": ["igraph", "ewstools"], "live_share": 0.0071}
    for width in (80, 140):
        told = io.StringIO()
        Console(file=told, width=width).print(signals_table(found))
        said = " ".join(told.getvalue().split())
        for words in ("5.7 µs", "29 ms", "3, 6", "not met", "1e-14", "left out: igraph, ewstools", "0.7% of one"):
            assert words in said
    assert "betweenness, a graph | igraph" in said


def test_too_few_rounds_are_refused() -> None:
    assert CliRunner().invoke(app, ["bench", "signals", "--rounds", "1"]).exit_code == 2


def test_rows_of_fusion_and_graphs_stand_for_the_work_they_name(root: Path) -> None:
    """In a process of its own, as the command does: the folder of the benchmarks is no package."""
    code = (
        "import json, numpy as np, graph_rows as g, signals\n"
        "from latticeforge.fusion import MARKET_FRAME, fuse_batch\n"
        "masses = g.opinions(50)\n"
        "fused = fuse_batch(MARKET_FRAME, masses)\n"
        "graph = g.random_graph(1000, 5.0, 0)\n"
        "print(json.dumps({'shape': masses.shape, 'focal': int((masses > 0).sum(axis=2).max()),\n"
        "    'conflict': float(fused.conflict.mean()), 'edges': graph.tail.size,\n"
        "    'peers': sorted(set(g.ROWS.values()) - set(signals.PEERS)), 'rows': len(g.ROWS)}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "benchmarks", capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout)
    assert found["shape"] == [50, 5, 16]
    assert found["focal"] == 3
    assert 0.1 < found["conflict"] < 0.9
    assert 4500 < found["edges"] < 5500
    assert (found["peers"], found["rows"]) == ([], 5)
