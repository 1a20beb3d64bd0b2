"""`lf snapshot`: seal a day, check sealed days, list, restore and compare them, prove what is in them.

Here: arguments and what is printed. Not here: how a day is sealed (``latticeforge.store.snapshot``).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latticeforge.cli.output import BAD_INPUT, FAILED, fail, known_faults, load_settings, out, print_json

if TYPE_CHECKING:
    from datetime import date

    from latticeforge.store.places import Archive

app = typer.Typer(help="Sealed days: Parquet files under one Merkle root, chained to the day sealed before.")

_SHOWN = 50
_PLACE = "A folder or s3://bucket/prefix; without it LF_ARCHIVE, else LF_HOME/snapshots."
_Day = Annotated[str, typer.Argument(help="UTC day, like 2025-01-28.")]
_AnyDay = Annotated[str | None, typer.Argument(help="UTC day, like 2025-01-28. Without it, every sealed day.")]
_From = Annotated[str | None, typer.Option("--from", help=_PLACE)]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("create")
def create(
    day: _Day, to: Annotated[str | None, typer.Option("--to", help=_PLACE)] = None, as_json: _Json = False
) -> None:
    """Seal a day. Sealing it again with equal rows changes nothing; with other rows it is refused.

    Example: [bold]lf snapshot create 2025-01-28 --to s3://newsroom/radar[/]
    """
    from latticeforge.embedding.weights import published_sha256
    from latticeforge.store import open_store
    from latticeforge.store.snapshot import create_snapshot, describe

    wanted = _day(day)
    with known_faults():
        archive = _archive(to)
        with open_store(load_settings(), connections=2) as store:
            manifest = create_snapshot(store, wanted, archive, weights=published_sha256)
    record = {**describe([manifest])[0], "archive": archive.where}
    if as_json:
        print_json(record)
    else:
        _say(f"{wanted} sealed: {record['rows']} rows, {record['bytes']} bytes, root {manifest.root}")


@app.command("verify")
def verify(
    day: _AnyDay = None,
    place: _From = None,
    root: Annotated[
        str | None, typer.Option("--root", help="The published root of the day sealed last: nothing passes it.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Check sealed days; each problem names the exact place. Exit code 1 where there is one.

    Example: [bold]lf snapshot verify --root 5f1c...[/]
    """
    from latticeforge.store.snapshot import verify_archive, verify_snapshot

    if day and root:
        fail("--root says where the chain ends: give it without a day", BAD_INPUT)
    with known_faults():
        archive = _archive(place)
        problems = {day: verify_snapshot(archive, _day(day))} if day else verify_archive(archive, root=root)
    if not problems:
        fail(f"no day is sealed in {archive.where}: run `lf snapshot create DAY`")
    if as_json:
        print_json(problems)
    else:
        for name, found in problems.items():
            _say("\n".join(found) if found else f"{name} is whole")
    raise typer.Exit(FAILED if any(problems.values()) else 0)


@app.command("list")
def list_days(place: _From = None, as_json: _Json = False) -> None:
    """List sealed days with their roots.

    Example: [bold]lf snapshot list[/]
    """
    from latticeforge.store.snapshot import describe, sealed_manifest

    with known_faults():
        archive = _archive(place)
        found = {d: sealed_manifest(archive, d) for d in archive.days()}
    records = describe([m for m in found.values() if m])
    if as_json:
        print_json(records)
        return
    for r in records:
        _say(f"{r['day']}  {r['rows']:>9} rows  {r['bytes']:>11} bytes  {r['root']}")
    for day in (d for d, m in found.items() if m is None):
        _say(f"{day}  has files and no manifest: run `lf snapshot create {day}` again, or `lf snapshot verify`")
    if not found:
        _say(f"no day is sealed in {archive.where}")


@app.command("restore")
def restore(day: _AnyDay = None, place: _From = None, as_json: _Json = False) -> None:
    """Put sealed days back into the database, row for row; a day that is there already is left alone.

    Example: [bold]LF_HOME=/srv/new lf snapshot restore --from s3://newsroom/radar[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.restore import restore_day

    wanted = [_day(day)] if day else None
    with known_faults():
        archive = _archive(place)
        days = wanted or archive.days()
        if not days:
            fail(f"no day is sealed in {archive.where}")
        with open_store(load_settings(), connections=2) as store:
            restored = []
            for one in days:
                restored.append(restore_day(store, archive, one))
                if not as_json:
                    what = "restored" if restored[-1].written else "is there already"
                    _say(f"{one} {what}: {restored[-1].rows} rows, root {restored[-1].root}")
    if as_json:
        print_json([asdict(r) for r in restored])


@app.command("diff")
def diff(
    day: _Day,
    place: _From = None,
    other: Annotated[
        str | None, typer.Option("--with", help="Another place with the day; without it, the database as it is now.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Name the tables, windows and rows of a day that differ. Exit code 1 where there are any.

    Example: [bold]lf snapshot diff 2025-01-28[/]
    """
    from latticeforge.store import open_store
    from latticeforge.store.difference import differences, live_side, sealed_side, summary

    wanted = _day(day)
    with known_faults(), sealed_side(_archive(place), wanted) as first:
        if other:
            with sealed_side(other, wanted) as second:
                found = differences(first, second)
        else:
            with open_store(load_settings(), connections=1) as store:
                second = live_side(store, wanted)
            found = differences(first, second)
    if as_json:
        rows = [asdict(d) for d in found]
        print_json({"first": first.name, "second": second.name, "summary": summary(found), "rows": rows})
    else:
        _print_differences(first.name, second.name, found)
    raise typer.Exit(FAILED if found else 0)


def _print_differences(first: str, second: str, found: list[Any]) -> None:
    from latticeforge.store.difference import summary

    if not found:
        _say(f"no row differs between {first} and {second}")
        return
    _say(f"first: {first}\nsecond: {second}")
    for table, kinds in summary(found).items():
        _say(f"{table}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    for d in found[:_SHOWN]:
        key = " ".join(map(str, d.key.values()))
        _say(f"  {d.table}  {d.window or '-'}  {key}  {d.kind} {' '.join(d.columns)}".rstrip())
    if len(found) > _SHOWN:
        _say(f"  and {len(found) - _SHOWN} more: --json lists them all")


@app.command("prove")
def prove(
    item: Annotated[str, typer.Argument(help="The id of an item: 24 hexadecimal digits.")],
    day: Annotated[str | None, typer.Option("--day", help="Where to look; without it, from the newest day on.")] = None,
    place: _From = None,
) -> None:
    """Write a proof that an item is in a sealed day; docs/check_proof.py checks it, without this program.

    Example: [bold]lf snapshot prove 8a0d2f5b6c7e4f1029384756 > proof.json[/]
    """
    from latticeforge.store.proof import proof_text, prove_item

    wanted = _day(day) if day else None
    with known_faults():
        typer.echo(proof_text(prove_item(_archive(place), item, wanted)), nl=False)


def _archive(place: str | None) -> Archive:
    from latticeforge.store.places import archive_at

    return archive_at(place or load_settings().sealed_days)


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True, markup=False)


def _day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is not a day; write it like 2025-01-28", BAD_INPUT)
