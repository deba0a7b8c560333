"""What is asked of a repair of roads, and everything that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rescuesim.demand import DemandPoints
from rescuesim.disruption.outages import RoadDamage, RoadOutage, RoadSlowing
from rescuesim.errors import Fault, nearest_name
from rescuesim.network import RoadNetwork

__all__ = ["REPAIR_ORDERS", "RepairOrder", "damage_faults", "listed_damages", "option_faults", "place_weights"]

RepairOrder = Literal["trunk_first", "nearest_first", "most_people", "isolated_first", "given", "optimised"]
REPAIR_ORDERS: tuple[RepairOrder, ...] = get_args(RepairOrder)
_NEED_PEOPLE = ("most_people", "isolated_first", "optimised")


def damage_faults(
    network: RoadNetwork, broken: Sequence[RoadDamage | RoadOutage], slowings: Sequence[RoadSlowing]
) -> list[Fault]:
    """Find damages, closures and slow roads that the network does not have."""
    length, faults = network.road_length_m, []
    for number, one in enumerate(broken):
        road, from_m = one.closure.road, one.closure.from_m
        name = f"{'damage' if isinstance(one, RoadDamage) else 'closure'} {number} {one.label!r}"
        if road >= network.n_roads:
            faults.append(Fault(problem=f"{name}: road {road}, expected 0 to {network.n_roads - 1}"))
        elif from_m > length[road]:
            faults.append(
                Fault(problem=f"{name}: from {from_m:g} m of road {road}, expected at most its {length[road]:.1f} m")
            )
    for slow in slowings:
        if not 0 <= slow.road < network.n_roads:
            faults.append(Fault(problem=f"slow road {slow.road}: expected 0 to {network.n_roads - 1}"))
    return faults


def option_faults(
    order: str,
    given: object,
    demand: object,
    sites: object,
    limit_s: object,
    try_all_up_to: int,
    most_tried: int,
    solve_limit_s: float,
) -> list[Fault]:
    """Find what is wrong with the options."""
    faults = []
    if order not in REPAIR_ORDERS:
        faults.append(Fault(problem=f"order {order!r}: expected {nearest_name(order, REPAIR_ORDERS)}"))
    if (order == "given") != (given is not None):
        faults.append(Fault(problem=f"order {order!r}: expected a list in given with 'given', and none otherwise"))
    lacking = [name for name, value in (("demand", demand), ("sites", sites), ("limit_s", limit_s)) if value is None]
    if order in _NEED_PEOPLE and lacking:
        faults.append(Fault(problem=f"order {order!r}: no {', '.join(lacking)}, expected demand, sites and limit_s"))
    if try_all_up_to < 0 or try_all_up_to > 9 or most_tried < 1:
        faults.append(
            Fault(problem=f"try_all_up_to {try_all_up_to}, most_tried {most_tried}: expected 0 to 9, and 1 or more")
        )
    if not solve_limit_s > 0:
        faults.append(Fault(problem=f"solve_limit_s {solve_limit_s}: expected seconds above 0"))
    return faults


def listed_damages(given: Sequence[int | str], damages: Sequence[RoadDamage]) -> tuple[list[int], list[Fault]]:
    """Return the damages of a given list by index, or what is wrong with it."""
    by_label: dict[str, list[int]] = {}
    for number, damage in enumerate(damages):
        by_label.setdefault(damage.label, []).append(number)
    listed: list[int] = []
    faults = []
    for item in given:
        if isinstance(item, str):
            found = by_label.get(item, [])
            if len(found) != 1:
                known = f"stands for {len(found)} damages, expected one; give their indices" if found else ""
                expected = known or f"expected {nearest_name(item, by_label)}"
                faults.append(Fault(problem=f"given: {item!r} {expected}" if found else f"given: {item!r}, {expected}"))
            listed += found[:1]
        elif isinstance(item, bool) or not isinstance(item, (int, np.integer)) or not 0 <= item < len(damages):
            faults.append(Fault(problem=f"given: {item!r}, expected a label, or an index from 0 to {len(damages) - 1}"))
        else:
            listed.append(int(item))
    twice = sorted({number for number in listed if listed.count(number) > 1})
    missing = sorted(set(range(len(damages))) - set(listed))
    if twice:
        faults.append(Fault(problem=f"given: damages {_named(twice, damages)} stand twice, expected each once"))
    if missing:
        faults.append(Fault(problem=f"given: damages {_named(missing, damages)} are missing, expected all of them"))
    return listed, faults


def _named(numbers: Sequence[int], damages: Sequence[RoadDamage]) -> str:
    names = [f"{number} {damages[number].label!r}" for number in numbers[:5]]
    return ", ".join(names) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def place_weights(
    places: Mapping[str, float] | None, demand: DemandPoints | None
) -> tuple[NDArray[np.float64], list[Fault]]:
    """Return the weight of each demand point, or what is wrong with the places."""
    if demand is None:
        wrong = [Fault(problem="places: expected demand, whose points they are")] if places is not None else []
        return np.zeros(0), wrong
    if places is None:
        return demand.people.astype(np.float64), []
    weight, faults = np.zeros(len(demand)), []
    index = {id_: number for number, id_ in enumerate(demand.ids)}
    for id_, value in places.items():
        if id_ not in index:
            faults.append(Fault(problem=f"places: {id_!r}, expected {nearest_name(id_, demand.ids)}"))
        elif not 0 <= value < math.inf:
            faults.append(Fault(problem=f"places: {id_!r} of weight {value}, expected a number of 0 or more"))
        else:
            weight[index[id_]] = value
    return weight, faults
