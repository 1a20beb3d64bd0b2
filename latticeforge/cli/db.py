"""`lf db`: the schema of the database."""

from __future__ import annotations

from typing import Annotated

import typer

from latticeforge.cli.output import known_faults, load_settings, out, print_json

app = typer.Typer(help="The schema of the database.", no_args_is_help=True)


@app.command("migrate")
def migrate_command() -> None:
    """Bring the schema up to date. Example: [bold]lf db migrate[/]"""
    from latticeforge.store.database import Store, database_url

    with known_faults():
        applied = Store(database_url(load_settings())).migrate()
    for m in applied:
        out.print(f"applied {m.version:04d} {m.name}")
    if not applied:
        out.print("nothing to do: the schema is up to date")


@app.command("status")
def status_command(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List migrations and when each was applied. Example: [bold]lf db status[/]"""
    from latticeforge.store.database import Store, database_url
    from latticeforge.store.migrate import status

    with known_faults(), Store(database_url(load_settings())).bare_connection() as c:
        found = status(c)
    if as_json:
        print_json(
            [{"version": s.migration.version, "name": s.migration.name, "applied_at": s.applied_at} for s in found]
        )
        return
    for s in found:
        when = f"applied {s.applied_at:%Y-%m-%d %H:%M:%SZ}" if s.applied_at else "pending: run `lf db migrate`"
        out.print(f"{s.migration.version:04d} {s.migration.name:24} {when}")
