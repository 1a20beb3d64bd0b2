"""RO-Crate 1.2 metadata of a sealed day, so that it can be cited, found and read without this code.

Here: what ``ro-crate-metadata.json`` says. Not here: hashing (``manifest``): the head of the manifest holds the
SHA-256 of this file, so the file itself cannot name the root. It names the root over the tables instead.
Source: https://www.researchobject.org/ro-crate/specification/1.2/root-data-entity.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from latticeforge import __version__
from latticeforge.store import merkle
from latticeforge.store.manifest import CRATE, MANIFEST, FileEntry
from latticeforge.store.rows import canonical

_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_PARQUET = "https://www.loc.gov/preservation/digital/formats/fdd/fdd000575.shtml"
_ABOUT = {
    "landing.item": "Items as they were landed, every revision, without the raw answers they were read from",
    "landing.attention": "Mentions a minute of terms on platforms",
    "landing.calendar_event": "Entries of political calendars",
    "core.embedding": "The vector of each text, as it was computed once",
    "core.generation": "Which windows were computed, by which code, with the digest of their rows",
    "ops.window": "Windows closed by the radar",
    "ops.gap": "Recorded holes in collection",
    "ops.source": "The sources that the day names",
    "live.alert": "What was said live, every revision",
}
_RIGHTS = (
    "Titles and summaries belong to their publishers and are kept for research and verification. The tables derived"
    " from them are under the Apache License 2.0, as the code that made them."
)


def crate_text(day: date, files: Sequence[FileEntry], models: Sequence[str]) -> str:
    """The text of ``ro-crate-metadata.json``; the same rows give the same text.

    Args:
        models: Names of the text encoders behind the vectors.
    """
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _SPECIFICATION},
        },
        _dataset(day, files),
        _manifest_entity(),
        *map(_file_entity, files),
        *_context_entities(models),
    ]
    content = {"@context": f"{_SPECIFICATION}/context", "@graph": graph}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _dataset(day: date, files: Sequence[FileEntry]) -> dict[str, Any]:
    start = datetime.combine(day, time())
    end = start + timedelta(days=1)
    tables_root = merkle.root([canonical(asdict(f)).encode() for f in files]).hex()
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"LatticeForge, sealed day {day}",
        "description": (
            f"Everything LatticeForge landed, derived and published for {day} (UTC), as Parquet tables under one"
            " Merkle root that is chained to the day before. It measures timing, never motive."
        ),
        "datePublished": end.date().isoformat(),
        "temporalCoverage": f"{start.isoformat()}Z/{end.isoformat()}Z",
        "identifier": f"urn:latticeforge:{day}:{tables_root}",
        "creator": {"@id": "#latticeforge"},
        "license": {"@id": "#rights"},
        "hasPart": [{"@id": MANIFEST}, *({"@id": f.name} for f in files)],
        "mentions": {"@id": "#sealing"},
    }


def _manifest_entity() -> dict[str, Any]:
    return {
        "@id": MANIFEST,
        "@type": "File",
        "name": "Manifest: SHA-256, rows, columns, versions, the previous root and the Merkle root of the day",
        "encodingFormat": "application/json",
    }


def _file_entity(entry: FileEntry) -> dict[str, Any]:
    about = _ABOUT.get(entry.table, "Derived rows of the day's windows")
    return {
        "@id": entry.name,
        "@type": "File",
        "name": entry.table,
        "description": f"{about}: {entry.rows} rows.",
        "encodingFormat": ["application/vnd.apache.parquet", {"@id": _PARQUET}],
        "contentSize": str(entry.bytes),
        "sha256": entry.sha256,
    }


def _context_entities(models: Sequence[str]) -> list[dict[str, Any]]:
    software = {
        "@id": "#latticeforge",
        "@type": "SoftwareApplication",
        "name": "LatticeForge",
        "softwareVersion": __version__,
        "softwareRequirements": list(models),
    }
    sealing = {
        "@id": "#sealing",
        "@type": "CreateAction",
        "name": "Sealing of the day",
        "instrument": {"@id": "#latticeforge"},
        "result": {"@id": "./"},
    }
    rights = {"@id": "#rights", "@type": "CreativeWork", "name": "Rights", "description": _RIGHTS}
    parquet = {"@id": _PARQUET, "@type": "WebPage", "name": "Apache Parquet"}
    return [software, sealing, rights, parquet]
