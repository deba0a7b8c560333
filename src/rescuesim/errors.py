"""The exceptions of rescuesim, and the fault list that one message reports at once.

The tree::

    RescueSimError
    ├── InputError (ValueError)         wrong data, options or scenario; carries every fault found
    │   └── WeightOverflowError         a travel time that does not fit the integer ticks
    ├── UnknownIdError (KeyError)       an id, zone, crew, road or preset that does not exist
    ├── DataFileError (OSError)         a file that is absent, unreadable or of an unknown kind
    ├── SolverError (RuntimeError)      the solver or the verification of its answer failed
    └── InvariantError (RuntimeError)   a result that cannot be true: a fault in rescuesim itself

Infeasible problems and time limits are statuses of a solution, never exceptions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "DataFileError",
    "Fault",
    "InputError",
    "InvariantError",
    "RescueSimError",
    "SolverError",
    "UnknownIdError",
    "WeightOverflowError",
    "nearest_name",
]


_SHOWN = 60  # a message with more faults than this says how many more there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in the input, with all that is needed to find and mend it.

    Parameters
    ----------
    expected : str
        What would be right, in words.
    problem : str, optional
        A whole sentence instead, for what is wrong with a file rather than with a value in it.
    file : str, optional
        File or table the fault is in.
    row : int, optional
        Line in the file as an editor counts it (the header is line 1).
    column : str, optional
        Column or key.
    value : str, optional
        The offending value as it stands in the file.
    infeasible : bool, optional
        The input is well formed but asks for something impossible (exit code 3 rather than 2).

    Examples
    --------
    >>> print(Fault(file="demand.csv", row=7, column="people", value="-3", expected="a number of 0 or more"))
    demand.csv, row 7, column people: '-3', expected a number of 0 or more
    """

    expected: str = ""
    problem: str = ""
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    infeasible: bool = False

    def __str__(self) -> str:
        if self.problem:
            return self.problem if not self.file or self.file in self.problem else f"{self.file}: {self.problem}"
        place = [self.file] if self.file else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"column {self.column}"] if self.column else []
        found = f"{self.value!r}, " if self.value is not None else ""
        return f"{', '.join(place)}: {found}expected {self.expected}" if place else f"{found}expected {self.expected}"


class RescueSimError(Exception):
    """Root of every exception that rescuesim raises on purpose."""


class InputError(RescueSimError, ValueError):
    """Wrong input; the message lists every fault found.

    Parameters
    ----------
    faults : iterable of Fault or str
        What is wrong. A plain string stands for a fault without a place.

    Attributes
    ----------
    faults : tuple of Fault
    """

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        self.faults: tuple[Fault, ...] = () if isinstance(faults, str) else tuple(faults)
        if isinstance(faults, str):
            super().__init__(faults)
        elif len(self.faults) == 1:
            super().__init__(str(self.faults[0]))
        else:
            lines = [f"  {number}. {fault}" for number, fault in enumerate(self.faults[:_SHOWN], 1)]
            if len(self.faults) > _SHOWN:
                lines.append(f"  and {len(self.faults) - _SHOWN} more; `rescuesim check --json` lists them all")
            super().__init__("\n".join([f"{len(self.faults)} faults:", *lines]))


class WeightOverflowError(InputError):
    """A travel time of 2^30 - 1 ticks (29.8 hours) or more on one edge."""


class UnknownIdError(RescueSimError, KeyError):
    """A name that does not exist; the message names the nearest one that does."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DataFileError(RescueSimError, OSError):
    """A file that is absent, unreadable or of a kind that is not read."""


class SolverError(RescueSimError, RuntimeError):
    """The solver failed, or its answer did not survive the independent recomputation."""


class InvariantError(RescueSimError, RuntimeError):
    """A result broke a rule that always holds; the fault is in rescuesim, not in the input."""


_MOST_NAMES = 20


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Say which of the known names was perhaps meant, and list them; the first twenty of many.

    Parameters
    ----------
    name : str
        The name that is not known.
    known : iterable of str
        The names that are.

    Returns
    -------
    str
        ``"one of a, b, c (did you mean b?)"``.

    Examples
    --------
    >>> nearest_name("bilt_up", ["built_up", "suburb"])
    'one of built_up, suburb (did you mean built_up?)'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"one of {', '.join(names[:_MOST_NAMES])}{more}" + (f" (did you mean {close[0]}?)" if close else "")
