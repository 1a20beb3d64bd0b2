"""`lf detect` reads any timestamp,value CSV, keeps its rows, and says in one line what is wrong with a file."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from latticeforge.cli import app
from latticeforge.detectors.surges import detect

START = datetime(2025, 1, 28, tzinfo=UTC)
ROWS, ONSET = 2000, 1700


def lines(form: str = "%Y-%m-%d %H:%M:%S", header: str = "timestamp,value") -> str:
    values = np.random.default_rng(1).poisson(20, ROWS)
    values[ONSET] = 900
    times = [(START + timedelta(minutes=5 * i)).strftime(form) for i in range(ROWS)]
    return "\n".join([header, *(f"{t},{v}" for t, v in zip(times, values, strict=True))]) + "\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["detect", *map(str, arguments)])


def test_each_row_comes_back_with_score_and_label(tmp_path: Path) -> None:
    series, scored = tmp_path / "series.csv", tmp_path / "new" / "scored.csv"
    series.write_text(lines())
    result = run(series, "--out", scored, "--json")
    assert result.exit_code == 0, result.output
    found = pl.read_csv(scored)
    assert found.columns == ["timestamp", "value", "anomaly_score", "label"]
    assert found["timestamp"].to_list() == pl.read_csv(series)["timestamp"].to_list()
    assert found["label"].to_list() == [int(score >= 0.5) for score in found["anomaly_score"]]
    assert found["label"][ONSET] == 1
    times = np.array([(START + timedelta(minutes=5 * i)).timestamp() for i in range(ROWS)])
    assert np.allclose(found["anomaly_score"], detect(times, found["value"].to_numpy().astype(float)), atol=1e-6)
    summary = json.loads(result.stdout)
    assert summary["rows"] == ROWS
    assert summary["labelled"] == found["label"].sum()
    assert "2025-02-02 21:40:00" in summary["first_labels"]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d %H:%M", "%s"])
def test_the_form_of_the_timestamps_changes_nothing(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.csv").write_text(lines())
    text = lines(form) if form != "%s" else _epoch()
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(text.replace("timestamp,value", " Timestamp,Value "))
    for name in ("a.csv", "b.csv.gz"):
        assert run(tmp_path / name, "--out", tmp_path / f"{name}.out").exit_code == 0
    first, second = (pl.read_csv(tmp_path / f"{name}.out") for name in ("a.csv", "b.csv.gz"))
    assert first.select("value", "anomaly_score", "label").equals(second.select("value", "anomaly_score", "label"))


def _epoch() -> str:
    rows = lines().splitlines()[1:]
    times = [int((START + timedelta(minutes=5 * i)).timestamp()) for i in range(ROWS)]
    return "\n".join(["timestamp,value", *(f"{t},{r.split(',')[1]}" for t, r in zip(times, rows, strict=True))])


def test_missing_values_stay_missing(tmp_path: Path) -> None:
    rows = lines().splitlines()
    for i, text in zip(range(900, 904), ("", "NaN", "null", "inf"), strict=True):
        rows[i] = rows[i].split(",")[0] + "," + text
    (tmp_path / "s.csv").write_text("\n".join(rows))
    result = run(tmp_path / "s.csv", "--out", tmp_path / "o.csv", "--json")
    assert result.exit_code == 0, result.output
    found = pl.read_csv(tmp_path / "o.csv", infer_schema=False)[899:903]
    assert found["value"].to_list() == [None, "NaN", "null", "inf"]
    assert found["anomaly_score"].to_list() == ["0.0"] * 4
    assert json.loads(result.stdout)["missing"] == 4


def test_a_header_alone_gives_a_header_alone(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("timestamp,value\n")
    assert run(tmp_path / "s.csv", "--out", tmp_path / "o.csv").exit_code == 0
    assert (tmp_path / "o.csv").read_text().strip() == "timestamp,value,anomaly_score,label"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "is no file"),
        ("", "is empty"),
        ("time,count\n1,2\n", "needs one column timestamp"),
        ("timestamp,Value,value\n1,2,3\n", "needs one column value"),
        ("timestamp,value\n2025-01-28,1\nyesterday,2\n", "row 2: 'yesterday' is no timestamp"),
        ("timestamp,value\n2025-01-28,1\n,2\n", "row 2: '' is no timestamp"),
        ("timestamp,value\n2025-01-28,many\n", "row 1: 'many' is no number"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "s.csv").write_text(text)
    result = run(tmp_path / "s.csv", "--out", tmp_path / "o.csv")
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "o.csv").exists()


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(lines())
    result = run(tmp_path / "s.csv", "--out", tmp_path)
    assert result.exit_code == 2
    assert "give another --out" in result.stderr
