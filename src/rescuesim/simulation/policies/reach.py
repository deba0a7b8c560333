"""Reach: which units can go to which call, nearest first; found once and kept for all replications."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
from rescuesim.simulation.calls import call_needs
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.roads import RoadTimes

__all__ = ["Reach"]


class Reach:
    """Which units can go to which call, nearest first; found once and kept for all replications.

    Parameters
    ----------
    fleet : Fleet
    roads : RoadTimes
        Its sites include those of the fleet.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation.fleet import Unit
    >>> crews = default_crews()
    >>> units = (Unit(id="s#1", site="s", crew=crews["brigade"]), Unit(id="v#1", site="v", crew=crews["township_duty"]))
    >>> roads = RoadTimes.from_matrix([[300.0], [100.0]], sites=["s", "v"], points=["a"])
    >>> reach = Reach(Fleet(units=units), roads)
    >>> reach.nearest_first(0, 0, "fire", "day"), reach.nearest_first(0, 0, frozenset({"assist"}), "day")
    ([0], [1, 0])
    """

    def __init__(self, fleet: Fleet, roads: RoadTimes) -> None:
        row = {site: index for index, site in enumerate(roads.sites)}
        self._roads, self._units = roads, fleet.units
        self.road_row = np.array([row[unit.site] for unit in fleet.units], dtype=np.int64)
        self.capable = {type_: self.able(needs) for type_, needs in call_needs().items()}
        self.turnout_s = {
            shift.name: np.array([unit.crew.turnout[shift.name].median for unit in fleet.units])
            for shift in default_shifts()
        }
        self._found: dict[tuple[int, int, str | frozenset[str], str], list[int]] = {}

    def able(self, capabilities: frozenset[str]) -> NDArray[np.bool_]:
        """Whether each unit's crew has all the capabilities; bool, shape (n_units,)."""
        return np.array([unit.crew.can(capabilities) for unit in self._units])

    def nearest_first(self, state: int, column: int, wanted: str | frozenset[str], shift: str) -> list[int]:
        """Return the units capable of what is wanted that reach a point in a state of the roads.

        Parameters
        ----------
        state : int
            Of `RoadTimes`.
        column : int
            Point of `RoadTimes`.
        wanted : str or frozenset of str
            A type of call, or capabilities.
        shift : str

        Returns
        -------
        list of int
            Indices into the fleet's units, ascending in median turnout plus undisturbed travel.
        """
        key = (state, column, wanted, shift)
        if key not in self._found:
            able = self.capable[wanted] if isinstance(wanted, str) else self.able(wanted)
            expected_s = self._roads.out_s[state][self.road_row, column] + self.turnout_s[shift]
            expected_s = np.where(able, expected_s, np.inf)
            order = np.argsort(expected_s, kind="stable")
            self._found[key] = order[np.isfinite(expected_s[order])].tolist()
        return self._found[key]
