"""World: the fleet, the roads and the demand as a policy sees them."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rescuesim.demand import DemandPoints
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.policies.dispatch import OrderedCall
from rescuesim.simulation.roads import RoadTimes

__all__ = ["World", "for_replication"]

_Policy = TypeVar("_Policy")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """The fleet, the roads and the demand of a replication, as a policy sees them.

    Parameters
    ----------
    fleet : Fleet
    roads : RoadTimes
        Its points are those that can call.
    townships : mapping of str to str
        Township of each point; empty or absent if it has none.
    zones : mapping of str to str
        Zone of each point; empty or absent if it has none.
    weights : mapping of str to float
        Weight of each point; 0 if absent.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation.fleet import Unit
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"], township="东乡"),))
    >>> roads = RoadTimes.from_matrix([[60.0, 90.0]], sites=["s"], points=["a", "b"])
    >>> world = World(fleet=fleet, roads=roads, townships={"a": "西乡"}, weights={"b": 3.0})
    >>> sorted(world.known_townships), world.weight.tolist()
    (['东乡', '西乡'], [0.0, 3.0])
    """

    fleet: Fleet
    roads: RoadTimes
    townships: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, fleet: Fleet, roads: RoadTimes, demand: DemandPoints) -> World:
        """Take townships, zones and weights from the demand points."""
        return cls(
            fleet=fleet,
            roads=roads,
            townships=dict(zip(demand.ids, demand.townships, strict=True)),
            zones=dict(zip(demand.ids, demand.zones, strict=True)),
            weights=dict(zip(demand.ids, demand.weights.tolist(), strict=True)),
        )

    @property
    def known_townships(self) -> frozenset[str]:
        """Townships of the points and of the units."""
        of_units = (unit.township for unit in self.fleet.units)
        return frozenset(name for name in (*self.townships.values(), *of_units) if name)

    @property
    def weight(self) -> NDArray[np.float64]:
        """Weight of each point of the roads; float64, shape (n_points,)."""
        return np.array([self.weights.get(point, 0.0) for point in self.roads.points], dtype=np.float64)

    def township_of(self, call: OrderedCall) -> str:
        """Township of a call: as the call says, else of its point; empty if it has none."""
        return call.township or self.townships.get(call.demand_id, "")

    def out_s(self, now_s: float) -> NDArray[np.float64]:
        """Seconds from sites to points on the roads of a moment; float64, shape (n_sites, n_points)."""
        epoch = bisect_right(self.roads.starts_s, now_s) - 1
        return self.roads.out_s[self.roads.states[epoch]]

    def points_without_township(self) -> list[str]:
        """Points of the roads that have no township."""
        return [point for point in self.roads.points if not self.townships.get(point)]


def for_replication(policy: _Policy, world: World) -> _Policy:
    """Return a copy of a policy for one replication, told of the world if it wants to know.

    Parameters
    ----------
    policy : DispatchPolicy, QueuePolicy or MoveUpPolicy
    world : World
    """
    own = copy.deepcopy(policy)
    begin = getattr(own, "begin", None)
    if begin is not None:
        begin(world)
    return own
