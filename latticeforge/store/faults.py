"""Faults of the store, each with a message that says what to do."""

from __future__ import annotations


class StoreFault(Exception):
    """The database cannot do what was asked."""


class DatabaseUnreachable(StoreFault):
    """No connection: wrong address, server down, or wrong credentials. Trying again later may help."""


class MigrationFault(StoreFault):
    """The schema in the database is not one this code knows how to bring forward."""
