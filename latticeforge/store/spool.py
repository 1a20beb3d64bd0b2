"""A queue on disk for what cannot go into the database just now.

Here: records of bytes, appended, checked, read in order, dropped once they are safe elsewhere. Not here: what is in a
record (``spooled``), and when to write or drain (``radar.landing``).

A folder of segments. A record is ``LFSP``, its length (4 bytes, little-endian), BLAKE2b of its payload (8 bytes) and
the payload; it is on the disk (fsync) before ``append`` returns. A torn tail, as a crash or a full disk leaves it, is
cut off at the next start: it was never acknowledged. Damage in the middle is stepped over, counted, and kept aside for
people. No two segments ever have the same name, so that a reader may keep its place in one elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from latticeforge.store.faults import StoreFault

MARK = b"LFSP"
HEAD = len(MARK) + 4 + 8
SEGMENT_BYTES = 8_000_000
MAX_RECORD_BYTES = 64_000_000


class SpoolFull(StoreFault):
    """No room for a record: the limit is reached, or the disk is full. Nothing of it was kept."""


class SpoolInUse(StoreFault):
    """Another process has this spool open."""


@dataclass(frozen=True, slots=True)
class Record:
    """A payload and where the next record begins."""

    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes ``[start, end)`` of a segment that hold no whole record. ``torn``: at its very end."""

    start: int
    end: int
    torn: bool


def framed(payload: bytes) -> bytes:
    """A record as it lies on the disk."""
    return MARK + len(payload).to_bytes(4, "little") + blake2b(payload, digest_size=8).digest() + payload


def read_records(data: bytes, start: int = 0) -> Iterator[Record | Damage]:
    """The records of a segment from ``start`` on, and what of it is damaged.

    >>> [type(r).__name__ for r in read_records(framed(b"a") + b"??" + framed(b"b") + framed(b"c")[:-1])]
    ['Record', 'Damage', 'Record', 'Damage']
    """
    at = start
    while at < len(data):
        record = _record_at(data, at)
        if record is not None:
            yield record
            at = record.end
            continue
        whole = _next_whole(data, at + 1)
        yield Damage(at, len(data) if whole is None else whole, torn=whole is None)
        if whole is None:
            return
        at = whole


def _next_whole(data: bytes, at: int) -> int | None:
    while (at := data.find(MARK, at)) >= 0:
        if _record_at(data, at) is not None:
            return at
        at += 1
    return None


def _record_at(data: bytes, at: int) -> Record | None:
    head = data[at : at + HEAD]
    if len(head) < HEAD or not head.startswith(MARK):
        return None
    length = int.from_bytes(head[4:8], "little")
    payload = data[at + HEAD : at + HEAD + length]
    if len(payload) < length or blake2b(payload, digest_size=8).digest() != head[8:]:
        return None
    return Record(payload, at + HEAD + length)


class Spool:
    """One folder of segments, used by one process at a time. Not for concurrent use by threads.

    Args:
        max_bytes: Most that may lie on the disk; an append beyond it raises ``SpoolFull``.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Open the spool, cutting off a torn tail.

        Raises:
            SpoolInUse: another process has it open.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.max_bytes = folder, max_bytes
        self.torn_bytes = 0  # cut off at this start
        self.damaged_bytes = 0  # stepped over while reading
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SpoolInUse(f"{folder} is in use by another radar; give each its own LF_HOME") from error
        self._mend()

    def _mend(self) -> None:
        segments = self.segments()
        for segment in segments:
            data = segment.read_bytes()
            for part in read_records(data):
                if isinstance(part, Damage) and part.torn:
                    self.torn_bytes += part.end - part.start
                    os.truncate(segment, part.start)
            if not segment.stat().st_size:
                segment.unlink()
        last = segments[-1] if segments else None
        self._open: Path | None = last if last and last.exists() else None
        self.size = sum(s.stat().st_size for s in self.segments())

    def segments(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob("*.spool"))

    @property
    def pending(self) -> bool:
        """Whether anything waits to be drained."""
        return self.size > 0

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records, all or none of them, and wait until they are on the disk.

        Raises:
            SpoolFull: the limit is reached, or the disk has no room; nothing was kept.
        """
        data = b"".join(map(framed, payloads))
        if self.size + len(data) > self.max_bytes:
            raise SpoolFull(f"{self.folder} has reached its limit of {self.max_bytes / 1e6:g} MB (LF_SPOOL_MAX_MB)")
        path = self._segment()
        before = path.stat().st_size if path.exists() else 0
        try:
            with path.open("ab", buffering=0) as file:
                _write_all(file.fileno(), data)
                os.fsync(file.fileno())
            if not before:
                self._sync_folder()
        except OSError as error:
            if path.exists():
                os.truncate(path, before)
            raise SpoolFull(f"{self.folder} cannot be written ({error.strerror}); make room on its disk") from error
        self.size += len(data)

    def _segment(self) -> Path:
        if self._open is not None and self._open.exists() and self._open.stat().st_size < SEGMENT_BYTES:
            return self._open
        newest = max((int(s.stem) for s in self.segments()), default=0)
        self._open = self.folder / f"{max(newest + 1, time.time_ns()):020d}.spool"
        return self._open

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, segment: Path) -> list[bytes]:
        """The payloads of one segment, in order; damaged parts are kept aside as ``*.damaged`` and counted."""
        data = segment.read_bytes()
        payloads: list[bytes] = []
        for part in read_records(data):
            if isinstance(part, Record):
                payloads.append(part.payload)
            else:
                self.damaged_bytes += part.end - part.start
                aside = segment.with_name(f"{segment.stem}-{part.start}.damaged")
                aside.write_bytes(data[part.start : part.end])
        return payloads

    def drop(self, segment: Path) -> None:
        """Remove a segment whose records are all safe elsewhere."""
        self.size -= segment.stat().st_size
        segment.unlink()
        self._sync_folder()

    def set_aside(self, name: str, payload: bytes) -> Path:
        """Keep a record that nobody will take, for people to look at; return its file."""
        path = self.folder / f"{name}.refused"
        path.write_bytes(payload)
        return path

    def close(self) -> None:
        """Let another process have it, as the end of this one would."""
        os.close(self._lock)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
