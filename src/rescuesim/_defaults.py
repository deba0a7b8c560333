"""Reads ``defaults.toml``: every default of the package with its unit, basis and confidence.

No other module holds a number that a bureau might want to change.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from rescuesim.errors import UnknownIdError, nearest_name

__all__ = ["Default", "default", "default_names", "defaults_under"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """One default with what it rests on.

    Attributes
    ----------
    name : str
        Dotted name in ``defaults.toml``.
    unit : str
        Unit of the value, or of median and P90.
    basis : str
        ``S`` a source was read, ``U`` a known document quoted unread, ``J`` judgement.
    confidence : str
        ``high``, ``med`` or ``low``.
    value : float, str, list or None
        The value, where the default is a single figure, a word or a list.
    median, p90, sigma : float or None
        The lognormal distribution, where it is one.
    note, source : str
        Remark and reference; empty if there is none.
    """

    name: str
    unit: str
    basis: str
    confidence: str
    value: float | str | list[float] | list[str] | None = None
    median: float | None = None
    p90: float | None = None
    sigma: float | None = None
    low: float | None = None
    high: float | None = None
    beta: float | None = None
    note: str = ""
    source: str = ""

    @property
    def number(self) -> float:
        """The value as a number; raises TypeError where the default is none."""
        if not isinstance(self.value, (int, float)):
            raise TypeError(f"default {self.name} is not a single number")
        return float(self.value)

    @property
    def words(self) -> tuple[str, ...]:
        """The value as a tuple of words."""
        found = self.value if isinstance(self.value, list) else [self.value]
        return tuple(str(word) for word in found)


def _leaves(table: dict[str, object], prefix: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each entry of the nested tables with its dotted name."""
    for key, entry in table.items():
        if not isinstance(entry, dict):
            raise TypeError(f"defaults.toml: {prefix}{key} is not a table")
        if "basis" in entry:
            yield f"{prefix}{key}", entry
        else:
            yield from _leaves(entry, f"{prefix}{key}.")


@functools.cache
def _all_defaults() -> dict[str, Default]:
    text = resources.files("rescuesim").joinpath("defaults.toml").read_text(encoding="utf-8")
    return {name: Default(name=name, **entry) for name, entry in _leaves(tomllib.loads(text))}  # type: ignore[arg-type]


def default(name: str) -> Default:
    """Look one default up by its dotted name.

    Parameters
    ----------
    name : str
        For instance ``"turnout.brigade"``.

    Returns
    -------
    Default

    Raises
    ------
    UnknownIdError
        If there is no such default.

    Examples
    --------
    >>> default("speed_kph.trunk").number
    55.0
    >>> default("turnout.brigade").p90
    70
    """
    try:
        return _all_defaults()[name]
    except KeyError:
        raise UnknownIdError(f"default {name!r}: expected {nearest_name(name, _all_defaults())}") from None


def default_names() -> tuple[str, ...]:
    """Return the dotted names of all defaults, in the order of the file."""
    return tuple(_all_defaults())


def defaults_under(prefix: str) -> dict[str, Default]:
    """Return the defaults directly under a table, keyed by the last part of their name.

    Examples
    --------
    >>> list(defaults_under("calls.per_10k_people_year"))
    ['fire', 'rescue', 'social', 'security', 'false']
    """
    start = prefix + "."
    return {
        name[len(start) :]: entry
        for name, entry in _all_defaults().items()
        if name.startswith(start) and "." not in name[len(start) :]
    }
