"""Why calls were missed: no message, no unit, no crew, no road, or which stage of the chain was late.

Reasons that are no stage:

- ``no_message``: the place was silent and nobody heard of the incident (in time), or the crew was not told;
- ``abandoned``: nobody answered and the caller gave up;
- ``no_unit``: capable crews with a way were there, all of them on other calls;
- ``no_crew``: no capable crew was there, mustered or willing;
- ``no_road``: no open way led from a crew to the call;
- ``too_few``: units came, but together too few people to begin;
- ``lost``, ``waiting``, ``under_way``: no first action before the horizon, where records do not say why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.crew import CrewType, Lognormal
from rescuesim.report.attainment.marks import attained, clock_from_s, counted_calls, counted_stages, stages_kept
from rescuesim.simulation import SimulationResult
from rescuesim.simulation.trajectory import STAMPS
from rescuesim.standard import ResponseStandard

__all__ = ["INTERVALS", "call_reasons", "miss_reasons", "slowest_turnout"]

INTERVALS: Mapping[str, tuple[str, str]] = {
    "answering": ("arrived_at_s", "answered_at_s"),
    "order": ("answered_at_s", "ordered_at_s"),
    "queueing": ("ordered_at_s", "dispatched_at_s"),
    "alerting": ("dispatched_at_s", "alerted_at_s"),
    "turnout": ("alerted_at_s", "rolling_at_s"),
    "travel": ("rolling_at_s", "on_scene_at_s"),
    "set_up": ("on_scene_at_s", "handling_at_s"),
}
# why no unit went at the order, as records may say, and how a mission ended without a first action
_HELD_BY = {
    "busy": "no_unit",
    "absent": "no_crew",
    "not_capable": "no_crew",
    "no_way": "no_road",
    "not_told": "no_message",
    "too_few": "too_few",
}
_ENDED = {"no_way": "no_road", "refused": "no_crew", "not_mustered": "no_crew", "not_told": "no_message"}


def miss_reasons(result: SimulationResult) -> pd.Series:
    """Count the missed genuine calls by what made them late.

    Returns
    -------
    Series of int
        By reason. Where handling never started, what records say of why (see the module), else the outcome. Where it
        started late, the interval of `INTERVALS`, among those of the stages that were missed, that most exceeds what
        a plan that holds allows for it: the planned median, for ``travel`` the longest planned drive of the zone,
        for ``turnout`` the fastest crew that can keep the zone's reading, and nothing for ``queueing``, ``alerting``
        and the time for which a silent place was not heard (``no_message``). Queueing is told by its cause where
        records have it; ``redispatched`` is a call that queued because a unit found its road closed.
    """
    records = counted_calls(result)
    missed = records[~attained(records, result.standard)]
    missions = getattr(result, "mission_records", None)
    reasons = call_reasons(missed, result.standard, missions)
    return pd.Series(reasons, dtype=object).value_counts().sort_index()


def call_reasons(
    missed: pd.DataFrame, standard: ResponseStandard, missions: pd.DataFrame | None = None
) -> NDArray[np.object_]:
    """Name the reason of each missed call.

    Parameters
    ----------
    missed : DataFrame
        Rows of `SimulationResult.records`, all missed and of zones with a reading. A column ``held_by`` says why no
        unit went at the order (``busy``, ``absent``, ``not_capable``, ``no_way``, ``not_told``), or that those who
        came were ``too_few``; empty if neither.
    standard : ResponseStandard
    missions : DataFrame, optional
        As `SimulationResult.mission_records`.

    Returns
    -------
    ndarray of str, shape (n_missed,)
    """
    outcome = missed["outcome"].astype(str).to_numpy(dtype=object)
    reasons = outcome.copy()
    acted = missed["handling_at_s"].notna().to_numpy()
    zone = missed["zone"].astype(str).to_numpy(dtype=object)
    for name in standard.zones:
        here = np.flatnonzero(acted & (zone == name))
        if len(here):
            reasons[here] = _late_intervals(missed.iloc[here], standard, name)
    waited = np.isin(reasons, ["queueing", "lost", "waiting"])
    if "held_by" in missed:  # they are there, and wait for more
        waited |= (outcome == "under_way") & (missed["held_by"].astype(str) == "too_few").to_numpy()
    cause = _cause_of_waiting(missed, missions)
    known = waited & (cause != "")
    reasons[known] = cause[known]
    reasons[waited & ~known & acted & (missed["redispatched"].to_numpy() > 0)] = "redispatched"
    reasons[outcome == "unheard"] = "no_message"
    return reasons


def _cause_of_waiting(missed: pd.DataFrame, missions: pd.DataFrame | None) -> NDArray[np.object_]:
    """Say why each call had to wait for a unit: by its last mission that came to nothing, else by its order."""
    cause = np.full(len(missed), "", dtype=object)
    if "held_by" in missed:
        cause[:] = [_HELD_BY.get(why, "") for why in missed["held_by"].astype(str)]
    if missions is not None and len(missions):
        ended = missions["ended"].astype(str)
        failed = missions[ended.isin(list(_ENDED))].assign(ended=ended)
        last = failed.drop_duplicates(["replication", "call"], keep="last").set_index(["replication", "call"])["ended"]
        keys = pd.MultiIndex.from_frame(missed[["replication", "call"]])
        found = last.reindex(keys).to_numpy(dtype=object)
        cause = np.array([_ENDED.get(why, was) for why, was in zip(found, cause, strict=True)], dtype=object)
    return cause


def _late_intervals(late: pd.DataFrame, standard: ResponseStandard, zone: str) -> NDArray[np.object_]:
    """Name the interval that made each late call of a zone miss its stages."""
    allowed = _allowances_s(standard, zone)
    names = ["no_message", *INTERVALS]
    inside = np.zeros((len(names), len(late)), dtype=np.bool_)
    kept = stages_kept(late, standard, zone)
    for stage, in_time in zip(counted_stages(standard, zone), kept, strict=True):
        begin = 0 if stage.since == "ignition" else STAMPS.index(stage.since)
        end = STAMPS.index(stage.until)
        if begin == 0:  # the clock that starts with the first attempt also counts the silence before it
            inside[0] |= ~in_time
        for row, ends in enumerate(INTERVALS.values(), 1):
            first, last = (STAMPS.index(name.removesuffix("_at_s")) for name in ends)
            if begin <= first and last <= end:
                inside[row] |= ~in_time
    silence = late["arrived_at_s"].to_numpy(np.float64) - clock_from_s(late)
    excess = [
        (late[until] - late[since]).to_numpy(np.float64) - allowed[name] for name, (since, until) in INTERVALS.items()
    ]
    # a silence of 0 is none, and never the reason
    excess = [np.where(silence > 0, silence, -math.inf), *excess]
    worst = np.array(names, dtype=object)[np.where(inside, np.array(excess), -np.inf).argmax(axis=0)]
    if "silent" in late:  # what lies between the first attempt and the answer is the message on its way
        worst[late["silent"].to_numpy(np.bool_) & (worst == "answering")] = "no_message"
    return np.asarray(worst)


def _allowances_s(standard: ResponseStandard, zone: str) -> dict[str, float]:
    """Say what a plan that holds in a zone allows for each interval, in seconds."""
    limits = {crew: standard.worst_shift_limit_s(crew, zone) for crew in standard.crews}
    able = [crew for crew, limit in limits.items() if math.isfinite(limit)]
    return {
        "answering": standard.chain["answering"].median,
        "order": standard.chain["order"].median,
        "queueing": 0.0,
        "alerting": 0.0,
        "turnout": min((slowest_turnout(standard.crews[crew]).median for crew in able), default=0.0),
        "travel": max((limits[crew] for crew in able), default=0.0),
        "set_up": standard.chain["set_up"].median,
    }


def slowest_turnout(crew: CrewType) -> Lognormal:
    """Turnout of a crew in its slowest shift."""
    return max(crew.turnout.values(), key=lambda entry: entry.median)
