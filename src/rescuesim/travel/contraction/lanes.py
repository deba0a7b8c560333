"""Lanes: sixteen states of the network side by side in vector registers.

An array of int32 holds rows of `N_STATES` values, one for each state. A *group* of sources has a row of ``N_STATES``
values for each of its sources, one after the other; a tuple of whole numbers stands for the group, and its length says
how many sources there are, so that the width is known when a kernel is compiled. The values of a row live in vector
registers while a kernel works on them; loops over rows of an array would go through memory each time, three times
slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model
from numpy.typing import NDArray

__all__ = ["N_STATES", "added", "filled", "lanes_array", "least", "loaded", "repeated", "stored"]

N_STATES = 16  # values of one AVX-512 register; narrower machines take two or four
_CACHE_LINE = 64  # bytes; a row that straddles two lines takes twice as long to load
_INT = ir.IntType(32)


def lanes_array(n_values: int) -> NDArray[np.int32]:
    """Allocate int32 values that begin at a cache line; not filled.

    Parameters
    ----------
    n_values : int

    Returns
    -------
    ndarray of int32, shape (n_values,)
    """
    spare = _CACHE_LINE // 4
    whole = np.empty(n_values + spare, dtype=np.int32)
    start = (-whole.ctypes.data % _CACHE_LINE) // 4
    return whole[start : start + n_values]


class _Lanes(types.Type):
    """Type of a value of several lanes in compiled code."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Lanes({width})")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: _Lanes) -> None:
        super().__init__(manager, lanes, ir.VectorType(_INT, lanes.width))  # type: ignore[no-untyped-call]


def _address(context: Any, builder: Any, array_type: Any, array: Any, at: Any, width: int) -> Any:
    """Return the address of the row that begins at an index."""
    struct = context.make_array(array_type)(context, builder, array)
    return builder.bitcast(builder.gep(struct.data, [at]), ir.VectorType(_INT, width).as_pointer())


def _same(builder: Any, value: Any, width: int, given: int = 1) -> Any:
    """Repeat a value, or the lanes of a value, until there are `width` lanes."""
    if given == 1:
        one = ir.VectorType(_INT, 1)
        value = builder.insert_element(ir.Constant(one, ir.Undefined), value, ir.Constant(_INT, 0))
    places = ir.Constant(ir.VectorType(_INT, width), [lane % given for lane in range(width)])
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), places)


def _in_registers(define: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of compiled code from what gives its type and generates its instructions."""
    made: Callable[..., Any] = intrinsic(define)
    return made


@_in_registers
def loaded(typing: Any, array: Any, at: Any, group: Any) -> Any:
    """Load the row of a group that begins at an index of an int32 array."""
    made = _Lanes(N_STATES * len(group))

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        value = builder.load(_address(context, builder, signature.args[0], given[0], given[1], made.width))
        value.align = 4
        return value

    return made(array, types.int64, group), generate


@_in_registers
def stored(typing: Any, array: Any, at: Any, lanes: Any) -> Any:
    """Store lanes in an int32 array from an index on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        address = _address(context, builder, signature.args[0], given[0], given[1], signature.args[2].width)
        builder.store(given[2], address).align = 4
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), generate


@_in_registers
def filled(typing: Any, value: Any, group: Any) -> Any:
    """Return lanes that all hold one int32 value."""
    made = _Lanes(N_STATES * len(group))

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _same(builder, given[0], made.width)

    return made(types.int32, group), generate


@_in_registers
def repeated(typing: Any, lanes: Any, group: Any) -> Any:
    """Repeat the lanes of one source for each source of a group."""
    made = _Lanes(lanes.width * len(group))

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _same(builder, given[0], made.width, lanes.width)

    return made(lanes, group), generate


@_in_registers
def added(typing: Any, left: Any, right: Any) -> Any:
    """Add lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.add(given[0], given[1])

    return left(left, right), generate


@_in_registers
def least(typing: Any, left: Any, right: Any) -> Any:
    """Take the smaller of two, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.select(builder.icmp_signed("<", given[0], given[1]), given[0], given[1])

    return left(left, right), generate
