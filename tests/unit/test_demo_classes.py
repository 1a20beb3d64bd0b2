"""Ten variants of the demo day through the radar's functions: pushed surges and organic stories are told apart."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from latticeforge.demo.variant import Variant
from latticeforge.embedding import load_encoder

SEEDS = range(2000, 2010)


@pytest.fixture(scope="module")
def variants() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "variants.py"
    spec = importlib.util.spec_from_file_location("variants", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["variants"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_ten_variants_are_told_apart(variants: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> None:
    encoder = load_encoder("minilm-int8", tmp_path_factory.mktemp("models"))
    wanted = {at for seed in SEEDS for at in variants.wanted_windows(Variant.shuffled(seed))}
    background = variants.Background.make(variants.BACKGROUNDS[0], encoder, wanted, every=5)
    found = [variants.outcome(seed, background, encoder) for seed in SEEDS]
    right = sum(one.surge >= 0.5 for one in found) + sum(one.organic < 0.5 for one in found)
    assert right >= 19, variants.report(found)
    assert variants.area_under_curve([o.surge for o in found], [o.organic for o in found]) >= 0.95


def test_the_area_is_the_chance_of_the_right_order(variants: ModuleType) -> None:
    assert variants.area_under_curve([1.0, 0.5], [0.5, 0.0]) == (1 + 1 + 0.5 + 1) / 4
    assert variants.area_under_curve([0.0], [1.0]) == 0.0


def test_a_variant_needs_its_windows_and_their_history_only(variants: ModuleType) -> None:
    variant = Variant.shuffled(2000)
    wanted = variants.wanted_windows(variant)
    assert len(wanted) <= 2 * (variants.WINDOWS + 156 + 8 * (variants.WINDOWS - 1))
    assert {w.start for w in variants.looked_at(variant.surge_at)} <= wanted
    assert (
        variants.looked_at(variant.surge_at)[0].start <= variant.surge_at < variants.looked_at(variant.surge_at)[0].end
    )
