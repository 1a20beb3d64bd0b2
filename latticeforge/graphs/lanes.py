"""Eight sources at once: the vector steps of the betweenness search, written in LLVM's own vectors.

Here: rows of eight float64, one a node, added up along edges. Not here: in which order, and why (``brandes``). Tables
are flat arrays, row r at ``8 r``. The compiler does not make vectors of such sums on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.core.cgutils
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

cgutils: Any = numba.core.cgutils  # carries no types

LANES = 8
_ROW = ir.VectorType(ir.DoubleType(), LANES)
_ZERO, _ONE = ir.Constant(_ROW, [0.0] * LANES), ir.Constant(_ROW, [1.0] * LANES)


class _Rows:
    """One function being written: its builder, and how it reaches rows."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def data(self, kinds: Any, values: Any) -> list[Any]:
        """The addresses of some arrays' first elements."""
        pairs = zip(kinds, values, strict=True)
        return [self.context.make_array(kind)(self.context, self.builder, value).data for kind, value in pairs]

    def at(self, address: Any, row: Any) -> Any:
        offset = self.builder.mul(row, ir.Constant(row.type, LANES))
        return self.builder.bitcast(self.builder.gep(address, [offset]), _ROW.as_pointer())

    def load(self, address: Any, row: Any) -> Any:
        return self.builder.load(self.at(address, row), align=8)

    def store(self, value: Any, address: Any, row: Any) -> None:
        self.builder.store(value, self.at(address, row), align=8)

    def above(self, value: Any) -> Any:
        return self.builder.fcmp_ordered(">", value, _ZERO)

    def along(self, table: Any, which: Any, first: Any, end: Any) -> Any:
        """The sum of the rows ``which[first:end]``."""
        total = cgutils.alloca_once_value(self.builder, _ZERO)
        with cgutils.for_range_slice(self.builder, first, end, ir.Constant(end.type, 1)) as (edge, _):
            row = self.load(table, self.builder.load(self.builder.gep(which, [edge])))
            self.builder.store(self.builder.fadd(self.builder.load(total), row), total)
        return self.builder.load(total)


def _reach(typing: Any, front: Any, which: Any, span: Any, unseen: Any, behind: Any) -> Any:
    """``behind[row] = unseen[row] * sum of front[which[e]]`` over edges e of ``first:end``; what is reached is seen.

    ``span`` = (first, end, row); ``unseen`` holds 1 and 0. Returns the lanes that reach the row now, as bits.
    """
    signature = types.int64(front, which, span, unseen, behind)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = _Rows(context, builder)
        before, index, left, after = rows.data((front, which, unseen, behind), (*given[:2], *given[3:]))
        first, end, row = cgutils.unpack_tuple(builder, given[2])
        open_yet = rows.load(left, row)
        paths = builder.fmul(rows.along(before, index, first, end), open_yet)
        new = rows.above(paths)
        rows.store(paths, after, row)
        rows.store(builder.select(new, _ZERO, open_yet), left, row)
        return builder.zext(builder.bitcast(new, ir.IntType(LANES)), ir.IntType(64))

    return signature, write


def _share(typing: Any, front: Any, gained: Any, row: Any, share: Any) -> Any:
    """``share[row] = (1 + gained[row]) / front[row]``, 0 where front is 0."""
    signature = types.void(front, gained, types.int64, share)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = _Rows(context, builder)
        paths_of, delta, made = rows.data((front, gained, share), (*given[:2], given[3]))
        paths = rows.load(paths_of, given[2])
        each = builder.fdiv(builder.fadd(rows.load(delta, given[2]), _ONE), paths)
        rows.store(builder.select(rows.above(paths), each, _ZERO), made, given[2])
        return context.get_dummy_value()

    return signature, write


def _gain(typing: Any, share: Any, which: Any, span: Any, front: Any, gained: Any) -> Any:
    """``gained[row] += front[row] * sum of share[which[e]]`` over edges e of ``first:end``; ``span`` as above."""
    signature = types.void(share, which, span, front, gained)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = _Rows(context, builder)
        each, index, paths, delta = rows.data((share, which, front, gained), (*given[:2], *given[3:]))
        first, end, row = cgutils.unpack_tuple(builder, given[2])
        more = builder.fmul(rows.along(each, index, first, end), rows.load(paths, row))
        rows.store(builder.fadd(rows.load(delta, row), more), delta, row)
        return context.get_dummy_value()

    return signature, write


reach: Callable[..., int] = intrinsic(_reach)
share_out: Callable[..., None] = intrinsic(_share)
gain: Callable[..., None] = intrinsic(_gain)
