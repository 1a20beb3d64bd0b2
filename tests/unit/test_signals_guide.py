"""The guide says what happens: every block of it is run."""

from __future__ import annotations

import doctest
from pathlib import Path

from latticeforge.detectors.catalogue import DEFAULT, DETECTORS


def test_the_guide_holds(root: Path) -> None:
    found = doctest.testfile(str(root / "docs" / "guide-signals.md"), module_relative=False)
    assert found.attempted > 30
    assert found.failed == 0


def test_the_method_page_names_every_detector(root: Path) -> None:
    text = (root / "docs" / "method" / "early-warning.md").read_text()
    assert all(f"| `{name}` |" in text for name in DETECTORS)
    assert f"**`{DEFAULT}` is the default.**" in text
