"""Overrides: figures from a bureau's own records that take the place of defaults.

A TOML file says them, by the names that ``defaults.toml`` uses; `rescuesim replay` suggests one.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from rescuesim._defaults import defaults_under
from rescuesim.crew import CrewType, Lognormal, default_crews, default_shifts
from rescuesim.errors import DataFileError, Fault, InputError, nearest_name

__all__ = ["CHAIN_PARTS", "Overrides", "load_overrides"]

CHAIN_PARTS: Mapping[str, str] = MappingProxyType(
    {"answering": "chain.answering", "order": "chain.order", "set_up": "chain.set_up", "variation": "travel.variation"}
)


def _nothing() -> dict[str, Lognormal]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Figures that take the place of defaults.

    Parameters
    ----------
    turnout : mapping of str to mapping of str to Lognormal
        Seconds from the order to rolling, by crew type and shift; shifts that are absent keep what they had.
    chain : mapping of str to Lognormal
        ``answering``, ``order``, ``set_up`` in seconds and ``variation``, the factor on every drive.
    on_scene : mapping of str to Lognormal
        Seconds from the first action to cleared, by call type.
    time_factor : mapping of str to float
        Factor on the driving time, by road class of the speed table: 1.2 is a fifth slower.

    Examples
    --------
    >>> slower = Overrides(turnout={"brigade": {"night": Lognormal(median=70.0, p90=100.0)}})
    >>> crews = slower.crews()
    >>> crews["brigade"].turnout["night"].median, crews["brigade"].turnout["day"].median
    (70.0, 50)
    """

    turnout: Mapping[str, Mapping[str, Lognormal]] = field(default_factory=dict)
    chain: Mapping[str, Lognormal] = field(default_factory=_nothing)
    on_scene: Mapping[str, Lognormal] = field(default_factory=_nothing)
    time_factor: Mapping[str, float] = field(default_factory=dict)

    def crews(self, crews: Mapping[str, CrewType] | None = None) -> dict[str, CrewType]:
        """Return crew types with these turnouts; those of ``defaults.toml`` if none are given.

        Raises
        ------
        InputError
            If a crew type or a shift does not exist.
        """
        made = dict(default_crews() if crews is None else crews)
        for name, by_shift in self.turnout.items():
            if name not in made:
                raise InputError(f"turnout, crew {name!r}: expected {nearest_name(name, made)}")
            if unknown := sorted(set(by_shift) - set(made[name].turnout)):
                raise InputError(f"turnout of {name}, shift {unknown[0]!r}: expected {', '.join(made[name].turnout)}")
            made[name] = replace(made[name], turnout={**made[name].turnout, **by_shift})
        return made

    def __bool__(self) -> bool:
        return bool(self.turnout or self.chain or self.on_scene or self.time_factor)


def load_overrides(path: Path | str) -> Overrides:
    """Read a file of overrides.

    Parameters
    ----------
    path : path
        TOML: ``[turnout.<crew>.<shift>]``, ``[chain.<part>]`` and ``[on_scene.<type>]``, each with ``median`` and
        ``p90``, seconds (``chain.variation``: a factor); ``[time_factor]`` with a factor for each road class.

    Returns
    -------
    Overrides

    Raises
    ------
    DataFileError
        If the file is absent or no TOML.
    InputError
        With every fault in the file.
    """
    source = Path(path)
    if not source.is_file():
        raise DataFileError(f"{source}: no such file")
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(f"{source}: expected a TOML file in UTF-8; {error}") from None
    reader = _Reader(source.name)
    reader.known("", raw, ("turnout", "chain", "on_scene", "time_factor"))
    shifts = [shift.name for shift in default_shifts()]
    turnout = {
        crew: reader.laws(f"turnout.{crew}", by_shift, shifts)
        for crew, by_shift in reader.tables("turnout", raw, defaults_under("turnout")).items()
    }
    made = Overrides(
        turnout=turnout,
        chain=reader.laws("chain", raw.get("chain", {}), CHAIN_PARTS),
        on_scene=reader.laws("on_scene", raw.get("on_scene", {}), defaults_under("calls.per_10k_people_year")),
        time_factor=reader.factors(raw),
    )
    if reader.faults:
        raise InputError(reader.faults)
    return made


class _Reader:
    """Reads the tables of a file of overrides and collects the faults."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, column: str, value: object, expected: str) -> None:
        self.faults.append(Fault(file=self.file, column=column, value=str(value), expected=expected))

    def known(self, prefix: str, table: Mapping[str, object], names: object) -> dict[str, object]:
        """Return the entries of a table that are known; the others are faults."""
        listed = list(names)  # type: ignore[call-overload]
        for name in table:
            if name not in listed:
                self.fault(f"{prefix}.{name}" if prefix else name, name, nearest_name(name, listed))
        return {name: entry for name, entry in table.items() if name in listed}

    def tables(self, key: str, raw: Mapping[str, object], names: object) -> dict[str, Mapping[str, object]]:
        """Return the tables under a key."""
        found = raw.get(key, {})
        if not isinstance(found, Mapping):
            self.fault(key, found, "a table")
            return {}
        made = {}
        for name, entry in self.known(key, found, names).items():
            if isinstance(entry, Mapping):
                made[name] = entry
            else:
                self.fault(f"{key}.{name}", entry, "a table")
        return made

    def laws(self, key: str, found: object, names: object) -> dict[str, Lognormal]:
        """Return the distributions under a key."""
        made = {}
        for name, entry in self.tables(key, {key: found}, names).items():
            place = f"{key}.{name}"
            known = self.known(place, entry, ("median", "p90"))
            numbers = {part: known.get(part) for part in ("median", "p90")}
            wrong = [part for part, value in numbers.items() if not _positive(value)]
            for part in wrong:
                self.fault(f"{place}.{part}", numbers[part], "a number above 0")
            if not wrong:
                median, p90 = (float(value) for value in numbers.values())  # type: ignore[arg-type]
                if p90 < median:
                    self.fault(f"{place}.p90", numbers["p90"], f"at least the median, {median:g}")
                else:
                    made[name] = Lognormal(median=median, p90=p90)
        return made

    def factors(self, raw: Mapping[str, object]) -> dict[str, float]:
        """Return the factors by road class."""
        found = raw.get("time_factor", {})
        if not isinstance(found, Mapping):
            self.fault("time_factor", found, "a table")
            return {}
        made = {}
        for name, value in self.known("time_factor", found, defaults_under("speed_kph")).items():
            if isinstance(value, int | float) and not isinstance(value, bool) and 0.1 <= value <= 10:
                made[name] = float(value)
            else:
                self.fault(f"time_factor.{name}", value, "a number from 0.1 to 10")
        return made


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
