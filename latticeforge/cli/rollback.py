"""`lf rollback` and `lf retention`: take back what was published, and let go of what nothing needs.

Here: arguments and what is printed. Not here: the work (``radar.rollback``, ``store.retention``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, known_faults, load_settings, out, print_json
from latticeforge.cli.times import AnyFrom, AnyTo, maybe, ordered, user

if TYPE_CHECKING:
    from latticeforge.radar.rollback import Effect
    from latticeforge.store.audit import Change

_Json = Annotated[bool, typer.Option("--json", help="For programs.")]
_SHOWN = 20


def rollback(
    asset: Annotated[str | None, typer.Option(help="The asset; all that rests on it goes back with it.")] = None,
    start: AnyFrom = None,
    end: AnyTo = None,
    source: Annotated[str | None, typer.Option(help="Withdraw the items of this source, and no others.")] = None,
    batch: Annotated[int | None, typer.Option(help="Withdraw the items of this landing.fetch.fetch_id.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Back to what counted then; else to what counted before.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is published with every number that changes.")] = "",
    undo: Annotated[int | None, typer.Option(help="Undo the rollback of this number.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would change, and change nothing.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the rollbacks there were.")] = False,
    as_json: _Json = False,
) -> None:
    """Take back what was published: to earlier generations, or without one source's items. Reversible.

    Example: [bold]lf rollback --asset articles --from 2025-01-28 --to 2025-01-29 --source bots --preview[/]
    """
    from latticeforge.embedding import load_encoder
    from latticeforge.radar.rollback import RollbackCoordinator
    from latticeforge.store import open_store
    from latticeforge.store.rollbacks import Rollback

    if listed:
        return _list(as_json)
    settings = load_settings()
    if undo is None and not (asset and start and end):
        fail("name --asset, --from and --to, or --undo ID; `lf rollback --list` shows what there was", BAD_INPUT)
    with known_faults(), open_store(settings) as store:
        coordinator = RollbackCoordinator(
            store,
            lambda: load_encoder(settings.encoder, settings.home / "models"),
            run_by="lf",
            command="lf rollback",
            actor=user(),
        )
        if undo is not None:
            effect = coordinator.undo(undo, reason=reason, preview=preview)
        else:
            assert asset and start and end
            first, last = ordered(start, end)
            why = reason or "no reason was given"
            asked = Rollback(asset, first, last, why, source=source, fetch_id=batch, as_of=maybe(as_of))
            effect = coordinator.roll_back(asked, preview=preview)
    if as_json:
        print_json(effect.to_dict() | {"preview": preview})
    else:
        _print(effect, preview)


def _print(effect: Effect, preview: bool) -> None:
    done = "would change" if preview else "changed"
    name = "preview" if preview else f"rollback {effect.rollback_id}"
    out.print(f"{name}: {len(effect.windows)} window(s), {len(effect.changes)} number(s) {done}", highlight=False)
    if effect.withdrawn_items:
        out.print(f"items withdrawn: {effect.withdrawn_items}", highlight=False)
    for asset, (windows, before, after) in effect.rows.items():
        out.print(f"  {asset:20} {windows:>4} window(s), {before:>8} rows before, {after:>8} after", highlight=False)
    for change in effect.changes[:_SHOWN]:
        out.print(f"  {_line(change)}", highlight=False, soft_wrap=True)
    if len(effect.changes) > _SHOWN:
        out.print(f"  and {len(effect.changes) - _SHOWN} more; --json has them all", highlight=False)
    if effect.without_earlier:
        out.print(f"left as they are, nothing earlier: {effect.without_earlier} window(s)", highlight=False)
    if not preview and effect.asked.undoes is None:
        out.print(f"undo it with `lf rollback --undo {effect.rollback_id}`", highlight=False)


def _line(change: Change) -> str:
    where = f"{change.window_start:%Y-%m-%dT%H:%MZ} {change.label}"
    if change.before is None or change.after is None:
        numbers, verb = change.after or change.before or {}, "disappears" if change.after is None else "appears"
        return f"{where}: {verb} ({numbers.get('verdict')}, likelihood {numbers.get('likelihood')})"
    shown = {n: v for n, v in change.numbers.items() if n in ("verdict", "likelihood")}
    return f"{where}: " + (", ".join(f"{n} {b} → {a}" for n, (b, a) in shown.items()) or "other numbers")


def _list(as_json: bool) -> None:
    from dataclasses import asdict

    from latticeforge.store import open_store
    from latticeforge.store.rollbacks import rollbacks

    with known_faults(), open_store(load_settings(), connections=1) as store, store.connection() as c:
        found = rollbacks(c)
    if as_json:
        print_json([asdict(r) for r in found])
        return
    for r in found:
        what = r.source or (f"batch {r.fetch_id}" if r.fetch_id is not None else r.asset)
        undone = f", undone by {r.undone_by}" if r.undone_by else ""
        out.print(
            f"{r.rollback_id:>4}  {r.at:%Y-%m-%d %H:%M:%SZ}  {r.kind} {what}  {r.start:%Y-%m-%dT%H:%MZ} to"
            f" {r.end:%Y-%m-%dT%H:%MZ}: {r.reason}{undone}",
            highlight=False,
            soft_wrap=True,
        )
    if not found:
        out.print("nothing was ever rolled back")


def retention(
    keep_days: Annotated[float, typer.Option(help="Reads as of these last days stay complete.", min=0)],
    preview: Annotated[bool, typer.Option("--preview", help="Say what would go, and remove nothing.")] = False,
    as_json: _Json = False,
) -> None:
    """Remove generations and raw answers that no published number, snapshot or kept instant needs.

    Example: [bold]lf retention --keep-days 90 --preview[/]
    """
    from dataclasses import asdict
    from datetime import UTC, datetime, timedelta

    from latticeforge.store import open_store
    from latticeforge.store.places import archive_at
    from latticeforge.store.retention import retain

    settings = load_settings()
    kept_from = datetime.now(UTC) - timedelta(days=keep_days)
    with known_faults(), open_store(settings, connections=2) as store:
        sealed = archive_at(settings.sealed_days).days()
        removal = retain(store, kept_from, sealed, preview=preview, actor=user())
    if as_json:
        print_json(asdict(removal) | {"preview": preview})
        return
    would = "would go" if preview else "went"
    out.print(
        f"{removal.generations:,} generation(s) with {removal.generation_rows:,} rows and {removal.payloads:,} raw"
        f" answer(s) of {removal.payload_bytes:,} bytes {would}; reads as of {kept_from:%Y-%m-%dT%H:%MZ} and later"
        " stay complete",
        highlight=False,
    )
