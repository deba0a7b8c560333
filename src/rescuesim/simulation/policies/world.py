"""World: the fleet, the roads and the demand as a policy sees them; and the checks before the first event."""

from __future__ import annotations

import copy
import inspect
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rescuesim.demand import DemandPoints
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.policies.dispatch import OrderedCall, most_parallel
from rescuesim.simulation.roads import RoadTimes

__all__ = ["World", "check_policies", "for_replication"]

_Policy = TypeVar("_Policy")
_METHODS = {"policy": {"choose": 2, "also": 2}, "queue": {"key": 1}, "move_up": {"moves": 1}}
_REQUIRED = {"policy": "choose", "queue": "key", "move_up": "moves"}


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
    weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, fleet: Fleet, roads: RoadTimes, demand: DemandPoints) -> World:
        """Take townships and weights from the demand points."""
        return cls(
            fleet=fleet,
            roads=roads,
            townships=dict(zip(demand.ids, demand.townships, strict=True)),
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


def check_policies(
    world: World,
    *,
    policy: object = None,
    queue: object = None,
    move_up: object = None,
    n_slots: Mapping[str, int] | None = None,
    drawn_slots: int | None = None,
) -> None:
    """Check policies before the first event.

    Parameters
    ----------
    world : World
    policy, queue, move_up : object, optional
        Those absent are not checked.
    n_slots : mapping of str to int, optional
        Unit slots of the package of each type of call; with `drawn_slots`.
    drawn_slots : int, optional
        Unit slots that the calls have draws for: units alerted in parallel need some after the package's.

    Raises
    ------
    InputError
        With everything that is wrong: a policy without its method, and what its own ``check(world)`` finds.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation.fleet import Unit
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> roads = RoadTimes.from_matrix([[60.0]], sites=["s"], points=["a"])
    >>> check_policies(World(fleet=fleet, roads=roads), policy="nearest")
    Traceback (most recent call last):
    rescuesim.errors.InputError: column policy: 'nearest', expected an object with a method choose(call, choices)
    """
    faults: list[Fault] = []
    for role, given in (("policy", policy), ("queue", queue), ("move_up", move_up)):
        if given is None:
            continue
        wrong = _shape_faults(role, given)
        faults += wrong
        if not wrong and hasattr(given, "check"):
            faults += given.check(world)
    if policy is not None and not faults and n_slots and drawn_slots is not None:
        most = max(n_slots.values()) + most_parallel(policy)  # type: ignore[arg-type]
        if most_parallel(policy) and most > drawn_slots:  # type: ignore[arg-type]
            expected = (
                f"calls drawn for {most} unit slots or more, with those alerted in parallel; CallModel(n_slots={most})"
            )
            faults.append(Fault(column="policy", value=str(drawn_slots), expected=expected))
    if faults:
        raise InputError(faults)


def _shape_faults(role: str, given: object) -> list[Fault]:
    """Say which method is missing, or cannot take what it is called with."""
    named = {"choose": "(call, choices)", "also": "(call, choices)", "key": "(call)", "moves": "(view)"}
    faults, is_class = [], isinstance(given, type)
    for name, n_arguments in _METHODS[role].items():
        method = None if is_class else getattr(given, name, None)
        if method is None and name != _REQUIRED[role]:
            continue
        if not callable(method) or not _takes(method, n_arguments):
            value = f"class {given.__name__}" if isinstance(given, type) else _named(given)
            faults.append(Fault(column=role, value=value, expected=f"an object with a method {name}{named[name]}"))
    return faults


def _named(given: object) -> str:
    return repr(given).strip("'\"") if isinstance(given, str | int | float | Collection) else type(given).__name__


def _takes(method: object, n_arguments: int) -> bool:
    try:
        inspect.signature(method).bind(*(None,) * n_arguments)  # type: ignore[arg-type]
    except TypeError:
        return False
    except ValueError:  # a method of C code tells nothing of its arguments
        return True
    return True
