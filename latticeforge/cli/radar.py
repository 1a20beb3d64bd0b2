"""`lf radar`, `lf replay`: the radar on live feeds or on files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, err, fail, known_faults, load_settings, out, print_json
from latticeforge.cli.times import instant


def radar() -> None:
    """Run the radar alone on the feeds of data/feeds.yaml until Ctrl-C. Example: [bold]lf radar[/]"""
    from latticeforge.radar.live import run_live

    with known_faults():
        asyncio.run(run_live(load_settings()))


def replay(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also .gz), JSONL or Parquet with source, published_at, title.")
    ],
    start: Annotated[str | None, typer.Option("--from", help="Leave out items before this instant (UTC).")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Leave out items from this instant on.")] = None,
    calendar: Annotated[Path | None, typer.Option(help="Political calendar, CSV or ICS.")] = None,
    speed: Annotated[float, typer.Option(help="Times real time; 0 is as fast as it goes.", min=0)] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Push timestamped items through the same path as live ones.

    Example: [bold]lf replay headlines.csv.gz --from 2021-08-01 --to 2021-09-01[/]
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from latticeforge.embedding import load_encoder
    from latticeforge.radar.replay import plan, run_replay
    from latticeforge.sources.faults import SourceFault
    from latticeforge.store import open_store

    settings = load_settings()
    try:
        work = plan(files, calendar, instant(start) if start else None, instant(end) if end else None)
    except SourceFault as error:
        fail(str(error), BAD_INPUT)
    for problem in work.problems[:10]:
        err.print(f"[yellow]kept out:[/] {problem}", highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with known_faults(), open_store(settings) as store, Progress(*columns, console=err, disable=as_json) as bar:
        encoder = load_encoder(settings.encoder, settings.home / "models")
        task = bar.add_task("hours replayed", total=work.hours)
        summary = run_replay(work, store, encoder, speed=speed, on_hour=lambda _: bar.advance(task))
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary)


def _print_summary(summary: dict[str, object]) -> None:
    from rich.table import Table

    table = Table("what", "count", title="replay")
    for name, value in summary.items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    out.print(table)
