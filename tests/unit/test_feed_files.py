"""Item files for replay, and the catalogue of feeds."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from latticeforge.sources.catalogue import default_catalogue_path, load_catalogue
from latticeforge.sources.dates import DateProblem
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.files import read_items

AT = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
ROWS = [
    {"source": "a", "published_at": "2025-01-28T14:17:00Z", "title": "Second", "url": "https://e.org/2", "extra": "x"},
    {"source": "a", "published_at": "2025-01-28T13:00:00Z", "title": "First", "url": "https://e.org/1", "extra": ""},
    {"source": "b", "published_at": "2025-01-28T15:00:00Z", "title": "Third", "url": "https://e.org/2", "extra": ""},
]


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    name = path.name
    if name.endswith(".parquet"):
        pl.DataFrame(rows).with_columns(pl.col("published_at").str.to_datetime(time_zone="UTC")).write_parquet(path)
        return path
    lines = "\n".join(json.dumps(row) for row in rows)
    text = pl.DataFrame(rows).write_csv() if ".csv" in name else f"{lines}\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f.jsonl", "f.jsonl.gz", "f.ndjson", "f.parquet"])
def test_every_format_gives_the_same_items_by_date(tmp_path: Path, name: str) -> None:
    found = read_items(written(tmp_path / name, ROWS))
    assert found.problems == ()
    assert [(one.source, one.item.title) for one in found.items] == [("a", "First"), ("a", "Second"), ("b", "Third")]
    assert found.items[1].item.published_at == AT
    assert found.items[1].item.guid == "https://e.org/2"


def test_identity_of_rows_without_an_id(tmp_path: Path) -> None:
    rows = [{**row, "url": "https://e.org/section"} for row in ROWS[:2]] + [ROWS[2]]
    guids = [one.item.guid for one in read_items(written(tmp_path / "f.csv", rows)).items]
    assert [guid.startswith("sha256:") for guid in guids] == [True, True, False]
    assert len(set(guids)) == 3
    again = [one.item.guid for one in read_items(written(tmp_path / "g.jsonl", rows[::-1])).items]
    assert again == guids


def test_bad_rows_are_named_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(
        "source,published_at,title\na,2025-01-28T14:17:00Z,Good\na,b\n,2025-01-28,No source\na,,No date\na,x,Odd\n"
    )
    found = read_items(path)
    assert found.problems == (
        "row 3: 2 cells where the header has 3; left out",
        "row 4: no source; left out",
    )
    assert {one.item.title: one.item.date_problem for one in found.items} == {
        "Good": None, "No date": DateProblem.MISSING, "Odd": DateProblem.UNREADABLE
    }  # fmt: skip


def test_bad_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(ROWS[0]) + '\n{"source"\n[1]\n{"source": "a", "title": "t"}\n')
    found = read_items(path)
    assert len(found.items) == 1
    assert [problem.partition(":")[0] for problem in found.problems] == ["row 2", "row 3", "row 4"]
    assert "no 'published_at'" in found.problems[2]


@pytest.mark.parametrize("column", ["source", "published_at", "title"])
@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_a_missing_column_is_named(tmp_path: Path, column: str, name: str) -> None:
    path = tmp_path / name
    frame = pl.DataFrame(ROWS).drop(column)
    frame.write_parquet(path) if name.endswith("parquet") else frame.write_csv(path)
    with pytest.raises(UnreadableInput, match=f"{name} has no column '{column}'"):
        read_items(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="No such file"):
        read_items(tmp_path / "none.csv")
    with pytest.raises(UnreadableInput, match="format is not known"):
        read_items(tmp_path / "f.xlsx")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"source,published_at,title\n" * 100)[:-20])
    with pytest.raises(UnreadableInput, match="cut off"):
        read_items(cut)
    (tmp_path / "p.parquet").write_bytes(b"not parquet")
    with pytest.raises(UnreadableInput, match="cannot be read"):
        read_items(tmp_path / "p.parquet")
    (tmp_path / "latin.csv").write_bytes(b"source,published_at,title\na,2025-01-28,caf\xe9\n")
    with pytest.raises(UnreadableInput, match="not UTF-8"):
        read_items(tmp_path / "latin.csv")


@pytest.mark.real
def test_real_files_are_read_whole(real_data: Path) -> None:
    for path in sorted(real_data.glob("*.csv.gz")):
        found = read_items(path)
        assert found.problems == ()
        assert len(found.items) == len(pl.read_csv(path))
        dates = [one.item.published_at for one in found.items]
        assert None not in dates
        assert dates == sorted(dates)
        assert len({(one.source, one.item.guid) for one in found.items}) == len(found.items)


def test_the_catalogue_is_broad() -> None:
    feeds = load_catalogue(default_catalogue_path())
    assert len(feeds) >= 40
    assert len({feed.country for feed in feeds}) >= 20
    assert sum(feed.political for feed in feeds) >= 10
    assert len({feed.url for feed in feeds}) == len({feed.name for feed in feeds}) == len(feeds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feeds: [", "is not YAML"),
        ("feeds: []", "feeds"),
        ("feeds: [{name: a b, title: T, url: 'https://e.org', country: DE, language: de}]", "feeds.0.name"),
        ("feeds: [{name: ab, title: T, url: 'file:///x', country: DE, language: de}]", "feeds.0.url"),
        (
            "feeds: [{name: ab, title: T, url: 'https://e.org', country: DE, language: de, colour: red}]",
            "feeds.0.colour",
        ),
    ],
)
def test_a_bad_catalogue_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(text)
    with pytest.raises(UnreadableInput, match=said):
        load_catalogue(path)


def test_two_feeds_of_one_name(tmp_path: Path) -> None:
    row = "{name: ab, title: T, url: 'https://e.org', country: DE, language: de}"
    path = tmp_path / "feeds.yaml"
    path.write_text(f"feeds: [{row}, {row}]")
    with pytest.raises(UnreadableInput, match="two feeds have the name 'ab'"):
        load_catalogue(path)
