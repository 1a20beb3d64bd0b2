"""`lf cluster` on real files, with the real encoder."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from latticeforge.cli.cluster import cluster

TITLES = {
    "q1": "Powerful earthquake strikes Chile",
    "q2": "Chile quake: rescuers search the rubble",
    "q3": "Death toll from Chile earthquake rises",
    "b1": "Central bank holds interest rates",
    "b2": "Interest rates stay put as central bank waits",
    "x1": "Stolen violin returned to orchestra",
}
app = typer.Typer()
app.command()(cluster)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One state folder for the module: the encoder is prepared once."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LF_HOME", str(tmp_path_factory.mktemp("home")))
    patch.setenv("LF_ENCODER", "minilm-fp32")
    yield
    patch.undo()


def write_csv(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "title"), *rows])
    return path


def run(source: Path, target: Path, *options: str) -> str:
    result = CliRunner().invoke(app, [str(source), "--out", str(target), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def partition(path: Path) -> set[frozenset[str]]:
    rows = pl.read_csv(path, infer_schema=False)
    return {frozenset(part["id"].to_list()) for part in rows.partition_by("narrative")}


EXPECTED = {frozenset({"q1", "q2", "q3"}), frozenset({"b1", "b2"}), frozenset({"x1"})}


def test_titles_only_shuffled_and_delivered_twice(tmp_path: Path) -> None:
    rows = list(TITLES.items())
    run(write_csv(tmp_path / "a.csv", rows), tmp_path / "a-out.csv")
    twice = rows * 2
    random.Random(4).shuffle(twice)
    run(write_csv(tmp_path / "b.csv", twice), tmp_path / "b-out.csv")
    assert partition(tmp_path / "a-out.csv") == EXPECTED
    assert partition(tmp_path / "b-out.csv") == EXPECTED
    assert pl.read_csv(tmp_path / "a-out.csv")["narrative"].to_list()[:3] == ["n00001"] * 3


def test_every_format_in_and_out(tmp_path: Path) -> None:
    rows = [{"id": key, "Title": title, "summary": None, "source": "s"} for key, title in TITLES.items()]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(rows).write_csv(tmp_path / "plain.csv")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "plain.csv").read_bytes()))
    for name in ("a.jsonl", "a.jsonl.gz", "a.parquet", "a.csv.gz"):
        run(tmp_path / name, tmp_path / "out" / f"{name}.csv")
        assert partition(tmp_path / "out" / f"{name}.csv") == EXPECTED
    run(tmp_path / "a.jsonl", tmp_path / "o.parquet")
    run(tmp_path / "a.jsonl", tmp_path / "o.jsonl")
    assert pl.read_parquet(tmp_path / "o.parquet").equals(pl.read_ndjson(tmp_path / "o.jsonl"))


def test_rows_without_id_are_numbered_and_counts_are_json(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title\n" + "\n".join(TITLES.values()) + "\n")
    counts = json.loads(run(tmp_path / "a.csv", tmp_path / "o.csv", "--json"))
    assert (counts["items"], counts["narratives"], counts["alone"], counts["largest"]) == (6, 3, 1, 3)
    assert pl.read_csv(tmp_path / "o.csv")["id"].to_list() == [1, 2, 3, 4, 5, 6]


def test_a_file_without_rows_gives_one_without_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title\n")
    run(tmp_path / "a.csv", tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text() == "id,narrative\n"


@pytest.mark.parametrize(
    ("name", "text", "out", "message"),
    [
        ("a.csv", "x,y\n1,2\n", "o.csv", "has no column title; it has x, y"),
        ("a.csv", "", "o.csv", "cannot be read"),
        ("a.jsonl", "{broken\n", "o.csv", "cannot be read"),
        ("a.txt", "title\n", "o.csv", "is of no known format"),
        ("a.csv", "title\nx\n", "o.xls", "is no format to write"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(tmp_path: Path, name: str, text: str, out: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    result = CliRunner().invoke(app, [str(tmp_path / name), "--out", str(tmp_path / out)])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "none.csv"), "--out", str(tmp_path / "o.csv")])
    assert result.exit_code == 2
    assert "none.csv cannot be read" in result.stderr
