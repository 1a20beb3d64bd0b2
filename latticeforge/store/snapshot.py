"""A day, sealed: Parquet files, a manifest with their hashes, one Merkle root chained to the day before.

Here: writing a day whole or not at all, checking it. Not here: when a day is sealed (``sensors``), which rows a table
of the day has (``archive``), where it lies (``places``), the form of the manifest (``manifest``).

Layout: ``PLACE/2025-01-28/`` with one ``TABLE.parquet`` for each table, ``ro-crate-metadata.json`` and
``manifest.json``. docs/archive.md describes the format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from latticeforge import __version__
from latticeforge.model import Table
from latticeforge.store.archive import Day, read_day, tables
from latticeforge.store.crate import crate_text
from latticeforge.store.database import Store
from latticeforge.store.day_chain import Chain, chain_end, chain_problems, read_chain
from latticeforge.store.manifest import (
    CRATE,
    FORMAT,
    MANIFEST,
    FileEntry,
    Head,
    Manifest,
    MissingFile,
    SnapshotFault,
    parse_manifest,
)
from latticeforge.store.places import Archive, archive_at
from latticeforge.store.rows import rows_root
from latticeforge.store.sealed import keep_root, root_problems

__all__ = [
    "UNREADABLE",
    "SnapshotFault",
    "create_snapshot",
    "describe",
    "read_manifest",
    "read_rows",
    "sealed_manifest",
    "snapshot_days",
    "verify_archive",
    "verify_snapshot",
]

# polars panics on some broken files; what it raises then is no PolarsError
UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, OSError)
_ROW_GROUP = 65_536
_ZSTD_LEVEL = 9

Place = Path | str | Archive


def _unknown(_: str) -> str | None:
    return None


def create_snapshot(
    store: Store, day: date, place: Place, *, weights: Callable[[str], str | None] = _unknown
) -> Manifest:
    """Seal ``day`` (UTC) in ``place``; sealing it again with equal rows returns the same manifest.

    Args:
        weights: SHA-256 of the weights behind a text encoder, by the encoder's name, where it is known.

    Raises:
        SnapshotFault: the day is sealed already with other rows; or the place refuses.
    """
    archive = archive_at(place)
    with store.connection() as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        content = read_day(connection, day)
        version = connection.execute("select max(version) from public.lf_migration").fetchone()
    before = sealed_manifest(archive, day)
    manifest = _same(before, content) if before else _seal(archive, content, version[0] if version else 0, weights)
    with store.connection() as connection:
        keep_root(connection, day, manifest.root, archive.where)
    return manifest


def _seal(archive: Archive, content: Day, schema_version: int, weights: Callable[[str], str | None]) -> Manifest:
    previous = chain_end(read_chain(archive, without=content.day))
    starts = content.windows
    with archive.staged(content.day) as folder:
        files = tuple(_write_table(folder, table, frame) for table, frame in content.frames)
        crate = crate_text(content.day, files, content.encoders).encode()
        head = Head(
            format=FORMAT,
            day=content.day.isoformat(),
            code_version=__version__,
            schema_version=schema_version,
            models={name: weights(name) for name in content.encoders},
            windows=len(starts),
            first_window=starts[0].isoformat() if starts else None,
            last_window=starts[-1].isoformat() if starts else None,
            crate_sha256=hashlib.sha256(crate).hexdigest(),
            previous=previous,
        )
        manifest = Manifest(head, files)
        (folder / CRATE).write_bytes(crate)
        (folder / MANIFEST).write_bytes(manifest.to_json().encode())
        archive.publish(content.day, folder)
    return manifest


def sealed_manifest(archive: Archive, day: date) -> Manifest | None:
    """The manifest of ``day``, or None where it is not sealed.

    Raises:
        SnapshotFault: there is one that cannot be read.
    """
    try:
        return read_manifest(archive, day)
    except MissingFile:
        return None


def _same(manifest: Manifest, content: Day) -> Manifest:
    for table, frame in content.frames:
        before = manifest.entry(table.name)
        if before is None or before.rows_root != rows_root(table, frame):
            raise SnapshotFault(
                f"{content.day} is sealed with root {manifest.root[:16]}: {table.name} had"
                f" {before.rows if before else 'no'} rows then and has {frame.height} others now. A sealed day is never"
                f" rewritten; `lf snapshot diff {content.day}` names them; move the day away to seal it anew"
            )
    return manifest


def _write_table(folder: Path, table: Table, frame: pl.DataFrame) -> FileEntry:
    path = folder / f"{table.name}.parquet"
    frame.write_parquet(path, compression="zstd", compression_level=_ZSTD_LEVEL, row_group_size=_ROW_GROUP)
    return FileEntry(
        name=path.name,
        table=table.name,
        rows=frame.height,
        bytes=path.stat().st_size,
        sha256=_file_sha256(path),
        rows_root=rows_root(table, frame),
        columns=_types(frame),
    )


def snapshot_days(place: Place) -> list[date]:
    """Every day there is in ``place``, oldest first."""
    return archive_at(place).days()


def read_manifest(place: Place, day: date) -> Manifest:
    """The manifest of a sealed day.

    Raises:
        SnapshotFault: none there (``MissingFile``), or not one that this code can read.
    """
    return parse_manifest(archive_at(place).read(day, MANIFEST), day)


def read_rows(folder: Path, table: Table) -> pl.DataFrame:
    """The rows of one table of a fetched day, shaped.

    Raises:
        SnapshotFault: the file is missing or no Parquet file of this table.
    """
    path = folder / f"{table.name}.parquet"
    try:
        return table.shape(pl.read_parquet(path))
    except UNREADABLE as error:
        raise SnapshotFault(f"{path.name}: not readable as {table.name}: {str(error).splitlines()[0]}") from error


def verify_archive(
    place: Place, *, root: str | None = None, connection: psycopg.Connection | None = None
) -> dict[str, list[str]]:
    """Every problem of every day, by day; what concerns the archive as a whole under ``chain``.

    Args:
        connection: A database that days were sealed from: it remembers their roots.
        root: The published root of the day sealed last. The chain hangs on it: with it, no forgery of any day passes;
            without it, that day could be sealed anew as a whole by whoever can write to the place.

    Raises:
        SnapshotFault: the place cannot be read.
    """
    archive = archive_at(place)
    chain = read_chain(archive, skip_unreadable=True)
    problems = {d.isoformat(): _verify(archive, d, chain, doubted=_not_published(chain, root)) for d in archive.days()}
    if _not_published(chain, root):
        problems["chain"] = [f"no day has the published root {root}"]
    elif root is not None:
        problems["chain"] = [f"{d} was sealed after the published root {root}" for d in _after(chain, root)]
    if connection is not None:
        problems.setdefault("chain", []).extend(root_problems(connection, chain, archive.where))
    return problems


def _not_published(chain: Chain, root: str | None) -> bool:
    return root is not None and root not in {link.root for link in chain.values()}


def _after(chain: Chain, root: str) -> list[date]:
    return [day for day, link in chain.items() if link.previous and link.previous.root == root]


def verify_snapshot(place: Place, day: date) -> list[str]:
    """Every problem of a sealed day, each naming the exact place; an empty list means that it is whole.

    Checks the root against the manifest, each file's size, SHA-256, schema, row count and rows, the set of files, and
    the links to the day sealed before and from the day sealed after.
    """
    archive = archive_at(place)
    return _verify(archive, day, read_chain(archive, skip_unreadable=True), doubted=False)


def _verify(archive: Archive, day: date, chain: Chain, *, doubted: bool) -> list[str]:
    try:
        with archive.fetched(day) as folder:
            text = archive.read(day, MANIFEST)
            manifest = parse_manifest(text, day)
            problems = [*_head_problems(text, manifest, day), *(chain_problems(chain, day) if day in chain else ())]
            # under a forged manifest a file may be made to harm its reader: only its hash is looked at then
            doubted = doubted or bool(problems)
            problems += _crate_problems(folder, manifest, day)
            for entry in manifest.files:
                problems += _file_problems(folder, day, entry, read=not doubted)
            return problems + _extra_files(folder, day, manifest)
    except SnapshotFault as fault:
        return [str(fault)]


def _head_problems(text: bytes, manifest: Manifest, day: date) -> Iterator[str]:
    where = f"{day}/{MANIFEST}"
    if (said := json.loads(text).get("root")) != manifest.root:
        yield f"{where}: root is {said}, its own content gives {manifest.root}"
    elif text != manifest.to_json().encode():
        yield f"{where}: not in the form it was written in; it was edited"
    if manifest.head.format != FORMAT:
        yield f"{where}: format is {manifest.head.format}, this code reads {FORMAT}"
    if manifest.head.day != day.isoformat():
        yield f"{where}: says it is {manifest.head.day}"


def _crate_problems(folder: Path, manifest: Manifest, day: date) -> list[str]:
    path = folder / CRATE
    if not path.is_file():
        return [f"{day}/{CRATE}: missing"]
    if (found := _file_sha256(path)) != manifest.head.crate_sha256:
        return [f"{day}/{CRATE}: SHA-256 is {found}, the manifest says {manifest.head.crate_sha256}"]
    return []


def _file_problems(folder: Path, day: date, entry: FileEntry, *, read: bool) -> list[str]:
    where, path = f"{day}/{entry.table}.parquet", folder / f"{entry.table}.parquet"
    if entry.name != path.name or entry.table not in {t.name for t in tables()}:
        return [f"{day}/{MANIFEST}: lists {entry.name!r} for {entry.table!r}, which no snapshot has"]
    if not path.is_file():
        return [f"{where}: missing, the manifest lists {entry.rows} rows"]
    if (size := path.stat().st_size) != entry.bytes:
        return [f"{where}: {size} bytes, the manifest says {entry.bytes}"]
    if (found := _file_sha256(path)) != entry.sha256:
        return [f"{where}: SHA-256 is {found}, the manifest says {entry.sha256}"]
    return _row_problems(where, path, entry) if read else []


def _row_problems(where: str, path: Path, entry: FileEntry) -> list[str]:
    table = next(t for t in tables() if t.name == entry.table)
    try:
        frame = pl.read_parquet(path)
        found = rows_root(table, frame)
    except UNREADABLE as error:
        return [f"{where}: not readable as {entry.table}: {str(error).splitlines()[0]}"]
    problems = []
    if _types(frame) != entry.columns:
        problems.append(f"{where}: its columns differ from the manifest's")
    if frame.height != entry.rows:
        problems.append(f"{where}: {frame.height} rows, the manifest says {entry.rows}")
    if found != entry.rows_root:
        problems.append(f"{where}: its rows have root {found}, the manifest says {entry.rows_root}")
    return problems


def _extra_files(folder: Path, day: date, manifest: Manifest) -> list[str]:
    known = {MANIFEST, CRATE, *(f.name for f in manifest.files)}
    problems = [f"{day}/{p.name}: not in the manifest" for p in sorted(folder.iterdir()) if p.name not in known]
    missing = [t.name for t in tables() if manifest.entry(t.name) is None]
    return problems + [f"{day}/{MANIFEST}: no file for table {name}" for name in missing]


def _types(frame: pl.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.schema.items()}


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(manifests: Sequence[Manifest]) -> list[dict[str, Any]]:
    """One record a day for people and programs: day, root, rows, bytes, windows, previous."""
    return [
        {
            "day": m.head.day,
            "root": m.root,
            "rows": m.rows,
            "bytes": sum(f.bytes for f in m.files),
            "windows": m.head.windows,
            "previous": m.head.previous.root if m.head.previous else None,
        }
        for m in manifests
    ]
