"""The processes of a running system, kept alive by supervisord.

Here: which programs there are, their supervisor configuration, asking for their state. Not here: what they do.
Supervisor starts a program again when it dies: at once where it had run for ``SETTLED_S``, else each time later.
What befalls them is told by ``watcher``, which supervisor runs too.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from latticeforge.radar.watcher import TRIES
from latticeforge.settings import Settings

ROOT = Path(__file__).resolve().parents[2]  # the checkout: workspace.yaml, dbt_project and streamlit_app lie beside us
_CONFIG = "supervisord.conf"
SETTLED_S = 10  # a process that ends sooner after its start may be in a loop


class PortInUse(Exception):
    """A port this system is to listen on belongs to another program."""


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process. ``port`` is the TCP port it listens on at 127.0.0.1, if it does."""

    name: str
    command: Sequence[str]
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    listener: bool = False  # it hears of what befalls the others


def programs(settings: Settings, database_url: str) -> list[Program]:
    """Everything `lf up` runs. ``database_url`` goes to the children, so that all speak to one server."""
    python = sys.executable
    found = [] if settings.database_url else [Program("postgres", [python, "-m", "latticeforge.cli", "postgres"])]
    workspace = ["-w", str(ROOT / "workspace.yaml")]
    return [
        *found,
        Program("radar", [python, "-m", "latticeforge.cli", "radar"]),
        Program(
            "dagster-daemon",
            [python, "-m", "dagster._daemon", "run", *workspace],
            None,
            dagster_environment(settings, database_url),
        ),
        *faces(settings, database_url),
        watcher(database_url),
    ]


def watcher(database_url: str) -> Program:
    """What tells of the others, in ``ops.event``."""
    environment = {"LF_WATCHED_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "latticeforge.radar.watcher"]
    return Program("watcher", command, None, environment, listener=True)


def faces(settings: Settings, database_url: str) -> list[Program]:
    """The two pages people look at: the Dagster UI and the dashboard."""
    python = sys.executable
    dagster = dagster_environment(settings, database_url)
    workspace = ["-w", str(ROOT / "workspace.yaml")]
    return [
        Program(
            "dagster-webserver",
            [python, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(settings.dagster_port), *workspace],
            settings.dagster_port,
            dagster,
        ),
        Program(
            "dashboard",
            [
                *(python, "-m", "streamlit", "run", str(ROOT / "streamlit_app" / "app.py")),
                *("--server.address", "127.0.0.1", "--server.port", str(settings.dashboard_port)),
                *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
            ],
            settings.dashboard_port,
        ),
    ]


def dagster_environment(settings: Settings, database_url: str) -> dict[str, str]:
    """What a Dagster process needs to find its instance; writes ``dagster.yaml`` into the home it names."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    return {
        "DAGSTER_HOME": str(home),
        "LF_DAGSTER_DATABASE_URL": database_url,
        "LF_DATABASE_URL": database_url,
        "LF_HOME": str(settings.home),
    }


def refuse_taken_ports(wanted: Sequence[Program]) -> None:
    """Check before anything is started.

    Raises:
        PortInUse: with the variable to set.
    """
    for program in wanted:
        if program.port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", program.port))
            except OSError as error:
                variable = "LF_DASHBOARD_PORT" if program.name == "dashboard" else "LF_DAGSTER_PORT"
                raise PortInUse(
                    f"port {program.port} for the {program.name} is in use; stop what listens there or set {variable}"
                ) from error


def write_configuration(home: Path, wanted: Sequence[Program]) -> Path:
    """Write ``home/supervisord.conf`` and return its path."""
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    socket_path = _socket(home)
    sections = [
        f"[supervisord]\nnodaemon=true\nlogfile={logs / 'supervisord.log'}\nlogfile_maxbytes=5MB\nloglevel=info\n"
        f"pidfile={home / 'supervisord.pid'}\nidentifier=latticeforge\nsilent=true",
        f"[unix_http_server]\nfile={socket_path}\nchmod=0700",
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        f"[supervisorctl]\nserverurl=unix://{socket_path}",
        *(_section(p, home, logs) for p in wanted),
    ]
    path = home / _CONFIG
    path.write_text("\n\n".join(sections) + "\n")
    return path


def _section(program: Program, home: Path, logs: Path) -> str:
    environment = {"LF_HOME": str(home), **program.environment}
    pairs = ",".join(f'{k}="{_quoted(v)}"' for k, v in environment.items())
    command = " ".join(f'"{_quoted(part)}"' if " " in part else _quoted(part) for part in program.command)
    head = f"[{'eventlistener' if program.listener else 'program'}:{program.name}]"
    log = logs / f"{program.name}.log"
    # a listener speaks to supervisor on its standard output
    output = f"stderr_logfile={log}" if program.listener else f"redirect_stderr=true\nstdout_logfile={log}"
    return (
        f"{head}\ncommand={command}\ndirectory={ROOT}\nenvironment={pairs}\n"
        f"autorestart=true\nstartsecs={0 if program.listener else SETTLED_S}\nstartretries={TRIES}\n"
        "stopasgroup=true\nkillasgroup=true\nstopwaitsecs=20\n"
        f"priority={1 if program.name == 'postgres' else 10}\n{output}\n"
        + ("events=PROCESS_STATE\nbuffer_size=100" if program.listener else "stdout_logfile_maxbytes=10MB")
    )


def _quoted(text: str) -> str:
    return text.replace("%", "%%").replace('"', '\\"')


def _socket(home: Path) -> Path:
    # A Unix socket path may have 107 bytes; a deep home would break it, so it lies where the runtime folder is.
    import hashlib
    import tempfile

    name = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"latticeforge-{os.getuid()}-{name}.sock"


def start_supervisor(configuration: Path) -> subprocess.Popen[bytes]:
    """Start supervisord in a process group of its own: Ctrl-C reaches it through us, once."""
    return subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)], start_new_session=True
    )


def process_states(home: Path) -> list[dict[str, Any]]:
    """What supervisord says of each program: name, statename, description, pid; empty where none runs for this home."""
    from supervisor.xmlrpc import SupervisorTransport

    if not _socket(home).exists():
        return []
    transport = SupervisorTransport(None, None, f"unix://{_socket(home)}")
    try:
        with ServerProxy("http://127.0.0.1", transport) as proxy:
            states = proxy.supervisor.getAllProcessInfo()
    except (OSError, Fault):
        return []
    assert isinstance(states, list)
    return [{k: dict(s)[k] for k in ("name", "statename", "description", "pid")} for s in states]
