"""`lf status`: how the running system does. Here: what is printed. Not here: the numbers (``store.ledger``)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from latticeforge.cli.output import known_faults, load_settings, out, print_json
from latticeforge.cli.times import AsOf, maybe


def status(as_of: AsOf = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what runs, how far behind it is, the last window, the gaps. Example: [bold]lf status[/]"""
    from latticeforge.radar.processes import process_states
    from latticeforge.store import open_store
    from latticeforge.store.as_of import reading_as_of
    from latticeforge.store.ledger import system_state

    settings, then = load_settings(), maybe(as_of)
    with (
        known_faults(),
        open_store(settings, connections=1) as store,
        store.connection() as c,
        reading_as_of(c, then),
    ):
        there = system_state(c)
    state = {"home": str(settings.home), "processes": [] if then else process_states(settings.home), **there}
    if then:
        state["as_of"] = then
    if as_json:
        print_json(state)
    else:
        _print_status(state)


def _print_status(state: dict[str, Any]) -> None:
    from rich.table import Table

    out.print(f"home {state['home']}", highlight=False)
    if "as_of" in state:
        out.print(f"as of {state['as_of']:%Y-%m-%dT%H:%M:%SZ}; which processes ran then is not kept", highlight=False)
    else:
        _print_processes(state["processes"])
    out.print(f"last window closed  {state['last_window'] or 'none yet'}", highlight=False)
    out.print(f"watermark           {state['watermark'] or 'none yet'}", highlight=False)
    lag = state["lag_s"]
    out.print(f"lag                 {'none yet' if lag is None else f'{lag:.0f} s behind the clock'}", highlight=False)
    out.print(
        f"items landed        {state['items']:,} ({state['items_last_hour']:,} in the last hour)", highlight=False
    )
    gaps = Table("source", "from", "reason", title="open gaps")
    for gap in state["open_gaps"]:
        gaps.add_row(gap["source"], f"{gap['from_at']:%Y-%m-%d %H:%MZ}", gap["reason"])
    out.print(gaps if state["open_gaps"] else "no open gaps")


def _print_processes(states: list[dict[str, Any]]) -> None:
    from rich.table import Table

    processes = Table("process", "state", "", title="processes")
    for p in states:
        processes.add_row(p["name"], p["statename"].lower(), p["description"])
    out.print(processes if states else "nothing runs for this home; start it with `lf up`")
