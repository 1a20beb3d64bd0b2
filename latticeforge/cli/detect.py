"""`lf detect`: how unusual each row of a series of numbers is.

Here: arguments, writing the answer. Not here: reading the file (``series_file``), how rows are scored
(``latticeforge.detectors.surges``), spikes of narratives (the radar).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, out, print_json
from latticeforge.cli.series_file import read_rows, times_of, values_of

if TYPE_CHECKING:
    import polars as pl

Series = Annotated[Path, typer.Argument(metavar="SERIES", help="CSV (.gz) with the columns timestamp and value.")]
Out = Annotated[Path, typer.Option("--out", help="Where timestamp, value, anomaly_score and label go, as CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")]


def detect(series: Series, out_file: Out, as_json: AsJson = False) -> None:
    """Flag unusual surges in a series of numbers. Example: [bold]lf detect mentions.csv --out scored.csv[/]

    Each row is judged by the rows before it only. anomaly_score lies in [0, 1]; label is 1 from 0.5 on, at the start of
    a surge. Empty values are missing, not zero. The first 288 usable rows are scored 0. One configuration for all.
    """
    rows = read_rows(series)
    times_s, values = times_of(rows, series), values_of(rows, series)
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


def _scored(times_s: pl.Series, values: pl.Series) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    from latticeforge.detectors.surges import LABEL, detect

    scores = detect(times_s.to_numpy(), values.to_numpy()).round(6)
    return pl.Series("anomaly_score", scores), pl.Series("label", (scores >= LABEL).astype("int8"))
