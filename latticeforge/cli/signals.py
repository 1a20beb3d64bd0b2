"""`lf signals`: the signal library on files.

Here: arguments and what is printed. Not here: the work (``latticeforge.signals``, ``latticeforge.detectors``).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import BAD_INPUT, fail, out, print_json
from latticeforge.cli.series_file import grid_of, read_series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latticeforge.signals import Grid

app = typer.Typer(help="What a series of numbers says: warnings, rhythms, lags, intervals.", no_args_is_help=True)

SHOWN = 20

Series = Annotated[Path, typer.Argument(metavar="SERIES", help="CSV (.gz) with the columns timestamp and value.")]
Step = Annotated[float | None, typer.Option("--step", help="Seconds of a cell; the usual distance of rows.", min=1e-3)]
Season = Annotated[float | None, typer.Option("--season-rows", help="Rows in a season (288: a day).", min=2)]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def warn(
    series: Series,
    detector: Annotated[str, typer.Option(help="compression, critical-slowing, phase-transition, surge.")] = "",
    threshold: Annotated[float | None, typer.Option(help="Score from which it warns.")] = None,
    step_s: Step = None,
    as_json: AsJson = False,
) -> None:
    """Warn of a change to come in one series. Example: [bold]lf signals warn mentions.csv --detector compression[/]

    The series is put on a grid; empty cells are missing, not zero. Each row is judged by the rows before it only.
    """
    from latticeforge.detectors.catalogue import DEFAULT
    from latticeforge.detectors.catalogue import detector as named
    from latticeforge.detectors.protocol import Batch

    grid, values = _gridded(series, step_s)
    try:
        watch = named(detector or DEFAULT, threshold)
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    alerts, state = [], None
    for begin in range(grid.cells):  # one by one, to hear every alert and not the last alone
        state = watch.ingest(Batch(grid.times_s[begin : begin + 1], values[begin : begin + 1]))
        if (alert := watch.query(0.0)) is not None:
            alerts.append(alert)
    found = {
        "detector": watch.version,
        "threshold": watch.threshold,
        "rows": grid.cells,
        "missing": int((values != values).sum()),
        "step_s": grid.step_s,
        "ready": bool(state and state.ready),
        "figures_now": _plain(dict(state.figures)) if state else {},
        "alerts": [_plain(asdict(a) | {"raised_at": _time(a.raised_at_s), "since": _time(a.since_s)}) for a in alerts],
    }
    if as_json:
        print_json(found)
        return
    out.print(f"{found['detector']}: {len(alerts)} alerts in {grid.cells} rows, {found['missing']} of them missing")
    if not found["ready"]:
        out.print("the last row has no score: too few rows yet, or a hole")
    for alert in alerts[-SHOWN:]:
        out.print(f"{_time(alert.raised_at_s)}  {alert.score:.3g}  {alert.reason}", markup=False, soft_wrap=True)


@app.command()
def indicators(
    series: Series,
    window: Annotated[float, typer.Option(help="Of the indicators, as a share of the series.")] = 0.25,
    bandwidth: Annotated[float, typer.Option(help="Of the trend, as a share of the series.")] = 0.2,
    step_s: Step = None,
    as_json: AsJson = False,
) -> None:
    """Variance, lag-1 autocorrelation and skewness of a whole series, and how they moved.

    Example: [bold]lf signals indicators mentions.csv --window 0.25[/]

    A tau near 1: it rose all along. It is no p-value, as neighbouring windows share rows. Only the longest part without
    holes is used.
    """
    from latticeforge.signals import early_warning

    grid, values = _gridded(series, step_s)
    begin, end = longest_run(values)
    try:
        made = early_warning(values[begin:end], window=window, bandwidth=bandwidth)
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    found = {
        "version": made.version,
        "from": _time(grid.times_s[begin]),
        "rows": end - begin,
        "rows_left_out": grid.cells - (end - begin),
        "window_rows": made.window_rows,
        "bandwidth_rows": made.bandwidth_rows,
        "tau_variance": made.tau_variance,
        "tau_lag1": made.tau_lag1,
        "tau_skewness": made.tau_skewness,
        "variance": float(made.variance[-1]),
        "lag1": float(made.lag1[-1]),
        "skewness": float(made.skewness[-1]),
    }
    _say(found, as_json)


@app.command()
def synchrony(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="One CSV (timestamp, value) a signal.")],
    seed: Annotated[int, typer.Option(help="Of the shifts.", min=0)] = 0,
    season_rows: Season = None,
    step_s: Step = None,
    as_json: AsJson = False,
) -> None:
    """How far several series move together. Example: [bold]lf signals synchrony a.csv b.csv c.csv[/]

    Kuramoto's order parameter (1: in step), its growth and the coupling; the p-value comes from 199 shifts of the
    signals against each other. Only the longest part in which no series has a hole is used.
    """
    import numpy as np

    from latticeforge.signals import normalise, order_p_value
    from latticeforge.signals import synchrony as measured
    from latticeforge.signals.whiten import deseasoned

    grid, values = _together(files, step_s)
    begin, end = longest_run(values.sum(axis=0))
    if len(files) < 2 or end - begin < 16:
        fail(f"2 files and 16 rows without holes are needed; {len(files)} files, {end - begin} rows", BAD_INPUT)
    parts = [deseasoned(row, season_rows) if season_rows else row for row in values[:, begin:end]]
    signals = np.stack([normalise(row).values for row in parts])
    made = measured(signals)
    found = {
        "version": made.version,
        "from": _time(grid.times_s[begin]),
        "signals": made.signals,
        "rows": end - begin,
        "rows_left_out": grid.cells - (end - begin),
        "mean_order": made.mean_order,
        "chance_order": made.chance_order,
        "p_value": order_p_value(signals, seed=seed),
        "growth_per_row": made.growth_per_row,
        "coupling_per_row": made.coupling_per_row,
    }
    _say(found, as_json)


@app.command()
def lag(
    first: Annotated[Path, typer.Argument(metavar="A", help="CSV (.gz) with the columns timestamp and value.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    max_lag: Annotated[int, typer.Option(help="Rows to either side.", min=0)] = 24,
    season_rows: Season = None,
    step_s: Step = None,
    as_json: AsJson = False,
) -> None:
    """Whether one series follows another, at which lag. Example: [bold]lf signals lag a.csv b.csv --season-rows 288[/]

    One p-value over all lags, calibrated on bursty, autocorrelated, seasonal counts. A positive lag: A leads. It says
    nothing of cause. The interval is that of a lag fixed in advance; at the best of many it lies too far from 0.
    """
    from latticeforge.signals import correlation_interval, lag_test

    grid, values = _together([first, second], step_s)
    begin, end = longest_run(values.sum(axis=0))
    a, b = values[:, begin:end]
    try:
        made = lag_test(a, b, max_lag=max_lag, season_rows=season_rows)
        interval = correlation_interval(a, b, made.best_lag, season_rows=season_rows)
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    found = {
        "version": made.version,
        "from": _time(grid.times_s[begin]),
        "rows": made.rows,
        "rows_left_out": grid.cells - (end - begin),
        "best_lag_rows": made.best_lag,
        "best_lag_s": made.best_lag * grid.step_s,
        "correlation": made.best,
        "low": interval.low,
        "high": interval.high,
        "p_value": made.p_value,
        "lags": made.lags.size,
        "shifts": made.shifts,
        "clipped_sigmas": made.clipped,
    }
    _say(found, as_json)


@app.command()
def mean(series: Series, season_rows: Season = None, step_s: Step = None, as_json: AsJson = False) -> None:
    """The mean with its 95 % interval, for bursts and memory too. Example: [bold]lf signals mean mentions.csv[/]"""
    from latticeforge.signals import mean_interval

    grid, values = _gridded(series, step_s)
    begin, end = longest_run(values)
    try:
        made = mean_interval(values[begin:end], season_rows=season_rows)
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    _say(asdict(made) | {"rows": end - begin, "rows_left_out": grid.cells - (end - begin)}, as_json)


@app.command()
def count(
    rows: Annotated[Path, typer.Argument(help="CSV (.gz) with a row for each item or count.")],
    by: Annotated[str, typer.Option(help="Column that names the series: source, platform, term, narrative_id ...")],
    out_file: Annotated[Path, typer.Option("--out", help="CSV: timestamp, then a column a name.")],
    step_s: Annotated[float, typer.Option("--step", help="Seconds of a cell.", min=1e-3)] = 300.0,
    time: Annotated[str, typer.Option(help="Column of times.")] = "published_at",
    weight: Annotated[str | None, typer.Option(help="Column to add up instead of rows.")] = None,
    share: Annotated[bool, typer.Option("--share", help="Shares of the cell instead of counts.")] = False,
) -> None:
    """Series per source, platform, term ... Example: [bold]lf signals count items.csv --by source --out s.csv[/]

    A cell without rows is 0; where there are shares and nothing was counted it is empty.
    """
    import polars as pl

    from latticeforge.cli.series_file import read_table, times_of
    from latticeforge.signals import count_series, share_of_voice

    table = read_table(rows, [by, time, *([weight] if weight else [])])
    seconds = times_of(table.select(pl.col(time).alias("timestamp")), rows)
    moments = pl.from_epoch((seconds * 1e6).round().cast(pl.Int64), time_unit="us").dt.replace_time_zone("UTC")
    amount = [pl.col(weight).cast(pl.Float64, strict=False)] if weight else []
    grid = grid_of(seconds.sort().to_numpy(), step_s)
    made = count_series(table.with_columns(moments.alias(time), *amount), by, grid, time=time, weight=weight)
    made = share_of_voice(made) if share else made
    stamps = [_time(at) for at in grid.times_s]
    columns = dict(zip(made.names, made.values, strict=True))
    try:
        pl.DataFrame({"timestamp": stamps} | columns).fill_nan(None).write_csv(out_file)
    except OSError as error:
        fail(f"{out_file} cannot be written ({error.strerror or error}); give another --out", BAD_INPUT)
    out.print(f"{len(made.names)} series of {grid.cells} cells, {made.left_out} rows left out; written to {out_file}")


def longest_run(values: NDArray[np.float64]) -> tuple[int, int]:
    """First row and the one after the last of the longest run without a missing value."""
    import numpy as np

    known = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(known[1:] != known[:-1])
    if not edges.size:
        return 0, 0
    place = int(np.argmax(edges[1::2] - edges[::2]))
    return int(edges[2 * place]), int(edges[2 * place + 1])


def _gridded(path: Path, step_s: float | None) -> tuple[Grid, NDArray[np.float64]]:
    from latticeforge.signals import resample

    times_s, values = read_series(path)
    grid = grid_of(times_s, step_s)
    return grid, resample(times_s, values, grid).values


def _together(paths: list[Path], step_s: float | None) -> tuple[Grid, NDArray[np.float64]]:
    """All files on one grid, over the time they have in common."""
    import numpy as np

    from latticeforge.signals import Grid, resample

    read = [read_series(path) for path in paths]
    step_s = step_s or max(grid_of(times_s, None).step_s for times_s, _ in read)
    begin, end = max(t[0] for t, _ in read), min(t[-1] for t, _ in read)
    if end < begin:
        fail("the files have no time in common", BAD_INPUT)
    grid = Grid.covering(np.array([begin, end]), step_s)
    return grid, np.stack([resample(times_s, values, grid).values for times_s, values in read])


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(float(at_s), UTC).isoformat().replace("+00:00", "Z")


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """NaN is no JSON: what is not known is null."""
    plain = {name: _plain(value) if isinstance(value, dict) else value for name, value in found.items()}
    return {name: None if value != value else value for name, value in plain.items()}


def _say(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(_plain(found))
        return
    for name, value in found.items():
        out.print(f"{name.replace('_', ' ')}: {value:.6g}" if isinstance(value, float) else f"{name}: {value}")
