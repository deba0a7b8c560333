"""Memory that is used again, and never while anybody can read it."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from rescuesim.travel.spare_matrices import SpareMatrices


def test_memory_that_nobody_holds_is_handed_out_again() -> None:
    spare = SpareMatrices((3, 4), most=2)
    address = spare.matrix().ctypes.data
    assert [spare.matrix().ctypes.data for _ in range(5)] == [address] * 5


@pytest.mark.parametrize(
    "part",
    [lambda made: made, lambda made: made[1:2, ::2], lambda made: made.T.reshape(4, 3)[0], memoryview],
    ids=["matrix", "slice", "transposed", "memoryview"],
)
def test_memory_is_not_handed_out_while_a_part_of_it_is_held(part: object) -> None:
    assert callable(part)
    spare = SpareMatrices((3, 4), most=2)
    made = spare.matrix()
    made[:] = np.arange(12).reshape(3, 4)
    held = part(made)
    before = np.array(held)
    del made
    gc.collect()
    for _ in range(6):
        spare.matrix()[:] = -1
    np.testing.assert_array_equal(np.array(held), before)


def test_whoever_holds_more_than_is_kept_gets_memory_of_its_own() -> None:
    spare = SpareMatrices((3, 4), most=2)
    held = [spare.matrix() for _ in range(10)]
    for number, made in enumerate(held):
        made[:] = number
    assert [int(made[2, 3]) for made in held] == list(range(10))
    assert all((made == number).all() for number, made in enumerate(held))
