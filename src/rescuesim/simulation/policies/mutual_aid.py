"""Mutual aid: groups that dispatch together, with or without help across their borders (R04, R05)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.dispatch import Choice, DispatchPolicy, OrderedCall, most_parallel, parallel_units
from rescuesim.simulation.policies.nearest import NearestAvailable
from rescuesim.simulation.policies.world import World

__all__ = ["MutualAid", "Pooled"]


class MutualAid:
    """Offers to a policy only the units of the group of the call: borders are walls.

    A group is named by its members: townships, or single sites and demand points where a township is divided.
    Sites and points are looked up by their own id first, then by their township. A township in no group stands
    alone. Members of several groups help in each.

    Parameters
    ----------
    groups : mapping of str to collection of str
        Members of each group.
    policy : DispatchPolicy, optional
        Chooses among the units of the group; `NearestAvailable` if absent.
    shared_crews : collection of str, optional
        Crew types that answer everywhere, the professional backbone (R69); ``dispatch.backbone_crews`` if absent.
        Leave it empty for groups that are counties.

    Raises
    ------
    InputError
        If there is no group, or a group has no members.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> near = Unit(id="x#1", site="x", crew=default_crews()["micro_station"], township="丙乡")
    >>> ally = Unit(id="y#1", site="y", crew=default_crews()["micro_station"], township="乙乡")
    >>> call = OrderedCall("a", "fire", ordered_at_s=0.0, now_s=0.0, township="甲乡")
    >>> choices = [Choice(near, turnout_s=60.0, travel_s=200.0), Choice(ally, turnout_s=60.0, travel_s=500.0)]
    >>> MutualAid({"east": ["甲乡", "乙乡"]}).choose(call, iter(choices)).id
    'y#1'
    """

    def __init__(
        self,
        groups: Mapping[str, Collection[str]],
        *,
        policy: DispatchPolicy | None = None,
        shared_crews: Collection[str] | None = None,
    ) -> None:
        faults = [
            Fault(file="groups", column=name, value=str(members), expected="at least one member, as a list")
            for name, members in groups.items()
            if isinstance(members, str) or not members
        ]
        if not groups:
            faults.append(Fault(file="groups", value="{}", expected="at least one group"))
        if faults:
            raise InputError(faults)
        self.groups = {name: frozenset(members) for name, members in groups.items()}
        self.policy: DispatchPolicy = NearestAvailable() if policy is None else policy
        self.shared_crews = frozenset(
            default("dispatch.backbone_crews").words if shared_crews is None else shared_crews
        )
        self._of: dict[str, frozenset[str]] = {}
        for name, members in self.groups.items():
            for member in members:
                self._of[member] = self._of.get(member, frozenset()) | {name}
        self._world: World | None = None

    @property
    def most_parallel(self) -> int:
        """Units that the policy within alerts in parallel at most."""
        return most_parallel(self.policy)

    def begin(self, world: World) -> None:
        """Learn the townships of the points, and tell the policy within of the world."""
        self._world = world
        begin = getattr(self.policy, "begin", None)
        if begin is not None:
            begin(world)

    def check(self, world: World) -> list[Fault]:
        """Return members that do not exist, points that belong nowhere, and what is wrong with the policy within."""
        known = {*world.known_townships, *world.roads.sites, *world.roads.points, *world.townships}
        faults = [
            Fault(file="groups", column=name, value=member, expected=nearest_name(member, sorted(known)))
            for name, members in self.groups.items()
            for member in sorted(members - known)
        ]
        faults += [
            Fault(file="groups", column="township", value=point, expected="a township, or to be a member of a group")
            for point in world.points_without_township()
            if point not in self._of
        ]
        if not callable(getattr(self.policy, "choose", None)):
            named = type(self.policy).__name__
            faults.append(Fault(file="groups", column="policy", value=named, expected="an object with a method choose"))
        within = getattr(self.policy, "check", None)
        return faults + (list(within(world)) if within is not None else [])

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return what the policy within chooses among the units of the group; None if they are all away."""
        return self.policy.choose(call, self._helping(call, choices))

    def also(self, call: OrderedCall, choices: Iterator[Choice]) -> Sequence[Unit]:
        """Return what the policy within alerts in parallel among the units of the group."""
        return parallel_units(self.policy, call, self._helping(call, choices))

    def helps(self, unit: Unit, call: OrderedCall) -> bool:
        """Whether a unit is of a group of the call, or of a crew that answers everywhere."""
        if unit.crew.name in self.shared_crews:
            return True
        township = call.township if self._world is None else self._world.township_of(call)
        return not self._groups(unit.site, unit.township).isdisjoint(self._groups(call.demand_id, township))

    def unhelped(self, world: World, capabilities: frozenset[str]) -> list[str]:
        """Return the points of the roads for whose calls no unit that helps there has some capabilities.

        Parameters
        ----------
        world : World
        capabilities : frozenset of str
        """
        capable = [unit for unit in world.fleet.units if unit.crew.can(capabilities)]
        if any(unit.crew.name in self.shared_crews for unit in capable):
            return []
        helping = {name for unit in capable for name in self._groups(unit.site, unit.township)}
        return [
            point
            for point in world.roads.points
            if helping.isdisjoint(self._groups(point, world.townships.get(point, "")))
        ]

    def _groups(self, id_: str, township: str) -> frozenset[str]:
        """Look the groups up by id, else by township, else the township stands alone."""
        found = self._of.get(id_) or self._of.get(township)
        return found or frozenset({f"alone in {township or id_}"})

    def _helping(self, call: OrderedCall, choices: Iterator[Choice]) -> Iterator[Choice]:
        return (choice for choice in choices if self.helps(choice.unit, call))


