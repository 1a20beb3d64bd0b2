"""Random faults on an archive of sealed days: every one must be found, and a clean archive must be found clean.

    python benchmarks/archive_faults.py [FAULTS] [SEED]

Each fault is applied to a whole archive of three chained days, which is then checked as `lf snapshot verify --root`
does, and put back. Between them the clean archive is checked too. ``tests/faults`` uses the same.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latticeforge.model import ARTICLE, EMBEDDING_DIM, CalendarEvent, DateStatus, Item, item_id_of
from latticeforge.store import Store, embedded_server
from latticeforge.store.archive import tables
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.landing import land_events, land_items
from latticeforge.store.manifest import CRATE, MANIFEST, parse_manifest
from latticeforge.store.rows import rows_root
from latticeforge.store.snapshot import create_snapshot, verify_archive
from latticeforge.store.vectors import save_vectors
from latticeforge.windows import Window

DAYS = [date(2025, 1, 27) + timedelta(days=n) for n in range(3)]
Fault = Callable[[Path, random.Random], None]


@dataclass
class Outcome:
    """What became of the faults. ``missed`` and ``false_alarms`` must stay empty."""

    found: Counter[str] = field(default_factory=Counter)
    clean_checks: int = 0
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)


def build_archive(store: Store, folder: Path) -> str:
    """Seal three small days; returns the root of the last, which is what would be published."""
    root = ""
    for number, day in enumerate(DAYS):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        _fill(store, noon, number)
        root = create_snapshot(store, day, folder).root
    return root


def _fill(store: Store, noon: datetime, number: int) -> None:
    items = [_item(f"{number}-{n}", noon + timedelta(seconds=n)) for n in range(4)]
    columns = ("item_id", "source", "account", "event_at", "title", "summary", "url", "text_hash")
    frame = pl.DataFrame([{name: getattr(i, name) for name in columns} for i in items]).with_columns(
        window_start=pl.lit(noon), date_status=pl.lit("ok"), counted=True
    )
    vectors = np.random.default_rng(number).normal(size=(4, EMBEDDING_DIM)).astype(np.float32)
    with store.connection() as connection:
        land_items(connection, items, None)
        land_events(connection, [CalendarEvent(f"e{number}", "law", "A vote", noon, "vote", 0.5, noon)], None)
        save_vectors(connection, [i.text_hash for i in items], "test/1", vectors)
        write_generations(connection, [Write("articles", Window(noon), (ARTICLE.shape(frame),))], origin="replay")


def _item(guid: str, at: datetime) -> Item:
    return Item(
        item_id=item_id_of("paper", guid),
        source="paper",
        guid=guid,
        title=f"Title of {guid}",
        summary="",
        url="",
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK,
        first_seen_at=at,
    )


def _file(archive: Path, rng: random.Random, pattern: str = "*/*") -> Path:
    return rng.choice(sorted(archive.glob(pattern)))


def flip_bit(archive: Path, rng: random.Random) -> None:
    """One bit of one file."""
    path = _file(archive, rng)
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(archive: Path, rng: random.Random) -> None:
    """The end of a file is gone."""
    path = _file(archive, rng)
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def grow(archive: Path, rng: random.Random) -> None:
    """Something is appended to a file."""
    path = _file(archive, rng)
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 100)))


def delete_file(archive: Path, rng: random.Random) -> None:
    """A file is gone."""
    _file(archive, rng).unlink()


def delete_day(archive: Path, rng: random.Random) -> None:
    """A whole day is gone."""
    shutil.rmtree(_file(archive, rng, "*"))


def swap_files(archive: Path, rng: random.Random) -> None:
    """Two files have changed places."""
    one, other = rng.sample(sorted(archive.glob("*/*")), 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def swap_days(archive: Path, rng: random.Random) -> None:
    """Two days have changed places."""
    one, other = rng.sample(sorted(archive.iterdir()), 2)
    aside = archive / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def reorder_rows(archive: Path, rng: random.Random) -> None:
    """The same rows in another order."""
    path = archive / rng.choice(DAYS).isoformat() / rng.choice(["landing.item.parquet", "core.article.parquet"])
    pl.read_parquet(path).reverse().write_parquet(path, compression="zstd", compression_level=9)


def replace_file(archive: Path, rng: random.Random) -> None:
    """A file is replaced: by another of the archive, by noise of its length, by rows with one value changed."""
    path = _file(archive, rng, "*/*.parquet")
    how = rng.randrange(3)
    if how == 0:
        path.write_bytes(_file(archive, rng).read_bytes())
    elif how == 1:
        path.write_bytes(rng.randbytes(path.stat().st_size))
    else:
        _change_value(archive / rng.choice(DAYS).isoformat() / "landing.item.parquet", rng)


def _change_value(path: Path, rng: random.Random) -> None:
    frame = pl.read_parquet(path)
    changed = pl.when(pl.int_range(pl.len()) == rng.randrange(frame.height)).then(pl.lit("Forged"))
    frame.with_columns(title=changed.otherwise(pl.col("title"))).write_parquet(path, compression="zstd")


def add_file(archive: Path, rng: random.Random) -> None:
    """A file that is in no manifest."""
    (_file(archive, rng, "*") / f"{rng.randrange(10**6)}.parquet").write_bytes(rng.randbytes(8))


def edit_manifest(archive: Path, rng: random.Random) -> None:
    """One value of a manifest is another."""
    path = _file(archive, rng, f"*/{MANIFEST}")
    content = json.loads(path.read_text())
    _edit(content, rng)
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def _edit(content: dict[str, Any], rng: random.Random) -> None:
    place: Any = rng.choice([content, rng.choice(content["files"]), rng.choice(content["files"])["columns"]])
    name = rng.choice(sorted(place))
    old = place[name]
    if rng.random() < 0.2:
        del place[name]
    elif isinstance(old, int):
        place[name] = old + rng.choice([-1, 1, 1000])
    elif isinstance(old, str):
        place[name] = old[:-1] + ("0" if old[-1:] != "0" else "1")
    elif isinstance(old, list):
        old.append(rng.choice(old)) if rng.random() < 0.5 else old.reverse()
    else:
        place[name] = "edited"


def edit_and_seal(archive: Path, rng: random.Random) -> None:
    """A manifest is edited and given the root that fits: whole in itself."""
    path = _file(archive, rng, f"*/{MANIFEST}")
    content = json.loads(path.read_text())
    if rng.random() < 0.5:
        content["code_version"] = f"0.{rng.randrange(10**6)}"
    else:
        rng.choice(content["files"])["rows"] += rng.randint(1, 9)
    _seal(path, content)


def _seal(path: Path, content: dict[str, Any]) -> None:
    path.write_text(parse_manifest(json.dumps(content).encode(), date.fromisoformat(content["day"])).to_json())


def forge_day(archive: Path, rng: random.Random) -> None:
    """Rows are changed and everything above them is computed anew: only the chain and the published root know."""
    folder = archive / rng.choice(DAYS).isoformat()
    path = folder / "landing.item.parquet"
    _change_value(path, rng)
    content = json.loads((folder / MANIFEST).read_text())
    _describe(content, path)
    _seal(folder / MANIFEST, content)


def _describe(content: dict[str, Any], path: Path) -> None:
    entry = next(e for e in content["files"] if e["name"] == path.name)
    table = next(t for t in tables() if t.name == entry["table"])
    entry["sha256"], entry["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    entry["rows_root"] = rows_root(table, pl.read_parquet(path))


def break_and_seal(archive: Path, rng: random.Random) -> None:
    """A broken file under a manifest that knows its hash: reading it must fail as a problem, not as an accident."""
    break_file_and_seal(archive / rng.choice(DAYS).isoformat(), rng)


def break_file_and_seal(folder: Path, rng: random.Random) -> None:
    """The same for the folder of one day."""
    path = _file(folder, rng, "*.parquet")
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 5)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    content = json.loads((folder / MANIFEST).read_text())
    entry = next(e for e in content["files"] if e["name"] == path.name)
    entry["sha256"] = hashlib.sha256(data).hexdigest()
    _seal(folder / MANIFEST, content)


def slip_in_day(archive: Path, rng: random.Random) -> None:
    """A day that was never sealed, whole in itself and chained to one that was."""
    known = rng.choice(DAYS)
    day = DAYS[-1] + timedelta(days=rng.randint(1, 5))
    shutil.copytree(archive / known.isoformat(), archive / day.isoformat())
    path = archive / day.isoformat() / MANIFEST
    content = json.loads(path.read_text())
    content["day"] = day.isoformat()
    content["previous"] = {"day": known.isoformat(), "root": content["root"]}
    _seal(path, content)


def edit_crate(archive: Path, rng: random.Random) -> None:
    """The description for citing says something else."""
    path = _file(archive, rng, f"*/{CRATE}")
    path.write_text(path.read_text().replace("LatticeForge", f"Lattice{rng.randrange(10**6)}", rng.randint(1, 4)))


FAULTS: tuple[Fault, ...] = (
    flip_bit,
    truncate,
    grow,
    delete_file,
    delete_day,
    swap_files,
    swap_days,
    reorder_rows,
    replace_file,
    add_file,
    edit_manifest,
    edit_and_seal,
    forge_day,
    break_and_seal,
    slip_in_day,
    edit_crate,
)


def inject(archive: Path, root: str, count: int, seed: int, *, clean_every: int = 10) -> Outcome:
    """Apply ``count`` faults one after another; ``archive`` is as it was afterwards.

    Args:
        root: The published root of the day sealed last.
        clean_every: After so many faults the clean archive is checked.
    """
    rng, outcome = random.Random(seed), Outcome()
    clean = _content(archive)
    for number in range(count):
        fault = FAULTS[number % len(FAULTS)]
        while _content(archive) == clean:  # a fault that changes nothing (equal files swapped) is none
            fault(archive, rng)
        if any(verify_archive(archive, root=root).values()):
            outcome.found[fault.__name__] += 1
        else:
            outcome.missed.append(f"{fault.__name__}, fault {number} of seed {seed}")
        _put_back(archive, clean)
        if number % clean_every == 0:
            outcome.clean_checks += 1
            if any(problems := verify_archive(archive, root=root).values()):
                outcome.false_alarms.append(f"after fault {number}: {problems}")
    return outcome


def _content(archive: Path) -> dict[str, bytes]:
    return {str(p.relative_to(archive)): p.read_bytes() for p in sorted(archive.glob("*/*"))}


def _put_back(archive: Path, clean: dict[str, bytes]) -> None:
    now = _content(archive)
    for name in now.keys() - clean.keys():
        (archive / name).unlink()
    for folder in [p for p in archive.iterdir() if not any(p.iterdir())]:
        folder.rmdir()
    for name, data in clean.items():
        if now.get(name) != data:
            (archive / name).parent.mkdir(exist_ok=True)
            (archive / name).write_bytes(data)


def main() -> int:
    """Seal an archive in a database of its own, break it, print the counts; 1 where one was missed."""
    count, seed = int(sys.argv[1]) if sys.argv[1:] else 10_000, int(sys.argv[2]) if sys.argv[2:] else 1
    with tempfile.TemporaryDirectory(prefix="latticeforge-faults-", ignore_cleanup_errors=True) as scratch:
        archive = Path(scratch) / "archive"
        with Store(embedded_server(Path(scratch) / "server")) as store:
            root = build_archive(store, archive)
        stop_embedded_server(Path(scratch) / "server")
        began = time.monotonic()
        outcome = inject(archive, root, count, seed)
    for name, found in sorted(outcome.found.items()):
        print(f"{name:16} {found:6} found")
    print(
        f"{sum(outcome.found.values())} of {count} faults found, {len(outcome.missed)} missed; {outcome.clean_checks}"
    )
    print(f"clean checks, {len(outcome.false_alarms)} false alarms; {time.monotonic() - began:.0f} s, seed {seed}")
    print("\n".join([*outcome.missed, *outcome.false_alarms]))
    return 1 if outcome.missed or outcome.false_alarms else 0


if __name__ == "__main__":
    sys.exit(main())
