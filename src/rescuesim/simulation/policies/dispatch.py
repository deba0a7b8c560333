"""Dispatch: which unit an order goes to. A policy is a small object with one method, handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.packages import UnitNeed

__all__ = ["Choice", "DispatchPolicy", "OrderedCall", "most_parallel", "parallel_units"]

_SOMEBODY = UnitNeed(capabilities=frozenset({"assist"}))


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
        Which unit slot of the package wants a unit; 0 is the first.
    need : UnitNeed
        What the slot asks for.
    township, zone : str
        Of the demand point; empty if it has none.
    priority : int
        0 is the most urgent.
    severity : float
        1 is usual.
    sent : tuple of Unit
        Units that have their orders for this call already.
    """

    demand_id: str
    type: str
    ordered_at_s: float
    now_s: float
    slot: int = 0
    need: UnitNeed = _SOMEBODY
    township: str = ""
    zone: str = ""
    priority: int = 0
    severity: float = 1.0
    sent: tuple[Unit, ...] = ()


class Choice(NamedTuple):
    """A unit that could go now.

    Attributes
    ----------
    unit : Unit
    turnout_s : float
        Median turnout of its crew in the present shift, seconds; 0 for a unit that is on the road.
    travel_s : float
        Undisturbed travel from where it stands on the roads believed open now, seconds.
    returning : bool
        Whether it is on its way back from a call, or to another site.
    site : str
        Where it stands or drives to; the unit's own site if empty.
    """

    unit: Unit
    turnout_s: float
    travel_s: float
    returning: bool = False
    site: str = ""

    @property
    def expected_s(self) -> float:
        """Seconds until it is expected at the call: median turnout and undisturbed travel."""
        return self.turnout_s + self.travel_s

    @property
    def stands_at(self) -> str:
        """Id of the site where it stands or to which it drives."""
        return self.site or self.unit.site


class DispatchPolicy(Protocol):
    """Chooses a unit for a call, or lets the call wait.

    A policy is copied for each replication, so what it remembers never passes from one to the next. Three methods
    are optional:

    - ``begin(world)`` is called once at the start of each replication with the `World`: fleet, roads and demand;
    - ``check(world)`` returns the `Fault` list of what is wrong with the policy for this fleet and these points,
      before the first event;
    - ``also(call, choices)`` returns units that are alerted in parallel when the call is first ordered, at most
      ``most_parallel`` of them, an attribute that goes with it. On offer are units of any capability.

    Examples
    --------
    A policy that keeps the last free brigade at home:

    >>> class SpareTheLastBrigade:
    ...     def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
    ...         free = list(choices)
    ...         brigades = [choice for choice in free if choice.unit.crew.name == "brigade"]
    ...         spared = [choice for choice in free if len(brigades) > 1 or choice not in brigades]
    ...         return spared[0].unit if spared else None
    >>> from rescuesim.crew import default_crews
    >>> brigade = Unit(id="s#1", site="s", crew=default_crews()["brigade"])
    >>> call = OrderedCall("a", "fire", ordered_at_s=0.0, now_s=0.0)
    >>> SpareTheLastBrigade().choose(call, iter([Choice(brigade, 50.0, 300.0)])) is None
    True
    """

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return one of the units on offer, or None.

        Parameters
        ----------
        call : OrderedCall
        choices : iterator of Choice
            The units that are free, present, capable of what the slot asks for and able to reach the call on the
            roads believed open, in the order of `Choice.expected_s`, ties in the order of the plan.

        Returns
        -------
        Unit or None
            None leaves the slot without a unit: it waits, or is lost where the simulation has no queue.
        """
        ...


def most_parallel(policy: DispatchPolicy) -> int:
    """Return how many units a policy alerts in parallel at most; 0 if it has no ``also``.

    Their draws are those of the unit slots after the package's.
    """
    return int(getattr(policy, "most_parallel", 0)) if hasattr(policy, "also") else 0


def parallel_units(policy: DispatchPolicy, call: OrderedCall, choices: Iterator[Choice]) -> Sequence[Unit]:
    """Return the units that a policy alerts in parallel at the first order of a call; none if it has no ``also``."""
    also = getattr(policy, "also", None)
    return () if also is None else tuple(also(call, choices))
