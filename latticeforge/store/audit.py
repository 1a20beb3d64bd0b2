"""Who changed what counts, through which command, and which published numbers it changed.

Here: naming the command of a transaction, reading the audit log and the change log. Not here: writing them, which the
database does itself when a transaction that moved a pointer of ``core.active`` commits (migration 0004).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class Change:
    """A published number that is not what it was. ``before`` or ``after`` is None where the link was not there."""

    at: datetime | None  # None while its transaction is not committed
    window_start: datetime
    link_id: str
    label: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    why: str
    actor: str | None
    command: str | None

    @property
    def numbers(self) -> dict[str, tuple[Any, Any]]:
        """What differs: name -> (before, after)."""
        before, after = self.before or {}, self.after or {}
        return {n: (before.get(n), after.get(n)) for n in before | after if before.get(n) != after.get(n)}


def act(
    connection: psycopg.Connection,
    *,
    command: str,
    reason: str = "",
    actor: str = "",
    request: Mapping[str, Any] | None = None,
) -> None:
    """Say who acts in this transaction; what it changes goes into the audit log under that name.

    Args:
        actor: A person or a program; empty means the user of the database session.
        request: What was asked for; its SHA-256 is kept with it.
    """
    said = {
        "lf.command": command,
        "lf.reason": reason,
        "lf.actor": actor,
        "lf.request": json.dumps(request, default=str, sort_keys=True) if request is not None else "",
    }
    for name, value in said.items():
        connection.execute("select set_config(%s, %s, true)", (name, value))


def audit_id(connection: psycopg.Connection) -> int:
    """The number of this transaction in the audit log, even where it moves no pointer."""
    row = connection.execute("select core.audit_id()").fetchone()
    assert row is not None
    return int(row[0])


_CHANGE = "select u.at, c.window_start, c.link_id, c.label, c.before, c.after, c.why, u.actor, u.command"


def changes(
    connection: psycopg.Connection, start: datetime, end: datetime, *, limit: int | None = None
) -> list[Change]:
    """Changes of numbers of the windows in ``[start, end)``, oldest first; under ``lf.as_of`` those known then."""
    rows = connection.execute(
        f"{_CHANGE} from ops.change c join ops.audit u using (audit_id)"
        " where c.window_start >= %s and c.window_start < %s and u.at <= coalesce(core.as_of(), 'infinity')"
        " order by u.at, c.change_id limit %s",
        (start, end, limit),
    ).fetchall()
    return [Change(*row) for row in rows]


def changes_under(connection: psycopg.Connection, number: int) -> list[Change]:
    """The changes made under one number of the audit log, also before its transaction has committed."""
    rows = connection.execute(
        f"{_CHANGE} from ops.change c left join ops.audit u using (audit_id) where c.audit_id = %s"
        " order by c.change_id",
        (number,),
    ).fetchall()
    return [Change(*row) for row in rows]
