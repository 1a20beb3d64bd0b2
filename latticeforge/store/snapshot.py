"""A day, sealed: Parquet files, a manifest with their hashes, one Merkle root chained to the day before.

Here: writing a day's folder whole or not at all, reading its manifest, checking it. Not here: when a day is sealed
(``sensors``), which rows a table of the day has (``archive``), hashing itself (``merkle``).

Layout: ``FOLDER/2025-01-28/`` with one ``TABLE.parquet`` for each table and ``manifest.json``. The leaves of the tree
are the head of the manifest (day, windows, encoders, versions, the previous root), then each file's entry, as
canonical JSON.
Nothing that is hashed holds the time of writing: the same rows give the same root.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from latticeforge import __version__
from latticeforge.model import Table
from latticeforge.store import merkle
from latticeforge.store.archive import Day, read_day, tables
from latticeforge.store.database import Store
from latticeforge.store.digest import frame_digest
from latticeforge.store.faults import StoreFault

FORMAT = "latticeforge-snapshot/1"
MANIFEST = "manifest.json"
_ROW_GROUP = 65_536
_ZSTD_LEVEL = 9


class SnapshotFault(StoreFault):
    """A day cannot be sealed or read; the message names the file or the row count."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The sealed day before this one (the newest there is; ``day`` shows a hole)."""

    day: str
    root: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file. ``rows_sha256`` is over the rows themselves, the same in every version of Parquet."""

    name: str
    table: str
    rows: int
    bytes: int
    sha256: str
    rows_sha256: str
    columns: dict[str, str]  # name -> type


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of the day as a whole."""

    format: str
    day: str
    code_version: str
    encoders: list[str]
    windows: int
    first_window: str | None
    last_window: str | None
    previous: Previous | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A sealed day."""

    head: Head
    files: tuple[FileEntry, ...]

    @property
    def leaves(self) -> list[bytes]:
        """The leaves of the Merkle tree: the head, then each file."""
        return [_canonical(asdict(self.head)), *(_canonical(asdict(f)) for f in self.files)]

    @property
    def root(self) -> str:
        """The Merkle root (hexadecimal): the one number to publish."""
        return merkle.root(self.leaves).hex()

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(f.rows for f in self.files)

    def proof(self, name: str) -> tuple[int, list[str]]:
        """(leaf number, sibling hashes) that show file ``name`` to be under the root.

        Raises:
            ValueError: no file of that name.
        """
        index = [f.name for f in self.files].index(name) + 1
        return index, [h.hex() for h in merkle.inclusion_proof(self.leaves, index)]

    def to_json(self) -> str:
        """The text of ``manifest.json``."""
        content = {**asdict(self.head), "files": [asdict(f) for f in self.files], "root": self.root}
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


_HEAD = TypeAdapter(Head)
_FILES = TypeAdapter(tuple[FileEntry, ...])


def create_snapshot(store: Store, day: date, folder: Path) -> Manifest:
    """Seal ``day`` (UTC) under ``folder``; sealing it again with equal rows returns the same manifest.

    Raises:
        SnapshotFault: the day is sealed already with other rows; or an existing manifest cannot be read.
    """
    with store.connection() as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        content = read_day(connection, day)
    sealed = folder / day.isoformat()
    if sealed.exists():
        return _same(read_manifest(folder, day), content)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{day}.", dir=folder))
    try:
        manifest = _write(unfinished, content, _previous(folder, day))
        unfinished.chmod(0o755)  # mkdtemp makes it private; an archive is for readers
        unfinished.rename(sealed)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _sync(folder)
    return manifest


def _same(manifest: Manifest, content: Day) -> Manifest:
    known = {f.table: f for f in manifest.files}
    for table, frame in content.frames:
        before = known.get(table.name)
        if before is None or before.rows_sha256 != frame_digest(table, frame).hex():
            raise SnapshotFault(
                f"{content.day} is sealed with root {manifest.root[:16]}: {table.name} had"
                f" {before.rows if before else 'no'} rows then and has {frame.height} others now. A sealed day is never"
                f" rewritten; move the folder {content.day} away to seal it anew"
            )
    return manifest


def _write(folder: Path, content: Day, previous: Previous | None) -> Manifest:
    entries = tuple(_write_table(folder, table, frame) for table, frame in content.frames)
    starts = content.windows
    head = Head(
        format=FORMAT,
        day=content.day.isoformat(),
        code_version=__version__,
        encoders=content.encoders,
        windows=len(starts),
        first_window=starts[0].isoformat() if starts else None,
        last_window=starts[-1].isoformat() if starts else None,
        previous=previous,
    )
    manifest = Manifest(head, entries)
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    _sync(folder / MANIFEST)
    _sync(folder)
    return manifest


def _write_table(folder: Path, table: Table, frame: pl.DataFrame) -> FileEntry:
    path = folder / f"{table.name}.parquet"
    frame.write_parquet(path, compression="zstd", compression_level=_ZSTD_LEVEL, row_group_size=_ROW_GROUP)
    _sync(path)
    return FileEntry(
        name=path.name,
        table=table.name,
        rows=frame.height,
        bytes=path.stat().st_size,
        sha256=_file_sha256(path),
        rows_sha256=frame_digest(table, frame).hex(),
        columns={name: str(kind) for name, kind in frame.schema.items()},
    )


def snapshot_days(folder: Path) -> list[date]:
    """Every sealed day in ``folder``, oldest first."""
    return sorted(date.fromisoformat(p.name) for p in folder.glob("[0-9]*-[0-9]*-[0-9]*") if p.is_dir())


def _previous(folder: Path, day: date) -> Previous | None:
    before = [d for d in snapshot_days(folder) if d < day]
    return Previous(before[-1].isoformat(), read_manifest(folder, before[-1]).root) if before else None


def read_manifest(folder: Path, day: date) -> Manifest:
    """The manifest of a sealed day.

    Raises:
        SnapshotFault: none there, or not one that this code can read.
    """
    return _parse(_text(folder, day), day)


def _text(folder: Path, day: date) -> str:
    try:
        return (folder / day.isoformat() / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SnapshotFault(f"{day}/{MANIFEST} is missing: is the day sealed?") from error
    except (OSError, ValueError) as error:
        raise SnapshotFault(f"{day}/{MANIFEST} cannot be read: {error}") from error


def _parse(text: str, day: date) -> Manifest:
    try:
        content = json.loads(text)
        return Manifest(_HEAD.validate_python(content), _FILES.validate_python(content["files"]))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SnapshotFault(f"{day}/{MANIFEST} at {place or 'top'}: {first['msg']}") from error
    except (ValueError, KeyError) as error:
        raise SnapshotFault(f"{day}/{MANIFEST} cannot be read: {error}") from error


def verify_snapshot(folder: Path, day: date) -> list[str]:
    """Every problem of a sealed day, each naming the exact place; an empty list means that it is whole.

    Checks the root against the manifest, each file's size, SHA-256, schema, row count and rows, the set of files, and
    the link to the day before and from the day after.
    """
    try:
        text = _text(folder, day)
        manifest = _parse(text, day)
    except SnapshotFault as fault:
        return [str(fault)]
    problems = list(_head_problems(text, manifest, day))
    for entry in manifest.files:
        problems += _file_problems(folder, day, entry)
    problems += _extra_files(folder / day.isoformat(), manifest)
    problems += _chain_problems(folder, day, manifest)
    return problems


def _head_problems(text: str, manifest: Manifest, day: date) -> Iterator[str]:
    where = f"{day}/{MANIFEST}"
    if (said := json.loads(text).get("root")) != manifest.root:
        yield f"{where}: root is {said}, its own content gives {manifest.root}"
    elif text != manifest.to_json():
        yield f"{where}: not in the form it was written in; it was edited"
    if manifest.head.format != FORMAT:
        yield f"{where}: format is {manifest.head.format}, this code reads {FORMAT}"
    if manifest.head.day != day.isoformat():
        yield f"{where}: says it is {manifest.head.day}"


def _file_problems(folder: Path, day: date, entry: FileEntry) -> list[str]:
    where, path = f"{day}/{entry.table}.parquet", folder / day.isoformat() / f"{entry.table}.parquet"
    if entry.name != path.name or entry.table not in {t.name for t in tables()}:
        return [f"{day}/{MANIFEST}: lists {entry.name!r} for {entry.table!r}, which no snapshot has"]
    if not path.is_file():
        return [f"{where}: missing, the manifest lists {entry.rows} rows"]
    if (size := path.stat().st_size) != entry.bytes:
        return [f"{where}: {size} bytes, the manifest says {entry.bytes}"]
    if (found := _file_sha256(path)) != entry.sha256:
        return [f"{where}: SHA-256 is {found}, the manifest says {entry.sha256}"]
    return _row_problems(where, path, entry)


def _row_problems(where: str, path: Path, entry: FileEntry) -> list[str]:
    table = next(t for t in tables() if t.name == entry.table)
    try:
        frame = pl.read_parquet(path)
        digest = frame_digest(table, frame).hex()
    except (pl.exceptions.PolarsError, ValueError) as error:
        return [f"{where}: not readable as {entry.table}: {str(error).splitlines()[0]}"]
    problems = []
    if {name: str(kind) for name, kind in frame.schema.items()} != entry.columns:
        problems.append(f"{where}: its columns differ from the manifest's")
    if frame.height != entry.rows:
        problems.append(f"{where}: {frame.height} rows, the manifest says {entry.rows}")
    if digest != entry.rows_sha256:
        problems.append(f"{where}: its rows have SHA-256 {digest}, the manifest says {entry.rows_sha256}")
    return problems


def _extra_files(sealed: Path, manifest: Manifest) -> list[str]:
    known = {MANIFEST, *(f.name for f in manifest.files)}
    problems = [f"{sealed.name}/{p.name}: not in the manifest" for p in sorted(sealed.iterdir()) if p.name not in known]
    missing = [t.name for t in tables() if t.name not in {f.table for f in manifest.files}]
    return problems + [f"{sealed.name}/{MANIFEST}: no file for table {name}" for name in missing]


def _chain_problems(folder: Path, day: date, manifest: Manifest) -> Iterator[str]:
    days = snapshot_days(folder)
    if link := manifest.head.previous:
        yield from _link_problems(folder, day, link)
    elif earlier := [d for d in days if d < day]:
        yield f"{day}/{MANIFEST}: names no previous root, but {earlier[-1]} is sealed"
    for later in [d for d in days if d > day][:1]:
        try:
            after = read_manifest(folder, later).head.previous
        except SnapshotFault:
            continue  # the later day's own check names that
        if after and after.day == day.isoformat() and after.root != manifest.root:
            yield f"{later}/{MANIFEST}: chained to root {after.root} of {day}, which now has {manifest.root}"


def _link_problems(folder: Path, day: date, link: Previous) -> Iterator[str]:
    try:
        before = read_manifest(folder, date.fromisoformat(link.day))
    except ValueError:
        yield f"{day}/{MANIFEST}: previous day {link.day!r} is not a date"
    except SnapshotFault as fault:
        yield f"{day}/{MANIFEST}: chained to {link.day}, and {fault}"
    else:
        if before.root != link.root:
            yield f"{day}/{MANIFEST}: chained to root {link.root} of {link.day}, which has {before.root}"


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
