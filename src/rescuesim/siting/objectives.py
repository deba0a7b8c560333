"""What a siting is asked to do: the objectives of `rescuesim.site`, under the field's names."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

from rescuesim.errors import InputError

__all__ = ["MaxCoverage", "MinSites", "Objective"]


@dataclass(frozen=True, slots=True)
class MaxCoverage:
    """Cover as much weight as possible with a given number of sites (MCLP).

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included. Fewer are opened where more
        would cover nothing more.

    References
    ----------
    Church, R., ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118. doi:10.1007/BF01942293
    """

    n_sites: int

    def __post_init__(self) -> None:
        if isinstance(self.n_sites, bool) or not isinstance(self.n_sites, Integral) or self.n_sites < 1:
            raise InputError(f"n_sites {self.n_sites!r}: expected a whole number of 1 or more")


@dataclass(frozen=True, slots=True)
class MinSites:
    """Cover every point that can be covered with the fewest open sites (LSCP); the rest is listed.

    References
    ----------
    Toregas, C., Swain, R., ReVelle, C., Bergman, L. (1971). The location of emergency service facilities.
    Operations Research 19(6), 1363-1373. doi:10.1287/opre.19.6.1363
    """


Objective = MaxCoverage | MinSites
