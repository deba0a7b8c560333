"""Reach: which units can go to which call, nearest first; found once and kept for all replications."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
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
    >>> [reach.nearest_first(0, 0, frozenset({needed}), "day") for needed in ("fire", "assist")]
    [[0], [1, 0]]
    """

    def __init__(self, fleet: Fleet, roads: RoadTimes) -> None:
        row = {site: index for index, site in enumerate(roads.sites)}
        self._roads, self._fleet = roads, fleet
        self.road_row = np.array([row[unit.site] for unit in fleet.units], dtype=np.int64)
        self.turnout_s = {
            shift.name: np.array([unit.crew.turnout[shift.name].median for unit in fleet.units])
            for shift in default_shifts()
        }
        self._capable: dict[frozenset[str], NDArray[np.bool_]] = {}
        self._found: dict[tuple[Hashable, int, frozenset[str], str], list[int]] = {}

    def capable(self, needs: frozenset[str]) -> NDArray[np.bool_]:
        """Return which units are capable of all that is needed; bool, shape (n_units,)."""
        if needs not in self._capable:
            self._capable[needs] = np.array([unit.crew.can(needs) for unit in self._fleet.units], dtype=np.bool_)
        return self._capable[needs]

    def nearest_first(
        self,
        state: Hashable,
        column: int,
        needs: frozenset[str],
        shift: str,
        *,
        out_s: NDArray[np.float64] | None = None,
    ) -> list[int]:
        """Return the units capable of what is needed that reach a point from their sites in a state of the roads.

        Parameters
        ----------
        state : hashable
            Index of a state of `RoadTimes`; whatever names the state where `out_s` is given.
        column : int
            Point of `RoadTimes`.
        needs : frozenset of str
            Capabilities; empty if anybody will do.
        shift : str
        out_s : ndarray of float64, shape (n_sites, n_points), optional
            Travel times in a state that is believed.

        Returns
        -------
        list of int
            Indices into the fleet's units, ascending in median turnout plus undisturbed travel.
        """
        key = (state, column, needs, shift)
        if key not in self._found:
            matrix = self._roads.out_s[cast(int, state)] if out_s is None else out_s
            expected_s = matrix[self.road_row, column] + self.turnout_s[shift]
            expected_s = np.where(self.capable(needs), expected_s, np.inf)
            order = np.argsort(expected_s, kind="stable")
            self._found[key] = order[np.isfinite(expected_s[order])].tolist()
        return self._found[key]
