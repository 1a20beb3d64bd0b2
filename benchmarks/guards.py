"""The suite guards itself: break each guard of ``guards.yaml`` on purpose, one at a time, and see a test turn red.

    python benchmarks/guards.py [WORDS]

In a copy of the tree, with the tests named for each guard; WORDS pick guards by name. Exit code 1 where fewer than 95 %
of them turn a test red; a test that is red with nothing broken shows nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "benchmarks" / "guards.yaml"
NEEDED = 0.95
_RED = 1  # what pytest exits with where tests failed; an error of collection is 2 and proves nothing
_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule of the code, what breaks it, and the tests that must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def guards() -> list[Guard]:
    """The list."""
    entries: list[dict[str, Any]] = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    return [Guard(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


def copy_tree(to: Path) -> None:
    """Every file that git knows or would add, as it lies there now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def run_tests(tree: Path, tests: tuple[str, ...]) -> int:
    """Exit code of pytest in ``tree``, which stands before the installed packages; 124 where it took too long."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not slow and not real",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return 124
    return done.returncode


def broken(tree: Path, guard: Guard) -> int:
    """Exit code of the guard's tests while it is broken in ``tree``."""
    path = tree / guard.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(guard.old, guard.new), encoding="utf-8")
    try:
        return run_tests(tree, guard.tests)
    finally:
        path.write_text(whole, encoding="utf-8")


def main() -> int:
    """Break them all; print what became of each."""
    chosen = [g for g in guards() if not sys.argv[1:] or any(word in g.name for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="latticeforge-guards-") as scratch:
        tree = Path(scratch)
        copy_tree(tree)
        already = {test for test in sorted({t for g in chosen for t in g.tests}) if run_tests(tree, (test,)) != 0}
        survived = []
        for guard in chosen:
            if already.intersection(guard.tests):
                said = f"CANNOT TELL: {guard.tests[0]} is red with nothing broken"
            else:
                code = broken(tree, guard)
                said = "red" if code == _RED else f"SURVIVED: pytest ends with {code}"
            print(f"{said:10} {guard.name}", flush=True)
            if said != "red":
                survived.append(guard)
    red = len(chosen) - len(survived)
    print(f"{red} of {len(chosen)} broken guards turned a test red")
    return 0 if red >= NEEDED * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
