"""What the detectors look at: the features of one link, as plain numbers.

Here: four detectors' features from a link's row and its items. Not here: their weights and what follows (``scores``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.amplification import Carriers, concentration

# Each detector and its features; the order is that of the coefficients in ``scores``.
DETECTORS: dict[str, tuple[str, ...]] = {
    "amplification": ("copy_share", "repeated_copies"),
    "onset": ("sharpness", "synchrony"),
    "diversity": ("log_effective_sources",),
    "rarity": ("log10_p",),
    "timing": ("lag_minutes",),
}
_PSEUDO_ITEMS = 2.0  # shares are taken as if two items more had been seen that copied nothing


def features(link: dict[str, Any], items: Carriers) -> dict[str, NDArray[np.float64]]:
    """The features of each detector.

    copy_share, repeated_copies, sharpness, synchrony in [0, 1]; log_* natural logarithms, >= 0;
    lag_minutes in [0, 120]; log10_p <= 0.

    ``repeated_copies`` is the share of items that copy a wording *and* come from an account that posted on this before:
    a wire report copied by thirty papers has none, and so has a live blog in which one outlet writes thirty texts of
    its own. Effective sources are the inverse of a Herfindahl index: a few outlets that repeat what one stream
    is full of make no second source.
    """
    n = items.account.size
    return {
        "amplification": np.array(
            [
                _copies(items.voice).sum() / (n + _PSEUDO_ITEMS),
                (_copies(items.voice) & _copies(items.account)).sum() / (n + _PSEUDO_ITEMS),
            ]
        ),
        "onset": np.array([float(link["onset_sharpness"]), float(link["synchrony"])]),
        "diversity": np.array([-np.log(concentration(items.source))]),
        "rarity": np.array([np.log10(float(link["p_value"]))]),
        "timing": np.array([min(max(float(link["lag_s"]) / 60.0, 0.0), 120.0)]),
    }


def _copies(code: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the same code came earlier; codes in order of time."""
    copied = np.ones(code.size, dtype=np.bool_)
    copied[np.unique(code, return_index=True)[1]] = False
    return copied
