"""`lf study`: strategic timing on daily data.

Here: arguments and what is printed. Not here: the work (``latticeforge.radar.study``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, known_faults, load_settings, out, print_json

if TYPE_CHECKING:
    import polars as pl

    from latticeforge.radar.study import Study

app = typer.Typer(help="Studies of strategic timing on daily data: timing, never motive.", no_args_is_help=True)

Items = Annotated[Path | None, typer.Option(help="Items as in lf replay: source, published_at, title.")]
OutDir = Annotated[Path | None, typer.Option("--out", help="Folder for daily and coefficients .parquet, report.json.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@app.command("timing")
def study_timing(
    items: Items = None,
    calendar: Annotated[
        Path | None, typer.Option(help="Events: id, title, occurred_at, category, impact (CSV) or ICS.")
    ] = None,
    daily: Annotated[
        Path | None, typer.Option(help="A ready CSV: date, pressure, and event (0 or 1) without --calendar.")
    ] = None,
    out_dir: OutDir = None,
    as_json: AsJson = False,
) -> None:
    """Do events fall on days before busy news? Example: [bold]lf study timing --items F.csv --calendar E.csv[/]

    Pr(event) on the news pressure of the next day, the share of its three largest stories, with week fixed effects,
    placebo days and placebo weeks. Each category of the calendar is tested; q corrects for their number.
    """
    from latticeforge.embedding import load_encoder
    from latticeforge.radar import study
    from latticeforge.sources.faults import SourceFault

    if (items is None) == (daily is None):
        fail("give either --items with --calendar, or --daily", BAD_INPUT)
    try:
        if daily is not None:
            found = study.timing_of_days(daily, calendar)
        elif items is not None and calendar is not None:
            settings = load_settings()
            with known_faults():
                encoder = load_encoder(settings.encoder, settings.home / "models")
                found = study.timing_of_items(items, calendar, encoder, settings.home / "encodings")
        else:
            fail("--items needs --calendar: the days of the events", BAD_INPUT)
    except SourceFault as error:
        fail(str(error), BAD_INPUT)
    _show(found, out_dir, as_json)


@app.command("diversion")
def study_diversion(
    items: Items = None,
    coverage: Annotated[str, typer.Option(help="Terms of the coverage, by commas; with --items.")] = "",
    other: Annotated[str, typer.Option("--diversion", help="Terms of the other topic, by commas; with --items.")] = "",
    daily: Annotated[
        Path | None, typer.Option(help="A ready CSV: date, coverage, diversion, and columns placebo...")
    ] = None,
    out_dir: OutDir = None,
    seed: Annotated[int, typer.Option(help="Of the placebo topics found in the items.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Does a topic follow some coverage, which then shrinks? Example: [bold]lf study diversion --daily D.csv[/]

    Two lagged regressions with Newey-West errors, and the same for placebo topics.
    """
    from latticeforge.embedding import load_encoder
    from latticeforge.radar import study
    from latticeforge.sources.faults import SourceFault

    if (items is None) == (daily is None):
        fail("give either --items with --coverage and --diversion, or --daily", BAD_INPUT)
    first, second = ([term.strip() for term in text.split(",") if term.strip()] for text in (coverage, other))
    try:
        if daily is not None:
            found = study.diversion_of_days(daily)
        elif items is not None and first and second:
            settings = load_settings()
            with known_faults():
                encoder = load_encoder(settings.encoder, settings.home / "models")
                found = study.diversion_of_items(items, first, second, encoder, settings.home / "encodings", seed)
        else:
            fail("--items needs --coverage and --diversion: the terms of both topics", BAD_INPUT)
    except SourceFault as error:
        fail(str(error), BAD_INPUT)
    _show(found, out_dir, as_json)


def _show(found: Study, out_dir: Path | None, as_json: bool) -> None:
    from latticeforge.radar.study import write

    report = found.report
    if out_dir is not None:
        try:
            report = write(found, out_dir)
        except OSError as error:
            fail(f"{out_dir} cannot be written ({error.strerror or error}); give another --out", BAD_INPUT)
    if as_json:
        print_json(report)
        return
    _print_coefficients(found.coefficients)
    for one in report["found"].values():
        out.print(one["reading"], markup=False, highlight=False)
    for note in report["notes"]:
        out.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if out_dir is not None:
        out.print(f"written to {out_dir}", markup=False, highlight=False, soft_wrap=True)


def _print_coefficients(rows: pl.DataFrame) -> None:
    """A table a subject; the placebo topics of a diversion are in the file."""
    from rich.markup import escape
    from rich.table import Table

    shown = rows.filter((rows["role"] != "placebo") | (rows["equation"] == "linear"))
    for (subject,), part in shown.partition_by("subject", as_dict=True, maintain_order=True).items():
        table = Table("", "term", "equation", "days", "coefficient", "95 %", "p", title=escape(str(subject)))
        for row in part.iter_rows(named=True):
            interval = f"{row['low']:.3f} to {row['high']:.3f}"
            names = (escape(row[name]) for name in ("role", "term", "equation"))
            table.add_row(*names, str(row["n"]), f"{row['coefficient']:.3f}", interval, f"{row['p']:.3g}")
        out.print(table)
