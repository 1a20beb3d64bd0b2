"""`lf up` and `lf status`: the running system."""

from __future__ import annotations

import signal
from typing import Any

from latticeforge.cli.output import fail, known_faults, load_settings, out


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
