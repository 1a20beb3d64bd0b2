"""Detectors of unusual attention and of warnings in series of numbers: pure and causal.

Here: what series say about their own next rows. Not here: narratives (``latticeforge.narratives``), files, clocks.
"""
