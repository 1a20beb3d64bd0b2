"""What a sealed day says of itself: its manifest, and the Merkle root over it.

Here: the form of the manifest, reading and writing its text. Not here: sealing and checking (``snapshot``), where it
lies (``places``).
The leaves of the tree are the head (day, windows, models, versions, the previous root), then each file's entry, as
canonical JSON. Nothing that is hashed holds the time of writing: the same rows give the same root.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

from pydantic import TypeAdapter, ValidationError

from latticeforge.store import merkle
from latticeforge.store.faults import StoreFault
from latticeforge.store.rows import canonical

FORMAT = "latticeforge-snapshot/2"
MANIFEST = "manifest.json"
CRATE = "ro-crate-metadata.json"


class SnapshotFault(StoreFault):
    """A day cannot be sealed, read or restored; the message names the file or the row count."""


class MissingFile(SnapshotFault):
    """A file of a day is not there."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The sealed day before this one (the newest there is; ``day`` shows a hole)."""

    day: str
    root: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file. ``rows_root`` is over the rows themselves, the same in every version of Parquet."""

    name: str
    table: str
    rows: int
    bytes: int
    sha256: str
    rows_root: str
    columns: dict[str, str]  # name -> type


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of the day as a whole."""

    format: str
    day: str
    code_version: str
    schema_version: int  # number of the newest migration
    models: dict[str, str | None]  # text encoder -> SHA-256 of its weights; null where its name carries the hash
    windows: int
    first_window: str | None
    last_window: str | None
    crate_sha256: str  # of ro-crate-metadata.json
    previous: Previous | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A sealed day."""

    head: Head
    files: tuple[FileEntry, ...]

    @property
    def leaves(self) -> list[bytes]:
        """The leaves of the Merkle tree: the head, then each file."""
        return [canonical(asdict(self.head)).encode(), *(canonical(asdict(f)).encode() for f in self.files)]

    @property
    def root(self) -> str:
        """The Merkle root (hexadecimal): the one number to publish."""
        return merkle.root(self.leaves).hex()

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(f.rows for f in self.files)

    def entry(self, table: str) -> FileEntry | None:
        """The file of ``table``, or None."""
        return next((f for f in self.files if f.table == table), None)

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


def parse_manifest(text: bytes, day: date) -> Manifest:
    """The manifest of ``day`` from what ``manifest.json`` holds. Whether it is true is not looked at.

    Raises:
        SnapshotFault: not one that this code can read; the message names the place.
    """
    where = f"{day}/{MANIFEST}"
    try:
        content = json.loads(text.decode("utf-8"))
        head, files = _HEAD.validate_python(content), _FILES.validate_python(content["files"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SnapshotFault(f"{where} at {place or 'top'}: {first['msg']}") from error
    except (ValueError, KeyError, RecursionError) as error:
        raise SnapshotFault(f"{where} cannot be read: {error}") from error
    return Manifest(head, files)
