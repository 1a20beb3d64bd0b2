"""`lf bench dashboard`: viewers over Streamlit's own protocol, against a real dashboard."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from latticeforge.cli import app


def test_viewers_are_served_and_counted(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    monkeypatch.setenv("PATH", "")  # no browser: that part is optional and slow
    done = CliRunner().invoke(app, ["bench", "dashboard", "--viewers", "2", "--seconds", "6", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["viewers"] == 2 and found["lost"] == 0 and found["live_looks"] >= 1
    assert found["first_alone_p95_s"] >= found["first_alone_p50_s"] > 0 and found["memory_full_mb"] > 0
    assert found["first_chart_p50_s"] is None


def test_a_dashboard_that_cannot_start_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["bench", "dashboard", "--viewers", "0"])
    assert done.exit_code == 2
