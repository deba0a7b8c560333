"""ResponsePackage: how many units of what capability a type of call gets, and when more are sent (R14, R29, R70)."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import CAPABILITIES, CrewType, Lognormal
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.calls.log import call_needs
from rescuesim.simulation.durations import Duration, as_duration

__all__ = ["ResponsePackage", "Tier", "UnitNeed", "default_packages", "single_unit_packages"]

Tier = Literal["first", "reinforcement", "escalation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNeed:
    """What one unit slot of a package asks for.

    Parameters
    ----------
    capabilities : frozenset of str
        Of `CAPABILITIES`; the unit has all of them.
    people : int
        The crew musters at least so many.

    Examples
    --------
    >>> UnitNeed.from_text("fire+rescue:3").people
    3
    """

    capabilities: frozenset[str]
    people: int = 1

    def __post_init__(self) -> None:
        faults = [
            Fault(column="capabilities", value=name, expected=nearest_name(name, CAPABILITIES))
            for name in sorted(self.capabilities - set(CAPABILITIES))
        ]
        if not self.capabilities:
            faults.append(Fault(column="capabilities", value="", expected="at least one"))
        if not isinstance(self.people, int) or self.people < 1:
            faults.append(Fault(column="people", value=str(self.people), expected="a whole number of 1 or more"))
        if faults:
            raise InputError(faults)

    @classmethod
    def from_text(cls, text: str) -> UnitNeed:
        """Read ``capability[+capability…][:people]``."""
        names, colon, people = text.partition(":")
        if colon and not people.strip().isdigit():
            raise InputError(f"unit need {text!r}: expected capability+capability:people, such as fire:3")
        capabilities = frozenset(name.strip() for name in names.split("+"))
        return cls(capabilities=capabilities, people=int(people) if colon else 1)

    def __str__(self) -> str:
        return f"{'+'.join(sorted(self.capabilities))}:{self.people}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsePackage:
    """The units that a type of call gets: at once, as reinforcement, and from the superior level.

    Unit slots are numbered through: those sent at once first, then reinforcement, then escalation; the draws of
    slot k of a call serve whatever unit takes the slot.

    Parameters
    ----------
    type : str
        Call type.
    first : tuple of UnitNeed
        Sent at once, the most wanted first: the first capable unit starts the first action.
    people_to_start : int
        Capable people on the scene at which the first action starts: of units that have the capabilities of the
        first slot. At most the people that the slots with those capabilities ask for.
    reinforcement, escalation : tuple of UnitNeed
        Sent on top; none if empty.
    reinforce_severity, escalate_severity : float
        Severity at the first action from which they are asked for at once.
    reinforce_after_s, escalate_after_s : float
        Seconds after the first action at which they are asked for if the call is not cleared; ``inf`` is never.
    command_post : Duration
        Seconds for setting up the command post, which come before the superior level is asked (R14).

    Raises
    ------
    InputError
        With all that is out of bounds.

    Examples
    --------
    >>> fire = default_packages()["fire"]
    >>> [str(need) for need in fire.first], fire.n_slots
    (['fire:3', 'assist:3'], 5)
    >>> list(fire.slots("reinforcement")), list(fire.slots("escalation"))
    ([2], [3, 4])
    >>> fire.asked_after_s("reinforcement", severity=1.0), fire.asked_after_s("reinforcement", severity=3.0)
    (5400.0, 0.0)
    """

    type: str
    first: tuple[UnitNeed, ...]
    people_to_start: int = 1
    reinforcement: tuple[UnitNeed, ...] = ()
    escalation: tuple[UnitNeed, ...] = ()
    reinforce_severity: float = math.inf
    reinforce_after_s: float = math.inf
    escalate_severity: float = math.inf
    escalate_after_s: float = math.inf
    command_post: Duration = field(default_factory=lambda: Lognormal.from_default(default("packages.command_post")))

    def __post_init__(self) -> None:
        faults = []
        name = f"package {self.type}"
        if self.type not in call_needs():
            faults.append(
                Fault(file=name, column="type", value=self.type, expected=nearest_name(self.type, call_needs()))
            )
        if not self.first:
            faults.append(Fault(file=name, column="first", value="()", expected="at least one unit"))
        for column in ("reinforce_severity", "reinforce_after_s", "escalate_severity", "escalate_after_s"):
            if not getattr(self, column) >= 0:
                value = str(getattr(self, column))
                faults.append(Fault(file=name, column=column, value=value, expected="a number of 0 or more, or inf"))
        for tier, verb in (("reinforcement", "reinforce"), ("escalation", "escalate")):
            never = math.isinf(getattr(self, f"{verb}_severity")) and math.isinf(getattr(self, f"{verb}_after_s"))
            if getattr(self, tier) and never:
                expected = f"{verb}_severity or {verb}_after_s; units that are never asked for are a slip"
                faults.append(Fault(file=name, column=tier, expected=expected))
        most = sum(need.people for need in self.first if self.first[0].capabilities <= need.capabilities)
        if self.first and not 1 <= self.people_to_start <= most:
            expected = f"from 1 to {most}, the people of the first units that can start"
            faults.append(
                Fault(file=name, column="people_to_start", value=str(self.people_to_start), expected=expected)
            )
        try:
            object.__setattr__(self, "command_post", as_duration(self.command_post))
        except InputError as error:
            faults.append(Fault(file=name, problem=f"command_post: {error}"))
        if faults:
            raise InputError(faults)

    @property
    def needs(self) -> tuple[UnitNeed, ...]:
        """What each unit slot asks for, in the order of the slots."""
        return (*self.first, *self.reinforcement, *self.escalation)

    @property
    def n_slots(self) -> int:
        """Unit slots in all."""
        return len(self.needs)

    @property
    def starts_with(self) -> frozenset[str]:
        """Capabilities of a unit whose people count towards `people_to_start`."""
        return self.first[0].capabilities

    def slots(self, tier: Tier) -> range:
        """Return the numbers of the unit slots of a tier."""
        begin = {"first": 0, "reinforcement": len(self.first), "escalation": len(self.first) + len(self.reinforcement)}
        return range(begin[tier], begin[tier] + len(getattr(self, tier)))

    @property
    def heeds_severity(self) -> bool:
        """Whether it matters for a later tier how severe a call is."""
        return min(self.reinforce_severity, self.escalate_severity) < math.inf

    def asked_after_s(self, tier: Tier, *, severity: float) -> float:
        """Return how long after the first action a tier is asked for, if the call is not cleared by then.

        Parameters
        ----------
        tier : {'first', 'reinforcement', 'escalation'}
        severity : float
            At the first action.

        Returns
        -------
        float
            Seconds; ``inf`` if never. The command post of an escalation comes on top.
        """
        if tier == "first":
            return 0.0
        verb = "reinforce" if tier == "reinforcement" else "escalate"
        if not getattr(self, tier):
            return math.inf
        after_s: float = getattr(self, f"{verb}_after_s")
        return 0.0 if severity >= getattr(self, f"{verb}_severity") else after_s


def _needs(table: str, type_: str) -> tuple[UnitNeed, ...]:
    found = defaults_under(f"packages.{table}").get(type_)
    return tuple(UnitNeed.from_text(text) for text in found.words) if found else ()


def default_packages(crews: Iterable[CrewType] | None = None) -> Mapping[str, ResponsePackage]:
    """Return the packages of ``defaults.toml``, by call type.

    Parameters
    ----------
    crews : iterable of CrewType, optional
        Those of a fleet. What none of them can do is left out of the escalation: the superior level sends it from
        elsewhere (R14), and it is not simulated. The first units and the reinforcement stay as they are.

    Notes
    -----
    When more is sent is judgement, held against one figure: brigades sent 1.92 engines an alarm in 2025 (4.699 million
    to 2.444 million alarms, national fire statistics). On the embedded county, 20 calls a day, nominal plan, nothing
    broken, the packages send 1.88 units a call: 59 % of fires and 19 % of rescues are reinforced, 16 % and 3 % go to
    the superior level (today's plan, which is slower: 70, 20, 25 and 3 %). A unit is not an engine, and there most
    fires are rubbish fires: own records beat this. With half an hour and an hour and a half, as if work ended with the
    flames, 94 % of fires would be reinforced and every second go to the superior level.

    Examples
    --------
    >>> sorted(default_packages())
    ['false', 'fire', 'rescue', 'security', 'social']
    >>> from rescuesim.crew import default_crews
    >>> brigade = default_packages([default_crews()["brigade"]])["rescue"]
    >>> [str(need) for need in default_packages()["rescue"].escalation], [str(need) for need in brigade.escalation]
    (['rescue:3', 'medical:2'], ['rescue:3'])
    """
    made = _default_packages()
    if crews is None:
        return made
    fleet = list(crews)
    return MappingProxyType({name: _within(package, fleet) for name, package in made.items()})


def _within(package: ResponsePackage, crews: list[CrewType]) -> ResponsePackage:
    able = tuple(need for need in package.escalation if any(crew.can(need.capabilities) for crew in crews))
    return replace(package, escalation=able)


@functools.cache
def _default_packages() -> Mapping[str, ResponsePackage]:
    made = {}
    for name in defaults_under("packages.first"):
        more: dict[str, Any] = {
            f"{verb}_{what}": default(f"packages.{verb}_{what}").number
            for verb in ("reinforce", "escalate")
            for what in ("severity", "after_s")
        }
        made[name] = ResponsePackage(
            type=name,
            first=_needs("first", name),
            people_to_start=int(default(f"packages.people_to_start.{name}").number),
            reinforcement=_needs("reinforcement", name),
            escalation=_needs("escalation", name),
            **more,
        )
    return MappingProxyType(made)


@functools.cache
def single_unit_packages() -> Mapping[str, ResponsePackage]:
    """Return packages of one unit that is capable of the call (``calls.needs``) and is never reinforced.

    Examples
    --------
    >>> [str(need) for need in single_unit_packages()["rescue"].needs]
    ['rescue:1']
    """
    return MappingProxyType(
        {
            name: ResponsePackage(type=name, first=(UnitNeed(capabilities=needs),))
            for name, needs in call_needs().items()
        }
    )
