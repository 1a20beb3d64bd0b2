"""The always-on radar: collect, land, encode, evaluate, close windows.

Here: services composed of the lower floors. Not here: statistics (``narratives``), SQL (``store``), Dagster.
"""
