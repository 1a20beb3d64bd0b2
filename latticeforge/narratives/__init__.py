"""From the articles of a window to scored links: narratives, baselines, spikes, links, scores.

Here: pure functions of their arguments. Not here: I/O, clocks, global randomness; time and seed are parameters.
"""
