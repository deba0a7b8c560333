"""Indicators from records only: attainment, its intervals, the interval that made a call late.

Attainment (达标率): the clock is that of the standard's stages; every genuine incident of a zone with a
standard is in the denominator; lost, waiting and unreached calls count as failures, false calls do not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from rescuesim.crew import CrewType, Lognormal
from rescuesim.simulation import SimulationResult
from rescuesim.simulation.trajectory import STAMPS
from rescuesim.standard import ResponseStandard, Stage

__all__ = ["INTERVALS", "attained", "attainment_counts", "jackknife", "miss_reasons", "stage_table"]

INTERVALS: Mapping[str, tuple[str, str]] = {
    "answering": ("arrived_at_s", "answered_at_s"),
    "order": ("answered_at_s", "ordered_at_s"),
    "queueing": ("ordered_at_s", "dispatched_at_s"),
    "alerting": ("dispatched_at_s", "alerted_at_s"),
    "turnout": ("alerted_at_s", "rolling_at_s"),
    "travel": ("rolling_at_s", "on_scene_at_s"),
    "set_up": ("on_scene_at_s", "handling_at_s"),
}
_PLANNED_DRAWS = 20_000


def _elapsed_s(records: pd.DataFrame, stage: Stage, discovery_s: float) -> NDArray[np.float64]:
    """Seconds of a stage for each call; NaN where it was not finished."""
    until = records[f"{stage.until}_at_s"].to_numpy(np.float64)
    from_ignition = stage.since == "ignition"
    since = records["arrived_at_s" if from_ignition else f"{stage.since}_at_s"].to_numpy(np.float64)
    return np.asarray(until - since + (discovery_s if from_ignition else 0.0))


def _stages_of(standard: ResponseStandard, zone: str) -> list[Stage]:
    """Stages that one unit keeps or misses; simulate() refuses readings that want a second unit."""
    return [stage for stage in standard.presets[zone].stages if stage.unit_rank == 1]


def attained(records: pd.DataFrame, standard: ResponseStandard) -> NDArray[np.bool_]:
    """Mark the calls for which every stage of their zone's reading was kept.

    Parameters
    ----------
    records : DataFrame
        As in `SimulationResult.records`.
    standard : ResponseStandard

    Returns
    -------
    ndarray of bool, shape (n_calls,)
        False for calls of zones without a reading; limits are inclusive, a stamp that is missing is a miss.
    """
    kept = np.zeros(len(records), dtype=np.bool_)
    zone = records["zone"].to_numpy()
    for name in standard.zones:
        here = np.flatnonzero(zone == name)
        some, ok = records.iloc[here], np.ones(len(here), dtype=np.bool_)
        for stage in _stages_of(standard, name):
            # a stamp that was not reached is NaN, and no comparison with NaN holds
            ok &= _elapsed_s(some, stage, standard.presets[name].discovery_s) <= stage.limit_s + 1e-9
        kept[here] = ok
    return kept


def counted_calls(result: SimulationResult) -> pd.DataFrame:
    """Return the calls that attainment counts.

    Returns
    -------
    DataFrame
        The genuine calls of zones with a reading, less those that rang so shortly before the horizon that
        their stages could not end before it (the sum of the limits of their reading), whatever became of
        them: such a call would count as missed without being late.
    """
    records, standard = result.records, result.standard
    needed = {zone: sum(stage.limit_s for stage in _stages_of(standard, zone)) for zone in standard.zones}
    closing = records["zone"].astype(str).map(needed).to_numpy(np.float64)  # NaN without a reading
    in_time = records["arrived_at_s"].to_numpy(np.float64) <= result.horizon_s - closing
    return records[records["genuine"].to_numpy(np.bool_) & in_time]


def attainment_counts(result: SimulationResult) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count attained and all genuine calls by replication and point.

    Returns
    -------
    attained, calls : ndarray of int64, shape (replications, n_demand)
    """
    records = counted_calls(result)
    place = {id_: at for at, id_ in enumerate(result.demand.ids)}
    point = np.array([place[id_] for id_ in records["demand_id"]], dtype=np.int64)
    shape = (result.replications, len(result.demand))
    flat = records["replication"].to_numpy(np.int64) * shape[1] + point
    size = shape[0] * shape[1]
    kept = attained(records, result.standard)
    return np.bincount(flat[kept], minlength=size).reshape(shape), np.bincount(flat, minlength=size).reshape(shape)


