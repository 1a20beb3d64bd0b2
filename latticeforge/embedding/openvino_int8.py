"""The fast form: int8 weights and activations on OpenVINO, without torch.

Here: preparing, loading and running the graph of ``minilm``. Not here: how near it comes to fp32 (``quality``).
Texts of exactly one length share a batch, so no padding is computed and, each row being scaled on its own, a
text's vector has the same bits in every batch.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from latticeforge.embedding.encoder import MAX_TOKENS, clean
from latticeforge.embedding.minilm import GROUP, WIDTH, build_graph
from latticeforge.embedding.prepared import prepared
from latticeforge.embedding.runtime import openvino
from latticeforge.embedding.weights import MODEL, TOKENIZER, WEIGHTS, check_weights, packaged_model

PRECISION = "int8-r1"  # raise the number when the graph or its rounding changes: vectors of two recipes do not mix
GRAPH = "graph.xml"
BATCH_TOKENS = 480  # where the multipliers are busiest; twice as much is 6 % slower
_RUNTIME = f"openvino-{openvino.get_version().split('-')[0]}"


class FastEncoder:
    """``Encoder`` on a prepared folder; one stream of inference on each of ``threads`` threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.name = f"{MODEL}/{PRECISION}/{_RUNTIME}"
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._queue = openvino.AsyncInferQueue(_compiled(folder / GRAPH, threads), threads)
        self._queue.set_callback(_collect)
        self._turn = threading.Lock()  # the queue has one "wait for all"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Encoder.encode``."""
        vectors = np.empty((len(texts), WIDTH), np.float32)
        ids = [row.ids for row in self._tokenizer.encode_batch_fast([clean(text) for text in texts])]
        with self._turn:
            for rows in _batches([len(row) for row in ids]):
                self._queue.start_async(np.array([ids[row] for row in rows], np.int64), (vectors, rows))
            self._queue.wait_all()
        return vectors


def load_fast(cache_dir: Path, threads: int) -> FastEncoder:
    """The fast form of the packaged model, prepared in ``cache_dir`` if it is not there yet."""
    return FastEncoder(prepared(cache_dir, f"{MODEL}-{PRECISION}-{_RUNTIME}", _prepare), threads)


def _prepare(folder: Path) -> None:
    from safetensors.numpy import load_file

    source = packaged_model()
    check_weights(source)
    graph = build_graph(load_file(source / WEIGHTS), MAX_TOKENS)
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)


def _compiled(graph: Path, threads: int) -> openvino.CompiledModel:
    settings = {
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",  # what is not int8 stays exact on processors that offer bf16
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
        "SNIPPETS_MODE": "DISABLE",  # its fused attention is made for long texts: a tenth slower on headlines
    }
    return openvino.Core().compile_model(graph, "CPU", settings)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows of one length together, longest first, at most ``BATCH_TOKENS`` tokens in a batch."""
    groups: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        groups.setdefault(length, []).append(row)
    batches = []
    for length in sorted(groups, reverse=True):
        size = max(1, BATCH_TOKENS // length)
        batches += [groups[length][start : start + size] for start in range(0, len(groups[length]), size)]
    return batches


def _collect(request: openvino.InferRequest, job: tuple[NDArray[np.float32], list[int]]) -> None:
    vectors, rows = job
    vectors[rows] = request.get_output_tensor(0).data
