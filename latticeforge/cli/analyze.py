"""`lf analyze`: the whole chain on files, without a database.

Here: arguments and what is printed. Not here: the work (``latticeforge.radar.analyze``).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import BAD_INPUT, fail, known_faults, out, print_json

if TYPE_CHECKING:
    import polars as pl

    from latticeforge.radar.analyze import Analysis
    from latticeforge.settings import Settings


def analyze(
    items: Annotated[Path, typer.Option(help="Items as in lf replay: source, published_at, title.")],
    calendar: Annotated[Path, typer.Option(help="Events: id, title, occurred_at, category, impact (CSV) or ICS.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the Parquet files and report.json.")],
    attention: Annotated[Path | None, typer.Option(help="Counts: platform, term, observed_at, count.")] = None,
    prereg: Annotated[
        Path | None, typer.Option(help="A plan registered with lf prereg; all else becomes exploratory.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random draw; the same gives the same bytes.", min=0)] = 0,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Store it in the database, for the dashboard's page Confirmed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Test a calendar of events against a file of items, and write what was found and how surely.

    Example: [bold]lf analyze --items headlines.csv.gz --calendar events.csv --out result[/]

    Each category is a calendar. A link is confirmed only by ten or more events of a kind; one event alone is never more
    than provisional. Writes narratives, spikes, links (every test), assessments, placebo fans and report.json.
    """
    from latticeforge.embedding import load_encoder
    from latticeforge.radar.analyze import analyze as run
    from latticeforge.radar.analyze import write
    from latticeforge.radar.analyze_inputs import read_inputs
    from latticeforge.radar.prereg import read_plan, registered
    from latticeforge.settings import Settings
    from latticeforge.sources.faults import SourceFault

    began = time.perf_counter()
    settings = Settings()
    try:
        plan = None if prereg is None else registered(read_plan(prereg), settings.home)
        inputs = read_inputs(items, calendar, attention)
    except SourceFault as error:
        fail(str(error), BAD_INPUT)
    with known_faults():
        encoder = load_encoder(settings.encoder, settings.home / "models")
        analysis = run(inputs, encoder, settings.home / "encodings", seed, plan)
    try:
        report = write(analysis, out_dir, began)
    except OSError as error:
        fail(f"{out_dir} cannot be written ({error.strerror or error}); give another --out", BAD_INPUT)
    if publish:
        _publish(settings, analysis, report)
    if as_json:
        print_json(report)
        return
    _print_assessments(analysis.tables["assessments"])
    for note in report["notes"]:
        out.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"{report['tests']} tests in {report['runtime_s']} s; written to {out_dir}", markup=False)


def _publish(settings: Settings, analysis: Analysis, report: dict[str, Any]) -> None:
    from latticeforge.radar.analyze_publish import publish
    from latticeforge.store.database import open_store

    with known_faults(), open_store(settings) as store, store.connection() as connection:
        publish(connection, analysis, report)


def _print_assessments(rows: pl.DataFrame) -> None:
    """Calendars, and single events with evidence; the others are in the file."""
    from rich.markup import escape
    from rich.table import Table

    table = Table("calendar", "event", "grade", "narrative", "items per event", "p", "q", "likelihood", "verdict")
    for row in rows.filter((rows["event_id"] == "") | (rows["verdict"] != "no evidence")).iter_rows(named=True):
        table.add_row(
            escape(row["calendar_id"]),
            escape(row["event_id"]),
            row["grade"],
            escape(row["narrative"]),
            _number(row["effect"], row["effect_low"], row["effect_high"]),
            _number(row["p"]),
            _number(row["q"]),
            _number(row["likelihood"], row["likelihood_low"], row["likelihood_high"]),
            row["verdict"],
        )
    out.print(table)


def _number(value: float | None, low: float | None = None, high: float | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"
