"""Eight distances at once: the vector steps of the neighbour searches, written in LLVM's own vectors.

Here: loads, Chebyshev distances, running minima and counts over eight lanes of float32. Not here: which points are
compared (``neighbours``) and what their counts mean (``ksg``).

A lane is one source, or one surrogate of one. Only subtraction, absolute value and comparison are used, none of which
may be contracted or reordered, so every processor finds the same counts. Sources lie as (dimension, point, lane) in one
flat array; ``row`` is the number of lanes, ``plane`` points times lanes.
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
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_COUNTS = ir.VectorType(ir.IntType(32), LANES)
_INDEX = types.int64


class _Lanes:
    """One function being written: its builder, and how it reaches array data."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def data(self, kind: Any, value: Any) -> Any:
        """The address of an array's first element."""
        return self.context.make_array(kind)(self.context, self.builder, value).data

    def load(self, address: Any, offset: Any) -> Any:
        place = self.builder.bitcast(self.builder.gep(address, [offset]), _FLOATS.as_pointer())
        return self.builder.load(place, align=4)

    def store(self, value: Any, address: Any, offset: Any) -> None:
        place = self.builder.bitcast(self.builder.gep(address, [offset]), value.type.as_pointer())
        self.builder.store(value, place, align=4)

    def at(self, address: Any, index: Any) -> Any:
        return self.builder.load(self.builder.gep(address, [index]))

    def all_lanes(self, scalar: Any) -> Any:
        empty = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
        first = self.builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(first, first, ir.Constant(_COUNTS, [0] * LANES))

    def least(self, left: Any, right: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered("<", left, right), left, right)

    def most(self, left: Any, right: Any) -> Any:
        return self.builder.select(self.builder.fcmp_ordered(">", left, right), left, right)

    def span(self, left: Any, right: Any) -> Any:
        absolute = cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(_FLOATS, [_FLOATS]), f"llvm.fabs.v{LANES}f32"
        )
        return self.builder.call(absolute, [self.builder.fsub(left, right)])

    def variable(self, value: Any) -> Any:
        place = cgutils.alloca_once(self.builder, value.type)
        self.builder.store(value, place)
        return place

    def loop(self, first: Any, end: Any) -> Any:
        return cgutils.for_range_slice(self.builder, first, end, ir.Constant(end.type, 1))

    def count(self, place: Any, is_true: Any) -> None:
        one_each = self.builder.sext(is_true, _COUNTS)  # -1 where true
        self.builder.store(self.builder.sub(self.builder.load(place), one_each), place)

    def farthest(self, points: Any, dimensions: Any, plane: Any, here: Any, there: Any, floor: Any) -> Any:
        """max(floor, |here - there| over the dimensions) in each lane."""
        start = self.most(self.span(self.load(points, there), self.load(points, here)), floor)
        place = self.variable(start)
        with self.loop(ir.Constant(dimensions.type, 1), dimensions) as (dimension, _):
            step = self.builder.mul(dimension, plane)
            a = self.load(points, self.builder.add(there, step))
            b = self.load(points, self.builder.add(here, step))
            self.builder.store(self.most(self.span(a, b), self.builder.load(place)), place)
        return self.builder.load(place)

    def place(self, index: Any, row: Any, group: Any) -> Any:
        return self.builder.add(self.builder.mul(index, row), group)


_NONE = ir.Constant(_COUNTS, [0] * LANES)


def _nearest_four(typing: Any, x: Any, which: Any, distance: Any, top: Any, shape: Any, where: Any) -> Any:
    """Let points ``which[first:end]`` into the four least distances ``top`` of eight lanes, sorted upwards."""
    signature = types.void(x, which, distance, top, shape, where)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        points, chosen, floors, kept = (
            lanes.data(kind, value) for kind, value in zip((x, which, distance, top), given, strict=False)
        )
        dimensions, plane, row = cgutils.unpack_tuple(builder, given[4])
        group, point, first, end = cgutils.unpack_tuple(builder, given[5])
        base = builder.mul(group, ir.Constant(group.type, 4))
        offsets = [builder.add(base, ir.Constant(base.type, slot * LANES)) for slot in range(4)]
        slots = [lanes.variable(lanes.load(kept, offset)) for offset in offsets]
        here = lanes.place(point, row, group)
        with lanes.loop(first, end) as (candidate, _):
            there = lanes.place(lanes.at(chosen, candidate), row, group)
            floor = lanes.all_lanes(lanes.at(floors, candidate))
            new = lanes.farthest(points, dimensions, plane, here, there, floor)
            values = [builder.load(slot) for slot in slots]
            for slot in (3, 2, 1):
                builder.store(lanes.least(lanes.most(values[slot - 1], new), values[slot]), slots[slot])
            builder.store(lanes.least(new, values[0]), slots[0])
        for slot, offset in zip(slots, offsets, strict=True):
            lanes.store(builder.load(slot), kept, offset)
        return context.get_dummy_value()

    return signature, write


