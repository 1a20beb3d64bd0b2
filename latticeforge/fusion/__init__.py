"""Combining what several detectors say about one question.

Here: belief functions and their combination. Not here: what the detectors measure (``narratives``).

``fuse`` and ``fuse_batch`` work on any frame of up to eight answers. ``combine`` is Dempster's rule on the two answers
of a link, in logarithms: it gives the same to the last bit in whatever order sources come, which published scores need.
Method, figures and limits: docs/method/belief.md.
"""

from typing import TYPE_CHECKING, Any

from latticeforge.fusion.dempster import Fused, Mass, combine, support
from latticeforge.fusion.frames import CONTESTED, DISTRACTION_FRAME, FRAMES, MARKET_FRAME, Frame

if TYPE_CHECKING:
    from latticeforge.fusion.beliefs import (
        Belief,
        Beliefs,
        Rule,
        belief,
        discount,
        fuse,
        fuse_batch,
        pignistic,
        plausibility,
    )

__all__ = [
    "CONTESTED",
    "DISTRACTION_FRAME",
    "FRAMES",
    "MARKET_FRAME",
    "Belief",
    "Beliefs",
    "Frame",
    "Fused",
    "Mass",
    "Rule",
    "belief",
    "combine",
    "discount",
    "fuse",
    "fuse_batch",
    "pignistic",
    "plausibility",
    "support",
]


def __getattr__(name: str) -> Any:
    """The general frame, when it is first asked for: its compiler takes 0.3 s and 60 MB, which a page must not pay."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from latticeforge.fusion import beliefs

    return getattr(beliefs, name)
