"""The list of guards stays true: what it breaks is in the code, once, and the tests it names exist."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def guards(root: Path) -> Any:
    return runpy.run_path(str(root / "benchmarks" / "guards.py"), run_name="guards")["guards"]()


def test_there_are_sixty_over_the_whole_house(guards: Any) -> None:
    assert len(guards) >= 60
    assert len({g.name for g in guards}) == len(guards)
    assert len({g.file for g in guards}) >= 30
    assert {g.file.split("/")[0] for g in guards} >= {"latticeforge", "streamlit_app", "docs"}


def test_what_is_broken_is_there_exactly_once(guards: Any, root: Path) -> None:
    for guard in guards:
        found = (root / guard.file).read_text(encoding="utf-8").count(guard.old)
        assert found == 1, (
            f"{guard.name}: {guard.old!r} is {found} times in {guard.file}; bring benchmarks/guards.yaml up to date"
        )
        assert guard.new != guard.old


def test_the_named_tests_exist(guards: Any, root: Path) -> None:
    for guard in guards:
        assert guard.tests, guard.name
        for test in guard.tests:
            file, _, function = test.partition("::")
            assert f"def {function}" in (root / file).read_text(encoding="utf-8"), f"{guard.name}: {test} is not there"
