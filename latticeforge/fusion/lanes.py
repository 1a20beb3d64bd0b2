"""Conjunctions written out for up to four answers, of one item or of eight side by side.

Here: the vector steps of combination. Not here: sources, larger frames and rules (``kernel``).

On one answer the conjunction is a product. On n it is made of three on n - 1: f0 and f1 being f without and with the
last answer in its sets,

    (f & g)1 = f1 & g1,      (f & g)0 = f0 & (g0 + g1) + f1 & g0

which is 3^n products, not 4^n, and subtracts nothing, so that every mass keeps its relative precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from latticeforge.machine_rows import LANES, Rows, cgutils

ANSWERS = 4  # written out up to here; more answers are blocks of these
TOLERANCE = 1e-9  # how far from 1 masses may sum
SMALL = 1e-150  # a product of agreements below it moves into a logarithm
LEAST = 1e-300
_PICK = ir.VectorType(ir.IntType(32), LANES)


def _conjunction(builder: Any, f: Sequence[Any], g: Sequence[Any]) -> list[Any]:
    if len(f) == 1:
        return [builder.fmul(f[0], g[0])]
    half = len(f) // 2
    both = [builder.fadd(a, b) for a, b in zip(g[:half], g[half:], strict=True)]
    outside = _conjunction(builder, f[:half], both)
    missed = _conjunction(builder, f[half:], g[:half])
    return [builder.fadd(a, b) for a, b in zip(outside, missed, strict=True)] + _conjunction(
        builder, f[half:], g[half:]
    )


def _meet(answers: int, lanes: int) -> Callable[..., None]:
    """``out += f & g``, rows of the three from ``span`` = (row of f, row of g, row of out) on."""

    def meet(typing: Any, f: Any, g: Any, span: Any, out: Any) -> Any:
        signature = types.void(f, g, span, out)

        def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
            rows = Rows(context, builder, lanes)
            left, right, made = rows.data((f, g, out), (*given[:2], given[3]))
            f_row, g_row, out_row = cgutils.unpack_tuple(builder, given[2])
            terms = [
                [rows.load(side, rows.behind(row, i)) for i in range(1 << answers)]
                for side, row in ((left, f_row), (right, g_row))
            ]
            for i, value in enumerate(_conjunction(builder, *terms)):
                place = rows.behind(out_row, i)
                rows.store(builder.fadd(rows.load(made, place), value), made, place)
            return context.get_dummy_value()

        return signature, write

    made: Callable[..., None] = intrinsic(meet)
    return made


one_1, one_2, one_3, one_4 = (_meet(answers, 1) for answers in range(1, ANSWERS + 1))
eight_1, eight_2, eight_3, eight_4 = (_meet(answers, LANES) for answers in range(1, ANSWERS + 1))


def _survey(typing: Any, table: Any, end: Any, out: Any) -> Any:
    """``out[0]`` = sum of rows ``0:end``. Returns the lanes whose rows are no masses, as bits.

    Masses are at least 0, 0 in row 0 and sum to 1 within 1e-9.
    """
    signature = types.int64(table, types.int64, out)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        values, made = rows.data((table, out), (given[0], given[2]))
        zero, one, tolerance = (rows.constant(value) for value in (0.0, 1.0, TOLERANCE))
        none = given[1].type(0)
        total, fine = rows.variable(zero), rows.variable(builder.fcmp_ordered("==", rows.load(values, none), zero))
        with rows.each(none, given[1]) as (row, _):
            value = rows.load(values, row)
            builder.store(builder.fadd(builder.load(total), value), total)
            builder.store(builder.and_(builder.load(fine), builder.fcmp_ordered(">=", value, zero)), fine)
        whole = builder.load(total)
        rows.store(whole, made, none)
        for apart in (builder.fsub(whole, one), builder.fsub(one, whole)):
            builder.store(builder.and_(builder.load(fine), builder.fcmp_ordered("<=", apart, tolerance)), fine)
        return rows.bits(builder.not_(builder.load(fine)))

    return signature, write


def _settle(typing: Any, then: Any, end: Any, total: Any, agreement: Any, now: Any) -> Any:
    """Rows ``1:end`` of ``now`` are those of ``then``, made to sum to 1, and ``agreement[0]`` *= their sum / total.

    Returns the lanes whose agreement is so small that it should be kept as a logarithm, as bits.
    """
    signature = types.int64(then, types.int64, total, agreement, now)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        values, given_total, agreed, made = rows.data((then, total, agreement, now), (given[0], *given[2:]))
        none, first, least = given[1].type(0), given[1].type(1), rows.constant(LEAST)
        sum_of = rows.variable(rows.constant(0.0))
        with rows.each(first, given[1]) as (row, _):
            builder.store(builder.fadd(builder.load(sum_of), rows.load(values, row)), sum_of)
        left = builder.load(sum_of)
        factor = builder.fdiv(rows.constant(1.0), builder.select(rows.above(left, least), left, least))
        with rows.each(first, given[1]) as (row, _):
            rows.store(builder.fmul(rows.load(values, row), factor), made, row)
        share = builder.fdiv(builder.fmul(rows.load(agreed, none), left), rows.load(given_total, none))
        rows.store(share, agreed, none)
        return rows.bits(builder.not_(rows.above(share, rows.constant(SMALL))))

    return signature, write


def _turn(typing: Any, table: Any, here: Any, out: Any, there: Any) -> Any:
    """Eight rows of eight become columns; ``here`` and ``there`` = (first element, elements from row to row)."""
    signature = types.void(table, here, out, there)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        rows = Rows(context, builder)
        values, made = rows.data((table, out), (given[0], given[2]))
        (first, step), (to, apart) = (cgutils.unpack_tuple(builder, given[i]) for i in (1, 3))

        def place(address: Any, begin: Any, stride: Any, i: int) -> Any:
            offset = builder.add(begin, builder.mul(stride, ir.Constant(stride.type, i)))
            return builder.bitcast(builder.gep(address, [offset]), rows.type.as_pointer())

        block = [builder.load(place(values, first, step, i), align=8) for i in range(LANES)]
        for size in (1, 2, 4):  # the off-diagonal quarters of ever larger squares change places
            for i in (i for i in range(LANES) if not i & size):
                above, below = block[i], block[i + size]
                picks = (
                    [j if not j & size else LANES + j - size for j in range(LANES)],
                    [j + size if not j & size else LANES + j for j in range(LANES)],
                )
                block[i], block[i + size] = (
                    builder.shuffle_vector(above, below, ir.Constant(_PICK, pick)) for pick in picks
                )
        for i, row in enumerate(block):
            builder.store(row, place(made, to, apart, i), align=8)
        return context.get_dummy_value()

    return signature, write


turn: Callable[..., None] = intrinsic(_turn)
survey: Callable[..., int] = intrinsic(_survey)
settle: Callable[..., int] = intrinsic(_settle)
