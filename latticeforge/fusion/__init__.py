"""Combining what several detectors say about one question.

Here: belief functions and their combination. Not here: what the detectors measure (``narratives``).

``fuse`` and ``fuse_batch`` work on any frame of up to eight answers. ``combine`` is Dempster's rule on the two answers
of a link, in logarithms: it gives the same to the last bit in whatever order sources come, which published scores need.
"""

from latticeforge.fusion.beliefs import (
    CONTESTED,
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
from latticeforge.fusion.dempster import Fused, Mass, combine, support
from latticeforge.fusion.frames import DISTRACTION_FRAME, FRAMES, MARKET_FRAME, Frame

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
