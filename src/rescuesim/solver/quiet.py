"""Keeps lines that solvers print past all their options out of the terminal.

HiGHS has lines of its developers that no option switches off (``HFactor::buildKernel stage = ...``, on large bases),
and SCIP complains on standard error whenever it is given an interrupter. They are printed by C, below `sys.stdout`,
and would stand in the middle of a JSON document.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["flush_streams", "quiet"]

logger = logging.getLogger(__name__)
_one_at_a_time = threading.RLock()
_inside: list[int] = []  # streams that are taken by a call further out


@contextmanager
def quiet(*streams: int) -> Iterator[None]:
    """Log at debug level what is written to the streams of the process meanwhile, whoever writes.

    Parameters
    ----------
    *streams : int
        1 is standard output, 2 standard error. A stream that is closed, or taken already, is left alone.
    """
    taken: list[tuple[int, int, Any]] = []
    with _one_at_a_time:
        flush_streams()
        for stream in streams:
            if stream in _inside:
                continue
            with suppress(OSError):
                kept = os.dup(stream)
                file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, after it is read
                os.dup2(file.fileno(), stream)
                taken.append((stream, kept, file))
                _inside.append(stream)
    try:
        yield
    finally:
        with _one_at_a_time:
            flush_streams()
            for stream, kept, file in taken:
                os.dup2(kept, stream)
                os.close(kept)
                _inside.remove(stream)
                file.seek(0)
                for line in file.read().decode(errors="replace").splitlines():
                    logger.debug("the solver printed: %s", line)
                file.close()


def flush_streams() -> None:
    """Write out what Python and C hold back, so that it comes out where it was printed."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)
