"""Speed and faithfulness of the fast encoder: ``python benchmarks/encode.py [TITLES.csv ...]``.

Without files on invented headlines; with files (CSV, plain or .gz, a column ``title``) on theirs as well. Exits with 1
unless every promise held.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import sys
from pathlib import Path

from latticeforge.cli.bench_encode import encode_table
from latticeforge.cli.output import out
from latticeforge.embedding.headlines import invented_headlines
from latticeforge.embedding.quality import measure
from latticeforge.settings import Settings

TEXTS = 2000


def titles(path: Path) -> list[str]:
    """A seeded sample of the different titles of a CSV file."""
    payload = path.read_bytes()
    text = (gzip.decompress(payload) if path.suffix == ".gz" else payload).decode()
    found = sorted({row["title"] for row in csv.DictReader(io.StringIO(text)) if row["title"]})
    return random.Random(0).sample(found, min(TEXTS, len(found)))


def main(files: list[str]) -> int:
    """Measure on every set of texts; 0 if every promise held on each."""
    sets = {"invented headlines": invented_headlines(TEXTS), **{name: titles(Path(name)) for name in files}}
    held = True
    for name, texts in sets.items():
        report = measure(texts, Settings().home / "models")
        out.print(name, encode_table(report))
        held = held and all(report.met().values())
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
