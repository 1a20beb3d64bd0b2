"""How near the fast form is to fp32, and the measures that say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from latticeforge.cli.bench_encode import bench_encode
from latticeforge.embedding import load_encoder
from latticeforge.embedding.headlines import invented_headlines
from latticeforge.embedding.minilm import GROUP, quantize
from latticeforge.embedding.quality import cosines, neighbour_overlap
from latticeforge.embedding.sentence import open_model
from latticeforge.embedding.weights import packaged_model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose encoder is prepared once for this file."""
    return tmp_path_factory.mktemp("home")


def test_the_fast_form_keeps_the_neighbours(home: Path) -> None:
    texts = invented_headlines(300, seed=5)
    fast = load_encoder("minilm-int8", home / "models").encode(texts)
    plain = open_model(str(packaged_model()), 1).encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert cosines(plain, fast).mean() >= 0.995
    assert cosines(plain, fast).min() >= 0.99
    assert neighbour_overlap(plain, fast) >= 0.95


def test_overlap_counts_shared_neighbours() -> None:
    angles = np.array([0.0, 0.1, 0.25, 2.0, 2.1, 2.25])
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert neighbour_overlap(circle, circle, k=2) == 1.0
    # rows 0 and 3 change sides: they keep none of their two neighbours, the other four keep one
    assert neighbour_overlap(circle, circle[[3, 1, 2, 0, 4, 5]], k=2) == pytest.approx(1 / 3)


def test_overlap_sees_one_swapped_row() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    swapped = rows.copy()
    swapped[[0, 1]] = rows[[1, 0]]
    assert 0.5 < neighbour_overlap(rows, swapped, k=5) < 1


def test_cosine_is_taken_row_by_row() -> None:
    a = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    b = np.array([[1, 0], [1, 0], [-0.6, -0.8]], np.float32)
    np.testing.assert_allclose(cosines(a, b), [1, 0, -1], atol=1e-6)


def test_rounding_is_within_half_a_step() -> None:
    matrix = np.random.default_rng(1).normal(size=(6, 3 * GROUP)).astype(np.float32)
    integers, scales = quantize(matrix)
    error = np.abs((integers * scales).reshape(matrix.shape) - matrix)
    assert (error <= 0.5001 * np.repeat(scales[:, :, 0], GROUP, axis=1)).all()
    assert np.abs(integers.astype(int)).max() == 127


def test_invented_headlines_differ_and_repeat() -> None:
    texts = invented_headlines(3000, seed=1)
    assert len(set(texts)) == 3000
    assert texts == invented_headlines(3000, seed=1)
    assert texts[:50] != invented_headlines(50, seed=2)
    assert 40 < np.mean([len(text) for text in texts]) < 90


def bench(home: Path, *arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(bench_encode)
    result = CliRunner().invoke(app, list(arguments), env={"LF_HOME": str(home)})
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_and_saves_its_figures(home: Path, tmp_path: Path) -> None:
    saved = tmp_path / "encode.json"
    code, printed, _ = bench(home, "--texts", "60", "--json", "--save", str(saved))
    assert code == 0
    figures = json.loads(printed)
    assert figures == json.loads(saved.read_text())
    assert figures["cosine_mean"] >= 0.995
    assert figures["fast_per_s"] > figures["fp32_per_s"] > 0
    assert figures["fast_mb"] < figures["fp32_mb"]
    assert figures["met"].keys() == {"3.5 times fp32", "cosine 0.995", "overlap 0.95"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--texts", "3"), "--texts 3 is not between"), (("--save", "/nowhere/at/all.json"), "make it first")],
)
def test_the_command_says_what_is_wrong(home: Path, arguments: tuple[str, ...], said: str) -> None:
    code, _, complaint = bench(home, *arguments)
    assert code == 2
    assert said in complaint
