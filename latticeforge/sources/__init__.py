"""Collectors: what comes in from the outside world, and how it is read.

Here: the guarded HTTP client, readers of feeds, calendars, counts and item files, and the loops that poll them.
Not here: where things are kept (``store`` implements :mod:`latticeforge.sources.landing`) and when windows close
(``radar``).
"""
