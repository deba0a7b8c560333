"""Gathered: the faults of several checks in one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from rescuesim.errors import Fault, InputError, UnknownIdError

__all__ = ["Gathered"]

_Made = TypeVar("_Made")


class Gathered:
    """Faults of several checks, to be told at once.

    Attributes
    ----------
    found : list of Fault

    Examples
    --------
    >>> def wrong():
    ...     raise InputError("seats 0: expected at least 1")
    >>> faults = Gathered()
    >>> faults.of(wrong), faults.of(lambda: 3), [str(fault) for fault in faults.found]
    (None, 3, ['seats 0: expected at least 1'])
    """

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def of(self, make: Callable[[], _Made]) -> _Made | None:
        """Return what is made, or None and keep what is wrong with it."""
        try:
            return make()
        except InputError as error:
            self.found += error.faults or [Fault(problem=str(error))]
        except UnknownIdError as error:
            self.found.append(Fault(problem=str(error)))
        return None

    def add(self, faults: Iterable[Fault]) -> None:
        """Keep further faults."""
        self.found += faults

    def tell(self) -> None:
        """Raise an InputError with all that was found, if anything was."""
        if self.found:
            raise InputError(self.found)
