"""Checks of packages: whether the crews of a fleet have what they ask for, and can ever be as many as they want."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rescuesim._words import CALL_TYPE_WORDS, CAPABILITY_WORDS, Note
from rescuesim.crew import CrewType
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.packages import ResponsePackage, UnitNeed
from rescuesim.simulation.policies.world import World

__all__ = ["check_packages", "crews_of", "n_slots_needed", "package_faults", "package_notes", "unhelped_faults"]

_SHOWN = 5  # of the points in a message
Crews = Sequence[tuple[CrewType, int]]


def crews_of(crews: Iterable[CrewType]) -> list[tuple[CrewType, int]]:
    """Count the units of each crew type.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> brigade = default_crews()["brigade"]
    >>> [(crew.name, units) for crew, units in crews_of([brigade, brigade])]
    [('brigade', 2)]
    """
    units = list(crews)
    number = Counter(id(crew) for crew in units)
    return [(crew, number[id(crew)]) for crew in {id(crew): crew for crew in units}.values()]


def check_packages(
    packages: Mapping[str, ResponsePackage],
    *,
    types: Iterable[str],
    crews: Iterable[CrewType],
    n_slots: int,
    muster: bool = False,
) -> None:
    """Check packages against the calls and the crews of a fleet, before the first event.

    Parameters
    ----------
    packages : mapping of str to ResponsePackage
        By call type.
    types : iterable of str
        Types of the calls.
    crews : iterable of CrewType
        Of the units of the fleet, one a unit.
    n_slots : int
        Unit slots that the calls have draws for.
    muster : bool, optional
        Whether crews with a roster muster person by person.

    Raises
    ------
    InputError
        As of `package_faults`.
    """
    calls = {name: f"calls of type {name}" for name in types}
    if faults := package_faults(packages, calls=calls, crews=crews_of(crews), n_slots=n_slots, muster=muster):
        raise InputError(faults)


def package_faults(
    packages: Mapping[str, ResponsePackage],
    *,
    calls: Mapping[str, str],
    crews: Crews,
    n_slots: int,
    parallel: int = 0,
    muster: bool = False,
    may_wait: bool = False,
) -> list[Fault]:
    """Say which packages cannot serve the calls of their type with the crews of a fleet.

    Parameters
    ----------
    packages : mapping of str to ResponsePackage
        By call type.
    calls : mapping of str to str
        How many calls there are of each type, in words such as ``12 calls of type fire``.
    crews : sequence of (CrewType, int)
        As of `crews_of`.
    n_slots : int
        Unit slots that the calls have draws for.
    parallel : int, optional
        Units that the policy alerts besides the package, which need draws too.
    muster : bool, optional
        Whether crews with a roster muster person by person.
    may_wait : bool, optional
        Whether calls that nobody can ever serve are wanted.

    Returns
    -------
    list of Fault
        Every type without a package, every capability that no crew has, more people than any roster of a crew that
        could come, more people at the start than the whole fleet brings, and too few draws.
    """
    faults = []
    for name, many in calls.items():
        if name not in packages:
            expected = nearest_name(name, packages) if packages else "a package for each type of call; none is given"
            faults.append(Fault(file="packages", column=name, expected=expected))
            continue
        package = packages[name]
        if package.type != name:
            faults.append(Fault(file="packages", column=name, value=package.type, expected="the package of this type"))
        if (wanted := package.n_slots + parallel) > n_slots:
            besides = ", with those alerted in parallel" if parallel else ""
            expected = f"calls drawn for {wanted} unit slots or more{besides}; CallModel(n_slots={wanted})"
            faults.append(Fault(file=f"package {name}", column="n_slots", value=str(n_slots), expected=expected))
        if not may_wait:
            faults += [
                Fault(
                    file=f"package {name}",
                    column=column,
                    value=value,
                    expected=f"{lacks}; asked for in vain by {many}. nobody_capable='wait' simulates that",
                )
                for column, value, lacks in _never_served(package, crews, muster)
            ]
    return faults


def _never_served(package: ResponsePackage, crews: Crews, muster: bool) -> list[tuple[str, str, str]]:
    """Return column, value and what is expected of all that nobody can ever do."""
    found = []
    for slot, need in enumerate(package.needs):
        if any(_can(crew, need, muster) for crew, _ in crews):
            continue
        capable = [crew for crew, _ in crews if crew.can(need.capabilities)]
        if capable:
            most = max(crew.roster or 0 for crew in capable)
            lacks = f"at most {most} people, the largest roster of a crew with {_names(need.capabilities)}"
        else:
            lacks = f"a crew with {_names(need.capabilities)}; the fleet has {_of_fleet(crews)}"
        found.append((f"slot {slot}", str(need), lacks))
    most = _most_to_start(package, crews, muster)
    if 0 < most < package.people_to_start:
        lacks = f"at most {most}, whom the whole fleet brings at once"
        found.append(("people_to_start", str(package.people_to_start), lacks))
    return found


def package_notes(
    packages: Mapping[str, ResponsePackage],
    *,
    calls: Mapping[str, str],
    crews: Crews,
    muster: bool = False,
    may_wait: bool = False,
) -> tuple[Note, ...]:
    """Say where a package asks for more than the fleet has at once, or for what nobody can do where that is wanted.

    Calls are served all the same where the first units suffice to start: others come when they are back.
    """
    notes = []
    for name, many in calls.items():
        if name not in packages:
            continue
        package = packages[name]
        kind = CALL_TYPE_WORDS.get(name, (name, name))[0]
        if may_wait:
            notes += [
                Note(
                    f"package {name}, {column}: {value} asked for in vain by {many}, expected {lacks}",
                    f"{kind}：编成要求 {value}（{column}），现有力量无一能胜任",
                )
                for column, value, lacks in _never_served(package, crews, muster)
            ]
        wanted = Counter(need.capabilities for need in package.first)
        for capabilities, units in wanted.items():
            have = sum(number for crew, number in crews if crew.can(capabilities))
            if 0 < have < units:
                says = _names(capabilities)
                zh = "、".join(CAPABILITY_WORDS[one][0] for one in sorted(capabilities))
                notes.append(
                    Note(
                        f"package {name}: asks at once for {units} units with {says}, and the fleet has {have}: the "
                        "others go when a unit is back",
                        f"{kind}编成一次要求 {units} 个具备{zh}能力的单元,全部力量只有 {have} 个:其余等单元返回后再派",
                    )
                )
    return tuple(notes)


def n_slots_needed(packages: Mapping[str, ResponsePackage], types: Iterable[str]) -> int:
    """Return how many unit slots the largest package of some types of calls has, 1 at least."""
    return max((packages[name].n_slots for name in types if name in packages), default=1)


def _can(crew: CrewType, need: UnitNeed, muster: bool) -> bool:
    """Whether a crew has the capabilities, and as many on its roster as it must muster."""
    return crew.can(need.capabilities) and not (muster and crew.roster is not None and crew.roster < need.people)


def _most_to_start(package: ResponsePackage, crews: Crews, muster: bool) -> int:
    """Return how many people of the whole fleet could count towards `people_to_start`, were all its units sent."""
    asked = max(need.people for need in package.first)
    able = [(crew, number) for crew, number in crews if crew.can(package.starts_with)]
    return sum(((crew.roster if muster and crew.roster is not None else crew.people) or asked) * n for crew, n in able)


def _names(capabilities: Iterable[str]) -> str:
    return " and ".join(sorted(capabilities))


def _of_fleet(crews: Crews) -> str:
    """Name the crews of a fleet, how many units they have and what they can do."""
    by_name: dict[str, int] = {}
    for crew, number in crews:
        by_name[crew.name] = by_name.get(crew.name, 0) + number
    can = {crew.name: ", ".join(sorted(crew.capabilities)) or "nothing" for crew, _ in crews}
    return "; ".join(f"{number} × {name} ({can[name]})" for name, number in by_name.items())


def unhelped_faults(
    packages: Mapping[str, ResponsePackage], *, calls: Mapping[str, str], policy: object, world: World
) -> list[Fault]:
    """Say where no unit that a policy may send can start a call, as within the borders of groups.

    Parameters
    ----------
    packages : mapping of str to ResponsePackage
    calls : mapping of str to str
        As of `package_faults`.
    policy : DispatchPolicy
        Asked by its method ``unhelped(world, capabilities)``, if it has one.
    world : World
    """
    unhelped = getattr(policy, "unhelped", None)
    if unhelped is None:
        return []
    faults = []
    for name, many in calls.items():
        capabilities = packages[name].starts_with
        if points := list(unhelped(world, capabilities)):
            shown = ", ".join(points[:_SHOWN]) + (f" and {len(points) - _SHOWN} more" if len(points) > _SHOWN else "")
            expected = (
                f"a crew with {_names(capabilities)} in the group of each, or one that answers everywhere; there are "
                f"{many}, and those from {len(points)} of {len(world.roads.points)} points are in vain. "
                "nobody_capable='wait' simulates that"
            )
            faults.append(Fault(file="groups", column=f"package {name}", value=shown, expected=expected))
    return faults
