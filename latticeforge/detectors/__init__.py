"""Detectors of unusual attention in one series of numbers: pure, causal, no clock.

Here: what a series says about its own next row. Not here: narratives (``latticeforge.narratives``), files.
"""
