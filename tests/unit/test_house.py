"""The house keeps its shape: no shadowed packages, no stray paths, docs that list every setting and command."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from latticeforge.cli import app
from latticeforge.settings import Settings

PACKAGES = ("latticeforge", "lf_assets", "sensors", "resources", "streamlit_app", "dbt_project", "data", "tests")


def tracked(root: Path) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [root / name for name in names]


def test_nothing_shadows_a_package(root: Path) -> None:
    for name in PACKAGES:
        hits = [p for p in root.rglob(name) if p.is_dir() and ".venv" not in p.parts and p.parent != root]
        hits += [p for p in root.rglob(f"{name}.py") if ".venv" not in p.parts and p.parent.name in PACKAGES]
        inside = [p for p in hits if (p / "__init__.py").exists() or p.suffix == ".py"]
        assert not inside, f"{inside} would shadow the package {name}"
    assert not list((root / "tests").rglob("__init__.py")), "tests are flat files, not packages"


def test_test_files_have_different_names(root: Path) -> None:
    names = [p.name for p in (root / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_no_path_of_a_machine_and_no_registry_in_tracked_files(root: Path) -> None:
    machine = re.compile(r"(^|[^A-Za-z0-9_.])/(home|root|Users|work)/\w")
    hosts = re.compile("(index-" + r"url|find-" + r"links|regis" + r"try) *[=:]")  # in pieces: it must not find itself
    for path in tracked(root):
        if (
            path.suffix in {".py", ".toml", ".yaml", ".yml", ".md", ".sql", ".lock", ".cfg"}
            and path.name != "test_house.py"
        ):
            text = path.read_text(encoding="utf-8")
            assert not machine.search(text), f"{path.relative_to(root)} names a path of one machine"
            assert not hosts.search(text), f"{path.relative_to(root)} names a package registry"


def test_every_setting_is_documented_and_nothing_else(root: Path) -> None:
    text = (root / "docs" / "settings.md").read_text()
    listed = set(re.findall(r"^\| `(LF_[A-Z0-9_]+)`", text, re.MULTILINE))
    assert listed == {f"LF_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        assert field.description, f"the setting {name} says nothing"
        assert field.description in text, f"docs/settings.md describes LF_{name.upper()} differently"


@pytest.mark.parametrize("name", sorted(n for n, c in typer.main.get_command(app).commands.items() if not c.hidden))
def test_every_command_is_in_the_readme_or_the_runbook(root: Path, name: str) -> None:
    text = (root / "README.md").read_text() + (root / "docs" / "runbook.md").read_text()
    assert f"lf {name}" in text


def test_every_command_has_help_with_an_example() -> None:
    group = typer.main.get_command(app)
    for path, command in _leaves(group, "lf"):
        assert command.help, f"`{path}` has no help"
        assert "Example" in command.help, f"`{path} --help` shows no example"


def _leaves(group: Any, path: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found += _leaves(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found
