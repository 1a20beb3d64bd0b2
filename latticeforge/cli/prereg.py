"""`lf prereg`: register what is going to be tested, before looking.

Here: arguments and what is printed. Not here: the register (``latticeforge.radar.prereg``).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, load_settings, out, print_json


def prereg(
    file: Annotated[
        Path | None,
        typer.Argument(help="Plan (JSON): topics, windows_h, lags_s, statistic, q; without one: what is registered."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Register a plan of analysis with its SHA-256 and the time; [bold]lf analyze --prereg[/] holds results against it.

    Example: [bold]lf prereg plan.json[/]

    The register is append-only and lies in LF_HOME. The same plan registered again keeps its first time.
    """
    from latticeforge.radar.prereg import read_plan, register, registrations
    from latticeforge.sources.faults import UnreadableInput

    home = load_settings().home
    try:
        found = registrations(home) if file is None else [register(read_plan(file), home, datetime.now(UTC))]
    except UnreadableInput as error:
        fail(str(error), BAD_INPUT)
    except OSError as error:
        fail(f"{home} cannot be written ({error.strerror}); set LF_HOME")
    if as_json:
        print_json(
            [
                {"sha256": r.sha256, "registered_at": r.registered_at.isoformat(), "plan": json.loads(r.plan.canonical)}
                for r in found
            ]
        )
        return
    for one in found:
        out.print(f"{one.registered_at:%Y-%m-%d %H:%M:%S} UTC  {one.sha256}", highlight=False)
        out.print(f"  {one.plan.canonical}", markup=False, highlight=False, soft_wrap=True)
    if not found:
        out.print("nothing is registered", markup=False)
