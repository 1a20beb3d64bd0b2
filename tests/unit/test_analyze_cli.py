"""`lf analyze` on small files, with the real encoder: what it writes, what it finds, what it refuses."""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from latticeforge.cli.analyze import analyze
from latticeforge.radar.analyze_tables import ASSESSMENTS, LINKS
from latticeforge.radar.prereg import read_plan, register
from latticeforge.store import Store

START = datetime(2025, 1, 6, tzinfo=UTC)
DAYS = 84
SUBJECTS = (
    "Flood defences in the {} valley", "Hospital waiting lists grow in {}", "{} striker joins the cup holders",
    "Night trains return to {}", "Wildfire spreads near {}", "Chess prodigy from {} wins again",
    "Lithium mine planned outside {}", "Opera house in {} reopens", "Bee colonies recover around {}",
    "Volcano near {} sends up ash", "{} bakery wins bread prize", "Data leak at {} university",
)  # fmt: skip
PLACES = (
    "Lisbon",
    "Oslo",
    "Nairobi",
    "Osaka",
    "Lima",
    "Perth",
    "Gdansk",
    "Quito",
    "Dakar",
    "Leeds",
    "Austin",
    "Tbilisi",
)
PUSHED = "{} bakery wins bread prize"

app = typer.Typer()
app.command()(analyze)

Rows = list[tuple[str, ...]]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One state folder for the module: the encoder is prepared and titles are encoded once."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LF_HOME", str(tmp_path_factory.mktemp("home")))
    yield
    patch.undo()


def event_times(count: int, seed: int = 5) -> list[datetime]:
    draw = random.Random(seed)
    days = draw.sample(range(25, DAYS - 1), count)
    return sorted(START + timedelta(days=day, minutes=draw.randrange(600, 1200)) for day in days)


def background(items_a_day: int = 40) -> Rows:
    draw = random.Random(1)
    return [
        (f"outlet {draw.randrange(5)}", stamp(START + timedelta(seconds=draw.uniform(0, DAYS * 86_400))), title(draw))
        for _ in range(items_a_day * DAYS)
    ]


def title(draw: random.Random) -> str:
    return draw.choice(SUBJECTS).format(draw.choice(PLACES))


def pushed(times: list[datetime], items: int = 4) -> Rows:
    draw = random.Random(2)
    return [
        ("outlet 1", stamp(at + timedelta(minutes=draw.uniform(2, 118))), PUSHED.format(draw.choice(PLACES)))
        for at in times
        for _ in range(items)
    ]


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def write_items(path: Path, rows: Rows) -> Path:
    return write(path, ("source", "published_at", "title"), rows)


def write_calendar(path: Path, times: list[datetime], dated: int = 0) -> Path:
    rows = [(f"e{i:02d}", "Cabinet signs decree on fishing quotas", stamp(at), "decree") for i, at in enumerate(times)]
    rows += [
        (f"d{i}", "Tax law published", f"{START + timedelta(days=30 + 3 * i):%Y-%m-%d}", "law") for i in range(dated)
    ]
    return write(path, ("id", "title", "occurred_at", "category"), rows)


