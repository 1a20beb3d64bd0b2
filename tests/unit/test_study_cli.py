"""`lf study` on small files, with the real encoder: what it writes, what it says, what it refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from latticeforge.cli.study import app
from latticeforge.studies.reading import COEFFICIENTS

START = datetime(2024, 1, 1, tzinfo=UTC)
SUBJECTS = (
    "Flood defences in the {} valley", "Hospital waiting lists grow in {}", "Night trains return to {}",
    "Wildfire spreads near {}", "Chess prodigy from {} wins again", "Opera house in {} reopens",
)  # fmt: skip
PLACES = ("Lisbon", "Oslo", "Nairobi", "Osaka", "Lima", "Perth", "Gdansk", "Quito")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("LF_HOME", str(tmp_path_factory.mktemp("home")))
    yield
    patch.undo()


def write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 weeks; the wildfire and then the opera fill every other day."""
    rng = np.random.default_rng(1)
    rows = []
    for day in range(24 * 7):
        busy = day % 2
        for n in range(24):
            subject = SUBJECTS[3] if busy and n < 16 else SUBJECTS[int(rng.integers(6))]
            at = START + timedelta(days=day, minutes=int(rng.integers(1440)))
            rows.append(["paper", at.isoformat(), subject.format(PLACES[int(rng.integers(8))]), f"u{day}-{n}"])
    return write(tmp_path_factory.mktemp("items") / "items.csv", ["source", "published_at", "title", "id"], rows)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def calendar(folder: Path, days: list[int], category: str = "decree") -> Path:
    rows = [
        [f"e{d}", "Decree on fisheries signed", (START + timedelta(days=d, hours=15)).isoformat(), category, ""]
        for d in days
    ]
    return write(folder / "calendar.csv", ["id", "title", "occurred_at", "category", "impact"], rows)


def test_events_before_busy_days_are_found_from_items(items: Path, tmp_path: Path) -> None:
    before_busy = [d for d in range(4, 24 * 7 - 4, 2) if d % 5]
    found = run("timing", "--items", items, "--calendar", calendar(tmp_path, before_busy), "--out", tmp_path / "out")
    assert found.exit_code == 0, found.output
    assert "never motive" in found.output and "pressure of the next day" in found.output
    rows = pl.read_parquet(tmp_path / "out" / "coefficients.parquet")
    assert dict(rows.schema) == COEFFICIENTS
    days = pl.read_parquet(tmp_path / "out" / "daily.parquet")
    assert days.height == 24 * 7 and days["pressure"].min() > 0.4
    busy = days.with_row_index().filter(pl.col("index") % 2 == 1)
    assert busy["pressure"].mean() > days["pressure"].mean()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["found"]["decree"]["events"] == len(before_busy)
    assert set(report["outputs"]) == {"daily.parquet", "coefficients.parquet"}
    assert set(report["inputs"]) == {"items", "calendar"}


def test_topics_come_from_terms_and_placebos_from_the_rest(items: Path, tmp_path: Path) -> None:
    found = run(
        "diversion", "--items", items, "--coverage", "Wildfire", "--diversion", "opera house, chess",
        "--out", tmp_path, "--json",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    report = json.loads(found.output)
    (told,) = report["found"].values()
    assert told["days"] == 24 * 7 - 7 and told["placebo_topics"] >= 3
    days = pl.read_parquet(tmp_path / "daily.parquet")
    shares = days.select(pl.sum_horizontal(pl.exclude("date", "items")).alias("all"))["all"]
    assert shares.round(6).unique().to_list() == [1.0]


def test_the_same_files_give_the_same_bytes(items: Path, tmp_path: Path) -> None:
    rows = items.read_text().splitlines()
    shuffled = tmp_path / items.name
    order = np.random.default_rng(2).permutation(len(rows) - 1) + 1
    shuffled.write_text("\n".join([rows[0], *(rows[i] for i in order), rows[1]]) + "\n")
    for name, path in (("a", items), ("b", shuffled)):
        given = (
            "diversion",
            "--items",
            path,
            "--coverage",
            "Wildfire",
            "--diversion",
            "opera",
            "--out",
            tmp_path / name,
        )
        assert run(*given).exit_code == 0
    for file in ("daily.parquet", "coefficients.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def daily(folder: Path, **columns: list[object]) -> Path:
    names = list(columns)
    rows = [[str(v) for v in row] for row in zip(*columns.values(), strict=True)]
    return write(folder / "daily.csv", names, rows)


def test_a_ready_series_needs_no_items(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    dates = [(START + timedelta(days=d)).date().isoformat() for d in range(200)]
    pressure = ["" if d == 50 else f"{v:.4f}" for d, v in enumerate(rng.uniform(0.2, 0.6, 200))]
    event = rng.integers(0, 2, 200).tolist()
    found = run("timing", "--daily", daily(tmp_path, date=dates, pressure=pressure, event=event), "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["found"]["event"]["events"] > 50
    topics = {f"placebo_{k}": rng.normal(size=200).tolist() for k in range(3)}
    series = daily(
        tmp_path, date=dates, coverage=rng.normal(size=200).tolist(), diversion=rng.normal(size=200).tolist(), **topics
    )
    found = run("diversion", "--daily", series, "--out", tmp_path / "d")
    assert found.exit_code == 0, found.output
    assert pl.read_parquet(tmp_path / "d" / "coefficients.parquet").height == 3 * 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["timing"], "--items with --calendar, or --daily"),
        (["timing", "--items", "x.csv"], "needs --calendar"),
        (["timing", "--daily", "absent.csv"], "absent.csv cannot be read"),
        (["diversion", "--items", "x.csv", "--coverage", "a", "--diversion", " , "], "the terms of both topics"),
        (["diversion"], "or --daily"),
    ],
)
def test_what_is_missing_is_said_in_one_line(given: list[str], said: str) -> None:
    found = run(*given)
    assert found.exit_code == 2
    assert said in found.output and "Traceback" not in found.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,event\n2025-01-01,1\n", "no column 'pressure'"),
        ("date,pressure,event\n2025-01-01,high,1\n", "pressure 'high' is not a number"),
        ("date,pressure,event\n1 May,0.2,1\n", "date '1 May' is not a date"),
        ("date,pressure,event\n,0.2,1\n", "without a date"),
        ("date,pressure,event\n2025-01-01,0.2,1\n2025-01-01,0.2,1\n", "there twice"),
        ("date,pressure,event\n2025-01-01,0.2,1\n", "at least 10 in 20 weeks"),
        ("", "cannot be read"),
    ],
)
def test_a_bad_series_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text)
    found = run("timing", "--daily", path)
    assert found.exit_code == 2 and said in found.output
