"""`lf up` and `lf status`: the running system."""

from __future__ import annotations

import signal
from typing import Annotated, Any

import typer

from latticeforge.cli.output import fail, known_faults, load_settings, out, print_json


def up() -> None:
    """Run the live system until Ctrl-C: database, radar, Dagster UI and daemon, dashboard.

    Each is started again when it dies. Example: [bold]LF_HOME=/srv/radar lf up[/]
    """
    from latticeforge.radar.processes import PortInUse, programs, refuse_taken_ports
    from latticeforge.store.database import Store, database_url
    from latticeforge.store.marts import build_marts

    settings = load_settings()
    with known_faults(), out.status("starting the database and preparing the marts"):
        url = database_url(settings)
        wanted = programs(settings, url)
        try:
            refuse_taken_ports(wanted)
        except PortInUse as error:
            fail(str(error))
        Store(url).migrate()
        build_marts(url)
    keep_up(settings, wanted)


def keep_up(settings: Any, wanted: list[Any]) -> None:
    """Run ``wanted`` under the supervisor until Ctrl-C or SIGTERM, then stop exactly those."""
    from latticeforge.radar.processes import start_supervisor, write_configuration
    from latticeforge.store.embedded import stop_embedded_server

    supervisor = start_supervisor(write_configuration(settings.home, wanted))
    out.print(f"Dashboard   http://127.0.0.1:{settings.dashboard_port}", highlight=False)
    out.print(f"Dagster UI  http://127.0.0.1:{settings.dagster_port}", highlight=False)
    out.print(f"Logs        {settings.home / 'logs'}\nCtrl-C stops everything.", highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = supervisor.wait()
    except KeyboardInterrupt:
        with out.status("stopping"):
            supervisor.terminate()
            code = supervisor.wait(60)
    if settings.database_url is None:
        stop_embedded_server(settings.home)
    if code:
        fail(f"the supervisor ended with code {code}; its log is {settings.home / 'logs' / 'supervisord.log'}")


def postgres() -> None:
    """Keep the embedded server up; the supervisor of [bold]lf up[/] runs this. Example: [bold]lf postgres[/]"""
    from latticeforge.store.embedded import keep_embedded_server

    with known_faults():
        keep_embedded_server(load_settings().home)


def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what runs, how far behind it is, the last window, the gaps. Example: [bold]lf status[/]"""
    from latticeforge.radar.processes import process_states
    from latticeforge.store import open_store
    from latticeforge.store.ledger import system_state

    settings = load_settings()
    with known_faults(), open_store(settings, connections=1) as store, store.connection() as c:
        state = {"home": str(settings.home), "processes": process_states(settings.home), **system_state(c)}
    if as_json:
        print_json(state)
    else:
        _print_status(state)


def _print_status(state: dict[str, Any]) -> None:
    from rich.table import Table

    out.print(f"home {state['home']}", highlight=False)
    processes = Table("process", "state", "", title="processes")
    for p in state["processes"]:
        processes.add_row(p["name"], p["statename"].lower(), p["description"])
    out.print(processes if state["processes"] else "nothing runs for this home; start it with `lf up`")
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
