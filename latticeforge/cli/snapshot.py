"""`lf snapshot`: seal a day, check sealed days, list them.

Here: arguments and what is printed. Not here: how a day is sealed (``latticeforge.store.snapshot``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from latticeforge.cli.output import load_settings

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

app = typer.Typer(help="Sealed days: Parquet files under one Merkle root, chained to the day before.")

_DAY_HELP = "UTC day, like 2025-01-28."
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("create")
def create(day: Annotated[str, typer.Argument(help=_DAY_HELP)], as_json: _JSON = False) -> None:
    """Seal a day. Sealing it again with equal rows changes nothing; with other rows it is refused.

    Example: [bold]lf snapshot create 2025-01-28[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.faults import StoreFault
    from latticeforge.store.snapshot import create_snapshot, describe

    settings, wanted = load_settings(), _day(day)
    try:
        with open_store(settings, connections=2) as store:
            manifest = create_snapshot(store, wanted, settings.snapshots)
    except StoreFault as fault:
        _refuse(str(fault), 1)
    record = {**describe([manifest])[0], "folder": str(settings.snapshots / wanted.isoformat())}
    if as_json:
        typer.echo(json.dumps(record))
    else:
        typer.echo(f"{wanted} sealed: {record['rows']} rows, {record['bytes']} bytes, root {manifest.root}")


@app.command("verify")
def verify(
    day: Annotated[str | None, typer.Argument(help=_DAY_HELP + " Without it, every sealed day.")] = None,
    as_json: _JSON = False,
) -> None:
    """Check sealed days; each problem names the exact place. Exit code 1 where there is one.

    Example: [bold]lf snapshot verify 2025-01-28[/]
    """
    from latticeforge.store.snapshot import snapshot_days, verify_snapshot

    folder = _folder()
    days = [_day(day)] if day else snapshot_days(folder)
    if not days:
        _refuse(f"no day is sealed in {folder}: run `lf snapshot create DAY`", 1)
    problems = {d.isoformat(): verify_snapshot(folder, d) for d in days}
    if as_json:
        typer.echo(json.dumps(problems))
    else:
        for name, found in problems.items():
            typer.echo("\n".join(found) if found else f"{name} is whole")
    raise typer.Exit(1 if any(problems.values()) else 0)


@app.command("list")
def list_days(as_json: _JSON = False) -> None:
    """List sealed days with their roots.

    Example: [bold]lf snapshot list[/]
    """
    from latticeforge.store.snapshot import SnapshotFault, describe, read_manifest, snapshot_days

    folder = _folder()
    try:
        records = describe([read_manifest(folder, d) for d in snapshot_days(folder)])
    except SnapshotFault as fault:
        _refuse(f"{fault}. Run `lf snapshot verify`", 1)
    if as_json:
        typer.echo(json.dumps(records))
        return
    for r in records:
        typer.echo(f"{r['day']}  {r['rows']:>9} rows  {r['bytes']:>11} bytes  {r['root']}")
    if not records:
        typer.echo(f"no day is sealed in {folder}")


def _folder() -> Path:

    return load_settings().snapshots


def _day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        _refuse(f"{text!r} is not a day; write it like 2025-01-28", 2)


def _refuse(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