class Pooled(MutualAid):
    """Asks the units of the group of the call first, and others across its borders if these are late or away.

    Parameters
    ----------
    groups : mapping of str to collection of str
        As of `MutualAid`.
    policy : DispatchPolicy, optional
        Chooses among the units that are asked; `NearestAvailable` if absent.
    shared_crews : collection of str, optional
        As of `MutualAid`.
    not_later_than_s : float, optional
        Seconds from now to the expected arrival: so soon a unit of the group must be expected, or all units are
        asked; ``dispatch.not_later_than_s`` if absent. ``inf`` asks others only when nobody of the group can go.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> near = Unit(id="x#1", site="x", crew=default_crews()["micro_station"], township="丙乡")
    >>> ally = Unit(id="y#1", site="y", crew=default_crews()["micro_station"], township="乙乡")
    >>> call = OrderedCall("a", "fire", ordered_at_s=0.0, now_s=0.0, township="甲乡")
    >>> choices = [Choice(near, turnout_s=60.0, travel_s=200.0), Choice(ally, turnout_s=60.0, travel_s=500.0)]
    >>> groups = {"east": ["甲乡", "乙乡"]}
    >>> Pooled(groups).choose(call, iter(choices)).id
    'y#1'
    >>> Pooled(groups, not_later_than_s=300.0).choose(call, iter(choices)).id
    'x#1'
    """

    def __init__(
        self,
        groups: Mapping[str, Collection[str]],
        *,
        policy: DispatchPolicy | None = None,
        shared_crews: Collection[str] | None = None,
        not_later_than_s: float | None = None,
    ) -> None:
        super().__init__(groups, policy=policy, shared_crews=shared_crews)
        given = default("dispatch.not_later_than_s").number if not_later_than_s is None else not_later_than_s
        if math.isnan(given) or given < 0:
            raise InputError(f"not_later_than_s {given}: expected seconds of 0 or more, or inf")
        self.not_later_than_s = float(given)

    def unhelped(self, world: World, capabilities: frozenset[str]) -> list[str]:
        """Return no point: everybody is asked in the end."""
        return []

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return what the policy within chooses in the group in time, else among all."""
        offered = list(choices)
        in_time = (choice for choice in offered if choice.expected_s <= self.not_later_than_s)
        unit = self.policy.choose(call, self._helping(call, in_time))
        return self.policy.choose(call, iter(offered)) if unit is None else unit
