"""`lf verify`: does everything that is stored hold together? Here: arguments and exit code. Not here: the checks."""

from __future__ import annotations

from typing import Annotated

import typer

from latticeforge.cli.output import FAILED, err, known_faults, load_settings, out, print_json
from latticeforge.cli.times import AnyFrom, AnyTo, instant


def verify(
    start: AnyFrom = None,
    end: AnyTo = None,
    every_text: Annotated[bool, typer.Option("--all", help="Encode every text again, not a sample of 2,000.")] = False,
    archive: Annotated[
        str | None, typer.Option("--archive", help="A folder or s3://bucket/prefix; without it LF_ARCHIVE.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check rows against digests, vectors against their texts, the chain and the archive. Exit code 1 on a mismatch.

    Example: [bold]lf verify --from 2025-01-28 --to 2025-01-29 --all[/]
    """
    from latticeforge.embedding import load_encoder
    from latticeforge.radar.verify import span
    from latticeforge.radar.verify import verify as checks
    from latticeforge.store import open_store
    from latticeforge.store.places import archive_at

    settings = load_settings()
    with known_faults(), open_store(settings, connections=2) as store:
        there = span(store)
        found = []
        if there:
            first, last = instant(start) if start else there[0], instant(end) if end else there[1]
            place = archive_at(archive or settings.sealed_days)
            passes = checks(
                store,
                lambda: load_encoder(settings.encoder, settings.home / "models"),
                place,
                first,
                last,
                every_text=every_text,
            )
            for finding in passes:
                found.append(finding)
                if not as_json:
                    state = "whole" if not finding.problems else f"{len(finding.problems)} problem(s)"
                    out.print(f"{finding.check:10} {finding.checked:>10,} checked  {state}", highlight=False)
                    for problem in finding.problems:
                        err.print(problem, highlight=False, soft_wrap=True, markup=False)
    if as_json:
        print_json([{"check": f.check, "checked": f.checked, "problems": f.problems} for f in found])
    elif not there:
        out.print("nothing is stored yet")
    if any(f.problems for f in found):
        raise typer.Exit(FAILED)
