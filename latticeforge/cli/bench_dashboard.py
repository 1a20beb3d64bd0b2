"""``lf bench dashboard``: how long readers of the dashboard wait, one and many.

Here: options and one table. Not here: the readers (``streamlit_app.load``, run as a process: the library never
imports the dashboard).
"""

from __future__ import annotations

from typing import Annotated

import typer

from latticeforge.cli.output import fail, load_settings, out, print_json

_SLACK_S = 600.0


def bench_dashboard(
    viewers: Annotated[int, typer.Option(help="Tabs that are open at the same time.", min=1, max=1000)] = 200,
    seconds: Annotated[float, typer.Option(help="How long they stay.", min=5)] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Measure the dashboard over the database of LF_HOME: first view, time to the first chart, many viewers.

    Example: [bold]lf bench dashboard --viewers 50 --seconds 30[/]
    """
    import json
    import os
    import subprocess
    import sys

    from latticeforge.cli.output import known_faults
    from latticeforge.radar.processes import ROOT
    from latticeforge.store.database import database_url

    settings = load_settings()
    with known_faults():
        environment = {**os.environ, "LF_DATABASE_URL": database_url(settings), "LF_HOME": str(settings.home)}
    command = [sys.executable, "-m", "streamlit_app.load", "--viewers", str(viewers), "--seconds", str(seconds)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + _SLACK_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        fail(f"no figures after {seconds + _SLACK_S:.0f} s; try fewer --viewers")
    if done.returncode:
        fail((done.stderr.strip().splitlines() or ["the measurement failed without a word"])[-1])
    found = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table("figure", "value", title=f"dashboard, {viewers} viewers for {seconds:.0f} s")
    for name, value in found.items():
        said = "none" if value is None else f"{value:,.3f}" if isinstance(value, float) else str(value)
        table.add_row(name.replace("_", " "), said)
    out.print(table)
