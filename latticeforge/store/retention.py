"""What is kept, and what may go: generations that no longer count, and raw answers.

Here: the policy as queries, and the removal with its record. Not here: when it runs (`lf retention`). Landed items,
vectors, the ledger, the audit log and every change of a number are kept for ever.

A generation's rows may go when it stopped counting before the kept time, its day is sealed in the archive, and no
rollback that stands would go back to it. A raw answer may go when it came before the kept time, its day is sealed, and
no statement that is or was published within the kept time cites an item of it. Its hash stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg import sql

from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.audit import act, audit_id
from latticeforge.store.database import Store


@dataclass(frozen=True, slots=True)
class Removal:
    """What went, or would go."""

    kept_from: datetime  # reads as of an instant from here on are complete
    generations: int
    generation_rows: int
    payloads: int
    payload_bytes: int


class _Preview(Exception):
    """Ends the transaction of a preview."""


def retain(
    store: Store, kept_from: datetime, sealed: Collection[date], *, preview: bool = False, actor: str = ""
) -> Removal:
    """Remove what nothing needs any more, in one transaction.

    Args:
        sealed: UTC days that the archive holds; nothing of another day is removed.
        preview: Do it, count it, and let it go.
    """
    removal: Removal | None = None
    try:
        with store.connection() as c:
            act(c, command="lf retention", actor=actor, request={"kept_from": kept_from, "sealed": sorted(sealed)})
            number = audit_id(c)
            generations = _removable_generations(c, kept_from, sorted(sealed))
            rows = _remove_rows(c, generations, number)
            payloads, size = _remove_payloads(c, kept_from, sorted(sealed))
            removal = Removal(kept_from, len(generations), rows, payloads, size)
            if preview:
                raise _Preview
            c.execute(
                "insert into ops.retention (audit_id, kept_from, generations, generation_rows, payloads, payload_bytes)"
                " values (%s, %s, %s, %s, %s, %s)",
                (number, kept_from, len(generations), rows, payloads, size),
            )
            c.execute("delete from ops.past where until_at < %s", (kept_from,))
    except _Preview:
        assert removal is not None
    return removal


def _removable_generations(c: psycopg.Connection, kept_from: datetime, sealed: list[date]) -> list[int]:
    rows = c.execute(
        "select g.generation_id from core.generation g"
        " where (g.window_start at time zone 'UTC')::date = any(%(sealed)s)"
        " and not exists (select from core.active a where a.generation_id = g.generation_id)"
        " and not exists (select from core.removed r where r.generation_id = g.generation_id)"
        " and (select max(u.at) from core.activation v join ops.audit u using (audit_id) where v.asset = g.asset"
        " and v.window_start = g.window_start and v.before_id = g.generation_id) < %(kept_from)s"
        " and not exists (select from core.activation v join ops.rollback r using (audit_id)"
        " where v.asset = g.asset and v.window_start = g.window_start and v.before_id = g.generation_id"
        " and r.kind <> 'undo' and not exists (select from ops.rollback n where n.undoes = r.rollback_id)) order by 1",
        {"sealed": sealed, "kept_from": kept_from},
    ).fetchall()
    return [row[0] for row in rows]


def _remove_rows(c: psycopg.Connection, generations: list[int], number: int) -> int:
    removed = 0
    for asset in EVERY_ASSET.values():
        for table in asset.tables:
            statement = sql.SQL("delete from {} where generation_id = any(%s)").format(
                sql.Identifier(*table.name.split("."))
            )
            removed += c.execute(statement, (generations,)).rowcount
    c.execute(
        "insert into core.removed (generation_id, audit_id) select unnest(%s::bigint[]), %s", (generations, number)
    )
    return removed


def _remove_payloads(c: psycopg.Connection, kept_from: datetime, sealed: list[date]) -> tuple[int, int]:
    c.execute("select set_config('lf.retention', 'on', true)")
    row = c.execute(
        "with cited as (select unnest(evidence) as item_id from core.distraction_score"
        " union select unnest(evidence) from live.alert),"
        " needed as (select f.payload_sha256 from landing.fetch f where f.payload_sha256 is not null"
        " and (f.received_at >= %(kept_from)s or (f.received_at at time zone 'UTC')::date <> all(%(sealed)s)"
        " or exists (select from landing.item i join cited using (item_id) where i.fetch_id = f.fetch_id))),"
        " gone as (delete from landing.payload p where p.sha256 not in (select payload_sha256 from needed)"
        " returning octet_length(p.body) as size)"
        " select count(*), coalesce(sum(size), 0)::bigint from gone",
        {"sealed": sealed, "kept_from": kept_from},
    ).fetchone()
    c.execute("select set_config('lf.retention', '', true)")
    assert row is not None
    return int(row[0]), int(row[1])
