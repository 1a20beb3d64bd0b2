"""Rows of eight float64 as one value: what functions are made of that are written in LLVM's own vectors.

Here: reaching rows of flat arrays, row r at ``8 r``, and sums over them. Not here: any such function (``graphs.lanes``,
``fusion.lanes``). A loop over eight lanes inside another loop is rarely made into vectors by the compiler on its own.

Machine code on disk is made anew when the file of the calling function changes, not when that of a function written
here does: whoever changes one must also touch its callers (``graphs.brandes``, ``fusion.kernel``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba.core.cgutils
from llvmlite import ir

cgutils: Any = numba.core.cgutils  # carries no types

LANES = 8


class Rows:
    """One function being written: its builder, and rows of ``lanes`` float64 (8, or 1: a plain number)."""

    def __init__(self, context: Any, builder: Any, lanes: int = LANES) -> None:
        self.context, self.builder, self.lanes = context, builder, lanes
        self.type = ir.DoubleType() if lanes == 1 else ir.VectorType(ir.DoubleType(), lanes)

    def constant(self, value: float) -> Any:
        """The value in every lane."""
        return ir.Constant(self.type, value if self.lanes == 1 else [value] * self.lanes)

    def data(self, kinds: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """The addresses of some arrays' first elements."""
        pairs = zip(kinds, values, strict=True)
        return [self.context.make_array(kind)(self.context, self.builder, value).data for kind, value in pairs]

    def load(self, address: Any, row: Any) -> Any:
        """Row ``row`` of an array."""
        return self.builder.load(self._place(address, row), align=8)

    def store(self, value: Any, address: Any, row: Any) -> None:
        """Into row ``row`` of an array."""
        self.builder.store(value, self._place(address, row), align=8)

    def behind(self, row: Any, count: int) -> Any:
        """The number of the row ``count`` rows on."""
        return self.builder.add(row, ir.Constant(row.type, count))

    def each(self, first: Any, end: Any) -> Any:
        """A loop over numbers of rows, a context that gives (number, counter)."""
        return cgutils.for_range_slice(self.builder, first, end, ir.Constant(end.type, 1))

    def above(self, value: Any, least: Any) -> Any:
        """Lane by lane whether value > least; False where either is not a number."""
        return self.builder.fcmp_ordered(">", value, least)

    def bits(self, is_true: Any) -> Any:
        """Lanes as the bits of an int64."""
        return self.builder.zext(self.builder.bitcast(is_true, ir.IntType(self.lanes)), ir.IntType(64))

    def variable(self, value: Any) -> Any:
        """A place to store a changing value."""
        return cgutils.alloca_once_value(self.builder, value)

    def _place(self, address: Any, row: Any) -> Any:
        offset = self.builder.mul(row, ir.Constant(row.type, self.lanes))
        return self.builder.bitcast(self.builder.gep(address, [offset]), self.type.as_pointer())
