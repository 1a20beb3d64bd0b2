"""The `lf` command: one module per group of commands, no logic of its own.

Here: putting the commands together. Not here: what a command does.
"""

from __future__ import annotations

import os

import typer

# Windows are small: with a second thread, waiting for each other costs more than the work (50 against 26 ms of
# processor time a window on two cores). Set before numpy and polars are imported; whoever set them is obeyed.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from latticeforge.cli import analyze, bench, chaos, cluster, db, feed, radar, snapshot, study, system
from latticeforge.cli import signals as signals_commands
from latticeforge.cli.backtest import backtest as backtest_command
from latticeforge.cli.demo import demo as demo_command
from latticeforge.cli.detect import detect as detect_command
from latticeforge.cli.digest import digest as digest_command
from latticeforge.cli.prereg import prereg as prereg_command
from latticeforge.cli.rollback import retention, rollback
from latticeforge.cli.show import changes, show
from latticeforge.cli.status import status as status_command
from latticeforge.cli.verify import verify as verify_command

app = typer.Typer(
    name="lf",
    help="LatticeForge, an open narrative radar. It measures timing, never motive.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("demo")(demo_command)
app.command()(system.up)
app.command("status")(status_command)
app.command(hidden=True)(system.postgres)
app.command()(radar.radar)
app.command()(radar.replay)
app.command("digest")(digest_command)
app.command()(show)
app.command()(changes)
app.command("verify")(verify_command)
app.command()(rollback)
app.command()(retention)
app.command()(cluster.cluster)
app.command("detect")(detect_command)
app.command("backtest")(backtest_command)
app.command("analyze")(analyze.analyze)
app.command("prereg")(prereg_command)
app.add_typer(feed.app, name="feed")
app.add_typer(signals_commands.app, name="signals")
app.add_typer(study.app, name="study")
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(db.app, name="db")
app.add_typer(bench.app, name="bench")
app.add_typer(chaos.app, name="chaos")


def main() -> None:
    """Entry point of `lf`."""
    app()
