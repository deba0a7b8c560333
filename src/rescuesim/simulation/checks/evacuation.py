"""Checks of evacuation tasks: places, crews and times that exist."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rescuesim._words import Note
from rescuesim.errors import Fault, nearest_name
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.fleet import Fleet

__all__ = ["evacuation_faults", "evacuation_notes"]


def evacuation_faults(
    tasks: Sequence[EvacuationTask], *, points: Collection[str], fleet: Fleet | None, horizon_s: float
) -> list[Fault]:
    """Say which tasks are at no point of the demand, of crews that the fleet does not have, or after the horizon.

    Parameters
    ----------
    tasks : sequence of EvacuationTask
    points : collection of str
        Ids of the demand points.
    fleet : Fleet, optional
        Absent where it is wrong itself.
    horizon_s : float
    """
    there, faults = set(points), []
    crews = {unit.crew.name for unit in fleet.units} if fleet is not None else set()
    for row, task in enumerate(tasks):
        if task.place not in there:
            expected = f"a point of the demand, {nearest_name(task.place, there)}"
            faults.append(Fault(file="evacuation", row=row, column="place", value=task.place, expected=expected))
        if fleet is not None and crews.isdisjoint(task.crews):
            expected = f"a crew of the fleet, {nearest_name(task.crews[0], crews)}"
            faults.append(
                Fault(file="evacuation", row=row, column="crews", value=", ".join(task.crews), expected=expected)
            )
        if task.from_s >= horizon_s:
            expected = f"before the horizon of {horizon_s:g} s"
            faults.append(
                Fault(file="evacuation", row=row, column="from_s", value=f"{task.from_s:g}", expected=expected)
            )
    return faults


def evacuation_notes(tasks: Sequence[EvacuationTask], fleet: Fleet) -> tuple[Note, ...]:
    """Say which tasks want more people than all their crews have: they take everybody and still lack some."""
    notes = []
    for task in tasks:
        have = sum(unit.crew.people or 1 for unit in fleet.units if unit.crew.name in task.crews)
        if task.people > have:
            notes.append(
                Note(
                    f"evacuation of {task.place}: wants {task.people} people, and all {', '.join(task.crews)} of the "
                    f"fleet have {have}: until its end it takes everybody who comes free, before any call",
                    f"{task.place}转移任务需要 {task.people} 人,可派队伍共 {have} 人:任务结束前优先占用全部返回力量",
                )
            )
    return tuple(notes)
