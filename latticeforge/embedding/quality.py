"""How fast an encoder is, and how near to the fp32 reference its vectors come.

Here: the measures and one measurement of the fast form against plain sentence-transformers. Not here: printing.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from latticeforge.embedding.encoder import FAST, load_encoder
from latticeforge.embedding.minilm import LAYERS, WIDTH
from latticeforge.embedding.sentence import open_model
from latticeforge.embedding.weights import WEIGHTS, check_weights, packaged_model

NEIGHBOURS = 10
FLOP_A_TOKEN = 2 * LAYERS * 12 * WIDTH * WIDTH  # the weight matrices: 4 of d x d and 2 of d x 4d a layer
INT8_GAIN = 4  # products a vector instruction does in int8 for one in fp32 (AVX-512 VNNI against FMA)
_PROBE = 1536  # side of the square product that shows what the processor can do
_ROUNDS = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """One measurement; rates are medians over rounds in which both forms ran one after the other."""

    encoder: str
    texts: int
    tokens_mean: float
    fp32_per_s: float
    fast_per_s: float
    ratio: float
    cosine_mean: float
    cosine_min: float
    neighbour_overlap: float
    fp32_mb: float
    fast_mb: float
    load_s: float
    cpu: str
    threads: int
    machine_load: float  # processes that wanted a core during the last minute
    limit_fp32_gflops: float  # measured: a large fp32 matrix product
    limit_per_s: float  # texts a second if every product ran at INT8_GAIN times that
    of_limit: float

    def met(self) -> dict[str, bool]:
        """What is promised of the fast form, and whether it held."""
        return {
            "3.5 times fp32": self.ratio >= 3.5,
            "cosine 0.995": self.cosine_mean >= 0.995,
            "overlap 0.95": self.neighbour_overlap >= 0.95,
        }


def cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of each row of ``a`` with the same row of ``b`` (n, d), all of length 1; shape (n,), in [-1, 1]."""
    return np.asarray(np.einsum("ij,ij->i", a, b), np.float32)


def neighbour_overlap(a: NDArray[np.float32], b: NDArray[np.float32], k: int = NEIGHBOURS) -> float:
    """Mean share of a row's ``k`` nearest other rows that are the same in ``a`` and ``b`` (n, d), n > k; in [0, 1]."""
    shared = (np.intersect1d(x, y).size for x, y in zip(_nearest(a, k), _nearest(b, k), strict=True))
    return sum(shared) / (len(a) * k)


def measure(texts: Sequence[str], cache_dir: Path, threads: int = 2) -> EncodeReport:
    """Encode ``texts`` (at least 11, all different) with both forms in turn and compare.

    Raises ``EncoderFault`` as ``load_encoder`` does.
    """
    check_weights(packaged_model())
    load_encoder(FAST, cache_dir, threads=threads)  # prepared before anything is timed
    load_s, fast = _timed(lambda: load_encoder(FAST, cache_dir, threads=threads))
    model = open_model(str(packaged_model()), threads)
    listed = list(texts)

    def plain() -> NDArray[np.float32]:
        return np.asarray(model.encode(listed, normalize_embeddings=True, show_progress_bar=False), np.float32)

    plain(), fast.encode(listed)  # first calls allocate and compile
    rounds = [(_timed(plain), _timed(lambda: fast.encode(listed))) for _ in range(_ROUNDS)]
    reference, vectors = rounds[-1][0][1], rounds[-1][1][1]
    tokens_mean = float(np.mean([len(ids) for ids in model.tokenizer(listed)["input_ids"]]))
    gflops = _matrix_gflops()
    limit_per_s = INT8_GAIN * gflops * 1e9 / (FLOP_A_TOKEN * tokens_mean)
    fast_per_s = len(listed) / median(fast_s for _, (fast_s, _) in rounds)
    return EncodeReport(
        encoder=fast.name,
        texts=len(listed),
        tokens_mean=tokens_mean,
        fp32_per_s=len(listed) / median(plain_s for (plain_s, _), _ in rounds),
        fast_per_s=fast_per_s,
        ratio=median(plain_s / fast_s for (plain_s, _), (fast_s, _) in rounds),
        cosine_mean=float(cosines(reference, vectors).mean()),
        cosine_min=float(cosines(reference, vectors).min()),
        neighbour_overlap=neighbour_overlap(reference, vectors),
        fp32_mb=(packaged_model() / WEIGHTS).stat().st_size / 1e6,
        fast_mb=max(file.stat().st_size for file in cache_dir.glob("*/graph.bin")) / 1e6,
        load_s=load_s,
        cpu=_cpu(),
        threads=threads,
        machine_load=os.getloadavg()[0],
        limit_fp32_gflops=gflops,
        limit_per_s=limit_per_s,
        of_limit=fast_per_s / limit_per_s,
    )


def _nearest(vectors: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    return np.argpartition(-near, k, axis=1)[:, :k]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _matrix_gflops() -> float:
    """Best of a few large fp32 products, with the threads torch was given."""
    import torch

    square = torch.ones(_PROBE, _PROBE)
    best_s = min(_timed(lambda: torch.mm(square, square))[0] for _ in range(6))
    return float(2 * _PROBE**3 / best_s / 1e9)


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in _lines(info) if line.startswith("model name")]
    return f"{names[0]} x {len(names)}" if names else platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
