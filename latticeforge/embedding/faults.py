"""Faults of the encoder, each with a message that says what to do."""

from __future__ import annotations


class EncoderFault(Exception):
    """No encoder can be had as asked."""


class WeightsChanged(EncoderFault):
    """The packaged model is not the published one."""


class WrongDimension(EncoderFault):
    """The model's vectors do not fit the database."""
