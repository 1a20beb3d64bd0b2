"""`lf feed`: the feed parser alone, for people who debug a feed.

Here: arguments and what is printed. Not here: how feeds are read (``latticeforge.sources.feeds``).
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, TypedDict

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from latticeforge.sources.feeds import ParsedFeed, ParsedItem

app = typer.Typer(help="Look at feeds.", no_args_is_help=True)

MAX_FILE_BYTES = 10_000_000


class Line(TypedDict):
    """What became of one feed."""

    feed: str
    kind: str
    title: str
    items: int
    problems: list[str]
    fault: str | None


@app.callback()
def feed() -> None:
    """Look at feeds."""


@app.command("parse")
def parse(
    where: Annotated[str, typer.Argument(metavar="FILE|DIR|URL", help="A feed, a folder of feeds, or an address.")],
    out: Annotated[str, typer.Option("--out", help="JSON lines to write, one an item; - is standard output.")] = "-",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Parse feeds and write their items; one that cannot be read is a line on stderr. Exit code 1 if none could.

    Example: [bold]lf feed parse feeds/ --out items.jsonl[/]
    """
    report: list[Line] = []
    try:
        with _opened(out) as lines:
            for name, outcome in _outcomes(where):
                report.append(_written(name, outcome, lines))
    except OSError as error:
        typer.echo(f"{error.filename or out} cannot be opened ({error.strerror}); check the path", err=True)
        raise typer.Exit(2) from error
    if as_json:
        total = sum(line["items"] for line in report)
        typer.echo(json.dumps({"feeds": report, "items": total}), err=out == "-")
    else:
        _show(report)
    raise typer.Exit(0 if any(line["fault"] is None for line in report) else 1)


@contextmanager
def _opened(out: str) -> Iterator[TextIO]:
    if out == "-":
        yield sys.stdout
        return
    with Path(out).open("w", encoding="utf-8") as lines:
        yield lines


def _outcomes(where: str) -> Iterator[tuple[str, ParsedFeed | str]]:
    """Each feed by name, or why it cannot be read."""
    if where.startswith(("http://", "https://")):
        yield where, _fetched(where)
        return
    path = Path(where)
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    if not files:
        typer.echo(f"{path} holds no file", err=True)
    for file in files:
        yield str(file), _read(file)


def _read(path: Path) -> ParsedFeed | str:
    from latticeforge.sources.faults import UnreadableInput
    from latticeforge.sources.feeds import parse_feed

    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            return f"it has {size / 1e6:.1f} MB; the limit is {MAX_FILE_BYTES / 1e6:.0f} MB"
        return parse_feed(path.read_bytes())
    except OSError as error:
        return f"cannot be read ({error.strerror}); check the path"
    except UnreadableInput as fault:
        return str(fault)


def _fetched(url: str) -> ParsedFeed | str:
    """Fetch and parse an address; one on this very machine is allowed where the user typed it."""
    import asyncio

    from latticeforge.sources.client import FeedClient, typed_loopback
    from latticeforge.sources.clock import SystemClock
    from latticeforge.sources.faults import UnreadableInput
    from latticeforge.sources.feeds import parse_feed

    async def get() -> ParsedFeed | str:
        async with FeedClient(SystemClock(), allow_loopback=typed_loopback(url)) as client:
            answer = await client.get(url, source="lf feed parse")
        if answer.fault is not None:
            return str(answer.fault)
        fetch = answer.fetch
        return parse_feed(fetch.payload, url=fetch.url, content_type=fetch.headers.get("content-type", ""))

    try:
        return asyncio.run(get())
    except UnreadableInput as fault:
        return str(fault)


def _written(name: str, outcome: ParsedFeed | str, lines: TextIO) -> Line:
    """Write a feed's items, tell its problems, and return its line of the summary."""
    if isinstance(outcome, str):
        typer.echo(outcome if outcome.startswith(name) else f"{name}: {outcome}", err=True)
        return {"feed": name, "kind": "", "title": "", "items": 0, "problems": [], "fault": outcome}
    for item in outcome.items:
        lines.write(json.dumps(_record(item), ensure_ascii=False) + "\n")
    for problem in outcome.problems:
        typer.echo(f"{name}: {problem}", err=True)
    return {
        "feed": name,
        "kind": outcome.kind,
        "title": outcome.title,
        "items": len(outcome.items),
        "problems": list(outcome.problems),
        "fault": None,
    }


def _record(item: ParsedItem) -> dict[str, object]:
    return {
        "id": item.guid,
        "title": item.title,
        "url": item.url,
        "published_at": _iso(item.published_at),
        "updated_at": _iso(item.updated_at),
        "author": item.author,
        "summary": item.summary,
        "problems": list(item.problems),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _show(report: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("feed", "kind", "title", "items", "problems")
    for line in report:
        told = line["fault"] or str(len(line["problems"]) or "")
        cells = (line["feed"], line["kind"], line["title"], str(line["items"]), told)
        table.add_row(*(Text(cell) for cell in cells))
    Console(stderr=True).print(table)
