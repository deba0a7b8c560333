"""CrewChanges: the people on the roster of each site, and what every other crew would take there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.siting.force import Rosters, rosters_asked, site_rosters

if TYPE_CHECKING:
    from rescuesim.siting.solution import Asked

__all__ = ["CrewChanges", "crew_changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewChanges:
    """What crews take in people at each site.

    Parameters
    ----------
    held : ndarray of float64, shape (n_sites,)
        People on the roster with the crew of the table; NaN where unknown.
    units : ndarray of int64, shape (n_sites,)
    crews : tuple of str, length n_sites
        Of the table.
    rosters : Rosters
    """

    held: NDArray[np.float64]
    units: NDArray[np.int64]
    crews: tuple[str, ...]
    rosters: Rosters

    def needed(self, crew: str) -> NDArray[np.float64]:
        """People on the roster of each site if this crew stood there; NaN if unknown; shape (n_sites,)."""
        by_units = {units: self.rosters.roster(crew, units) for units in set(self.units.tolist())}
        return np.array([by_units[units] for units in self.units.tolist()], dtype=np.float64)

    def more(self, crew: str) -> NDArray[np.float64]:
        """Additional people on the roster of each site if this crew stood there; NaN if unknown; shape (n_sites,).

        People on call fill no shift, and those who hold shifts are not called in from home: where a crew of the one
        kind takes the place of the other, all its people are additional.
        """
        needed = self.needed(crew)
        alike = np.array([self._by_shift(own) == self._by_shift(crew) for own in self.crews], dtype=np.bool_)
        return np.where(alike, np.maximum(needed - self.held, 0.0), needed)

    def _by_shift(self, crew: str) -> bool | None:
        return self.rosters.staffing[crew].by_shift if crew in self.rosters.staffing else None


def crew_changes(asked: Asked) -> CrewChanges:
    """Work out what crews take in people, under the shifts and the staffing that were asked for."""
    rosters, units = rosters_asked(asked.constraints), asked.units()
    sites = asked.problem.sites
    return CrewChanges(held=site_rosters(sites, units, rosters), units=units, crews=sites.crews, rosters=rosters)
