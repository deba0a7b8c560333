"""The one place where functions become compiled kernels.

Kernels take arrays, hold no lock while they run, and are kept on disk after the first compilation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import numba
from numba.core.dispatcher import Dispatcher

__all__ = ["KernelState", "compiled", "loaded_kernels"]

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelState:
    """What became of a kernel in this process.

    Parameters
    ----------
    name : str
        With its module.
    n_signatures : int
        Kinds of arguments that it is ready for.
    n_compiled, n_from_cache : int
        How many of these were compiled here and how many read from the cache. Both are 0 for a kernel that others
        have in them and nobody called by itself.
    folder : str or None
        Where the compiled code is kept; None if no folder can be written.
    """

    name: str
    n_signatures: int
    n_compiled: int
    n_from_cache: int
    folder: str | None


def compiled(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Compile a function with numba when it is first called.

    Notes
    -----
    The compiled code is kept in ``NUMBA_CACHE_DIR`` if that is set, else beside the source or, where that cannot be
    written, in the user's cache folder. With no folder to write to, each process compiles anew.

    Code that is kept is used again as long as its own file stands as it was; what it calls in other files is not looked
    at. So a kernel calls only kernels of its own file (a test looks).
    """
    try:
        made: Callable[_Given, _Made] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return made


def loaded_kernels() -> tuple[KernelState, ...]:
    """Say what became of the kernels of all modules of the package that are loaded, by name."""
    package = __name__.partition(".")[0]
    found = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != package:
            continue
        for value in list(vars(module).values()):
            if isinstance(value, Dispatcher) and value.py_func.__module__ == name:
                found.append(
                    KernelState(
                        name=f"{name}.{value.py_func.__qualname__}",
                        n_signatures=len(value.signatures),
                        n_compiled=sum(value.stats.cache_misses.values()) if _is_kept(value) else len(value.signatures),
                        n_from_cache=sum(value.stats.cache_hits.values()),
                        folder=value.stats.cache_path if _is_kept(value) else None,
                    )
                )
    return tuple(sorted(found, key=lambda kernel: kernel.name))


def _is_kept(kernel: Dispatcher) -> bool:
    return kernel.stats.cache_path is not None
