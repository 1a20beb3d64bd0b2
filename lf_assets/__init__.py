"""Dagster assets: load, call one library function, write through a resource, return metadata.

Here: the asset graph, its partitions, checks and jobs. Not here: any calculation (``latticeforge``), sensors and
schedules (``sensors``).
"""
