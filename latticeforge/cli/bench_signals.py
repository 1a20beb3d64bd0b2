"""``lf bench signals``: the signal library beside the usual ways of doing the same.

Here: options and one table. Not here: what is measured (``benchmarks/signals.py``, run as a process of its own, so that
nothing else runs in it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import FAILED, err, fail, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def bench_signals(
    rounds: Annotated[int, typer.Option(help="How often each side runs; medians are compared.", min=3, max=99)] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Measure the signal library against other packages, each row with what we promise and the largest difference.

    Peers that are not installed are named and left out.

    Example: [bold]lf bench signals --rounds 9[/]
    """
    found = _measured(rounds, quiet=as_json)
    if as_json:
        print_json(found)
        return
    out.print(signals_table(found))


def met(row: dict[str, Any]) -> str:
    """Whether a ratio reaches the aim, what is promised at least, or neither.

    >>> met({"ratio": 12.0, "at_least": 10.0, "aim": 40.0})
    'met'
    """
    if row["ratio"] >= row["aim"]:
        return "aim met"
    return "met" if row["ratio"] >= row["at_least"] else "not met"


def signals_table(found: dict[str, Any]) -> Table:
    """All rows, one a piece of work; what was left out and the share of a core below."""
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(title="The signal library beside the usual ways: medians in the same run", box=SIMPLE, pad_edge=False)
    table.add_column("work | peer", overflow="fold")
    for name in ("ours", "peer's", "ratio", "least, aim", "", "apart"):
        table.add_column(name, no_wrap=True, justify="right")
    for row in found["rows"]:
        apart = "" if row["apart"] is None else f"{row['apart']:.0e}"
        times = _time(row["ours_ms"]), _time(row["peer_ms"]), f"{row['ratio']:.3g}"
        table.add_row(
            f"{row['work']} | {row['peer']}", *times, f"{row['at_least']:g}, {row['aim']:g}", row["met"], apart
        )
    left_out = ", ".join(found["left_out"]) or "none"
    table.caption = (
        f"peers not installed and left out: {left_out}; "
        f"50 streams, all detectors, a row a second: {found['live_share']:.1%} of one core"
    )
    return table


def _measured(rounds: int, *, quiet: bool) -> dict[str, Any]:
    """Rows as they come from the process, then what it says at its end."""
    import json
    import math
    import os
    import subprocess
    import sys
    import tempfile

    from rich.progress import Progress, SpinnerColumn, TextColumn

    from latticeforge.radar.processes import ROOT

    script = ROOT / "benchmarks" / "signals.py"
    if not script.is_file():
        fail(f"no {script.name} in {script.parent}; run this from a checkout of the project")
    command = [sys.executable, str(script), "--rounds", str(rounds)]
    environment = dict.fromkeys(_ONE_THREAD, "1") | dict(os.environ)
    rows: list[dict[str, Any]] = []
    with (
        Progress(SpinnerColumn(), TextColumn("{task.description}"), console=err, disable=quiet, transient=True) as bar,
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as run,
    ):
        shown = bar.add_task("measuring")
        assert run.stdout is not None
        for line in run.stdout:
            rows.append(json.loads(line))
            bar.update(shown, description=f"{len(rows)} rows measured")
        run.wait()
        complaints.seek(0)
        complaint = complaints.read()
    if run.returncode or not rows:
        fail((complaint.strip().splitlines() or ["the measurement failed without a word"])[-1], FAILED)
    ending = rows.pop()
    for row in rows:
        row["met"] = met(row)
        row["apart"] = None if math.isnan(row["apart"]) else row["apart"]
    return {"rows": rows, **ending}


def _time(milliseconds: float) -> str:
    """Three digits in the unit that suits.

    >>> _time(0.0021), _time(12.0), _time(2400.0)
    ('2.1 µs', '12 ms', '2.4 s')
    """
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3g} s"
    if milliseconds >= 1:
        return f"{milliseconds:.3g} ms"
    return f"{milliseconds * 1000:.3g} µs" if milliseconds >= 0.001 else f"{milliseconds * 1e6:.3g} ns"
