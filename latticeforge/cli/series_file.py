"""Files of one series: a time and a number a row.

Here: reading them, with one line for what is wrong. Not here: what is done with a series.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latticeforge.cli.output import BAD_INPUT, fail

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from latticeforge.signals import Grid

MISSING = ("", "nan", "null", "none", "na", "n/a")
MOST_CELLS = 20_000_000
TIME_FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def read_rows(path: Path) -> pl.DataFrame:
    """Timestamp and value of each row as the file has them, as text."""
    return read_table(path, ["timestamp", "value"])


def read_table(path: Path, wanted: Sequence[str]) -> pl.DataFrame:
    """The wanted columns of a file, as text; all of them where none is named. Case and blanks of names are nothing."""
    import polars as pl

    needed = f"give a CSV file with the columns {' and '.join(wanted)}" if wanted else "give a CSV file"
    if not path.is_file():
        fail(f"{path} is no file; {needed}", BAD_INPUT)
    try:
        rows = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.NoDataError:
        fail(f"{path} is empty; {needed}", BAD_INPUT)
    except (OSError, pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {str(error).splitlines()[0][:200]}", BAD_INPUT)
    names = {name: name.strip().lower().removeprefix("\ufeff") for name in rows.columns}
    absent = [name for name in wanted if list(names.values()).count(name.lower()) != 1]
    if absent:
        fail(f"{path} needs one column {absent[0]}; it has {', '.join(rows.columns)}", BAD_INPUT)
    chosen = [next(old for old, new in names.items() if new == name.lower()) for name in wanted]
    return rows.select(pl.col(old).alias(name) for old, name in zip(chosen, wanted, strict=True)) if wanted else rows


def times_of(rows: pl.DataFrame, path: Path) -> pl.Series:
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


def values_of(rows: pl.DataFrame, path: Path) -> pl.Series:
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


def read_series(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times in seconds since 1970 UTC and values (NaN: missing) of a file, in order of time."""
    import numpy as np

    rows = read_rows(path)
    times_s, values = times_of(rows, path).to_numpy(), values_of(rows, path).to_numpy()
    if times_s.size < 2:
        fail(f"{path} has {times_s.size} rows; a series needs 2 at least", BAD_INPUT)
    order = np.argsort(times_s, kind="stable")
    return times_s[order], values[order]


def grid_of(times_s: NDArray[np.float64], step_s: float | None) -> Grid:
    """The grid that covers the times, in steps of ``step_s`` or of their usual distance."""
    import numpy as np

    from latticeforge.signals import Grid

    if step_s is None:
        apart = np.diff(np.unique(times_s))
        if not apart.size:
            fail("all rows have one time; give a series", BAD_INPUT)
        step_s = float(np.median(apart))
    if (times_s[-1] - times_s[0]) / step_s > MOST_CELLS:
        fail(f"steps of {step_s:g} s make more than {MOST_CELLS:,} cells; give a larger --step", BAD_INPUT)
    return Grid.covering(times_s, step_s)