def jackknife(
    statistic: Callable[[NDArray[np.float64]], float], counts: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Estimate a statistic of summed counts with a 95 % interval clustered by replication.

    Parameters
    ----------
    statistic : callable
        From the sum over replications, shape ``counts.shape[1:]``, to a number.
    counts : ndarray of float64, shape (replications, ...)

    Returns
    -------
    value, low, high : float
        NaN bounds with fewer than two replications.

    References
    ----------
    Efron, B., Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9(3), 586-596.
    doi:10.1214/aos/1176345462
    """
    n, total = len(counts), counts.sum(axis=0)
    value = statistic(total)
    if n < 2 or math.isnan(value):
        return value, math.nan, math.nan
    left_out = np.array([statistic(total - counts[r]) for r in range(n)])
    if np.isnan(left_out).any():
        return value, math.nan, math.nan
    error = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
    half = float(student_t.ppf(0.975, n - 1)) * error
    return value, value - half, value + half


def miss_reasons(result: SimulationResult) -> pd.Series:
    """Count the missed genuine calls by what made them late.

    Returns
    -------
    Series of int
        By reason: the outcome (``waiting``, ``lost``, ``under_way``) where handling never started;
        ``redispatched`` where a unit found its road closed and the call waited for another; else the
        interval of `INTERVALS`, among those of the stages that were missed, that most exceeds what a plan
        that holds allows for it: the planned median, for ``travel`` the longest planned drive of the zone,
        for ``turnout`` the fastest crew that can keep the zone's reading, and nothing for ``queueing`` and
        ``alerting``.
    """
    records = counted_calls(result)
    missed = records[~attained(records, result.standard)]
    reasons = missed["outcome"].astype(str).to_numpy(dtype=object).copy()
    handled = np.flatnonzero(missed["handling_at_s"].notna().to_numpy())
    zone = missed["zone"].astype(str).to_numpy(dtype=object)
    for name in result.standard.zones:
        here = handled[zone[handled] == name]
        if len(here):
            reasons[here] = _late_intervals(missed.iloc[here], result.standard, name)
    again = missed["redispatched"].to_numpy() > 0
    reasons[again & (reasons == "queueing")] = "redispatched"
    return pd.Series(reasons, dtype=object).value_counts().sort_index()


def _late_intervals(late: pd.DataFrame, standard: ResponseStandard, zone: str) -> NDArray[np.object_]:
    """Name the interval that made each late call of a zone miss its stages."""
    allowed = _allowances_s(standard, zone)
    inside = np.zeros((len(INTERVALS), len(late)), dtype=np.bool_)
    for stage in _stages_of(standard, zone):
        missed = ~(_elapsed_s(late, stage, standard.presets[zone].discovery_s) <= stage.limit_s + 1e-9)
        begin, end = STAMPS.index("arrived" if stage.since == "ignition" else stage.since), STAMPS.index(stage.until)
        for row, ends in enumerate(INTERVALS.values()):
            first, last = (STAMPS.index(name.removesuffix("_at_s")) for name in ends)
            if begin <= first and last <= end:
                inside[row] |= missed
    excess = np.array(
        [(late[until] - late[since]).to_numpy(np.float64) - allowed[name] for name, (since, until) in INTERVALS.items()]
    )
    worst = np.where(inside, excess, -np.inf).argmax(axis=0)
    return np.asarray(np.array(list(INTERVALS), dtype=object)[worst])


def _allowances_s(standard: ResponseStandard, zone: str) -> dict[str, float]:
    """Say what a plan that holds in a zone allows for each interval, in seconds."""
    limits = {crew: standard.worst_shift_limit_s(crew, zone) for crew in standard.crews}
    able = [crew for crew, limit in limits.items() if math.isfinite(limit)]
    return {
        "answering": standard.chain["answering"].median,
        "order": standard.chain["order"].median,
        "queueing": 0.0,
        "alerting": 0.0,
        "turnout": min((_slowest_turnout(standard.crews[crew]).median for crew in able), default=0.0),
        "travel": max((limits[crew] for crew in able), default=0.0),
        "set_up": standard.chain["set_up"].median,
    }


def _slowest_turnout(crew: CrewType) -> Lognormal:
    """Turnout of a crew in its slowest shift."""
    return max(crew.turnout.values(), key=lambda entry: entry.median)


def stage_table(result: SimulationResult, planned_drive_s: Mapping[str, float]) -> pd.DataFrame:
    """Compare each interval as planned with the simulated one.

    Parameters
    ----------
    result : SimulationResult
    planned_drive_s : mapping of str to float
        By demand id, seconds of drive of the site that the plan counts on, on intact roads.

    Returns
    -------
    DataFrame
        ``stage, planned_p50_s, planned_p90_s, simulated_p50_s, simulated_p90_s, n``; NaN where nothing is
        planned or nothing was simulated. What is planned is drawn from the standard's distributions by a
        fixed stream; turnout and travel are mixtures over the crews and points of the handled calls.
    """
    records = counted_calls(result)
    handled = records[records["handling_at_s"].notna()]
    planned = _planned_draws(result.standard, handled, planned_drive_s)
    rows = []
    for name, (since, until) in {**INTERVALS, "total": ("arrived_at_s", "handling_at_s")}.items():
        spent = (handled[until] - handled[since]).to_numpy(np.float64)
        rows.append((name, *_p50_p90(planned.get(name, np.zeros(0))), *_p50_p90(spent), len(spent)))
    columns = ["stage", "planned_p50_s", "planned_p90_s", "simulated_p50_s", "simulated_p90_s", "n"]
    return pd.DataFrame(rows, columns=columns)


def _p50_p90(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan, math.nan
    half, most = np.quantile(finite, [0.5, 0.9])
    return float(half), float(most)


def _planned_draws(
    standard: ResponseStandard, handled: pd.DataFrame, planned_drive_s: Mapping[str, float]
) -> dict[str, NDArray[np.float64]]:
    """Draw the planned intervals, and their sum, for calls like the handled ones."""
    rng = np.random.default_rng(np.random.SeedSequence(135))
    z = rng.standard_normal((5, _PLANNED_DRAWS))
    planned = {
        name: standard.chain[name].from_normal(z[row]) for row, name in enumerate(("answering", "order", "set_up"))
    }
    if len(handled):
        pick = rng.integers(0, len(handled), _PLANNED_DRAWS)
        turnout = [_slowest_turnout(standard.crews[crew]) for crew in handled["crew"]]
        drive = np.array([planned_drive_s.get(id_, math.nan) for id_ in handled["demand_id"]], dtype=np.float64)
        median, sigma = np.array([t.median for t in turnout]), np.array([t.sigma for t in turnout])
        planned["turnout"] = median[pick] * np.exp(sigma[pick] * z[3])
        planned["travel"] = drive[pick] * standard.chain["variation"].from_normal(z[4])
        planned["total"] = np.sum(list(planned.values()), axis=0)
    return planned
