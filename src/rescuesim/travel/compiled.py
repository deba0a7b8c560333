"""The one place where functions become compiled kernels.

Kernels take arrays, hold no lock while they run, and are kept on disk after the first compilation.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba
from numba.core import config
from numba.core.dispatcher import Dispatcher

from rescuesim.network.store import cache_folder

__all__ = ["SHARED", "KernelState", "compiled", "kernel_folder", "loaded_kernels"]

# files of the package that kernels of other files take something from
SHARED = (
    "network/road_network.py",
    "travel/compiled.py",
    "travel/contraction/lanes.py",
    "simulation/believed_roads/search_kernels.py",
)

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
    """

    name: str
    n_signatures: int
    n_compiled: int
    n_from_cache: int


def compiled(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Compile a function with numba when it is first called.

    Notes
    -----
    The compiled code is kept in `kernel_folder`. With no folder to write to, each process compiles anew.

    numba takes kept code out again as long as the kernel's own file stands as it was, whatever became of the files that
    it takes things from. So a kernel takes nothing from other files of the package but from the few in `SHARED`
    (a test looks), and these are part of the folder's name.
    """
    folder = kernel_folder()
    if folder is not None:
        with contextlib.suppress(RuntimeError), _keeping_in(folder):  # a RuntimeError if the folder has gone by now
            made: Callable[_Given, _Made] = numba.njit(cache=True, nogil=True)(function)
            return made
    uncached: Callable[_Given, _Made] = numba.njit(nogil=True)(function)
    return uncached


@contextlib.contextmanager
def _keeping_in(folder: Path) -> Iterator[None]:
    """Let numba keep what is made here in a folder; it looks while a kernel is made, and never after."""
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


@functools.cache
def kernel_folder() -> Path | None:
    """Return where compiled code is kept; None if no folder can be written.

    The first that can be written of ``NUMBA_CACHE_DIR``, the ``__pycache__`` of this package and the user's cache
    folder (`rescuesim.network.store.cache_folder`).
    """
    package = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=6)
    for name in SHARED:
        digest.update((package.parent / name).read_bytes())
    given = config.CACHE_DIR  # type: ignore[attr-defined]
    bases: tuple[Callable[[], Path], ...] = (lambda: Path(given or package / "__pycache__"), cache_folder)
    for base in bases:
        try:
            folder = base() / f"kernels-{digest.hexdigest()}"
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except (OSError, RuntimeError):  # no home folder is a RuntimeError
            continue
        return folder
    return None


def loaded_kernels() -> tuple[KernelState, ...]:
    """Say what became of the kernels of all modules of the package that are loaded, by name."""
    package = __name__.partition(".")[0]
    found = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != package:
            continue
        for value in list(vars(module).values()):
            if isinstance(value, Dispatcher) and value.py_func.__module__ == name:
                is_kept, n_signatures = value.stats.cache_path is not None, len(value.signatures)
                found.append(
                    KernelState(
                        name=f"{name}.{value.py_func.__qualname__}",
                        n_signatures=n_signatures,
                        n_compiled=sum(value.stats.cache_misses.values()) if is_kept else n_signatures,
                        n_from_cache=sum(value.stats.cache_hits.values()),
                    )
                )
    return tuple(sorted(found, key=lambda kernel: kernel.name))
