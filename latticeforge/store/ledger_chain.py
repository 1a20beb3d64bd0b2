"""The chain of hashes over every generation and every transaction that changed what counts.

Here: walking ``core.ledger`` and comparing it with what it speaks of, computed here and not by the database that wrote
it. Each problem names the exact place. Not here: the rows of a generation (``integrity``); writing (migration 0004).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg

from latticeforge.windows import EPOCH, Window

_BATCH = 5000
_GENERATION = ("generation_id", "asset", "window_start", "created_at", "origin", "reason", "code_version", "row_count")
_AUDIT = ("audit_id", "at", "actor", "command", "reason", "request_sha256", "result_sha256", "pointers")

_ENTRIES = """
select l.entry, l.generation_id, l.content, l.hash,
       g.generation_id, g.asset, g.window_start, g.created_at, g.origin, g.reason, g.code_version, g.row_count,
       g.digest,
       u.audit_id, u.at, u.actor, u.command, u.reason, u.request_sha256, u.result_sha256, u.pointers
from core.ledger l
left join core.generation g on g.generation_id = l.generation_id
left join ops.audit u on u.audit_id = l.audit_id and l.generation_id is null
where %(asset)s::text is null or l.entry in (
    select unnest(array[k.entry - 1, k.entry]) from core.ledger k join core.generation o using (generation_id)
    where o.asset = %(asset)s and o.window_start >= %(start)s and o.window_start < %(end)s
)
order by l.entry
"""
_ACTIVATIONS = """
select u.audit_id, u.request::text, u.request_sha256, u.result_sha256,
       coalesce(string_agg(
           json_build_array(v.asset, core.microseconds(v.window_start), v.before_id, v.generation_id)::text,
           chr(10) order by v.place) filter (where v.place is not null), '')
from ops.audit u left join core.activation v using (audit_id) group by u.audit_id order by u.audit_id
"""
_POINTERS = """
select a.asset, a.window_start, a.generation_id, v.generation_id
from core.active a
left join lateral (
    select v.generation_id from core.activation v join ops.audit u using (audit_id)
    where v.asset = a.asset and v.window_start = a.window_start order by u.at desc, v.place desc limit 1
) v on true
where a.generation_id is distinct from v.generation_id order by 1, 2
"""


def chain_problems(connection: psycopg.Connection) -> tuple[int, list[str]]:
    """(entries walked, problems) of the whole chain, of the audit log and of the pointers."""
    problems: list[str] = []
    walked, before, expected = 0, hashlib.sha256(b"").digest(), 1
    for row in _rows(connection, _ENTRIES, {"asset": None, "start": None, "end": None}):
        if row[0] != expected:
            problems.append(f"core.ledger: entries {expected} to {row[0] - 1} are missing")
        problems += _entry_problems(row, before)
        walked, before, expected = walked + 1, bytes(row[3]), row[0] + 1
    problems += _unlisted(connection)
    for row in _rows(connection, _ACTIVATIONS):
        problems += _audit_problems(*row)
    for asset, start, pointer, recorded in connection.execute(_POINTERS).fetchall():
        problems.append(
            f"core.active {asset} {Window(start)}: points at generation {pointer},"
            f" the last recorded move says {recorded}"
        )
    return walked, problems


def entry_problems(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> list[str]:
    """Problems of the entries of one asset's generations for windows in ``[start, end)``."""
    rows = connection.execute(
        _ENTRIES,
        {"asset": asset, "start": start, "end": end},
    ).fetchall()
    hashes = {row[0]: bytes(row[3]) for row in rows} | {0: hashlib.sha256(b"").digest()}
    problems: list[str] = []
    for row in rows:
        if row[5] == asset and start <= row[6] < end:
            if row[0] - 1 in hashes:
                problems += _entry_problems(row, hashes[row[0] - 1])
            else:
                problems.append(f"core.ledger: entry {row[0] - 1} is missing")
    return problems + _unlisted(connection, asset, start, end)


def tip(connection: psycopg.Connection) -> tuple[int, str]:
    """(number, hash in hexadecimal) of the newest entry: who keeps them notices a chain cut off or written anew."""
    row = connection.execute("select entry, hash from core.ledger order by entry desc limit 1").fetchone()
    return (int(row[0]), bytes(row[1]).hex()) if row else (0, hashlib.sha256(b"").hexdigest())


def _rows(
    connection: psycopg.Connection, query: str, parameters: Mapping[str, object] | None = None
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="ledger_chain") as cursor:
        cursor.itersize = _BATCH
        yield from cursor.execute(query.encode(), parameters)


def _entry_problems(row: tuple[Any, ...], before: bytes) -> Iterator[str]:
    entry, generation_id, content, stored = row[0], row[1], row[2], bytes(row[3])
    where = f"core.ledger entry {entry}"
    if (found := hashlib.sha256(before + content.encode()).digest()) != stored:
        yield (
            f"{where}: hash is {stored.hex()[:16]}, the entry before it and its content give {found.hex()[:16]}:"
            " one of the two was changed"
        )
    try:
        said = json.loads(content)
    except ValueError:
        yield f"{where}: its content cannot be read"
        return
    if generation_id is not None:
        yield from _generation_problems(where, said, row[4:13])
    else:
        yield from _closing_problems(where, said, row[13:21])


def _generation_problems(where: str, said: list[Any], row: tuple[Any, ...]) -> Iterator[str]:
    place = f"core.generation {said[1]}, {said[2]} {Window(EPOCH + timedelta(microseconds=said[3]))}"
    if row[0] is None:
        yield f"{place}: gone ({where})"
        return
    there = [row[0], row[1], _us(row[2]), _us(row[3]), *row[4:8], bytes(row[8]).hex()]
    for name, is_there, was in zip((*_GENERATION, "digest"), there, said[1:], strict=True):
        if is_there != was:
            yield f"{place}: {name} is {is_there}, {where} says {was}"


def _closing_problems(where: str, said: list[Any], row: tuple[Any, ...]) -> Iterator[str]:
    place = f"ops.audit {said[1]}"
    if row[0] is None:
        yield f"{place}: gone ({where})"
        return
    there = [row[0], _us(row[1]), *row[2:5], bytes(row[5]).hex(), bytes(row[6]).hex(), row[7]]
    for name, is_there, was in zip(_AUDIT, there, said[1:], strict=True):
        if is_there != was:
            yield f"{place}: {name} is {is_there}, {where} says {was}"


def _audit_problems(audit_id: int, request: str, request_sha: bytes, result_sha: bytes, moves: str) -> Iterator[str]:
    if hashlib.sha256(request.encode()).digest() != bytes(request_sha):
        yield f"ops.audit {audit_id}: its request is not the one whose SHA-256 it carries"
    if hashlib.sha256(moves.encode()).digest() != bytes(result_sha):
        yield f"core.activation of transaction {audit_id}: not the moves whose SHA-256 ops.audit carries"


def _unlisted(
    connection: psycopg.Connection, asset: str | None = None, start: datetime | None = None, end: datetime | None = None
) -> list[str]:
    rows = connection.execute(
        "select generation_id, asset, window_start from core.generation g"
        " where not exists (select from core.ledger l where l.generation_id = g.generation_id)"
        " and (%s::text is null or (asset = %s and window_start >= %s and window_start < %s)) order by 1",
        (asset, asset, start, end),
    ).fetchall()
    return [f"core.generation {number}, {name} {Window(at)}: not in the ledger" for number, name, at in rows]


def _us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
