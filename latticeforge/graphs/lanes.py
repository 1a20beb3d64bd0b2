"""Eight sources at once: the vector steps of the betweenness search.

Here: rows of eight lanes, one a node, added up along edges. Not here: in which order, and why (``brandes``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import intrinsic

from latticeforge.machine_rows import LANES, Rows, cgutils

__all__ = ["LANES", "TOGETHER", "gain", "reach", "share_out"]

TOGETHER = 4  # edges added up at a time: loops of few and equal rounds, which the processor foresees


def _along(rows: Rows, table: Any, which: Any, first: Any, end: Any) -> Any:
    """The sum of the rows ``which[first:end]``, a multiple of ``TOGETHER`` of them."""
    builder = rows.builder
    total = rows.variable(rows.constant(0.0))
    with cgutils.for_range_slice(builder, first, end, first.type(TOGETHER)) as (edge, _):
        found = [builder.load(builder.gep(which, [rows.behind(edge, i)])) for i in range(TOGETHER)]
        terms = [rows.load(table, row) for row in found]
        while len(terms) > 1:
            terms = [builder.fadd(a, b) for a, b in zip(terms[::2], terms[1::2], strict=True)]
        builder.store(builder.fadd(builder.load(total), terms[0]), total)
    return builder.load(total)


def _reach(typing: Any, front: Any, which: Any, span: Any, unseen: Any, behind: Any) -> Any:
    """``behind[row] = unseen[row] * sum of front[which[e]]`` over edges e of ``first:end``; what is reached is seen.

    ``span`` = (first, end, row); ``unseen`` holds 1 and 0. Returns the lanes that reach the row now, as bits.
    """
    signature = types.int64(front, which, span, unseen, behind)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        before, index, left, after = rows.data((front, which, unseen, behind), (*given[:2], *given[3:]))
        first, end, row = cgutils.unpack_tuple(builder, given[2])
        open_yet = rows.load(left, row)
        found = builder.fmul(_along(rows, before, index, first, end), open_yet)
        new = rows.above(found, rows.constant(0.0))
        rows.store(found, after, row)
        rows.store(builder.select(new, rows.constant(0.0), open_yet), left, row)
        return rows.bits(new)

    return signature, write


def _share(typing: Any, front: Any, gained: Any, row: Any, share: Any) -> Any:
    """``share[row] = (1 + gained[row]) / front[row]``, 0 where front is 0."""
    signature = types.void(front, gained, types.int64, share)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        paths_of, delta, made = rows.data((front, gained, share), (*given[:2], given[3]))
        paths, nothing = rows.load(paths_of, given[2]), rows.constant(0.0)
        each = builder.fdiv(builder.fadd(rows.load(delta, given[2]), rows.constant(1.0)), paths)
        rows.store(builder.select(rows.above(paths, nothing), each, nothing), made, given[2])
        return context.get_dummy_value()

    return signature, write


def _gain(typing: Any, share: Any, which: Any, span: Any, front: Any, gained: Any) -> Any:
    """``gained[row] += front[row] * sum of share[which[e]]`` over edges e of ``first:end``; ``span`` as above."""
    signature = types.void(share, which, span, front, gained)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        each, index, paths, delta = rows.data((share, which, front, gained), (*given[:2], *given[3:]))
        first, end, row = cgutils.unpack_tuple(builder, given[2])
        more = builder.fmul(_along(rows, each, index, first, end), rows.load(paths, row))
        rows.store(builder.fadd(rows.load(delta, row), more), delta, row)
        return context.get_dummy_value()

    return signature, write


reach: Callable[..., int] = intrinsic(_reach)
share_out: Callable[..., None] = intrinsic(_share)
gain: Callable[..., None] = intrinsic(_gain)
