"""The one place where functions become compiled kernels.

Kernels take arrays, hold no lock while they run, and are kept on disk after the first compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

__all__ = ["compiled"]

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def compiled(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Compile a function with numba when it is first called.

    Notes
    -----
    The compiled code is kept beside the source or, where that cannot be written, in the user's cache folder. With no
    folder to write to, each process compiles anew.
    """
    try:
        made: Callable[_Given, _Made] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return made
