"""`lf rollback`, `changes`, `show`, `digest`, `status` and `retention` as somebody types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from latticeforge.cli import app
from latticeforge.store import Store
from resources import EncoderResource

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
DAY = ("--from", "2025-01-28", "--to", "2025-01-29")
STORIES = ("Council votes on bridge", "Storm closes railway", "Club signs striker", "Grain cheaper", "Lost art shown")
Lf = Callable[..., Result]


@pytest.fixture
def lf(database_url: str, tmp_path: Path, encoders: EncoderResource, monkeypatch: pytest.MonkeyPatch) -> Lf:
    """The command on the test's own database."""
    (tmp_path / "models").symlink_to(encoders.models)
    monkeypatch.setenv("LF_HOME", str(tmp_path))
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def replayed(lf: Lf, tmp_path: Path, store: Store) -> Lf:
    """An afternoon in which one source surges right after an event."""
    rows = [
        (f"paper{n % 6}", (NOON + timedelta(seconds=60 * n)).isoformat(), f"{STORIES[n * n % 5]} {'now' * (n % 2)}")
        for n in range(120)
    ]
    surge = NOON + timedelta(minutes=81)
    rows += [("bots", (surge + timedelta(seconds=8 * n)).isoformat(), "Drones seen over the airport") for n in range(9)]
    with (tmp_path / "items.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("source", "published_at", "title"), *sorted(rows, key=lambda row: row[1])])
    (tmp_path / "law.csv").write_text(
        "id,title,occurred_at,category,impact\ne1,Clemency announced,2025-01-28T13:17:00Z,law,0.9\n"
    )
    done = lf("replay", str(tmp_path / "items.csv"), "--calendar", str(tmp_path / "law.csv"), "--json")
    assert done.exit_code == 0, done.output
    return lf


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_withdrawn_and_given_back_from_the_command_line(replayed: Lf) -> None:
    before = told(replayed("digest", *DAY))
    asked = ("rollback", "--asset", "articles", *DAY, "--source", "bots", "--reason", "hijacked")
    preview = told(replayed(*asked, "--preview", "--json"))
    assert (preview["preview"], preview["withdrawn_items"]) == (True, 9)
    assert told(replayed("digest", *DAY)) == before
    spoken = replayed(*asked)
    assert spoken.exit_code == 0
    assert "items withdrawn: 9" in spoken.stdout and "undo it with `lf rollback --undo" in spoken.stdout
    assert told(replayed("digest", *DAY)) != before
    [done] = told(replayed("rollback", "--list", "--json"))
    changed = told(replayed("changes", *DAY, "--json"))
    assert changed and {c["why"] for c in changed} == {"hijacked"}
    assert "hijacked; lf rollback" in replayed("changes", *DAY).stdout
    then = told(replayed("digest", *DAY, "--as-of", done["at"]))
    assert then["assets"] == before["assets"]
    assert told(replayed("rollback", "--undo", str(done["rollback_id"]), "--json"))["windows"] == preview["windows"]
    assert told(replayed("digest", *DAY)) == before
    again = replayed("rollback", "--undo", str(done["rollback_id"]))
    assert again.exit_code == 1 and "was undone by rollback" in again.stderr


def test_status_and_retention(replayed: Lf) -> None:
    there = told(replayed("status", "--json"))
    assert there["items"] == 129 and there["last_window"]
    empty = told(replayed("status", "--as-of", "2025-01-28T12:00Z", "--json"))
    assert (empty["items"], empty["last_window"], empty["processes"]) == (0, None, [])
    assert "which processes ran then is not kept" in replayed("status", "--as-of", "2025-01-28").stdout
    removal = told(replayed("retention", "--keep-days", "0", "--preview", "--json"))
    assert (removal["generations"], removal["payloads"], removal["preview"]) == (0, 0, True), "no day is sealed"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("rollback",), 2, "name --asset, --from and --to, or --undo ID"),
        (("rollback", "--asset", "scores", *DAY), 1, "there is no asset 'scores'"),
        (("rollback", "--asset", "articles", "--from", "noon", "--to", "2025-01-29"), 2, "'noon' is not a time"),
        (("rollback", "--asset", "articles", "--from", "2025-01-29", "--to", "2025-01-28"), 2, "is not before"),
        (("rollback", "--asset", "articles", *DAY, "--source", "nobody"), 1, "nothing to withdraw"),
        (("rollback", "--undo", "77"), 1, "there is no rollback 77"),
        (("show", "link_board"), 1, "the marts are not built yet"),
        (("changes", "--from", "2025-01-29", "--to", "2025-01-28"), 2, "is not before"),
        (("digest", *DAY, "--as-of", "soon"), 2, "'soon' is not a time"),
        (("verify", "--archive", "ftp://x/y"), 1, "no place for an archive"),
    ],
)
def test_bad_input_is_one_clear_line(lf: Lf, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = lf(*arguments)
    assert result.exit_code == code, result.output
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.output


def test_a_mart_is_shown_now_and_then(replayed: Lf, database_url: str) -> None:
    from latticeforge.store.marts import build_marts

    build_marts(database_url)
    [first, *_] = told(replayed("show", "link_board", "--json"))
    assert first["label"] and first["verdict"]
    told(replayed("rollback", "--asset", "articles", *DAY, "--source", "bots", "--json"))
    [done] = told(replayed("rollback", "--list", "--json"))
    now = {row["statement_id"] for row in told(replayed("show", "link_board", "--json"))}
    then = {row["statement_id"] for row in told(replayed("show", "link_board", "--as-of", done["at"], "--json"))}
    assert first["statement_id"] in then - now
    assert told(replayed("show", "changes", "--from", "2025-01-28", "--json"))[0]["kind"] == "disappeared"
    wrong = replayed("show", "board")
    assert wrong.exit_code == 2 and "there is no mart 'board'; there are" in wrong.stderr
    assert replayed("show", "system_status", "--from", "2025-01-28").exit_code == 2
