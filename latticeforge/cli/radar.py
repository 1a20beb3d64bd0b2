"""`lf radar`, `lf replay`, `lf digest`: the radar on live feeds or on files, and what it left."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, err, fail, known_faults, load_settings, out, print_json


def when(text: str) -> datetime:
    """An instant as people type it; a clear error where it is none."""
    from latticeforge.windows import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        fail(str(error), BAD_INPUT)


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
        work = plan(files, calendar, when(start) if start else None, when(end) if end else None)
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


def digest(
    start: Annotated[str, typer.Option("--from", help="First instant (UTC), e.g. 2025-01-28.")],
    end: Annotated[str, typer.Option("--to", help="First instant no longer in the range.")],
    as_json: Annotated[bool, typer.Option("--json", help="The output is JSON in any case.")] = True,
) -> None:
    """Print one SHA-256 per asset for a range, as JSON.

    Example: [bold]lf digest --from 2025-01-28 --to 2025-01-29[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.generations import digests

    first, last = when(start), when(end)
    if first >= last:
        fail(f"--from {start} is not before --to {end}", BAD_INPUT)
    with known_faults(), open_store(load_settings(), connections=1) as store, store.connection() as c:
        print_json({"from": first.isoformat(), "to": last.isoformat(), "assets": digests(c, first, last)})
