"""Detectors of unusual attention in one series of numbers: pure and causal.

Here: what a series says about its own next row. Not here: narratives (``latticeforge.narratives``), files, clocks.
"""
