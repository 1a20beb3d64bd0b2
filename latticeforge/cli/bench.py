"""`lf bench`: what we promise about speed, measured on this machine."""

from __future__ import annotations

import typer

from latticeforge.cli.bench_encode import bench_encode

app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)
app.command("encode")(bench_encode)