def write(path: Path, header: tuple[str, ...], rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def run(items: Path, calendar: Path, out: Path, *options: str) -> dict[str, object]:
    arguments = ["--items", str(items), "--calendar", str(calendar), "--out", str(out), "--json", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    report: dict[str, object] = json.loads(result.stdout)
    assert report == json.loads((out / "report.json").read_text())
    return report


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result for 20 events that 4 items on a bakery follow, and 6 dates that nothing follows."""
    folder = tmp_path_factory.mktemp("found")
    times = event_times(20)
    items = write_items(folder / "items.csv", background() + pushed(times))
    run(items, write_calendar(folder / "events.csv", times, dated=6), folder / "out")
    return folder


def confirmed(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "assessments.parquet").filter(pl.col("grade") == "confirmed")


def test_a_story_pushed_after_every_event_is_a_confirmed_link(found: Path) -> None:
    link = confirmed(found / "out").row(0, named=True)
    assert confirmed(found / "out").height == 1
    assert (link["calendar_id"], link["event_id"], link["verdict"]) == ("decree", "", "likely")
    assert "bakery" in link["narrative"]
    assert link["p"] == pytest.approx(1 / 2000)
    assert link["effect_low"] < 4.0 < link["effect_high"]
    assert link["likelihood_low"] <= link["likelihood"] <= link["likelihood_high"]
    assert 0 < link["lag_s"] < 7200
    assert link["onset"] > START
    assert len(link["evidence"]) >= 80
    assert "encoder all-MiniLM-L6-v2" in link["versions"]


def test_tables_have_their_columns_and_the_ledger_every_test(found: Path) -> None:
    out = found / "out"
    assert dict(pl.read_parquet(out / "assessments.parquet").schema) == ASSESSMENTS
    links = pl.read_parquet(out / "links.parquet")
    assert dict(links.schema) == LINKS
    report = json.loads((out / "report.json").read_text())
    assert report["tests"] == links.height
    by_test = links.group_by("test", "calendar_id").len()
    assert set(by_test["test"]) >= {"items in 2 h", "items in 24 h"}
    assert links.filter(pl.col("test") == "items in 2 h").height <= report["narratives"]
    assert set(report["outputs"]) == {f"{n}.parquet" for n in ("narratives", "spikes", "links", "assessments", "fans")}
    assert report["calendar_tests"] == 2
    assert report["base_rate"] == 0.05


def test_every_calendar_has_the_fan_of_its_narratives(found: Path) -> None:
    fans = pl.read_parquet(found / "out" / "fans.parquet").filter(pl.col("calendar_id") == "decree")
    link = confirmed(found / "out").row(0, named=True)
    own = fans.filter(pl.col("narrative_id") == link["narrative"]).sort("minute")
    assert own["minute"].to_list() == list(range(-120, 240, 30))
    after = own.filter(pl.col("minute").is_between(0, 90))
    assert after["real"].sum() == pytest.approx(after["middle"].sum() + link["effect"], abs=0.6)
    assert (after["real"] > after["high"]).any()
    assert fans["narrative_id"].n_unique() <= 6


def test_published_calendars_reach_the_database_once(
    found: Path, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_DATABASE_URL", store.url)
    for folder in ("one", "two"):
        run(found / "items.csv", found / "events.csv", tmp_path / folder, "--publish")
    links = pl.read_parquet(tmp_path / "one" / "links.parquet").filter(pl.col("event_id") == "")
    with store.connection() as connection:
        rows = connection.execute("select calendar_id, narrative_id, grade from core.calendar_link").fetchall()
        fans = connection.execute("select count(*) from core.calendar_fan").fetchone()
        assert connection.execute("select count(*) from core.calendar_analysis").fetchone() == (1,)
    assert sorted(r[:2] for r in rows) == sorted(links.select("calendar_id", "narrative_id").iter_rows())
    assert [r[:2] for r in rows if r[2] == "confirmed"] == [("decree", confirmed(found / "out")["narrative"][0])]
    assert fans == (pl.read_parquet(tmp_path / "one" / "fans.parquet").height,)


def test_a_calendar_that_nothing_follows_has_no_evidence_and_no_likelihood(found: Path) -> None:
    rows = pl.read_parquet(found / "out" / "assessments.parquet")
    law = rows.filter((pl.col("calendar_id") == "law") & (pl.col("event_id") == "")).row(0, named=True)
    assert (law["grade"], law["verdict"], law["likelihood"]) == ("exploratory", "no evidence", None)
    single = rows.filter(pl.col("event_id") == "d0").row(0, named=True)
    assert (single["verdict"], single["narrative"]) == ("no evidence", "")


def test_rows_in_another_order_give_the_same_bytes_and_the_seed_decides(found: Path, tmp_path: Path) -> None:
    with (found / "items.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    random.Random(9).shuffle(rows)
    shuffled = write(tmp_path / "items.csv", tuple(header), [tuple(row) for row in rows])
    run(shuffled, found / "events.csv", tmp_path / "out")
    for name in ("narratives", "spikes", "links", "assessments", "fans"):
        assert (tmp_path / "out" / f"{name}.parquet").read_bytes() == (found / "out" / f"{name}.parquet").read_bytes()
    run(shuffled, found / "events.csv", tmp_path / "other", "--seed", "1")
    assert (tmp_path / "other" / "links.parquet").read_bytes() != (tmp_path / "out" / "links.parquet").read_bytes()


def test_what_was_not_registered_is_exploratory(found: Path, tmp_path: Path) -> None:
    home = Path(os.environ["LF_HOME"])
    plan = {"topics": ["bakery"], "windows_h": [2], "lags_s": [0, 7200], "statistic": "calendar", "q": 0.05}
    grades = {}
    for name, topics in (("inside", ["bakery"]), ("outside", ["volcano"])):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(plan | {"topics": topics}))
        register(read_plan(path), home, datetime(2025, 3, 1, tzinfo=UTC))
        report = run(found / "items.csv", found / "events.csv", tmp_path / name, "--prereg", str(path))
        registered = report["preregistration"]
        assert isinstance(registered, dict)
        assert 0 < registered["events_before_registration"] < 20
        rows = pl.read_parquet(tmp_path / name / "assessments.parquet")
        grades[name] = rows.filter(pl.col("narrative").str.contains("bakery") & (pl.col("event_id") == ""))["grade"]
    assert grades["inside"].to_list() == ["confirmed"]
    assert grades["outside"].to_list() == ["exploratory"]


def test_the_events_own_coverage_is_no_link(tmp_path: Path) -> None:
    times = event_times(20)
    own = [("outlet 2", stamp(at + timedelta(minutes=m)), f"Cabinet signs decree on fishing quotas in {PLACES[m]}")
           for at in times for m in (3, 5, 7, 9)]  # fmt: skip
    items = write_items(tmp_path / "items.csv", background() + own)
    run(items, write_calendar(tmp_path / "events.csv", times), tmp_path / "out")
    assert confirmed(tmp_path / "out").is_empty()


def test_few_events_are_explored_and_fewer_not_tested(tmp_path: Path) -> None:
    times = event_times(8)
    items = write_items(tmp_path / "items.csv", background() + pushed(times, 6))
    run(items, write_calendar(tmp_path / "events.csv", times, dated=2), tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "assessments.parquet").filter(pl.col("event_id") == "")
    decree = rows.filter(pl.col("calendar_id") == "decree").row(0, named=True)
    assert (decree["grade"], "bakery" in decree["narrative"]) == ("exploratory", True)
    assert rows.filter(pl.col("calendar_id") == "law")["verdict"].to_list() == ["no evidence"]
    notes = json.loads((tmp_path / "out" / "report.json").read_text())["notes"]
    assert any("law: items: 2 events" in note and "not tested" in note for note in notes)


def test_attention_counts_are_tested_like_narratives(tmp_path: Path) -> None:
    times = event_times(20)
    draw = random.Random(3)
    terms = ("opera", "volcano", "chess", "bread", "lithium")
    hours = [START + timedelta(hours=h) for h in range(DAYS * 24)]
    near = {at.replace(minute=0) + timedelta(hours=1) for at in times}
    rows = [
        ("forum", term, stamp(at), str(draw.randrange(4, 12) + (25 if term == "opera" and at in near else 0)))
        for at in hours
        for term in terms
    ]
    attention = write(tmp_path / "a.csv", ("platform", "term", "observed_at", "count"), rows)
    items = write_items(tmp_path / "items.csv", background(10))
    calendar = write_calendar(tmp_path / "events.csv", times)
    run(items, calendar, tmp_path / "out", "--attention", str(attention))
    link = confirmed(tmp_path / "out").row(0, named=True)
    assert (link["narrative"], link["evidence"]) == ("forum: opera", [])
    assert 20 < link["effect_low"] < link["effect"] < link["effect_high"] < 27
    single = pl.read_parquet(tmp_path / "out" / "assessments.parquet").filter(pl.col("event_id") != "")
    assert set(single["grade"]) == {"provisional"}


def test_a_calendar_without_events_and_a_short_record(tmp_path: Path) -> None:
    items = write_items(tmp_path / "items.csv", background()[:50])
    run(items, write_calendar(tmp_path / "none.csv", []), tmp_path / "out")
    assert pl.read_parquet(tmp_path / "out" / "assessments.parquet").is_empty()
    short = write_items(
        tmp_path / "short.csv", [("a", stamp(START + timedelta(hours=h)), f"Title {h}") for h in range(9)]
    )
    calendar = write_calendar(tmp_path / "events.csv", [START + timedelta(hours=h) for h in range(1, 7)])
    run(short, calendar, tmp_path / "out2")
    rows = pl.read_parquet(tmp_path / "out2" / "assessments.parquet")
    assert set(rows["verdict"]) == {"no evidence"}


@pytest.mark.parametrize(
    ("items", "calendar", "attention", "message"),
    [
        ("source,title\na,b\n", "", None, "has no column 'published_at'"),
        ("source,published_at,title\na,2025-01-06,b\n", "", None, "no item with a date and a time of day"),
        (None, "id,title\n1,x\n", None, "has no column 'occurred_at'"),
        (None, None, "platform,term,count\nx,y,1\n", "has no column 'observed_at'"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, items: str | None, calendar: str | None, attention: str | None, message: str
) -> None:
    good = {
        "items": "source,published_at,title\na,2025-01-06T10:00:00Z,b\n",
        "calendar": "id,title,occurred_at,category\n1,x,2025-01-06T11:00Z,c\n",
        "attention": "platform,term,observed_at,count\nx,y,2025-01-06T11:00Z,1\n",
    }
    given = {"items": items, "calendar": calendar, "attention": attention}
    arguments = ["--out", str(tmp_path / "out")]
    for name, text in given.items():
        (tmp_path / f"{name}.csv").write_text(good[name] if text is None else text)
        arguments += [f"--{name}", str(tmp_path / f"{name}.csv")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
