"""Where the circle is missed: attainment by village, township or zone, with the stage that binds and the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import UnknownIdError, nearest_name
from rescuesim.report.attainment.marks import attained, counted_calls, counted_stages, stages_kept
from rescuesim.report.attainment.reasons import INTERVALS, call_reasons
from rescuesim.report.statistics.joining import replication_numbers
from rescuesim.report.statistics.shares import share_interval
from rescuesim.simulation import SimulationResult
from rescuesim.standard import ResponseStandard

__all__ = ["CAUSES", "PlaceKind", "attainment_by_place", "cause_of"]

PlaceKind = Literal["village", "township", "zone"]
CAUSES = ("no_unit", "no_crew", "no_road", "no_message", "late", "other")
_CAUSE_OF: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(INTERVALS, "late"),
        **{name: name for name in CAUSES},
        "queueing": "no_unit",
        "lost": "no_unit",
        "waiting": "no_unit",
        "redispatched": "no_road",
    }
)
_COLUMNS = [
    *("id", "name", "township", "zone", "people", "calls", "attained", "share", "low", "high", "missed"),
    *("binding", "since", "limit_s", "missed_alone", "reason", *CAUSES),
]


def cause_of(reason: str) -> str:
    """Return which of `CAUSES` a reason of `miss_reasons` is: ``late`` for a stage that took too long.

    A caller who gave up, and a unit still under way at the end, are ``other``.

    Examples
    --------
    >>> cause_of("travel"), cause_of("queueing"), cause_of("no_road"), cause_of("abandoned")
    ('late', 'no_unit', 'no_road', 'other')
    """
    return _CAUSE_OF.get(reason, "other")


def attainment_by_place(
    result: SimulationResult, *, by: PlaceKind = "village", confidence: float = 0.95
) -> pd.DataFrame:
    """Say for each village, township or zone how many calls were in time, and what made the others late.

    Parameters
    ----------
    result : SimulationResult
        Of `simulate`, or of an ensemble: ``ensemble.result(plan=..., disruption=...)``.
    by : {'village', 'township', 'zone'}, optional
        A village is a demand point.
    confidence : float, optional

    Returns
    -------
    DataFrame
        ``id, name, township, zone`` (as far as the kind of place has them; a place without a township has the id
        ``-``), ``people`` (of zones with a reading), ``calls`` (genuine, as attainment counts them), ``attained``,
        ``share`` with its interval ``low, high`` clustered by replication, ``missed``; ``binding``: the stage whose
        limit alone loses most calls, named by the milestone it ends with, its ``since``, ``limit_s`` and
        ``missed_alone``; ``reason``: the most frequent of `miss_reasons`; and how many were missed by each of
        `CAUSES`. The place with most missed calls comes first, of equal ones that with the lower share; places
        without a call come last, with NaN shares. Places of zones without a reading are left out.

    Raises
    ------
    UnknownIdError
        If there is no such kind of place.
    """
    if by not in get_args(PlaceKind):
        raise UnknownIdError(f"by {by!r}: expected {nearest_name(by, get_args(PlaceKind))}")
    demand, standard = result.demand, result.standard
    inside = np.array([zone in standard.presets for zone in demand.zones], dtype=np.bool_)
    named = {"village": demand.ids, "township": demand.townships, "zone": demand.zones}[by]
    label = np.array([name or "-" for name in named], dtype=object)
    ids, first, at = np.unique(label[inside].astype(str), return_index=True, return_inverse=True)
    first = np.flatnonzero(inside)[first]
    place_of = np.full(len(demand), -1, dtype=np.int64)
    place_of[inside] = at
    records = counted_calls(result)
    row = {id_: number for number, id_ in enumerate(demand.ids)}
    place = place_of[np.array([row[id_] for id_ in records["demand_id"]], dtype=np.int64)]
    kept = attained(records, standard)
    numbers = replication_numbers(result)
    which = np.searchsorted(numbers, records["replication"].to_numpy(np.int64))
    missions = getattr(result, "mission_records", None)
    reasons = call_reasons(records[~kept], standard, missions)
    binding = _binding(records, ~kept, place, len(ids), standard)
    people = np.bincount(at, weights=demand.people[inside], minlength=len(ids))
    why_of = np.full(len(records), "", dtype=object)
    why_of[~kept] = reasons
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(len(ids) + 1))
    rows = []
    for number, (id_, point) in enumerate(zip(ids, first.tolist(), strict=True)):
        here = order[ends[number] : ends[number + 1]]
        shares = _shares(kept[here], which[here], len(numbers), confidence)
        why = why_of[here[~kept[here]]]
        known = by == "village"
        rows.append(
            (
                id_,
                demand.names[point] if known else "",
                demand.townships[point] if known else id_ if by == "township" else "",
                demand.zones[point] if known else id_ if by == "zone" else "",
                float(people[number]),
                len(here),
                int(kept[here].sum()),
                *shares,
                len(why),
                *binding[number],
                _most_frequent(why),
                *(sum(cause_of(reason) == cause for reason in why) for cause in CAUSES),
            )
        )
    made = pd.DataFrame(rows, columns=_COLUMNS)
    return made.sort_values(["missed", "share", "id"], ascending=[False, True, True]).reset_index(drop=True)


def _shares(
    kept: NDArray[np.bool_], replication: NDArray[np.int64], many: int, confidence: float
) -> tuple[float, float, float]:
    if not len(kept):
        return math.nan, math.nan, math.nan
    good, calls = np.bincount(replication[kept], minlength=many), np.bincount(replication, minlength=many)
    found = share_interval(good, calls, confidence=confidence)
    return found.value, found.low, found.high


def _most_frequent(reasons: NDArray[np.object_]) -> str:
    """Return the most frequent reason, of equal ones the first by name; nothing if there is none."""
    if not len(reasons):
        return ""
    names, many = np.unique(reasons.astype(str), return_counts=True)
    return str(names[many.argmax()])


def _binding(
    records: pd.DataFrame,
    missed: NDArray[np.bool_],
    place: NDArray[np.int64],
    many: int,
    standard: ResponseStandard,
) -> list[tuple[str, str, float, int]]:
    """Name, for each place, the stage that binds: as `binding_stage`, over all readings that hold there."""
    zone = records["zone"].astype(str).to_numpy()
    names: dict[tuple[str, str, str, float], int] = {}
    alone_at: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []
    for name in standard.zones:
        here = np.flatnonzero(missed & (zone == name))
        if not len(here):
            continue
        late = ~stages_kept(records.iloc[here], standard, name)
        once = late.sum(axis=0) == 1
        reading = standard.presets[name].name
        for stage, its in zip(counted_stages(standard, name), late, strict=True):
            number = names.setdefault((reading, stage.until, stage.since, stage.limit_s), len(names))
            by_itself, whole = (
                np.bincount(place[here[some]], minlength=many).astype(np.int64) for some in (its & once, its)
            )
            alone_at.append((number, by_itself, whole))
    alone, every = (np.zeros((len(names), many), dtype=np.int64) for _ in range(2))
    for number, by_itself, whole in alone_at:
        alone[number] += by_itself
        every[number] += whole
    found = []
    for at in range(many):
        order = sorted(range(len(names)), key=lambda number: (-alone[number, at], -every[number, at], number))
        if not order or not every[order[0], at]:
            found.append(("", "", math.nan, 0))
            continue
        _, until, since, limit_s = list(names)[order[0]]
        found.append((until, since, limit_s, int(alone[order[0], at])))
    return found
