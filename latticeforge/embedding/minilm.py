"""all-MiniLM-L6-v2 as an OpenVINO graph with int8 weights.

Here: the arithmetic of the network (BERT, Devlin et al. 2019; MiniLM, Wang et al. 2020; mean pooling and unit length
as sentence-transformers does). Not here: files (``prepared``) or running it (``openvino_int8``). The graph takes ids
without padding and has no mask: every batch must hold texts of one length. It is written out rather than traced
from torch, so that preparing it needs neither torch nor a converter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latticeforge.embedding.runtime import openvino, opset13

if TYPE_CHECKING:
    from openvino import Node

LAYERS = 6
HEADS = 12
HEAD_WIDTH = 32
WIDTH = HEADS * HEAD_WIDTH
EPSILON = 1e-12
GROUP = 128
"""Weights that share one scale. The runtime scales activations in groups as long; 64 is slower, 384 too coarse."""

Weights = Mapping[str, NDArray[np.float32]]


def build_graph(weights: Weights, longest: int) -> openvino.Model:
    """The network from token ids (batch, length) to unit vectors (batch, 384), for lengths up to ``longest``.

    ``weights`` are named as in the published safetensors file.
    """
    ids = opset13.parameter([-1, -1], np.int64, name="input_ids")
    x = _embed(ids, weights, longest)
    for layer in range(LAYERS):
        x = _layer(x, weights, f"encoder.layer.{layer}.")
    mean = opset13.reduce_mean(x, _constant([1]), False)
    return openvino.Model([opset13.divide(mean, opset13.reduce_l2(mean, _constant([1]), True))], [ids], "minilm")


def quantize(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each ``GROUP`` weights of a row.

    Returns the integers (rows, groups, GROUP) in [-127, 127] and the scales (rows, groups, 1); their product differs
    from ``matrix`` (rows, columns) by at most half a scale.
    """
    groups = matrix.reshape(matrix.shape[0], -1, GROUP)
    scales = np.abs(groups).max(axis=2, keepdims=True) / np.float32(127)
    return np.rint(groups / scales).astype(np.int8), scales.astype(np.float32)


def _embed(ids: Node, weights: Weights, longest: int) -> Node:
    words = opset13.gather(_constant(weights["embeddings.word_embeddings.weight"]), ids, _constant(0))
    # every token is of type 0, so its type vector belongs to the positions
    types = weights["embeddings.token_type_embeddings.weight"][0]
    positions = _constant(weights["embeddings.position_embeddings.weight"][:longest] + types)
    length = opset13.gather(opset13.shape_of(ids), _constant([1]), _constant(0))
    used = opset13.slice(positions, _constant([0]), length, _constant([1]), _constant([0]))
    return _normalize(opset13.add(words, used), weights, "embeddings.LayerNorm")


def _layer(x: Node, weights: Weights, at: str) -> Node:
    attended = _linear(_attention(x, weights, at), weights, f"{at}attention.output.dense")
    x = _normalize(opset13.add(attended, x), weights, f"{at}attention.output.LayerNorm")
    inner = opset13.gelu(_linear(x, weights, f"{at}intermediate.dense"), "erf")
    return _normalize(opset13.add(_linear(inner, weights, f"{at}output.dense"), x), weights, f"{at}output.LayerNorm")


def _attention(x: Node, weights: Weights, at: str) -> Node:
    heads = (_heads(_linear(x, weights, f"{at}attention.self.{part}")) for part in ("query", "key", "value"))
    mixed = opset13.transpose(opset13.scaled_dot_product_attention(*heads), _constant([0, 2, 1, 3]))
    return opset13.reshape(mixed, _constant([0, 0, WIDTH]), True)


def _heads(x: Node) -> Node:
    apart = opset13.reshape(x, _constant([0, 0, HEADS, HEAD_WIDTH]), True)
    return opset13.transpose(apart, _constant([0, 2, 1, 3]))


def _linear(x: Node, weights: Weights, name: str) -> Node:
    matrix = weights[f"{name}.weight"]
    integers, scales = quantize(matrix)
    scaled = opset13.multiply(opset13.convert(_constant(integers), "f32"), _constant(scales))
    product = opset13.matmul(x, opset13.reshape(scaled, _constant(matrix.shape), False), False, True)
    return opset13.add(product, _constant(weights[f"{name}.bias"].reshape(1, 1, -1)))


def _normalize(x: Node, weights: Weights, name: str) -> Node:
    centred = opset13.mvn(x, _constant([-1]), True, EPSILON, "inside_sqrt")
    scaled = opset13.multiply(centred, _constant(weights[f"{name}.weight"].reshape(1, 1, -1)))
    return opset13.add(scaled, _constant(weights[f"{name}.bias"].reshape(1, 1, -1)))


def _constant(value: object) -> Node:
    return opset13.constant(np.asarray(value))
