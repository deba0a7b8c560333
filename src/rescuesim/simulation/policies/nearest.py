"""Closest available and closest capable: the unit that is expected first, or that starts the first action first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rescuesim._defaults import default
from rescuesim.crew import default_crews
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.dispatch import Choice, OrderedCall
from rescuesim.simulation.policies.world import World

__all__ = ["ClosestCapable", "NearestAvailable"]


class NearestAvailable:
    """Sends the unit that is expected at the call first.

    Nearest means nearest in time to arrival: median turnout plus undisturbed travel. A crew that turns out
    slowly can stand next door and still not be the nearest. Borders are no matter to it.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> near = Unit(id="v#1", site="v", crew=default_crews()["township_duty"])
    >>> far = Unit(id="s#1", site="s", crew=default_crews()["brigade"])
    >>> call = OrderedCall("a", "rescue", ordered_at_s=0.0, now_s=0.0)
    >>> choices = [Choice(far, turnout_s=50.0, travel_s=200.0), Choice(near, turnout_s=180.0, travel_s=90.0)]
    >>> NearestAvailable().choose(call, iter(choices)).id
    's#1'
    """

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return the first unit on offer, None if there is none."""
        first = next(choices, None)
        return None if first is None else first.unit


class ClosestCapable:
    """Sends the unit with which the first action is expected to start first.

    That a crew is capable is not enough: the first action needs people. Of the units whose crew has as many people
    as the slot asks for, the one that is expected first goes; if no crew on offer has as many, the one that brings
    most of them, and of equal ones the first expected. Turnout is that of the present shift.

    Parameters
    ----------
    people : mapping of str to int, optional
        People of a unit by crew type; ``staffing.<crew>.crew_size`` of ``defaults.toml`` if absent.

    Raises
    ------
    InputError
        If a crew has less than one person.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import UnitNeed
    >>> pair = Unit(id="m#1", site="m", crew=default_crews()["micro_station"])
    >>> five = Unit(id="s#1", site="s", crew=default_crews()["brigade"])
    >>> call = OrderedCall("a", "fire", ordered_at_s=0.0, now_s=0.0, need=UnitNeed.from_text("fire:4"))
    >>> choices = [Choice(pair, turnout_s=60.0, travel_s=60.0), Choice(five, turnout_s=50.0, travel_s=400.0)]
    >>> ClosestCapable().choose(call, iter(choices)).id
    's#1'
    >>> ClosestCapable(people={"micro_station": 4, "brigade": 5}).choose(call, iter(choices)).id
    'm#1'
    """

    def __init__(self, *, people: Mapping[str, int] | None = None) -> None:
        if people is None:
            people = {crew: int(default(f"staffing.{crew}.crew_size").number) for crew in default_crews()}
        self.people = dict(people)
        faults = [
            Fault(file="ClosestCapable", column=f"people of {name}", value=str(number), expected="1 or more")
            for name, number in self.people.items()
            if not isinstance(number, int) or number < 1
        ]
        if faults:
            raise InputError(faults)

    def check(self, world: World) -> list[Fault]:
        """Return the crews of the fleet whose people are not known."""
        return [
            Fault(file="ClosestCapable", column="people", value=crew, expected=nearest_name(crew, self.people))
            for crew in sorted({unit.crew.name for unit in world.fleet.units} - set(self.people))
        ]

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return the first unit on offer with enough people, else the one with most; None if there is none."""
        best, most = None, -1
        for choice in choices:
            people = self._people_of(choice.unit)
            if people >= call.need.people:
                return choice.unit
            if people > most:
                best, most = choice.unit, people
        return best

    def _people_of(self, unit: Unit) -> int:
        if unit.crew.name not in self.people:
            raise InputError(f"people of crew {unit.crew.name!r}: expected {nearest_name(unit.crew.name, self.people)}")
        return self.people[unit.crew.name]
