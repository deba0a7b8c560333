"""Matrices whose memory is used again once nobody holds them.

A loop over thousands of states makes a matrix for each and drops it soon after. Memory that is fresh from the system
every time costs page faults, for which threads queue: two threads then gain a fifth less than they could.
"""

from __future__ import annotations

import sys
from threading import Lock

import numpy as np
from numpy.typing import NDArray

__all__ = ["SpareMatrices"]


class SpareMatrices:
    """Hands out matrices of one shape; may be asked by several threads.

    What is handed out is a view of a block that is kept here. Every array that is made of a view holds the block, so a
    block that nothing but this keeper refers to has no reader left and is handed out again.

    Parameters
    ----------
    shape : tuple of int
    most : int
        Blocks to keep. Whoever holds more gets memory of its own for the rest.
    """

    def __init__(self, shape: tuple[int, int], most: int) -> None:
        self._shape = shape
        self._most = most
        self._blocks: list[NDArray[np.int32]] = []
        self._lock = Lock()

    def matrix(self) -> NDArray[np.int32]:
        """Return a matrix with whatever numbers it holds; int32, shape as given."""
        with self._lock:
            for place in range(len(self._blocks)):
                if sys.getrefcount(self._blocks[place]) == _UNHELD:
                    self._blocks.append(self._blocks.pop(place))  # those least lately used are looked at first
                    return self._blocks[-1][:]
            made = np.empty(self._shape, dtype=np.int32)
            if len(self._blocks) < self._most:
                self._blocks.append(made)
                return made[:]
            return made


def _count_of_unheld() -> int:
    """Count the references to a block that only a list holds, as this interpreter counts them."""
    blocks = [np.empty((1, 1), dtype=np.int32)]
    return sys.getrefcount(blocks[0])


_UNHELD = _count_of_unheld()
