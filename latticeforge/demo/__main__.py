"""``python -m latticeforge.demo --out DIR``: the demo day as files.

Here: options and one line of result. Not here: anything that ``lf demo`` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latticeforge.demo.day import SEED, DemoDay
from latticeforge.demo.export import write_day
from latticeforge.demo.variant import Variant


def main(
    out: Annotated[Path, typer.Option(help="Folder to write into; made if missing.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = SEED,
    shuffled: Annotated[bool, typer.Option("--shuffled", help="Other topics and times, from the seed.")] = False,
) -> None:
    """Write items.jsonl, attention.csv, calendar.ics and truth.json."""
    day = DemoDay.generate(seed, Variant.shuffled(seed) if shuffled else None)
    try:
        paths = write_day(day, out)
    except OSError as error:
        typer.echo(f"cannot write to {out}: {error.strerror}; choose another folder with --out", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{len(day.items)} items, {day.attention.counts.size} counts: {', '.join(map(str, paths))}")


if __name__ == "__main__":
    typer.run(main)
