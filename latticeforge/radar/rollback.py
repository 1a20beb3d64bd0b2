"""Taking back what was published: pointers to earlier generations, or one source's items out of the count.

Here: the order of work, all of it in one transaction: lock, move or withdraw, compute what rests on it, describe. A
preview does the same and then lets the transaction go. Not here: SQL (``store.rollbacks``), arguments (``cli``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg

from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.history import RECENT_WINDOWS
from latticeforge.radar.stages import compute
from latticeforge.state_model import EVERY_ASSET
from latticeforge.store import Store
from latticeforge.store.audit import Change, act, changes_under
from latticeforge.store.generations import write_generations
from latticeforge.store.ledger import last_closed, mark_dirty, record_event
from latticeforge.store.rollbacks import (
    Move,
    Recorded,
    Rollback,
    RollbackFault,
    computed_from,
    downstream,
    flip,
    flip_back,
    landed_since,
    lock_pointers,
    moved_since,
    moved_windows,
    moves,
    record,
    recorded,
    refuse_unsafe_undo,
    withdrawn_items,
    withdrawn_windows,
)
from latticeforge.windows import HOUR, WINDOW, Window, ceil_to, floor_to

_FROM_HISTORY = ("spike_baselines", "spikes", "correlations", "distraction_scores")
# How long after a window others look back on it. The same hour of later days does too; those see the change when they
# are computed again, as with late items.
_LOOK_BACK = RECENT_WINDOWS * WINDOW


class _Preview(Exception):
    """Ends the transaction of a preview."""


@dataclass
class Effect:
    """What a rollback did, or would do."""

    rollback_id: int
    asked: Rollback
    moves: list[Move] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    without_earlier: int = 0  # windows that have nothing to go back to, left as they are
    withdrawn_items: int = 0
    recomputed: int = 0  # windows computed again in the same transaction
    later: tuple[datetime, datetime] | None = None  # where windows rest on what moved and are left to a backfill

    @property
    def windows(self) -> list[datetime]:
        """Windows with a pointer that moved, oldest first."""
        return sorted({m.window_start for m in self.moves})

    @property
    def rows(self) -> dict[str, tuple[int, int, int]]:
        """asset -> (windows, rows before, rows after)."""
        found: dict[str, tuple[int, int, int]] = {}
        for m in self.moves:
            windows, before, after = found.get(m.asset, (0, 0, 0))
            found[m.asset] = (windows + 1, before + m.rows_before, after + m.rows_after)
        return {name: found[name] for name in EVERY_ASSET if name in found}

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rollback_id": self.rollback_id,
            "kind": self.asked.kind,
            "asked": asdict(self.asked),
            "windows": [at.isoformat() for at in self.windows],
            "assets": {
                name: {"windows": w, "rows_before": before, "rows_after": after}
                for name, (w, before, after) in self.rows.items()
            },
            "numbers_changed": [
                {"window": c.window_start.isoformat(), "link_id": c.link_id, "label": c.label, "numbers": c.numbers}
                for c in self.changes
            ],
            "withdrawn_items": self.withdrawn_items,
            "windows_recomputed": self.recomputed,
            "windows_without_earlier": self.without_earlier,
            "left_to_backfill": [at.isoformat() for at in self.later] if self.later else None,
        }


class RollbackCoordinator:
    """Rolls back, previews and undoes.

    Args:
        encoder: Gives the text encoder where something has to be computed; a mere flip needs none.
        run_by: lf or dagster: who shows it in the catalogue and how later windows are computed again.
        command: What the audit log names as the command.
        actor: A person or a program; empty means the user of the database session.
    """

    def __init__(
        self, store: Store, encoder: Callable[[], Encoder], *, run_by: str, command: str, actor: str = ""
    ) -> None:
        self._store, self._encoder = store, cache(encoder)  # loading it takes a second
        self._run_by, self._command, self._actor = run_by, command, actor

    def roll_back(self, asked: Rollback, *, preview: bool = False, recompute: bool = True) -> Effect:
        """Do what was asked, in one transaction.

        Args:
            preview: Do it, describe it, and let it go.
            recompute: Compute what rests on it here; False leaves it to a backfill (``Effect.later``).

        Raises:
            RollbackFault: there is nothing to roll back, or the request makes no sense.
        """
        _refuse_nonsense(asked)
        work = self._flip if asked.kind == "flip" else self._withdraw
        return self._run(asked, lambda c, effect: work(c, effect, recompute), preview, recompute)

    def undo(self, rollback_id: int, *, reason: str = "", preview: bool = False, recompute: bool = True) -> Effect:
        """Take a rollback back: pointers to where they were, withdrawn items into the count again.

        Raises:
            RollbackFault: no such rollback, undone already, or another one rests on it.
        """
        with self._store.connection() as c:
            undone = recorded(c, rollback_id)
            refuse_unsafe_undo(c, undone)
        asked = Rollback(
            undone.asset,
            undone.start,
            undone.end,
            reason or f"rollback {rollback_id} undone",
            source=undone.source,
            fetch_id=undone.fetch_id,
            undoes=rollback_id,
        )
        return self._run(asked, lambda c, effect: self._undo(c, effect, undone, recompute), preview, recompute)

    def _run(
        self, asked: Rollback, work: Callable[[psycopg.Connection, Effect], None], preview: bool, recompute: bool
    ) -> Effect:
        effect: Effect | None = None
        try:
            with self._store.connection() as c:
                request = {k: v for k, v in asdict(asked).items() if v is not None}
                act(c, command=self._command, reason=asked.reason, actor=self._actor, request=request)
                lock_pointers(c, asked.start, asked.end + _LOOK_BACK)
                items = withdrawn_items(c, asked) if asked.kind == "withdraw" else 0
                rollback_id, audit_id = record(c, asked, run_by=self._run_by, recompute=recompute)
                effect = Effect(rollback_id, asked, withdrawn_items=items)
                work(c, effect)
                effect.moves, effect.changes = moves(c, audit_id), changes_under(c, audit_id)
                if preview:
                    raise _Preview
                _leave_event(c, effect)
        except _Preview:
            assert effect is not None
        return effect

    def _flip(self, c: psycopg.Connection, effect: Effect, recompute: bool) -> None:
        effect.without_earlier = flip(c, effect.asked, effect.rollback_id)
        moved = moved_windows(c, effect.rollback_id)
        if not moved:
            raise RollbackFault(_nothing_earlier(effect))
        self._follow(c, effect, min(moved), max(moved), recompute)

    def _withdraw(self, c: psycopg.Connection, effect: Effect, recompute: bool) -> None:
        if not effect.withdrawn_items:
            raise RollbackFault(
                f"nothing to withdraw: no item of {_whose(effect.asked)} between {effect.asked.start:%Y-%m-%dT%H:%MZ}"
                f" and {effect.asked.end:%Y-%m-%dT%H:%MZ} counts"
            )
        if starts := withdrawn_windows(c, effect.asked):
            self._follow(c, effect, starts[0], starts[-1], recompute, whole=set(starts))

    def _undo(self, c: psycopg.Connection, effect: Effect, undone: Recorded, recompute: bool) -> None:
        flip_back(c, undone)
        late = landed_since(c, undone.start, undone.end, undone.at)
        mark_dirty(c, late, f"rollback {undone.rollback_id} undone")  # what it held back is due now
        back = moved_windows(c, effect.rollback_id)
        starts = withdrawn_windows(c, undone) if undone.kind == "withdraw" else []
        if touched := back | set(starts):
            changed_since = set(starts) - back
            newer = (moved_since(c, undone) | changed_since) - back  # the rest is as it was before the rollback
            self._follow(c, effect, min(touched), max(touched), recompute, whole=changed_since, only=newer)

    def _follow(
        self,
        c: psycopg.Connection,
        effect: Effect,
        first: datetime,
        last: datetime,
        recompute: bool,
        *,
        whole: Collection[datetime] = (),
        only: Collection[datetime] | None = None,
    ) -> None:
        """Compute ``whole`` from the articles on, and the windows from ``first`` on that look back on what moved."""
        end = last + WINDOW + _reach(effect.asked)
        if not recompute:
            effect.later = _finished_hours(c, first, end)
            return
        done = moved_windows(c, effect.rollback_id)
        computed: set[datetime] = set()
        at = floor_to(first, HOUR)
        while at < end:
            for asset in self._assets(effect.asked):
                starts = computed_from(c, asset, max(at, first), min(at + HOUR, end))
                starts = [s for s in starts if s not in done and (only is None or s in only)]
                starts = [s for s in starts if asset in _FROM_HISTORY or s in whole]
                if starts:
                    writes = compute(c, asset, [Window(s) for s in starts], encoder=self._encoder())
                    write_generations(c, writes, origin="rollback", reason=effect.asked.reason)
                    computed |= set(starts)
            at += HOUR
        effect.recomputed = len(computed)

    def _assets(self, asked: Rollback) -> list[str]:
        """What may have to be computed again, in order."""
        if asked.source is not None or asked.fetch_id is not None:
            return list(ASSETS)
        return [name for name in downstream(asked.asset) if name in _FROM_HISTORY]


def later_hours(c: psycopg.Connection, done: Recorded) -> tuple[datetime, datetime] | None:
    """The hours that rest on a rollback which left them to a backfill; None where there is none."""
    touched = moved_windows(c, done.rollback_id)
    if done.source is not None or done.fetch_id is not None:
        touched |= set(withdrawn_windows(c, done))
    return _finished_hours(c, min(touched), max(touched) + WINDOW + _reach(done)) if touched else None


def _finished_hours(c: psycopg.Connection, first: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """Whole hours around ``[first, end)``, up to the last that is over."""
    closed = last_closed(c)
    over = floor_to(closed, HOUR) if closed else ceil_to(end, HOUR)
    begin, stop = floor_to(first, HOUR), min(ceil_to(end, HOUR), over)
    return (begin, stop) if begin < stop else None


def _reach(asked: Rollback | Recorded) -> timedelta:
    """How long after a window that moved others look back on it."""
    moved = downstream("articles") if asked.source or asked.fetch_id is not None else downstream(asked.asset)
    if "narratives" in moved:
        return _LOOK_BACK
    return LINK_SPAN if "spikes" in moved else timedelta(0)


def _refuse_nonsense(asked: Rollback) -> None:
    if asked.asset not in EVERY_ASSET:
        raise RollbackFault(f"there is no asset {asked.asset!r}; there are {', '.join(EVERY_ASSET)}")
    if asked.start >= asked.end:
        raise RollbackFault(f"{asked.start.isoformat()} is not before {asked.end.isoformat()}")
    if asked.source is not None and asked.fetch_id is not None:
        raise RollbackFault("name a source or a batch, not both")
    if asked.as_of is not None and asked.kind == "withdraw":
        raise RollbackFault("a withdrawal takes items out of what counts now; it goes back to no earlier instant")


def _nothing_earlier(effect: Effect) -> str:
    asked = effect.asked
    span = f"between {asked.start:%Y-%m-%dT%H:%MZ} and {asked.end:%Y-%m-%dT%H:%MZ}"
    if effect.without_earlier:
        return f"{effect.without_earlier} window(s) of {asked.asset} {span} have nothing earlier to go back to"
    return f"no window of {asked.asset} {span} has been computed"


def _whose(asked: Rollback) -> str:
    return f"source {asked.source}" if asked.source is not None else f"batch {asked.fetch_id}"


def _leave_event(c: psycopg.Connection, effect: Effect) -> None:
    asked = effect.asked
    what = {
        "flip": f"{asked.asset} back to earlier generations",
        "withdraw": f"{effect.withdrawn_items} item(s) of {_whose(asked)} withdrawn",
        "undo": f"rollback {asked.undoes} undone",
    }[asked.kind]
    record_event(
        c,
        f"rollback.{asked.kind}",
        f"rollback {effect.rollback_id}: {what}, {len(effect.windows)} window(s), {len(effect.changes)} number(s)"
        f" changed: {asked.reason}",
        at=datetime.now(UTC),
        source=asked.source or "",
        severity="warning",
        detail={"rollback_id": effect.rollback_id, "windows": len(effect.windows), "changes": len(effect.changes)},
    )
