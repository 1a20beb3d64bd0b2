"""`lf demo`: one day against the real pipeline, in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import FAILED, err, fail, known_faults, load_settings, out, print_json

if TYPE_CHECKING:
    from latticeforge.demo.play import Line
    from latticeforge.settings import Settings

_COLOURS = {"event": "bold cyan", "alert": "bold yellow", "gap": "magenta", "source": "magenta", "dagster": "blue"}


def demo(
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep the Dagster UI and the dashboard up afterwards.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed gives other wordings and times of day.")] = 28,
    shuffled: Annotated[bool, typer.Option("--shuffled", help="Other topics and other times.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: the summary alone.")] = False,
) -> None:
    """Play 28 January 2025 against the real pipeline: local publishers, HTTP, Postgres, radar, Dagster.

    Exit code 0 only if every expectation of the day held. Example: [bold]lf demo --serve[/]
    """
    from latticeforge.demo.run import claim_home, run_demo

    settings = _demo_settings(load_settings())
    with known_faults():
        claim_home(settings.home)  # before the pages write their configuration there
        if serve:
            _refuse_ports(settings)
        result = run_demo(settings, seed, shuffled) if as_json else _with_progress(settings, seed, shuffled)
    if as_json:
        print_json(result.as_dict())
    else:
        _print_result(result)
    if serve:
        _serve(settings, result.database_url)
    raise typer.Exit(0 if result.held else FAILED)


def _demo_settings(settings: Settings) -> Settings:
    """The demo lives in a home of its own inside the home, on the embedded server, and shares only the model cache."""
    return settings.model_copy(update={"home": settings.home / "demo", "database_url": None})


def _refuse_ports(settings: Settings) -> None:
    from latticeforge.radar.processes import PortInUse, faces, refuse_taken_ports

    try:
        refuse_taken_ports(faces(settings, ""))
    except PortInUse as error:
        fail(str(error))


def _with_progress(settings: Settings, seed: int, shuffled: bool) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from latticeforge.demo.run import run_demo
    from latticeforge.demo.variant import DAY_START

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("starting", total=24 * 60)

        def on_time(stage: str, now: Any) -> None:
            minutes = (now - DAY_START).total_seconds() / 60 if now else 0
            bar.update(task, description=f"{stage} {now:%H:%M}" if now else stage, completed=minutes)

        return run_demo(settings, seed, shuffled, on_line=_print_line, on_time=on_time)


def _print_line(line: Line) -> None:
    from rich.markup import escape

    colour = _COLOURS.get(line.kind, "dim")
    out.print(
        f"[dim]{line.at:%H:%M:%S}[/] [{colour}]{line.kind:8}[/] {escape(line.text)}", highlight=False, soft_wrap=True
    )


def _print_result(result: Any) -> None:
    from rich.table import Table

    checks = Table("expectation", "held", "found", title="expectations of the day")
    for c in result.checks:
        checks.add_row(c.name, "[green]yes[/]" if c.held else "[bold red]NO[/]", c.found)
    out.print(checks)
    summary = Table("what", "figure", title="summary")
    for name, value in result.summary.items():
        summary.add_row(name, value)
    out.print(summary)


def _serve(settings: Settings, database_url: str) -> None:
    from dataclasses import replace

    from latticeforge.cli.system import keep_up
    from latticeforge.demo.dagster_stage import state_meanwhile
    from latticeforge.demo.variant import DAY_END, DAY_START
    from latticeforge.radar.processes import faces

    # A database that the caller's environment names is not the demo's.
    own = {"LF_DATABASE_URL": database_url, "LF_DASHBOARD_DATABASE_URL": ""}
    err.print("The demo day stays up for you to look at. The page Signals fills within minutes.", highlight=False)
    with state_meanwhile(settings, database_url, DAY_START, DAY_END):
        keep_up(settings, [replace(p, environment={**p.environment, **own}) for p in faces(settings, database_url)])
