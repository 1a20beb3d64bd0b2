"""LatticeForge: an open narrative radar. It measures timing, never motive."""

__version__ = "0.1.0"
