"""What the database remembers of the days that were sealed from it.

Here: keeping roots, and holding an archive against them. Not here: what is wrong inside a day (``snapshot``).
An archive can be forged as a whole by whoever can write to it, from the day sealed last backwards. The database is
another place with another password: a day with a root that it never saw, or a day that is gone, is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg

from latticeforge.store.day_chain import Chain


def keep_root(connection: psycopg.Connection, day: date, root: str, where: str) -> None:
    """Remember that ``day`` was sealed with ``root`` in a place; once for each."""
    connection.execute(
        "insert into ops.sealed (day, root, archive) values (%s, %s, %s) on conflict do nothing", (day, root, where)
    )


def root_problems(connection: psycopg.Connection, chain: Chain, where: str) -> Iterator[str]:
    """Days of an archive that are not as they were sealed from this database; days sealed elsewhere pass."""
    known: dict[date, set[str]] = {}
    here = set()
    for day, root, archive in connection.execute("select day, root, archive from ops.sealed order by seq").fetchall():
        known.setdefault(day, set()).add(root)
        if archive == where:
            here.add(day)
    for day, link in chain.items():
        if day in known and link.root not in known[day]:
            yield f"{day}: root is {link.root}, it was sealed with {' or '.join(sorted(known[day]))}"
    for day in sorted(here - chain.keys()):
        yield f"{day}: was sealed in {where} and is not there any more, or cannot be read"
