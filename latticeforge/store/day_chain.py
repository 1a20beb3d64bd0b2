"""How sealed days hang together: each names the root of the day that was sealed before it.

Here: the end of the chain, and what is wrong with it. Not here: what is in a day (``snapshot``).
The order is that of sealing, not of the calendar: a day that was missed and is sealed a week later comes last and
breaks nothing. All days together are one line: one first day, no day named twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from latticeforge.store.manifest import MANIFEST, Previous, SnapshotFault, parse_manifest
from latticeforge.store.places import Archive


@dataclass(frozen=True, slots=True)
class Link:
    """A sealed day in the chain."""

    root: str
    previous: Previous | None


Chain = Mapping[date, Link]


def read_chain(archive: Archive, *, without: date | None = None, skip_unreadable: bool = False) -> Chain:
    """Every day with its root and what it names.

    Args:
        without: A day that is about to be sealed, of which an interrupted upload may have left a part.

    Raises:
        SnapshotFault: a manifest is missing or cannot be read, unless those are skipped.
    """
    chain = {}
    for day in archive.days():
        if day == without:
            continue
        try:
            manifest = parse_manifest(archive.read(day, MANIFEST), day)
        except SnapshotFault:
            if not skip_unreadable:
                raise
            continue
        chain[day] = Link(manifest.root, manifest.head.previous)
    return chain


def chain_end(chain: Chain) -> Previous | None:
    """The day that was sealed last: the one that no other names. None where nothing is sealed.

    Raises:
        SnapshotFault: there are several, so the chain is broken.
    """
    named = {link.previous.day for link in chain.values() if link.previous}
    ends = [day for day in sorted(chain) if day.isoformat() not in named]
    if len(ends) > 1:
        raise SnapshotFault(
            f"{' and '.join(map(str, ends))} are both the end of the chain: run `lf snapshot verify` and move away the"
            " day that does not belong"
        )
    return Previous(ends[0].isoformat(), chain[ends[0]].root) if ends else None


def chain_problems(chain: Chain, day: date) -> Iterator[str]:
    """What is wrong with the place of ``day`` in the chain."""
    own, where = chain[day], f"{day}/{MANIFEST}"
    if own.previous is None:
        for other in _others(chain, day, None):
            yield f"{where}: names no previous root, and neither does {other}"
    else:
        yield from _link_problems(chain, own.previous, where)
        for other in _others(chain, day, own.previous.day):
            yield f"{where}: chained to {own.previous.day}, and so is {other}"
    for other, link in chain.items():
        if link.previous and link.previous.day == day.isoformat() and link.previous.root != own.root:
            yield f"{other}/{MANIFEST}: chained to root {link.previous.root} of {day}, which now has {own.root}"


def _others(chain: Chain, day: date, named: str | None) -> list[date]:
    return [d for d, link in chain.items() if d != day and (link.previous.day if link.previous else None) == named]


def _link_problems(chain: Chain, link: Previous, where: str) -> Iterator[str]:
    try:
        before = chain.get(date.fromisoformat(link.day))
    except ValueError:
        yield f"{where}: previous day {link.day!r} is not a date"
        return
    if before is None:
        yield f"{where}: chained to {link.day}, which is missing or cannot be read"
    elif before.root != link.root:
        yield f"{where}: chained to root {link.root} of {link.day}, which has {before.root}"
