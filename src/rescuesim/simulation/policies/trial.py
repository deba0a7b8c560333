"""Trial: a policy is asked about units on paper before the first event, so that it cannot choose one that is away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rescuesim.crew import default_shifts
from rescuesim.errors import Fault
from rescuesim.simulation.calls import call_needs
from rescuesim.simulation.packages import UnitNeed
from rescuesim.simulation.policies.dispatch import Choice, DispatchPolicy, OrderedCall
from rescuesim.simulation.policies.world import World, for_replication

__all__ = ["trial_faults"]

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
        At most one: the first unit that was chosen though it was not on offer.

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
    own = for_replication(policy, world)
    for call, offered in _trials(world):
        on_offer = [choice.unit.id for choice in offered]
        try:
            chosen = own.choose(call, iter(offered))
        except (StopIteration, IndexError):  # as next(choices) and list(choices)[0] raise
            if offered:
                raise
            expected = "None where nobody is on offer; it raised an error"
            return [Fault(column="policy", value=type(policy).__name__, expected=expected)]
        if chosen is None or getattr(chosen, "id", None) in on_offer:
            continue
        if isinstance(chosen, Choice):
            expected = "a unit, as choice.unit is; it returned the choice"
            return [Fault(column="policy", value=type(policy).__name__, expected=expected)]
        shown = ", ".join(on_offer[:5]) or "nobody"
        expected = f"one of the units on offer ({shown}) or None; it chose {_named(chosen)}, which is away"
        return [Fault(column="policy", value=type(policy).__name__, expected=expected)]
    return []


def _trials(world: World) -> Iterator[tuple[OrderedCall, list[Choice]]]:
    """Offer everybody but one for a call of each type in turn, then nobody."""
    units, points, shift = world.fleet.units, world.roads.points, default_shifts()[0].name
    row = {site: index for index, site in enumerate(world.roads.sites)}
    out_s = world.out_s(0.0)
    types = list(call_needs().items())
    for number, absent in enumerate([*units[:_MOST_UNITS], None]):
        type_, needs = types[number % len(types)]
        column = number % len(points)
        need = UnitNeed(capabilities=needs)
        call = OrderedCall(points[column], type_, 0.0, 0.0, need=need, township=world.townships.get(points[column], ""))
        travel_s = [float(out_s[row[unit.site], column]) for unit in units]
        offered = [
            Choice(unit, float(unit.crew.turnout[shift].median), time_s)
            for unit, time_s in zip(units, travel_s, strict=True)
            if absent is not None and unit is not absent and unit.crew.can(needs) and np.isfinite(time_s)
        ]
        yield call, sorted(offered, key=lambda choice: choice.expected_s)


def _named(chosen: object) -> str:
    return repr(getattr(chosen, "id", chosen))
