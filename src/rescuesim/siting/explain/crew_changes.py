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
    rosters : Rosters
    """

    held: NDArray[np.float64]
    units: NDArray[np.int64]
    rosters: Rosters

    def needed(self, crew: str) -> NDArray[np.float64]:
        """People on the roster of each site if this crew stood there; NaN if unknown; shape (n_sites,)."""
        by_units = {units: self.rosters.roster(crew, units) for units in set(self.units.tolist())}
        return np.array([by_units[units] for units in self.units.tolist()], dtype=np.float64)


def crew_changes(asked: Asked) -> CrewChanges:
    """Work out what crews take in people, under the shifts and the staffing that were asked for."""
    rosters, units = rosters_asked(asked.constraints), asked.units()
    return CrewChanges(held=site_rosters(asked.problem.sites, units, rosters), units=units, rosters=rosters)
