"""Pre-registration: the same plan has the same hash, the register is append-only, results outside are exploratory."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from latticeforge.cli import app
from latticeforge.radar.prereg import REGISTER, Plan, graded, read_plan, register, registered, registrations
from latticeforge.sources.faults import UnreadableInput

PLAN = {"topics": ["bakery  prize"], "windows_h": [2], "lags_s": [0, 7200], "statistic": "calendar", "q": 0.05}
NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)
ROW = {"calendar_id": "decree", "narrative": "n001 Bakery wins prize", "lag_s": 300.0, "q": 0.01, "grade": "confirmed"}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps(PLAN | changes))
    return path


def test_equal_plans_have_equal_hashes_and_others_do_not(tmp_path: Path) -> None:
    first = read_plan(written(tmp_path, topics=["bakery prize", "Café"]))
    again = read_plan(written(tmp_path, topics=["Café", " bakery   prize "], q=0.050, windows_h=[2.0]))
    assert first.sha256 == again.sha256
    assert len({first.sha256, *(read_plan(written(tmp_path, q=q)).sha256 for q in (0.01, 0.05, 0.1))}) == 4


def test_the_register_keeps_the_first_time_and_notices_tampering(tmp_path: Path) -> None:
    plans = [read_plan(written(tmp_path, q=q)) for q in (0.05, 0.04, 0.03)]
    for plan in plans:
        register(plan, tmp_path, NOW)
    later = register(plans[0], tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
    assert later.registered_at == NOW
    assert [one.plan for one in registrations(tmp_path)] == plans
    path = tmp_path / REGISTER
    lines = path.read_text().splitlines()
    assert len(lines) == 3
    for broken in ([lines[0], lines[2]], [lines[0].replace("0.05", "0.06"), *lines[1:]], lines[1:]):
        path.write_text("\n".join(broken) + "\n")
        with pytest.raises(UnreadableInput, match="was changed or one before it is gone"):
            registered(plans[1], tmp_path)


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "confirmed"),
        ({"narrative": "n002 Wildfire"}, "exploratory"),
        ({"lag_s": 9000.0}, "exploratory"),
        ({"q": 0.06}, "exploratory"),
        ({"q": None}, "exploratory"),
    ],
)
def test_what_lies_outside_the_plan_is_exploratory(tmp_path: Path, changes: dict[str, Any], grade: str) -> None:
    plan = read_plan(written(tmp_path))
    assert graded([ROW | changes], plan, "calendar", [2.0])[0]["grade"] == grade
    assert graded([ROW | changes], plan, "group", [2.0])[0]["grade"] == "exploratory"
    assert graded([ROW | changes], plan, "calendar", [24.0])[0]["grade"] == "exploratory"


def test_any_topic_and_named_calendars(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path, topics=["*"], calendars=["law"]))
    assert not plan.holds(ROW, "calendar", 2.0)
    assert plan.holds(ROW | {"calendar_id": "law"}, "calendar", 2.0)
    assert Plan(("*",), (2.0,), (0.0, 1.0), "event", 0.1).holds(ROW | {"lag_s": None}, "event", 2.0)


def test_the_command_registers_prints_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LF_HOME", str(tmp_path / "home"))
    runner = CliRunner()
    assert "nothing is registered" in runner.invoke(app, ["prereg"]).stdout
    first = json.loads(runner.invoke(app, ["prereg", str(written(tmp_path)), "--json"]).stdout)[0]
    assert first["sha256"] == read_plan(written(tmp_path)).sha256
    assert first["sha256"] in runner.invoke(app, ["prereg"]).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "it lacks 'topics'"),
        (json.dumps({k: v for k, v in PLAN.items() if k != "q"}), "it lacks 'q'"),
        (json.dumps(PLAN | {"hope": 1}), "'hope' is no part of a plan"),
        (json.dumps(PLAN | {"statistic": "best"}), "none of calendar, group, event"),
        (json.dumps(PLAN | {"topics": []}), "topics must be a list of texts"),
        (json.dumps(PLAN | {"q": 2}), "q must be in"),
    ],
)
def test_a_bad_plan_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("LF_HOME", str(tmp_path / "home"))
    path = tmp_path / "plan.json"
    path.write_text(text)
    result = CliRunner().invoke(app, ["prereg", str(path)])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
