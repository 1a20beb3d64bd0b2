"""`lf digest`: one SHA-256 an asset. Here: arguments. Not here: what is hashed (``store.digest``)."""

from __future__ import annotations

from typing import Annotated

import typer

from latticeforge.cli.output import known_faults, load_settings, print_json
from latticeforge.cli.times import AsOf, From, To, maybe, ordered


def digest(
    start: From,
    end: To,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="The output is JSON in any case.")] = True,
) -> None:
    """Print one SHA-256 per asset for a range, as JSON.

    Example: [bold]lf digest --from 2025-01-28 --to 2025-01-29[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.as_of import reading_as_of
    from latticeforge.store.generations import digests

    (first, last), then = ordered(start, end), maybe(as_of)
    with known_faults(), open_store(load_settings(), connections=1) as store, store.connection() as c:
        with reading_as_of(c, then):
            found = {"from": first.isoformat(), "to": last.isoformat(), "assets": digests(c, first, last)}
        print_json(found | ({"as_of": then.isoformat()} if then else {}))
