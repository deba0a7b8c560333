"""What stood between a call and its unit at first: a silent place, or why no unit went at the order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption import ContactSpell, SiteOutage
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.fleet import Fleet, ShiftTimeline
from rescuesim.simulation.packages import ResponsePackage, single_unit_packages
from rescuesim.simulation.roads import RoadTimes

__all__ = ["HELD_BY", "held_by", "silent_calls"]

# in the order of what a call lacked least: a unit that was there, with a way, but busy is nearest to having gone;
# too_few is another matter, units went
HELD_BY = ("", "busy", "absent", "no_way", "not_told", "not_capable", "too_few")


def held_by(
    fleet: Fleet,
    calls: CallLog,
    roads: RoadTimes,
    *,
    ordered_s: NDArray[np.float64],
    dispatched_s: NDArray[np.float64],
    task_unit: NDArray[np.integer],
    task_from_s: NDArray[np.float64],
    task_until_s: NDArray[np.float64],
    horizon_s: float,
    seed: int,
    replication: int,
    untold: Sequence[SiteOutage] = (),
    muster: bool = False,
    packages: Mapping[str, ResponsePackage] | None = None,
    too_few: NDArray[np.bool_] | None = None,
) -> tuple[str, ...]:
    """Say for each call that no unit was sent to at its order why none was.

    Parameters
    ----------
    fleet, calls, roads
        As in `run_replication`.
    ordered_s, dispatched_s : ndarray of float64, shape (n_calls,)
        Of the trajectory; NaN where not reached.
    task_unit : ndarray of int, shape (n_tasks,)
    task_from_s, task_until_s : ndarray of float64, shape (n_tasks,)
        When each unit was on a task.
    horizon_s : float
    seed, replication : int
        Those of the run, which key the absences.
    untold : sequence of SiteOutage, optional
        When no message reached a site.
    muster : bool, optional
        Whether crews with a roster muster person by person, so that none is absent as a whole.
    packages : mapping of str to ResponsePackage, optional
        By call type: a unit is capable that can take the first slot. One capable unit a call if absent.
    too_few : ndarray of bool, shape (n_calls,), optional
        Of the trajectory: those who came were too few to begin. Nobody if absent.

    Returns
    -------
    tuple of str, length n_calls
        Empty for a call to which a unit was sent at once, or that was never ordered, or that a policy left waiting
        although a unit could go. Else what the unit that came closest to going lacked: ``busy`` (it was there, with
        a way), ``absent`` (a way, but its crew was not there), ``no_way`` (no open road), ``not_told`` (no message
        reached any capable crew), ``not_capable`` (no crew of the plan is equipped for the call).
        ``too_few`` for a call to which units came, but with too few people to begin, whatever was before.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import Unit
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0, 30.0], on_scene_s=[600.0, 600.0])
    >>> roads = RoadTimes.from_matrix([[100.0]], sites=["s"], points=["a"])
    >>> ordered = np.array([0.0, 30.0])
    >>> task = dict(task_unit=np.array([0]), task_from_s=np.array([0.0]), task_until_s=np.array([900.0]))
    >>> held_by(fleet, calls, roads, ordered_s=ordered, dispatched_s=np.array([0.0, 900.0]), **task, horizon_s=3600.0,
    ...         seed=0, replication=0)
    ('', 'busy')
    """
    held = [""] * len(calls)
    waited = np.flatnonzero(~np.isnan(ordered_s) & ~(dispatched_s <= ordered_s))
    short = np.flatnonzero(too_few).tolist() if too_few is not None else []
    for call in short:
        held[call] = "too_few"
    waited = np.setdiff1d(waited, short, assume_unique=True)
    if not waited.size:
        return tuple(held)
    timeline = ShiftTimeline.until(horizon_s, start_h=calls.start_h)
    absences = fleet.absences(timeline, seed=seed, replication=replication)
    if muster:
        absences[:, fleet.with_roster()] = False
    site_row = fleet.site_rows()
    road_row = np.array([roads.sites.index(unit.site) for unit in fleet.units], dtype=np.int64)
    column = {point: index for index, point in enumerate(roads.points)}
    first = single_unit_packages() if packages is None else packages
    able = {
        name: np.array([unit.crew.can(first[name].starts_with) for unit in fleet.units], dtype=np.bool_)
        for name in {calls.types[code] for code in calls.type_code[waited].tolist()}
    }
    busy = _busy_at(ordered_s[waited], len(fleet.units), task_unit, task_from_s, task_until_s)
    for number, call in enumerate(waited.tolist()):
        now = float(ordered_s[call])
        state = roads.states[bisect_right(roads.starts_s, now) - 1]
        point = column[calls.demand_ids[calls.point[call]]]
        capable = able[calls.types[calls.type_code[call]]]
        silent = {one.site for one in untold if one.from_s <= now < one.until_s}
        told = np.array([unit.site not in silent for unit in fleet.units], dtype=np.bool_)
        way = np.isfinite(roads.out_s[state][road_row, point])
        present = ~absences[bisect_right(timeline.starts_s, now) - 1][site_row]
        held[call] = _lacked(capable, told, way, present, busy[:, number])
    return tuple(held)


def _busy_at(
    moments_s: NDArray[np.float64],
    n_units: int,
    task_unit: NDArray[np.integer],
    task_from_s: NDArray[np.float64],
    task_until_s: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Mark which unit is on a task at which moment, shape (n_units, n_moments); tasks of a unit never overlap."""
    busy = np.zeros((n_units, len(moments_s)), dtype=np.bool_)
    order = np.lexsort((task_from_s, task_unit))
    first = np.searchsorted(task_unit[order], np.arange(n_units + 1))
    for unit in range(n_units):
        mine = order[first[unit] : first[unit + 1]]
        if len(mine):
            last = np.searchsorted(task_from_s[mine], moments_s, side="right") - 1
            busy[unit] = (last >= 0) & (moments_s < task_until_s[mine][last])
    return busy


def _lacked(
    capable: NDArray[np.bool_],
    told: NDArray[np.bool_],
    way: NDArray[np.bool_],
    present: NDArray[np.bool_],
    busy: NDArray[np.bool_],
) -> str:
    """Name what the unit that came closest to going lacked; empty if one lacked nothing."""
    closest = capable
    for lacked, have in (("not_capable", capable), ("not_told", told), ("no_way", way), ("absent", present)):
        closest = closest & have
        if not closest.any():
            return lacked
    return "" if (closest & ~busy).any() else "busy"


def silent_calls(calls: CallLog, contacts: Sequence[ContactSpell]) -> NDArray[np.bool_]:
    """Mark the calls whose first attempt fell into a time in which no channel carried calls from their place.

    Parameters
    ----------
    calls : CallLog
    contacts : sequence of ContactSpell

    Returns
    -------
    ndarray of bool, shape (n_calls,)

    Examples
    --------
    >>> dead = ContactSpell(place="a", direction="call", channel="", from_s=0.0, until_s=60.0)
    >>> silent_calls(CallLog.from_draws(["a", "b"], ["fire"], arrived_at_s=[5.0, 6.0, 60.0], point=[0, 1, 0]), [dead])
    array([ True, False, False])
    """
    silent = np.zeros(len(calls), dtype=np.bool_)
    row = {id_: index for index, id_ in enumerate(calls.demand_ids)}
    for spell in contacts:
        if spell.direction == "call" and not spell.channel and spell.place in row:
            within = (spell.from_s <= calls.arrived_at_s) & (calls.arrived_at_s < spell.until_s)
            silent |= within & (calls.point == row[spell.place])
    return silent
