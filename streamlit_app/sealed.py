"""Whether what lies in the archive is what was published.

Here: one day's manifest against the root that the database keeps. Not here: checking every file of a day, which takes
long and is `lf snapshot verify`'s. A manifest's root is computed from its own content, so a changed manifest has
another root.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from latticeforge.settings import Settings
from latticeforge.store.manifest import Manifest, SnapshotFault
from latticeforge.store.snapshot import read_manifest

CHECK_EVERY_S = 600


@dataclass(frozen=True)
class Checked:
    """What was found: `agrees`, `differs` or `away`, and the files of the day with their rows and SHA-256."""

    state: str
    files: tuple[tuple[str, int, str], ...] = ()


def check(day: date, roots: tuple[str, ...]) -> Checked:
    """The archive's manifest of ``day`` against the published ``roots``."""
    return _check(str(Settings().sealed_days), day, roots)


@st.cache_data(ttl=CHECK_EVERY_S, max_entries=64, show_spinner=False)
def _check(place: str, day: date, roots: tuple[str, ...]) -> Checked:
    try:
        manifest: Manifest = read_manifest(place, day)
    except SnapshotFault:
        return Checked("away")
    files = tuple((f.table, f.rows, f.sha256) for f in manifest.files)
    return Checked("agrees" if manifest.root in roots else "differs", files)
