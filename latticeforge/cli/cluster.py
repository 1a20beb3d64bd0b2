"""`lf cluster`: which items of a file tell the same story.

Here: reading the file, encoding it, writing the answer. Not here: how items are grouped
(``latticeforge.narratives.stories``), replaying items through the radar (``lf replay``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, load_settings, out, print_json

if TYPE_CHECKING:
    import polars as pl

MAX_SUMMARY = 200  # characters of a summary that are read: its first sentence or two

Items = Annotated[Path, typer.Argument(metavar="ITEMS", help="CSV (.gz), JSONL (.gz) or Parquet with a title column.")]
Out = Annotated[Path, typer.Option("--out", help="Where id and narrative go: .csv, .jsonl or .parquet.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")]


def cluster(items: Items, out_file: Out, as_json: AsJson = False) -> None:
    """Group the items of a file into narratives. Example: [bold]lf cluster items.csv --out narratives.csv[/]

    Only a title column is needed; id and summary are used where they are there. Times and the order of the rows
    change nothing. Without an id column, rows are numbered from 1.
    """
    if out_file.suffix.lower() not in (".csv", ".jsonl", ".parquet"):
        fail(f"{out_file} is no format to write; end it in .csv, .jsonl or .parquet", BAD_INPUT)
    rows = _read(items)
    result = rows.select("id").with_columns(narrative=_narratives(rows))
    _write(result, out_file)
    sizes = result.group_by("narrative").len("items")
    counts = {
        "items": result.height,
        "narratives": sizes.height,
        "alone": sizes.filter(sizes["items"] == 1).height,
        "largest": int(sizes["items"].to_numpy().max(initial=0)),
        "out": str(out_file),
    }
    if as_json:
        print_json(counts)
    else:
        out.print("{items} items in {narratives} narratives, {alone} of one item; written to {out}".format(**counts))


def _kind(path: Path) -> str:
    """What the name of a file says it holds."""
    return path.name.lower().removesuffix(".gz").rpartition(".")[2].replace("ndjson", "jsonl")


def _read(path: Path) -> pl.DataFrame:
    """The rows of an item file: id, title, summary as text, nothing missing."""
    import polars as pl

    readers = {
        "csv": lambda: pl.read_csv(path, infer_schema=False),
        "jsonl": lambda: pl.read_ndjson(path, infer_schema_length=None),
        "parquet": lambda: pl.read_parquet(path),
    }
    read = readers.get(_kind(path))
    if read is None:
        fail(f"{path} is of no known format; give a .csv, .jsonl or .parquet file (.gz for the first two)", BAD_INPUT)
    try:
        rows = read()
    except (OSError, pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {str(error).splitlines()[0][:200]}", BAD_INPUT)
    rows = rows.rename({name: name.strip().lower() for name in rows.columns}, strict=False)
    if "title" not in rows.columns:
        fail(f"{path} has no column title; it has {', '.join(rows.columns) or 'none'}", BAD_INPUT)
    if "id" not in rows.columns:
        rows = rows.with_row_index("id", offset=1)
    if "summary" not in rows.columns:
        rows = rows.with_columns(summary=pl.lit(""))
    return rows.select(pl.col("id", "title", "summary").cast(pl.String).fill_null(""))


def _narratives(rows: pl.DataFrame) -> pl.Series:
    """The narrative of each row: n00001 is the largest."""
    import polars as pl

    from latticeforge.embedding import EncoderFault, load_encoder
    from latticeforge.narratives.stories import stories

    summary = pl.col("summary").str.slice(0, MAX_SUMMARY)
    text = pl.when(summary == "").then("title").otherwise(pl.concat_str("title", summary, separator=". "))
    # Rows that read the same are one text: a file delivered twice groups as it does once.
    distinct = rows.select("title", text=text).unique().sort("title", "text")
    settings = load_settings()
    texts = distinct["text"].to_list()
    try:
        vectors = load_encoder(settings.encoder, settings.home / "models").encode(texts)
    except EncoderFault as error:
        fail(str(error))
    story = pl.Series("story", stories(distinct["title"].to_list(), texts, vectors))
    of_row = rows.select("title", text=text).join(
        distinct.with_columns(story), on=["title", "text"], how="left", maintain_order="left"
    )
    ranked = of_row.group_by("story").len().sort(["len", "story"], descending=[True, False]).with_row_index("rank", 1)
    named = ranked.with_columns(narrative=pl.format("n{}", pl.col("rank").cast(pl.String).str.zfill(5)))
    return of_row.join(named, on="story", how="left", maintain_order="left")["narrative"]


def _write(result: pl.DataFrame, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".csv":
            result.write_csv(path)
        elif path.suffix.lower() == ".parquet":
            result.write_parquet(path)
        else:
            result.write_ndjson(path)
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror or error}); give another --out", BAD_INPUT)
