"""Combining what several detectors say about one question.

Here: belief functions and their combination. Not here: what the detectors measure (``narratives``).
"""

from latticeforge.fusion.dempster import Fused, Mass, combine, support

__all__ = ["Fused", "Mass", "combine", "support"]
