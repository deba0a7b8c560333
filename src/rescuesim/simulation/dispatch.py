"""Dispatch: which unit an order goes to. A policy is a small object with one method, handed in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
from rescuesim.simulation.fleet import Fleet, Unit
from rescuesim.simulation.packages import UnitNeed
from rescuesim.simulation.roads import RoadTimes

__all__ = ["Choice", "DispatchPolicy", "NearestAvailable", "OrderedCall", "Reach"]


class OrderedCall(NamedTuple):
    """What a policy knows of the call that wants a unit.

    Attributes
    ----------
    demand_id, type : str
    ordered_at_s : float
        Seconds from the start of the replication.
    now_s : float
        The present moment; later than `ordered_at_s` for a call that has waited.
    slot : int
        Which unit of its package the call wants, counted from 0.
    need : UnitNeed or None
        What it is wanted for; the engine always says.
    township, zone : str
        Of its demand point; empty where they are not known.
    priority : int
        0 is the most urgent.
    severity : float
        As known at the call.
    """

    demand_id: str
    type: str
    ordered_at_s: float
    now_s: float
    slot: int = 0
    need: UnitNeed | None = None
    township: str = ""
    zone: str = ""
    priority: int = 0
    severity: float = 1.0


class Choice(NamedTuple):
    """A unit that could go now.

    Attributes
    ----------
    unit : Unit
    turnout_s : float
        Median turnout of its crew in the present shift, seconds.
    travel_s : float
        Undisturbed travel on the roads open now, or believed open by the desk, seconds.
    returning : bool
        Whether the unit is on its way home, from where it would be diverted.
    site : str
        Where it stands or is driving to; its own site unless it has been moved up.
    """

    unit: Unit
    turnout_s: float
    travel_s: float
    returning: bool = False
    site: str = ""


class DispatchPolicy(Protocol):
    """Chooses a unit for a call, or lets the call wait.

    A policy is copied for each replication, so what it remembers never passes from one to the next.

    Examples
    --------
    A policy that keeps the last free brigade at home:

    >>> class SpareTheLastBrigade:
    ...     def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
    ...         free = list(choices)
    ...         brigades = [choice for choice in free if choice.unit.crew.name == "brigade"]
    ...         spared = [choice for choice in free if len(brigades) > 1 or choice not in brigades]
    ...         return spared[0].unit if spared else None
    """

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return one of the units on offer, or None.

        Parameters
        ----------
        call : OrderedCall
        choices : iterator of Choice
            The units that are free, present, capable of the call and able to reach it on the roads open
            now, in the order of median turnout plus undisturbed travel, ties in the order of the plan.

        Returns
        -------
        Unit or None
            None leaves the call without a unit: it waits, or is lost where the simulation has no queue.
        """
        ...


class NearestAvailable:
    """Sends the unit that is expected at the call first.

    Nearest means nearest in time to arrival: median turnout plus undisturbed travel. A crew that turns out
    slowly can stand next door and still not be the nearest.
    """

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return the first unit on offer, None if there is none."""
        first = next(choices, None)
        return None if first is None else first.unit


class Reach:
    """Which units can go to which call, nearest first; found once and kept for all replications.

    Parameters
    ----------
    fleet : Fleet
    roads : RoadTimes
        Its sites include those of the fleet.
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
        """Return the units capable of what is needed that reach a point in a state of the roads from their sites.

        Parameters
        ----------
        state : hashable
            Of `RoadTimes`; whatever names the state where `out_s` is given.
        column : int
            Point of `RoadTimes`.
        needs : frozenset of str
        shift : str
        out_s : ndarray of float64, shape (n_sites, n_points), optional
            Travel times in a state that is believed.

        Returns
        -------
        list of int
            Indices into the fleet's units, ascending in median turnout plus undisturbed travel.
        """
        key = (state, column, needs, shift)
        found = self._found.get(key)
        if found is None:
            matrix = self._roads.out_s[cast(int, state)] if out_s is None else out_s
            expected_s = matrix[self.road_row, column] + self.turnout_s[shift]
            expected_s = np.where(self.capable(needs), expected_s, np.inf)
            order = np.argsort(expected_s, kind="stable")
            found = self._found[key] = order[np.isfinite(expected_s[order])].tolist()
        return found
