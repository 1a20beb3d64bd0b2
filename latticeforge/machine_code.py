"""Python loops as machine code.

Here: how a function is compiled, in one place. Not here: any function that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on the first call (a second or two) and keep the machine code on disk for the next process.

    Division by zero gives infinity or NaN, as in numpy.
    """
    made: Callable[P, R] = njit(cache=True, error_model="numpy")(function)
    return made
