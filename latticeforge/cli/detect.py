"""`lf detect`: how unusual each row of a series of numbers is.

Here: reading the file, writing the answer. Not here: how rows are scored (``latticeforge.detectors.surges``), spikes of
narratives (the radar).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, out, print_json

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "nan", "null", "none", "na", "n/a")
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")

Series = Annotated[Path, typer.Argument(metavar="SERIES", help="CSV (.gz) with the columns timestamp and value.")]
Out = Annotated[Path, typer.Option("--out", help="Where timestamp, value, anomaly_score and label go, as CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")]


def detect(series: Series, out_file: Out, as_json: AsJson = False) -> None:
    """Flag unusual surges in a series of numbers. Example: [bold]lf detect mentions.csv --out scored.csv[/]

    Each row is judged by the rows before it only. anomaly_score lies in [0, 1]; label is 1 from 0.5 on, at the start of
    a surge. Empty values are missing, not zero. The first 288 usable rows are scored 0. One configuration for all.
    """
    rows = _read(series)
    times_s, values = _times(rows, series), _values(rows, series)
    scores, labels = _scored(times_s, values)
    result = rows.with_columns(scores, labels)
    try:
        out_file.parent.mkdir(parents=True, exist_ok=True)
        result.write_csv(out_file)
    except OSError as error:
        fail(f"{out_file} cannot be written ({error.strerror or error}); give another --out", BAD_INPUT)
    summary = {
        "rows": result.height,
        "missing": int((~values.is_finite()).sum()),
        "labelled": int(labels.sum()),
        "first_labels": result.filter(labels == 1)["timestamp"].head(20).to_list(),
        "largest_score": float(scores.to_numpy().max(initial=0.0)),
        "out": str(out_file),
    }
    if as_json:
        print_json(summary)
    else:
        out.print("{rows} rows, {missing} of them missing, {labelled} labelled; written to {out}".format(**summary))


def _read(path: Path) -> pl.DataFrame:
    """Timestamp and value of each row as the file has them, as text."""
    import polars as pl

    if not path.is_file():
        fail(f"{path} is no file; give a CSV file with the columns timestamp and value", BAD_INPUT)
    try:
        rows = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.NoDataError:
        fail(f"{path} is empty; give a CSV file with the columns timestamp and value", BAD_INPUT)
    except (OSError, pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {str(error).splitlines()[0][:200]}", BAD_INPUT)
    names = {name: name.strip().lower().removeprefix("\ufeff") for name in rows.columns}
    absent = [name for name in ("timestamp", "value") if list(names.values()).count(name) != 1]
    if absent:
        fail(f"{path} needs one column {absent[0]}; it has {', '.join(rows.columns)}", BAD_INPUT)
    return rows.rename(names).select("timestamp", "value")


def _times(rows: pl.DataFrame, path: Path) -> pl.Series:
    """Seconds since 1970; a time without a zone is UTC."""
    import polars as pl

    text = pl.col("timestamp").fill_null("").str.strip_chars()
    zoned = text.str.replace(r"[zZ]$", "+00:00").str.replace(" ", "T", literal=True)
    formats = [text.str.to_datetime(form, strict=False, time_unit="us") for form in TIME_FORMATS]
    aware = [
        zoned.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC").dt.replace_time_zone(None)
        for form in ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z")
    ]
    times = rows.select(
        pl.coalesce(text.cast(pl.Float64, strict=False), *(time.dt.epoch("us") / 1e6 for time in (*formats, *aware)))
    ).to_series()
    bad = (times.is_null() | ~times.fill_null(0.0).is_finite()).arg_true()
    if bad.len():
        shown = (rows["timestamp"][int(bad[0])] or "")[:40]
        fail(f"{path}, row {bad[0] + 1}: {shown!r} is no timestamp; write 2025-01-28 14:20:00 or seconds", BAD_INPUT)
    return times


def _values(rows: pl.DataFrame, path: Path) -> pl.Series:
    """The values; NaN where missing."""
    import polars as pl

    text = rows["value"].fill_null("").str.strip_chars()
    missing = text.str.to_lowercase().is_in(MISSING)
    values = text.cast(pl.Float64, strict=False)
    bad = (values.is_null() & ~missing).arg_true()
    if bad.len():
        fail(
            f"{path}, row {bad[0] + 1}: {text[int(bad[0])][:40]!r} is no number; leave missing values empty", BAD_INPUT
        )
    return values.fill_null(float("nan"))


def _scored(times_s: pl.Series, values: pl.Series) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    from latticeforge.detectors.surges import LABEL, detect

    scores = detect(times_s.to_numpy(), values.to_numpy()).round(6)
    return pl.Series("anomaly_score", scores), pl.Series("label", (scores >= LABEL).astype("int8"))
