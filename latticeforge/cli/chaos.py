"""`lf chaos`: break the system on purpose, on this machine alone, and see that nothing is lost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from latticeforge.cli.output import err, fail, known_faults, load_settings, out, print_json

app = typer.Typer(no_args_is_help=True, help="Break the system on purpose, on this machine alone.")

Seed = Annotated[int, typer.Option(help="The same seed makes the same world and the same plan of trouble.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def storm(
    items: Annotated[int, typer.Option(help="Items that flow meanwhile.", min=100, max=1_000_000)] = 100_000,
    minutes: Annotated[float, typer.Option(help="Of the wall, in which they come out.", min=0.2, max=120)] = 16.0,
    kills: Annotated[int, typer.Option(help="kill -9 of the radar, at random points.", min=0, max=1_000)] = 100,
    stops: Annotated[int, typer.Option(help="Immediate shutdowns of Postgres.", min=0, max=500)] = 50,
    share: Annotated[float, typer.Option(help="Share of requests that go wrong.", min=0, max=0.9)] = 0.3,
    jumps: Annotated[int, typer.Option(help="Jumps of the clock by an hour.", min=0, max=100)] = 4,
    patience: Annotated[float, typer.Option(help="Wall seconds a window waits for its items.", min=5, max=600)] = 90.0,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Everything at once while items flow; then compare with an undisturbed run, digest by digest.

    Example: [bold]lf chaos storm --items 5000 --minutes 1 --kills 5 --stops 3[/]
    """
    from latticeforge.chaos.storm import Plan

    plan = Plan(seed, items, minutes, kills, stops, share, jumps, patience_s=patience)
    _weather(plan, as_json)


@app.command()
def rush(
    items: Annotated[int, typer.Option(help="Items offered.", min=100, max=200_000)] = 20_000,
    minutes: Annotated[float, typer.Option(help="In which they are offered, in real time.", min=0.2, max=30)] = 5.0,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Offer many items in real time through a storm; measure how soon the radar is back to the present.

    Example: [bold]lf chaos rush --items 2000 --minutes 0.5[/]
    """
    from latticeforge.chaos.storm import Plan

    kills, stops = max(1, round(minutes)), max(1, round(minutes))
    _weather(Plan(seed, items, minutes, kills, stops, jumps=0, real_time=True, close_after=True), as_json)


def _weather(plan: Any, as_json: bool) -> None:
    from latticeforge.chaos.storm import Storm

    settings = load_settings()
    with known_faults(), err.status("a storm is on") as status:
        figures = Storm(plan, settings.home / "models", settings.encoder, status.update).run().as_dict()
    _say(figures, "storm", as_json)
    problems = figures["problems"]
    assert isinstance(problems, list)
    if problems:
        fail(f"{len(problems)} thing(s) are not as they should be; the first: {problems[0]}")


@app.command()
def deaths(
    rounds: Annotated[int, typer.Option(help="How often each process is killed.", min=1, max=20)] = 1,
    as_json: AsJson = False,
) -> None:
    """Start the whole system, kill -9 each of its processes in turn, and measure when it works again.

    Example: [bold]lf chaos deaths --rounds 3[/]
    """
    from dataclasses import asdict

    from latticeforge.chaos.deaths import PROMISE_S, measure_deaths

    with known_faults(), err.status("the system comes up") as status:
        found = measure_deaths(rounds, status.update)
    if as_json:
        print_json([asdict(death) for death in found])
    else:
        for death in found:
            out.print(f"{death.process:18} process after {death.process_s} s, at work after {death.works_s} s")
    late = [d.process for d in found if d.works_s is None or d.works_s > PROMISE_S]
    if late:
        fail(f"not back within {PROMISE_S:.0f} s: {', '.join(late)}")


def _say(figures: dict[str, Any], title: str, as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    from rich.table import Table

    table = Table("what", "figure", title=title)
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
