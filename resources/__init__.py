"""Dagster resources: each only hands out an object of the library.

Here: configuration from the environment and the life time of what is handed out. Not here: anything done with it.
"""

from resources.encoder import EncoderResource
from resources.snapshots import SnapshotResource
from resources.store import StoreResource

__all__ = ["EncoderResource", "SnapshotResource", "StoreResource"]