def _spread_out(typing: Any, x: Any, which: Any, distance: Any, out: Any, shape: Any, where: Any) -> Any:
    """Write the joint distances of points ``which[first:end]``, eight lanes a point, into ``out``."""
    signature = types.void(x, which, distance, out, shape, where)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        points, chosen, floors, found = (
            lanes.data(kind, value) for kind, value in zip((x, which, distance, out), given, strict=False)
        )
        dimensions, plane, row = cgutils.unpack_tuple(builder, given[4])
        group, point, first, end = cgutils.unpack_tuple(builder, given[5])
        here = lanes.place(point, row, group)
        with lanes.loop(first, end) as (candidate, _):
            there = lanes.place(lanes.at(chosen, candidate), row, group)
            floor = lanes.all_lanes(lanes.at(floors, candidate))
            joint = lanes.farthest(points, dimensions, plane, here, there, floor)
            lanes.store(joint, found, builder.mul(candidate, ir.Constant(candidate.type, LANES)))
        return context.get_dummy_value()

    return signature, write


def _count_below(typing: Any, table: Any, limit: Any, out: Any, end: Any) -> Any:
    """``out[lane]``: how many of ``table[:end, lane]`` are less than ``limit[lane]``."""
    signature = types.void(table, limit, out, _INDEX)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        start = ir.Constant(given[3].type, 0)
        values, found = lanes.data(table, given[0]), lanes.data(out, given[2])
        limits, total = lanes.load(lanes.data(limit, given[1]), start), lanes.variable(_NONE)
        with lanes.loop(start, given[3]) as (index, _):
            value = lanes.load(values, builder.mul(index, ir.Constant(index.type, LANES)))
            lanes.count(total, builder.fcmp_ordered("<", value, limits))
        lanes.store(builder.load(total), found, start)
        return context.get_dummy_value()

    return signature, write


def _largest_below(typing: Any, table: Any, limit: Any, out: Any, end: Any) -> Any:
    """``out[lane]``: the largest of ``table[:end, lane]`` that is less than ``limit[lane]``, or 0."""
    signature = types.void(table, limit, out, _INDEX)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        start = ir.Constant(given[3].type, 0)
        values, found = lanes.data(table, given[0]), lanes.data(out, given[2])
        limits = lanes.load(lanes.data(limit, given[1]), start)
        zero = ir.Constant(_FLOATS, [0.0] * LANES)
        best = lanes.variable(zero)
        with lanes.loop(start, given[3]) as (index, _):
            value = lanes.load(values, builder.mul(index, ir.Constant(index.type, LANES)))
            inside = builder.select(builder.fcmp_ordered("<", value, limits), value, zero)
            builder.store(lanes.most(inside, builder.load(best)), best)
        lanes.store(builder.load(best), found, start)
        return context.get_dummy_value()

    return signature, write


def _count_near(typing: Any, distance: Any, radius: Any, out: Any, group: Any, end: Any) -> Any:
    """``out[group + lane]``: how many of ``distance[:end]``, one for all lanes, are less than the lane's radius."""
    signature = types.void(distance, radius, out, _INDEX, _INDEX)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        values, found = lanes.data(distance, given[0]), lanes.data(out, given[2])
        radii, total = lanes.load(lanes.data(radius, given[1]), given[3]), lanes.variable(_NONE)
        with lanes.loop(ir.Constant(given[4].type, 0), given[4]) as (index, _):
            value = lanes.all_lanes(lanes.at(values, index))
            lanes.count(total, builder.fcmp_ordered("<", value, radii))
        lanes.store(builder.load(total), found, given[3])
        return context.get_dummy_value()

    return signature, write


def _count_pairs(typing: Any, x: Any, distance: Any, radius: Any, out: Any, shape: Any, where: Any) -> Any:
    """Points ``first:end`` within each lane's radius: ``out[0]`` by ``distance`` alone, ``out[1]`` by x as well."""
    signature = types.void(x, distance, radius, out, shape, where)

    def write(context: Any, builder: Any, _: Any, given: Any) -> Any:
        lanes = _Lanes(context, builder)
        points, floors, radii_of, found = (
            lanes.data(kind, value) for kind, value in zip((x, distance, radius, out), given, strict=False)
        )
        dimensions, plane, row = cgutils.unpack_tuple(builder, given[4])
        group, point, first, end = cgutils.unpack_tuple(builder, given[5])
        radii, here = lanes.load(radii_of, group), lanes.place(point, row, group)
        alone, both = lanes.variable(_NONE), lanes.variable(_NONE)
        with lanes.loop(first, end) as (index, _):
            floor = lanes.all_lanes(lanes.at(floors, index))
            joint = lanes.farthest(points, dimensions, plane, here, lanes.place(index, row, group), floor)
            lanes.count(alone, builder.fcmp_ordered("<", floor, radii))
            lanes.count(both, builder.fcmp_ordered("<", joint, radii))
        lanes.store(builder.load(alone), found, group)
        lanes.store(builder.load(both), found, builder.add(group, row))
        return context.get_dummy_value()

    return signature, write


nearest_four: Callable[..., None] = intrinsic(_nearest_four)
spread_out: Callable[..., None] = intrinsic(_spread_out)
count_below: Callable[..., None] = intrinsic(_count_below)
largest_below: Callable[..., None] = intrinsic(_largest_below)
count_near: Callable[..., None] = intrinsic(_count_near)
count_pairs: Callable[..., None] = intrinsic(_count_pairs)
