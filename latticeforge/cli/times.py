"""Instants on the command line. Here: reading them. Not here: what they bound."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail

From = Annotated[str, typer.Option("--from", help="First instant (UTC), e.g. 2025-01-28.")]
To = Annotated[str, typer.Option("--to", help="First instant no longer in the range.")]
AnyFrom = Annotated[str | None, typer.Option("--from", help="First instant (UTC); without it, the first there is.")]
AnyTo = Annotated[str | None, typer.Option("--to", help="First instant no longer in the range.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Answer what was published at this instant (UTC, wall clock).")
]


def instant(text: str) -> datetime:
    """An instant as people type it; a clear error where it is none."""
    from latticeforge.windows import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        fail(str(error), BAD_INPUT)


def maybe(text: str | None) -> datetime | None:
    """As ``instant``, where one was given."""
    return instant(text) if text else None


def ordered(start: str, end: str) -> tuple[datetime, datetime]:
    """Both instants; a clear error where the first is not before the second."""
    first, last = instant(start), instant(end)
    if first >= last:
        fail(f"--from {start} is not before --to {end}", BAD_INPUT)
    return first, last


def user() -> str:
    """Who runs the command, for the audit log; empty where the system has no name for them."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
