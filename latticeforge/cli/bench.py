"""`lf bench`: what we promise about speed, measured on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from latticeforge.cli.bench_dashboard import bench_dashboard
from latticeforge.cli.bench_encode import bench_encode
from latticeforge.cli.bench_signals import bench_signals
from latticeforge.cli.output import err, load_settings, out, print_json

app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)
app.command("encode")(bench_encode)
app.command("dashboard")(bench_dashboard)
app.command("signals")(bench_signals)


@app.command("ingest")
def bench_ingest(
    items: Annotated[int, typer.Option(help="Items to offer.", min=100)] = 20_000,
    rate: Annotated[float, typer.Option(help="Items a second.", min=1)] = 66.7,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Offer items at a steady rate; measure what is landed, lost, and how long an item takes to an alert.

    Example: [bold]lf bench ingest --items 2000[/]
    """
    from dataclasses import asdict
    from datetime import timedelta

    from rich.progress import Progress
    from rich.table import Table

    from latticeforge.demo.ingest import measure_ingest
    from latticeforge.embedding import load_encoder

    settings = load_settings()
    encoder = load_encoder(settings.encoder, settings.home / "models")
    with Progress(console=err, disable=as_json) as bar:
        task = bar.add_task("items offered", total=items)
        found = asdict(
            measure_ingest(
                encoder,
                items,
                rate,
                lateness=timedelta(seconds=settings.allowed_lateness_s),
                on_progress=lambda n: bar.advance(task, n),
            )
        )
    if as_json:
        print_json(found)
        return
    table = Table("figure", "value", title=f"ingest at {rate:g} items/s offered")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), f"{value:,.3f}" if isinstance(value, float) else str(value))
    out.print(table)
