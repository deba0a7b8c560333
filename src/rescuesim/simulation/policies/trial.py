"""Trial: a policy is asked about units on paper before the first event, so that it cannot choose one that is away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from rescuesim._defaults import default
from rescuesim.crew import default_shifts
from rescuesim.errors import Fault, InputError, RescueSimError, nearest_name
from rescuesim.simulation.calls import call_needs
from rescuesim.simulation.calls.log import call_priorities
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.packages import UnitNeed
from rescuesim.simulation.policies.asking import ask_key, ask_moves, ask_unit, failed
from rescuesim.simulation.policies.dispatch import Choice, DispatchPolicy, OrderedCall
from rescuesim.simulation.policies.fleet_view import FleetView
from rescuesim.simulation.policies.move_up import MoveUpPolicy
from rescuesim.simulation.policies.queueing import QueuePolicy
from rescuesim.simulation.policies.world import World, for_replication

__all__ = ["trial_faults", "trial_of_keys", "trial_of_moves"]

_MOST_POINTS = 50
_MOST_AWAY = 10
_PATIENT_S = 86_400.0  # a policy may let a call wait for a while, though not for a day while everybody is at home
_MOST_UNITS = 50  # each is left out once; a policy that wants a unit whatever is on offer shows it sooner


def trial_faults(policy: DispatchPolicy, world: World) -> list[Fault]:
    """Ask a copy of a policy for units with one of the fleet missing, and with nobody there.

    Parameters
    ----------
    policy : DispatchPolicy
    world : World

    Returns
    -------
    list of Fault
        At most one: an error that was raised, the first unit that was chosen though it was not on offer, or that
        nobody was chosen for any call though the whole fleet was on offer.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import Fleet, RoadTimes, Unit
    >>> units = tuple(Unit(id=f"{site}#1", site=site, crew=default_crews()["brigade"]) for site in "st")
    >>> roads = RoadTimes.from_matrix([[60.0], [90.0]], sites=["s", "t"], points=["a"])
    >>> class Stubborn:
    ...     def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
    ...         return units[0]
    >>> print(trial_faults(Stubborn(), World(fleet=Fleet(units=units), roads=roads))[0])
    column policy: 'Stubborn', expected one of the units on offer (t#1) or None; it chose 's#1', which is away
    """
    name = type(policy).__name__
    own = for_replication(policy, world)
    for call, offered in _trials(world):
        on_offer = [choice.unit.id for choice in offered]
        shown = ", ".join(on_offer[:5]) or "nobody"
        try:
            chosen = own.choose(call, iter(offered))
        except RescueSimError:
            raise
        except Exception as error:
            wanted = f"one of the units on offer ({shown}) or None" if offered else "None where nobody is on offer"
            return [_fault(name, f"{wanted}; it {failed(error)}")]
        if chosen is None or (isinstance(chosen, Unit) and chosen.id in on_offer):
            continue
        if isinstance(chosen, Choice):
            return [_fault(name, "a unit, as choice.unit is; it returned the choice")]
        away = "away" if _of_fleet(chosen, world) else "no unit of the fleet"
        return [
            _fault(name, f"one of the units on offer ({shown}) or None; it chose {_named(chosen)}, which is {away}")
        ]
    return _sends_nobody(policy, world)


def _sends_nobody(policy: DispatchPolicy, world: World) -> list[Fault]:
    """Ask for a unit with the whole fleet on offer, at the order and a day later; some call must get one."""
    own, asked = for_replication(policy, world), 0
    for call, offered in _whole_fleet(world):
        if not offered:
            continue
        asked += 1
        for later in (call, call._replace(now_s=_PATIENT_S)):
            try:
                if ask_unit(own, later, iter(offered)) is not None:
                    return []
            except InputError as error:
                return [Fault(problem=str(error))]
    if not asked:
        return []
    expected = (
        "a unit for some call; with every unit on offer, at the order and a day later, it returned None for each of "
        f"{asked} calls"
    )
    return [_fault(type(policy).__name__, expected)]


def _fault(name: str, expected: str) -> Fault:
    return Fault(column="policy", value=name, expected=expected)


def _trials(world: World) -> Iterator[tuple[OrderedCall, list[Choice]]]:
    """Offer everybody but one for a call of each type in turn, then nobody."""
    points, types = world.roads.points, tuple(call_needs())
    for number, absent in enumerate([*world.fleet.units[:_MOST_UNITS], None]):
        call, offered = _offer(world, types[number % len(types)], number % len(points))
        yield call, [choice for choice in offered if absent is not None and choice.unit is not absent]


def _whole_fleet(world: World) -> Iterator[tuple[OrderedCall, list[Choice]]]:
    """Offer everybody for calls of each type from points all over the county."""
    n_points = len(world.roads.points)
    for column in range(0, n_points, -(-n_points // _MOST_POINTS)):
        for type_ in call_needs():
            yield _offer(world, type_, column)


def _offer(world: World, type_: str, column: int) -> tuple[OrderedCall, list[Choice]]:
    """Return a call on paper, and all of the fleet who are capable and have a way, nearest first."""
    units, point, shift = world.fleet.units, world.roads.points[column], default_shifts()[0].name
    row, needs = {site: index for index, site in enumerate(world.roads.sites)}, call_needs()[type_]
    out_s = world.out_s(0.0)
    call = OrderedCall(
        point,
        type_,
        0.0,
        0.0,
        need=UnitNeed(capabilities=needs),
        township=world.townships.get(point, ""),
        zone=world.zones.get(point, ""),
        priority=call_priorities().get(type_, 0),
    )
    offered = [
        Choice(unit, float(unit.crew.turnout[shift].median), time_s)
        for unit in units
        if unit.crew.can(needs) and np.isfinite(time_s := float(out_s[row[unit.site], column]))
    ]
    return call, sorted(offered, key=lambda choice: choice.expected_s)


def _of_fleet(chosen: object, world: World) -> bool:
    return any(getattr(chosen, "id", None) == unit.id for unit in world.fleet.units)


def _named(chosen: object) -> str:
    return repr(getattr(chosen, "id", chosen))


def trial_of_moves(policy: MoveUpPolicy, world: World) -> list[Fault]:
    """Ask a copy of a move-up policy with everybody at home, and with each unit away in turn.

    Returns
    -------
    list of Fault
        At most one: an error that was raised, or a move that cannot be made.
    """
    between_s = world.roads.between_s
    if between_s is None:
        return []
    own, units = for_replication(policy, world), world.fleet.units
    row = {site: index for index, site in enumerate(world.roads.sites)}
    name, shift = type(policy).__name__, default_shifts()[0].name
    for absent in (None, *range(min(len(units), _MOST_AWAY))):
        free = [number != absent for number in range(len(units))]
        view = FleetView(
            now_s=0.0,
            fleet=world.fleet,
            sites=world.roads.sites,
            points=world.roads.points,
            free=free,
            moving=[False] * len(units),
            at=[row[unit.site] if is_free else -1 for unit, is_free in zip(units, free, strict=True)],
            between_s=between_s[world.roads.states[0]],
            out_s=world.out_s(0.0),
            turnout_s=np.array([unit.crew.turnout[shift].median for unit in units]),
            weights=world.weight,
            limit_s=default("dispatch.move_up_limit_s").number,
        )
        try:
            moves = list(ask_moves(own, view))
        except InputError as error:
            return [Fault(problem=str(error))]
        known = {unit.id: is_free for unit, is_free in zip(units, free, strict=True)}
        for move in moves:
            moved = f"it moves {move.unit.id!r} to {move.site!r}"
            if not known.get(move.unit.id, False):
                why = "is away" if move.unit.id in known else "is no unit of the fleet"
                return [Fault(column="move_up", value=name, expected=f"moves of free units; {moved}, which {why}")]
            if move.site not in row:
                expected = f"moves to sites of the plan, {nearest_name(move.site, row)}; {moved}"
                return [Fault(column="move_up", value=name, expected=expected)]
    return []


def trial_of_keys(queue: QueuePolicy, world: World) -> list[Fault]:
    """Sort calls on paper by the keys of a queue.

    Returns
    -------
    list of Fault
        At most one: an error that was raised, or keys that cannot be compared with each other.
    """
    name, own = type(queue).__name__, for_replication(queue, world)
    calls = [call for call, _ in _trials(world)] + [call for call, _ in islice(_whole_fleet(world), _MOST_POINTS)]
    try:
        keys = [ask_key(own, call) for call in calls]
    except InputError as error:
        return [Fault(problem=str(error))]
    try:
        sorted(keys)
        odd = next((key for key in keys if key is None or key != key), "")
    except TypeError as error:
        return [Fault(column="queue", value=name, expected=f"keys that can be compared with each other; {error}")]
    if odd != "":
        return [
            Fault(column="queue", value=name, expected=f"keys that can be compared, such as (1.0, 20.0); got {odd!r}")
        ]
    return []
