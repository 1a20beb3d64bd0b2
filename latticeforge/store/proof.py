"""Proof that one item is in a sealed day, for someone who has nothing but the day's published root.

Here: making the proof. Not here: checking it: docs/check_proof.py does, with Python's standard library alone.
The item's row is a leaf of its table's tree; the root of that tree stands in the file's entry, which is a leaf of the
day's tree.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from latticeforge.store import merkle
from latticeforge.store.archive import ITEM
from latticeforge.store.manifest import SnapshotFault
from latticeforge.store.places import Archive, archive_at
from latticeforge.store.rows import canonical, row_texts
from latticeforge.store.snapshot import UNREADABLE, Place, read_manifest, read_rows

FORMAT = "latticeforge-proof/1"


def prove_item(place: Place, item_id: str, day: date | None = None) -> dict[str, Any]:
    """A proof that the first revision of an item, the one that counts, was landed and sealed; ready for JSON.

    Args:
        day: Where to look; without it, every sealed day from the newest on.

    Raises:
        SnapshotFault: the item is in no such day, or the day's rows are not those under its root.
    """
    archive = archive_at(place)
    for known in [day] if day else reversed(archive.days()):
        with archive.fetched(known) as folder:
            if _holds(folder, item_id):
                return _proof(archive, known, read_rows(folder, ITEM), item_id)
    raise SnapshotFault(f"item {item_id} is not in {day or 'any sealed day'} of {archive.where}")


def _holds(folder: Path, item_id: str) -> bool:
    path = folder / f"{ITEM.name}.parquet"
    try:
        return path.is_file() and item_id in pl.read_parquet(path, columns=["item_id"])["item_id"]
    except UNREADABLE as error:
        raise SnapshotFault(f"{path.name} cannot be read: {str(error).splitlines()[0]}; verify the day") from error


def _proof(archive: Archive, day: date, rows: pl.DataFrame, item_id: str) -> dict[str, Any]:
    manifest = read_manifest(archive, day)
    entry = manifest.entry(ITEM.name)
    leaves = [text.encode() for text in row_texts(ITEM, rows)]
    if entry is None or merkle.root(leaves).hex() != entry.rows_root:
        raise SnapshotFault(f"{day}/{ITEM.name}.parquet: its rows are not those under the root; verify the day")
    place = rows["item_id"].to_list().index(item_id)
    file_place, siblings = manifest.proof(entry.name)
    return {
        "format": FORMAT,
        "day": day.isoformat(),
        "root": manifest.root,
        "row": leaves[place].decode(),
        "row_place": {"index": place, "size": len(leaves), "siblings": _hex(merkle.inclusion_proof(leaves, place))},
        "file": canonical(asdict(entry)),
        "file_place": {"index": file_place, "size": len(manifest.leaves), "siblings": siblings},
    }


def _hex(hashes: list[merkle.Hash]) -> list[str]:
    return [h.hex() for h in hashes]


def proof_text(proof: dict[str, Any]) -> str:
    """The proof as a file."""
    return json.dumps(proof, indent=2, ensure_ascii=False) + "\n"
