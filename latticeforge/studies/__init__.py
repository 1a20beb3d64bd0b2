"""Strategic timing on daily data: regressions of political science, with their placebos.

Here: daily series, the two studies, their words. Not here: reading files (``radar.study``), five-minute windows
(``narratives``). Timing is measured, never motive. Method: docs/method/studies.md.
"""
