"""`lf backtest`: what a detector's alerts would have been worth.

Here: arguments and what is printed. Not here: the comparison (``latticeforge.detectors.backtest``).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, out, print_json
from latticeforge.cli.series_file import grid_of, read_series, read_table, times_of

if TYPE_CHECKING:
    from latticeforge.detectors.backtest import Backtest

ALL = "all"


def backtest(
    detector: Annotated[str, typer.Argument(metavar="DETECTOR", help="Its name, or all: to rank them.")],
    series: Annotated[Path, typer.Argument(metavar="SERIES", help="CSV (.gz) with the columns timestamp and value.")],
    events: Annotated[Path, typer.Option(help="CSV (.gz) with the column occurred_at or timestamp.")],
    horizon_h: Annotated[float, typer.Option("--horizon", help="Hours before an event a warning may come.")] = 24.0,
    threshold: Annotated[float | None, typer.Option(help="Score from which it warns.")] = None,
    step_s: Annotated[
        float | None, typer.Option("--step", help="Seconds of a cell; the usual distance of rows.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the placebos.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare a detector's alerts with events, and with the same events shifted in time.

    Example: [bold]lf backtest compression mentions.csv --events events.csv --horizon 12[/]

    Lead time, precision, recall and false alarms a week; 199 circular shifts of the events say what chance gives.
    Detectors: compression, critical-slowing, phase-transition, surge.
    """
    from latticeforge.detectors.backtest import backtest as run
    from latticeforge.detectors.catalogue import DETECTORS
    from latticeforge.detectors.catalogue import detector as named
    from latticeforge.detectors.protocol import Batch
    from latticeforge.signals import resample

    times_s, values = read_series(series)
    grid = grid_of(times_s, step_s)
    batch = Batch(grid.times_s, resample(times_s, values, grid).values)
    occurred = _events(events)
    names = list(DETECTORS) if detector == ALL else [detector]
    try:
        made = [run(named(name, threshold), batch, occurred, horizon_h * 3600, seed=seed) for name in names]
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    made.sort(key=lambda one: (one.p_value, -(one.recall if one.events else 0.0)))
    if as_json:
        print_json([_row(one) for one in made])
    else:
        _print(made)


def _events(path: Path) -> list[float]:
    import polars as pl

    table = read_table(path, [])
    column = next((name for name in ("occurred_at", "timestamp") if name in table.columns), None)
    if column is None:
        fail(f"{path} needs a column occurred_at or timestamp; it has {', '.join(table.columns)}", BAD_INPUT)
    return times_of(table.select(pl.col(column).alias("timestamp")), path).to_list()


def _row(one: Backtest) -> dict[str, object]:
    found = asdict(one) | {"median_lead_s": one.median_lead_s}
    return {name: None if value != value else value for name, value in found.items()}


def _print(made: list[Backtest]) -> None:
    from rich.table import Table

    table = Table()
    table.add_column("detector", no_wrap=True)
    for name in ("alerts", "warned", "recall", "precision", "lead", "false/week", "by chance", "p"):
        table.add_column(name)
    for one in made:
        table.add_row(
            one.detector,
            str(one.alerts),
            f"{one.warned} of {one.events}",
            f"{one.recall:.2f}",
            f"{one.precision:.2f}",
            f"{one.median_lead_s / 3600:.1f} h",
            f"{one.false_alarms_per_week:.2f}",
            f"{one.placebo_recall:.2f} / {one.placebo_precision:.2f}",
            f"{one.p_value:.3f}",
        )
    table.caption = "lead: median; by chance: recall / precision at shifted events; nan: nothing to tell it from"
    out.print(table)
