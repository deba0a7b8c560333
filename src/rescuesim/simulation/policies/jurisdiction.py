"""Jurisdiction: the township's own station first, with township and village crews alerted in parallel (R13)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.dispatch import Choice, OrderedCall
from rescuesim.simulation.policies.world import World

__all__ = ["JurisdictionFirst"]


class JurisdictionFirst:
    """Sends the station of the call's own township first, and alerts township and village crews beside it.

    - The first slot goes to the nearest unit on offer of the township of the call, even if another is nearer, as
      long as it is expected within the patience; else to the nearest unit of all.
    - In parallel the nearest crew of each kind of `parallel_crews` in the township is alerted, within the same
      patience, unless one of its kind has its orders already (R13, R24).
    - Later slots go to the professional backbone (R69) as long as none of it has its orders for the call and one is
      expected within the patience; else they are filled as the first.

    A call from a point without a township gets the nearest unit, and nobody is alerted in parallel.

    Parameters
    ----------
    not_later_than_s : float, optional
        Patience, seconds from now to the expected arrival; ``dispatch.not_later_than_s`` if absent. ``inf`` sends
        the township's own unit whenever there is one.
    parallel_crews : sequence of str, optional
        Crew types; ``dispatch.parallel_crews`` if absent, none if empty.
    backbone_crews : sequence of str, optional
        Crew types; ``dispatch.backbone_crews`` if absent, none if empty.

    Raises
    ------
    InputError
        If the patience is not a number of 0 or more.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> own = Unit(id="d#1", site="d", crew=default_crews()["township_duty"], township="东乡")
    >>> next_door = Unit(id="s#1", site="s", crew=default_crews()["brigade"], township="西乡")
    >>> call = OrderedCall("a", "rescue", ordered_at_s=0.0, now_s=0.0, township="东乡")
    >>> choices = [Choice(next_door, turnout_s=50.0, travel_s=200.0), Choice(own, turnout_s=180.0, travel_s=300.0)]
    >>> JurisdictionFirst().choose(call, iter(choices)).id
    'd#1'
    >>> JurisdictionFirst(not_later_than_s=300.0).choose(call, iter(choices)).id
    's#1'
    >>> JurisdictionFirst().choose(call._replace(slot=1, sent=(own,)), iter(choices[:1])).id
    's#1'
    """

    def __init__(
        self,
        *,
        not_later_than_s: float | None = None,
        parallel_crews: Sequence[str] | None = None,
        backbone_crews: Sequence[str] | None = None,
    ) -> None:
        given = default("dispatch.not_later_than_s").number if not_later_than_s is None else not_later_than_s
        if math.isnan(given) or given < 0:
            raise InputError(f"not_later_than_s {given}: expected seconds of 0 or more, or inf")
        parallel = default("dispatch.parallel_crews").words if parallel_crews is None else parallel_crews
        backbone = default("dispatch.backbone_crews").words if backbone_crews is None else backbone_crews
        self.not_later_than_s = float(given)
        self.parallel_crews, self.backbone_crews = tuple(parallel), tuple(backbone)
        self._world: World | None = None

    @property
    def most_parallel(self) -> int:
        """Units alerted in parallel at most: one of each kind."""
        return len(self.parallel_crews)

    def begin(self, world: World) -> None:
        """Learn the townships of the points."""
        self._world = world

    def check(self, world: World) -> list[Fault]:
        """Return a fault if no calling point has a township: the policy would silently be another one."""
        if len(world.points_without_township()) < len(world.roads.points):
            return []
        expected = "a township for the points that call; without any, NearestAvailable says what happens"
        return [Fault(file="JurisdictionFirst", column="township", expected=expected)]

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return the backbone, the township's own unit or the nearest; None if there is none."""
        offered = list(choices)
        if not offered:
            return None
        in_time = [choice for choice in offered if choice.expected_s <= self.not_later_than_s]
        if call.slot > 0 and not any(unit.crew.name in self.backbone_crews for unit in call.sent):
            for choice in in_time:
                if choice.unit.crew.name in self.backbone_crews:
                    return choice.unit
        township = self._township_of(call)
        own = (choice.unit for choice in in_time if township and choice.unit.township == township)
        return next(own, offered[0].unit)

    def also(self, call: OrderedCall, choices: Iterator[Choice]) -> Sequence[Unit]:
        """Return the nearest crew of each parallel kind in the township of the call."""
        township, sent = self._township_of(call), {unit.crew.name for unit in call.sent}
        wanted = [crew for crew in self.parallel_crews if crew not in sent]
        found: dict[str, Unit] = {}
        if not township or not wanted:
            return ()
        for choice in choices:
            unit = choice.unit
            if choice.expected_s > self.not_later_than_s or len(found) == len(wanted):
                break
            if unit.township == township and unit.crew.name in wanted:
                found.setdefault(unit.crew.name, unit)
        return tuple(found.values())

    def _township_of(self, call: OrderedCall) -> str:
        return call.township if self._world is None else self._world.township_of(call)
