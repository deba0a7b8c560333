"""Takes calls, disruptions and evacuation tasks in the forms in which they may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, Disruptions
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.duties import EvacuationTask

__all__ = [
    "as_disruptions",
    "as_tasks",
    "call_logs",
    "calling_rows",
    "calls_in_words",
    "counted_in_words",
    "expected_calls",
]

Calls = CallModel | tuple[CallLog, ...]


def as_disruptions(
    given: Disruption | Disruptions | Sequence[Disruption] | None,
) -> tuple[Disruption | None, ...]:
    """Return what replications go through; None alone for normal days.

    Raises
    ------
    InputError
        If there is none, or something else among them.
    """
    if given is None or isinstance(given, Disruption):
        return (given,)
    if isinstance(given, str) or not isinstance(given, Iterable):
        expected = "a Disruption, several of them, or None for normal days"
        raise InputError([Fault(column="disruptions", value=_shown(given), expected=expected)])
    some = tuple(given)
    if not some:
        raise InputError("disruptions: expected at least one, or None for normal days")
    expected = "a Disruption; normal days are disruptions=None, by themselves"
    faults = [
        Fault(column=f"disruptions[{row}]", value=_shown(one), expected=expected)
        for row, one in enumerate(some)
        if not isinstance(one, Disruption)
    ]
    if faults:
        raise InputError(faults)
    return some


def as_tasks(given: Iterable[EvacuationTask]) -> tuple[EvacuationTask, ...]:
    """Return evacuation tasks as they are given.

    Raises
    ------
    InputError
        If one is given bare, or something else stands among them.
    """
    if isinstance(given, EvacuationTask | str) or not isinstance(given, Iterable):
        expected = "a list of EvacuationTask, of one as well: [task]"
        raise InputError([Fault(column="evacuation", value=_shown(given), expected=expected)])
    some = tuple(given)
    faults = [
        Fault(column=f"evacuation[{row}]", value=_shown(one), expected="an EvacuationTask")
        for row, one in enumerate(some)
        if not isinstance(one, EvacuationTask)
    ]
    if faults:
        raise InputError(faults)
    return some


def _shown(given: object) -> str:
    return str(given) if given is None or isinstance(given, str | int | float) else type(given).__name__


def call_logs(
    calls: CallModel | CallLog | Sequence[CallLog], demand: DemandPoints, replications: int, horizon_s: float
) -> Calls:
    """Return the model, or one log a replication, checked against the demand points and the horizon."""
    if isinstance(calls, CallModel):
        if not calls.calls_per_year(demand).any():
            raise InputError(f"{demand.source}: expected people or calls_per_year above 0 at some point")
        return calls
    if isinstance(calls, str) or not isinstance(calls, CallLog | Sequence):
        expected = "a CallModel, a CallLog, or one CallLog for each replication"
        raise InputError([Fault(column="calls", value=_shown(calls), expected=expected)])
    logs = (calls,) * replications if isinstance(calls, CallLog) else tuple(calls)
    if len(logs) != replications or not all(isinstance(log, CallLog) for log in logs):
        raise InputError(f"calls: expected one CallLog for each of {replications} replications; got {len(logs)}")
    known, faults = set(demand.ids), []
    for number, log in enumerate((calls,) if isinstance(calls, CallLog) else logs):
        name = f"call log {number}"
        unknown = [log.demand_ids[point] for point in np.unique(log.point) if log.demand_ids[point] not in known]
        faults += [
            Fault(file=name, column="demand_ids", value=id_, expected=f"a point of {demand.source}") for id_ in unknown
        ]
        if len(log) and log.arrived_at_s[-1] >= horizon_s:
            value, expected = str(log.arrived_at_s[-1]), f"calls before the horizon of {horizon_s} s"
            faults.append(Fault(file=name, row=len(log) - 1, column="arrived_at_s", value=value, expected=expected))
    if faults:
        raise InputError(faults)
    return logs


def calls_in_words(calls: Calls, demand: DemandPoints, horizon_s: float) -> dict[str, str]:
    """Say how many calls of each type there are: counted in logs, expected of a model.

    Examples
    --------
    >>> log = CallLog.from_draws(["a"], ["fire", "rescue"], arrived_at_s=[1.0, 2.0, 3.0], type_code=[0, 1, 1])
    >>> calls_in_words((log,), None, 10.0)
    {'fire': '1 call of type fire', 'rescue': '2 calls of type rescue'}
    """
    if isinstance(calls, CallModel):
        shares = {name: share for name, share in calls.shares.items() if share > 0}
        total, all_of_them = expected_calls(calls, demand, horizon_s), sum(shares.values())
        each = {name: total * share / all_of_them for name, share in shares.items()}
        return {name: f"about {many:.3g} calls of type {name} a replication" for name, many in each.items()}
    found: dict[str, int] = {}
    counted = {id(log): log for log in calls}.values()
    for log in counted:
        many = np.bincount(log.type_code, minlength=len(log.types)).tolist()
        for name, number in zip(log.types, many, strict=True):
            found[name] = found.get(name, 0) + number
    return counted_in_words(found)


def counted_in_words(found: Mapping[str, int]) -> dict[str, str]:
    """Say how many calls of each type were counted; types without calls are left out."""
    return {name: f"{number} call{'s' * (number > 1)} of type {name}" for name, number in found.items() if number}


def calling_rows(calls: Calls, demand: DemandPoints, evacuation: Sequence[EvacuationTask] = ()) -> NDArray[np.int64]:
    """Rows of the demand points from which calls can come, or that are evacuated; one of them if there are none."""
    row = {id_: index for index, id_ in enumerate(demand.ids)}
    places = {row[task.place] for task in evacuation}
    if isinstance(calls, CallModel):
        return np.array(sorted({*np.flatnonzero(calls.calls_per_year(demand) > 0).tolist(), *places}), dtype=np.int64)
    distinct = {id(log): log for log in calls}.values()
    found = {row[log.demand_ids[point]] for log in distinct for point in np.unique(log.point)}
    return np.array(sorted(found | places) or [0], dtype=np.int64)


def expected_calls(calls: Calls, demand: DemandPoints, horizon_s: float) -> float:
    """Return how many calls a replication has on average, roughly."""
    if isinstance(calls, CallModel):
        return float(calls.calls_per_year(demand).sum()) * horizon_s / (365.25 * 86400.0)
    return sum(len(log) for log in calls) / len(calls)
