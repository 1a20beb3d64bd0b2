"""`lf signals` and `lf backtest` on files: what they print, and what they say of files they cannot use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from latticeforge.cli import app
from latticeforge.cli.signals import longest_run
from latticeforge.signals import lag_test, mean_interval

START_S, STEP_S = 1_738_000_200.0, 300.0


def write(path: Path, values: np.ndarray, start_s: float = START_S) -> Path:
    times = start_s + STEP_S * np.arange(values.size)
    text = [f"{t:.0f},{'' if np.isnan(v) else v}" for t, v in zip(times, values, strict=True)]
    path.write_text("\n".join(["timestamp,value", *text]) + "\n")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def answer(*arguments: str | Path) -> dict[str, object]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.fixture
def squeezed(tmp_path: Path) -> Path:
    at = np.arange(2000)
    size = np.select([at < 1400, at < 1600], [1.0, 0.15], 2.0)
    return write(tmp_path / "squeezed.csv", size * np.random.default_rng(1).normal(size=2000))


def test_warn_lists_every_alert_and_the_figures_now(squeezed: Path) -> None:
    found = answer("signals", "warn", squeezed)
    assert found["detector"] == "compression/1"
    assert (found["rows"], found["missing"], found["ready"]) == (2000, 0, True)
    alerts = found["alerts"]
    assert isinstance(alerts, list)
    assert len(alerts) == 1
    raised = datetime.fromisoformat(alerts[0]["raised_at"]).timestamp()
    assert 1600 <= (raised - START_S) / STEP_S < 1700
    assert alerts[0]["since"] <= alerts[0]["raised_at"]
    plain = run("signals", "warn", squeezed)
    assert "1 alerts" in plain.stdout
    assert "variance fell" in plain.stdout


@pytest.mark.parametrize("name", ["compression", "critical-slowing", "phase-transition", "surge"])
def test_every_detector_can_be_named(squeezed: Path, name: str) -> None:
    assert str(answer("signals", "warn", squeezed, "--detector", name)["detector"]).startswith(name)


def test_indicators_use_the_longest_part_without_holes(tmp_path: Path) -> None:
    values = np.random.default_rng(2).normal(size=600) * np.linspace(1, 4, 600)
    values[100] = np.nan
    found = answer("signals", "indicators", write(tmp_path / "a.csv", values))
    assert (found["rows"], found["rows_left_out"]) == (499, 101)
    assert float(str(found["tau_variance"])) > 0.8
    assert longest_run(np.array([np.nan, 1.0, np.nan, 1.0, 1.0])) == (3, 5)
    assert longest_run(np.full(3, np.nan)) == (0, 0)


def test_synchrony_of_files_that_move_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rhythm = np.sin(np.arange(400) / 6)
    together = [write(tmp_path / f"{i}.csv", rhythm + 0.3 * rng.normal(size=400)) for i in range(4)]
    # the second begins an hour earlier: only the time in common is compared
    write(together[1], np.concatenate([np.zeros(12), rhythm]), START_S - 12 * STEP_S)
    found = answer("signals", "synchrony", *together)
    assert (found["signals"], found["rows"]) == (4, 400)
    assert float(str(found["mean_order"])) > 0.9
    assert float(str(found["p_value"])) == 1 / 200
    apart = [write(tmp_path / f"n{i}.csv", rng.normal(size=400)) for i in range(4)]
    assert float(str(answer("signals", "synchrony", *apart)["p_value"])) > 0.05


def test_lag_is_that_of_the_library(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    a = rng.poisson(5.0, 900).astype(float)
    b = np.roll(a, 6) + rng.poisson(3.0, 900)
    found = answer("signals", "lag", write(tmp_path / "a.csv", a), write(tmp_path / "b.csv", b))
    made = lag_test(a, b)
    assert (found["best_lag_rows"], found["best_lag_s"]) == (6, 1800.0)
    assert found["p_value"] == made.p_value < 1e-6
    assert float(str(found["low"])) < float(str(found["correlation"])) < float(str(found["high"]))
    assert "best lag rows" in run("signals", "lag", tmp_path / "a.csv", tmp_path / "b.csv").stdout.replace("_", " ")


def test_mean_is_that_of_the_library(tmp_path: Path) -> None:
    values = np.random.default_rng(5).poisson(4.0, 600).astype(float)
    found = answer("signals", "mean", write(tmp_path / "a.csv", values), "--season-rows", "288")
    made = mean_interval(values, season_rows=288)
    assert (found["estimate"], found["low"], found["high"]) == (made.estimate, made.low, made.high)


@pytest.mark.parametrize("share", [False, True])
def test_count_makes_a_column_a_source(tmp_path: Path, share: bool) -> None:
    at = [datetime.fromtimestamp(START_S + 400 * i, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for i in range(30)]
    lines = [f"{t},{'a' if i % 3 else 'b'},x" for i, t in enumerate(at)]
    (tmp_path / "items.csv").write_text("\n".join(["published_at,source,title", *lines]))
    made = tmp_path / "out.csv"
    result = run(
        "signals", "count", tmp_path / "items.csv", "--by", "source", "--out", made, *(["--share"] if share else [])
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = pl.read_csv(made)
    assert found.columns == ["timestamp", "a", "b"]
    totals = found.select("a", "b").sum_horizontal(ignore_nulls=False)
    if share:
        assert set(totals.drop_nulls().round(9).to_list()) == {1.0}
        assert totals.null_count() > 0
    else:
        assert (found["a"].sum(), found["b"].sum()) == (20.0, 10.0)


def events(path: Path, rows: list[int]) -> Path:
    text = [datetime.fromtimestamp(START_S + STEP_S * row, UTC).isoformat() for row in rows]
    path.write_text("\n".join(["occurred_at,title", *(f"{t},x" for t in text)]) + "\n")
    return path


def test_backtest_counts_warnings_and_false_alarms(squeezed: Path, tmp_path: Path) -> None:
    file = events(tmp_path / "events.csv", [1700])
    result = run("backtest", "compression", squeezed, "--events", file, "--horizon", "12", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)[0]
    assert (found["events"], found["warned"], found["recall"], found["precision"]) == (1, 1, 1.0, 1.0)
    assert 0 < found["median_lead_s"] < 12 * 3600
    assert found["false_alarms_per_week"] == 0
    assert found["placebos"] == 199
    ranked = run("backtest", "all", squeezed, "--events", file, "--horizon", "12", "--json")
    rows = json.loads(ranked.stdout)
    assert {one["detector"] for one in rows} >= {"compression/1", "surge/1"}
    assert [one["p_value"] for one in rows] == sorted(one["p_value"] for one in rows)
    assert found in rows
    table = run("backtest", "all", squeezed, "--events", file)
    assert table.exit_code == 0
    assert "compression/1" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["signals", "warn", "absent.csv"], "is no file"),
        (["signals", "warn", "short.csv"], "2 at least"),
        (["signals", "warn", "good.csv", "--detector", "tea"], "no detector 'tea'"),
        (["signals", "warn", "good.csv", "--step", "0.001"], "larger --step"),
        (["signals", "indicators", "good.csv", "--window", "3"], "shares of the series"),
        (["signals", "synchrony", "good.csv"], "2 files"),
        (["signals", "lag", "good.csv", "later.csv"], "no time in common"),
        (["signals", "lag", "good.csv", "good.csv", "--max-lag", "500"], "too few for lags"),
        (["signals", "mean", "tiny.csv"], "20 finite values"),
        (["signals", "count", "good.csv", "--by", "source", "--out", "o.csv"], "needs one column source"),
        (["backtest", "tea", "good.csv", "--events", "events.csv"], "no detector 'tea'"),
        (["backtest", "surge", "good.csv", "--events", "good.csv", "--horizon", "0"], "horizon"),
        (["backtest", "surge", "good.csv", "--events", "nameless.csv"], "occurred_at"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    write(tmp_path / "good.csv", np.random.default_rng(6).normal(size=700))
    write(tmp_path / "later.csv", np.ones(50), START_S + 1e8)
    write(tmp_path / "tiny.csv", np.ones(5))
    (tmp_path / "short.csv").write_text("timestamp,value\n1,1\n")
    (tmp_path / "nameless.csv").write_text("when\n1\n")
    events(tmp_path / "events.csv", [100])
    result = run(*[tmp_path / a if a.endswith(".csv") else a for a in arguments])
    assert result.exit_code == 2, result.output
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
