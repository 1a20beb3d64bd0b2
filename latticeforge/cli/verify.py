"""`lf verify`: does everything that is stored hold together? Here: arguments and exit code. Not here: the checks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import FAILED, err, known_faults, load_settings, out, print_json
from latticeforge.cli.times import AnyFrom, AnyTo, instant

if TYPE_CHECKING:
    from latticeforge.radar.verify import Finding


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
    found = []
    with known_faults(), open_store(settings, connections=2) as store:
        place = archive_at(archive or settings.sealed_days)
        first, last = _span(start, end, span(store))
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
                _print(finding)
    if as_json:
        print_json([{"check": f.check, "checked": f.checked, "problems": f.problems} for f in found])
    if any(f.problems for f in found):
        raise typer.Exit(FAILED)


def _span(start: str | None, end: str | None, there: tuple[datetime, datetime] | None) -> tuple[datetime, datetime]:
    """What was asked for, else all there is; an empty database has its chain and its archive checked all the same."""
    from latticeforge.windows import EPOCH

    known = there or (EPOCH, EPOCH)
    return instant(start) if start else known[0], instant(end) if end else known[1]


def _print(finding: Finding) -> None:
    state = f"{len(finding.problems)} problem(s)" if finding.problems else "whole"
    out.print(f"{finding.check:10} {finding.checked:>10,} checked  {state}", highlight=False)
    for problem in finding.problems:
        err.print(problem, highlight=False, soft_wrap=True, markup=False)
