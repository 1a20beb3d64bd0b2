"""`lf show` and `lf changes`: what is published, what was, and which numbers have changed.

Here: arguments and tables. Not here: SQL of the marts (``dbt_project``).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import BAD_INPUT, err, fail, known_faults, load_settings, out, print_json
from latticeforge.cli.times import AnyFrom, AnyTo, AsOf, From, To, maybe, ordered

if TYPE_CHECKING:
    from latticeforge.store.audit import Change

_Json = Annotated[bool, typer.Option("--json", help="For programs.")]
_WIDTH = 48


def show(
    mart: Annotated[str, typer.Argument(help="A mart, like link_board; docs/data-dictionary.md has them all.")],
    start: AnyFrom = None,
    end: AnyTo = None,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(help="Rows at most.", min=1)] = 50,
    as_json: _Json = False,
) -> None:
    """Print rows of a mart: what the dashboard shows, now or at an earlier instant.

    Example: [bold]lf show link_board --from 2025-01-28 --as-of 2025-01-28T14:27Z[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.as_of import reading_as_of
    from latticeforge.store.marts import read_mart

    first, last, then = maybe(start), maybe(end), maybe(as_of)
    with known_faults(), open_store(load_settings(), connections=1) as store, store.connection() as c:
        try:
            with reading_as_of(c, then):
                names, rows = read_mart(c, mart, first, last, limit)
        except ValueError as error:
            fail(str(error), BAD_INPUT)
    records = [dict(zip(names, row, strict=True)) for row in rows]
    if as_json:
        print_json(records)
    else:
        _print(mart, records)


def _print(mart: str, records: list[dict[str, Any]]) -> None:
    for record in records:
        out.print("  ".join(f"{k}={_short(v)}" for k, v in record.items() if v is not None), highlight=False)
    if not records:
        err.print(f"marts.{mart} has no such row")


def _short(value: object) -> str:
    text = f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def changes(
    start: From,
    end: To,
    as_of: AsOf = None,
    as_json: _Json = False,
) -> None:
    """List published numbers that have changed since: before, after, why, by whom. The range is of windows.

    Example: [bold]lf changes --from 2025-01-28 --to 2025-01-29[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.as_of import reading_as_of
    from latticeforge.store.audit import changes as read_changes

    (first, last), then = ordered(start, end), maybe(as_of)
    with (
        known_faults(),
        open_store(load_settings(), connections=1) as store,
        store.connection() as c,
        reading_as_of(c, then),
    ):
        found = read_changes(c, first, last)
    if as_json:
        print_json([_record(c) for c in found])
        return
    for change in found:
        out.print(_line(change), highlight=False, soft_wrap=True)
    if not found:
        err.print("no published number of these windows has changed")


def _record(change: Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "window": change.window_start,
        "link_id": change.link_id,
        "label": change.label,
        "numbers": {name: {"before": b, "after": a} for name, (b, a) in change.numbers.items()},
        "why": change.why,
        "command": change.command,
        "actor": change.actor,
    }


def _line(change: Change) -> str:
    told = "appeared" if change.before is None else "disappeared" if change.after is None else ""
    shown = ("verdict", "likelihood", "effect_items", "p_value", "q_value")
    numbers = told or ", ".join(
        f"{name} {before} → {after}" for name, (before, after) in change.numbers.items() if name in shown
    )
    when = f"{change.at:%Y-%m-%d %H:%M:%SZ}" if change.at else "now"
    return (
        f"{when}  {change.window_start:%Y-%m-%dT%H:%MZ}  {change.label}: {numbers or 'other numbers'}"
        f"  ({change.why}; {change.command}, {change.actor})"
    )
