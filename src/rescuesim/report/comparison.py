"""Comparison: plans side by side, intact and broken, with the three headline figures kept apart.

建成覆盖率 *built coverage* is static: who lies within the planning limit of an open site. 可用覆盖率
*available coverage* multiplies in the crews that are there, by shift. 达标率 *attainment* is simulated.
They answer different questions and are never mixed or averaged; normal days and disasters are never pooled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._words import Lang, Note
from rescuesim.errors import InputError
from rescuesim.plan import Plan
from rescuesim.report.attainment import (
    attainment_by_phase,
    attainment_by_place,
    attainment_counts,
    figures_by_place,
    miss_reasons,
    stage_attainment,
)
from rescuesim.report.indicators import stage_table
from rescuesim.report.static_coverage import StaticCoverage, Times, static_coverage
from rescuesim.report.statistics.intervals import clustered_interval
from rescuesim.report.statistics.paired import paired_difference
from rescuesim.report.statistics.shares import share_bounds
from rescuesim.simulation import SimulationResult
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimesEnsemble

__all__ = ["FIGURES", "Comparison", "compare"]

FIGURES = ("built_coverage", "available_coverage", "attainment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Plans compared under the same conditions, calls and draws.

    Parameters
    ----------
    plans : dict of str to Plan
        The first is the baseline of the differences.
    conditions : tuple of str
    standard : ResponseStandard
        The one definition that all figures use.
    headline : DataFrame
        ``condition, plan, figure, counted, value, low, high, n``; intervals of 95 %, NaN where a figure is
        static.
    differences : DataFrame
        ``condition, plan, baseline, figure, counted, difference, low, high, replications``; paired by
        replication.
    townships : DataFrame
        ``condition, plan, township, people, built_coverage, available_coverage, attainment, low, high, calls``; the
        two coverages by people.
    zones : DataFrame
        The same with ``zone`` in place of ``township``.
    kept : DataFrame
        ``condition, plan`` and the columns of `stage_attainment`: who kept each stage and all of them, and the
        binding stage.
    phases : DataFrame
        ``condition, plan`` and the columns of `attainment_by_phase`, for conditions other than ``intact``; the
        impact is taken to be at the start of the replications.
    stages : DataFrame
        ``condition, plan, stage, planned_p50_s, planned_p90_s, simulated_p50_s, simulated_p90_s, n``.
    points : DataFrame
        ``condition, plan, id, name, township, zone, people, lon, lat, covered, nearest_site, nearest_s,
        limit_s, reason, available, calls, attainment``; over several states: of the worst one for the plan.
    misses : DataFrame
        ``condition, plan, reason, calls, share``: what made missed calls late.
    villages : DataFrame
        ``condition, plan`` and the columns of `attainment_by_place`, for demand points with a missed call: how many, by
        which limit, and why there.
    notes : tuple of str
    """

    plans: dict[str, Plan]
    conditions: tuple[str, ...]
    standard: ResponseStandard
    headline: pd.DataFrame
    differences: pd.DataFrame
    townships: pd.DataFrame
    zones: pd.DataFrame
    kept: pd.DataFrame
    phases: pd.DataFrame
    stages: pd.DataFrame
    points: pd.DataFrame
    misses: pd.DataFrame
    villages: pd.DataFrame
    notes: tuple[str, ...] = ()

    def definition(self, *, lang: Lang = "en") -> str:
        """Say what the standard asks for and what it leaves the crews of these plans to drive."""
        crews = dict.fromkeys(site.crew for plan in self.plans.values() for site in plan.sites)
        return self.standard.explain(lang=lang, crews=crews)

    def value(self, condition: str, plan: str, figure: str, counted: str) -> float:
        """Look one headline figure up."""
        rows = self.headline.set_index(["condition", "plan", "figure", "counted"])["value"]
        return float(rows.loc[(condition, plan, figure, counted)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One plan under one condition: what both its static and its simulated figures are made of."""

    condition: str
    plan: str
    result: SimulationResult
    people: NDArray[np.float64]  # (n_demand,)
    inside: NDArray[np.bool_]  # (n_demand,)
    static: StaticCoverage
    points: pd.DataFrame
    counts: NDArray[np.float64]  # (replications, 2, n_demand): attained, all


def _case(condition: str, name: str, result: SimulationResult, static: StaticCoverage) -> _Case:
    attained, calls = attainment_counts(result)
    demand = result.demand
    happened = calls.sum(axis=0)
    points = static.worst.assign(
        condition=condition,
        plan=name,
        name=demand.names,
        township=demand.townships,
        zone=demand.zones,
        people=demand.people,
        lon=demand.lon if demand.lon is not None else math.nan,
        lat=demand.lat if demand.lat is not None else math.nan,
        available=static.available,
        calls=happened,
        attainment=np.divide(attained.sum(axis=0), happened, out=np.full(len(demand), math.nan), where=happened > 0),
    )
    return _Case(
        condition=condition,
        plan=name,
        result=result,
        people=demand.people,
        inside=np.array([zone in result.standard.presets for zone in demand.zones]),
        static=static,
        points=points,
        counts=np.stack([attained, calls], axis=1).astype(np.float64),
    )


def _static_value(case: _Case, figure: str, counted: str) -> tuple[float, float]:
    """Value of a static figure and what it was counted over, in zones with a reading."""
    weight = np.where(case.inside, case.people if counted == "people" else 1.0, 0.0)
    share = case.static.built if figure == "built_coverage" else case.static.available
    total = float(weight.sum())
    return (float(weight @ share) / total if total > 0 else math.nan), total


def _attainment_statistic(people: NDArray[np.float64], counted: str) -> Callable[[NDArray[np.float64]], float]:
    """Attainment of summed counts: by calls pooled, by points or people as a mean over points with calls."""

    def statistic(counts: NDArray[np.float64]) -> float:
        attained, calls = counts
        if counted == "calls":
            return float(attained.sum() / calls.sum()) if calls.sum() > 0 else math.nan
        weight = np.where(calls > 0, people if counted == "people" else 1.0, 0.0)
        share = np.divide(attained, calls, out=np.zeros_like(attained), where=calls > 0)
        return float(weight @ share / weight.sum()) if weight.sum() > 0 else math.nan

    return statistic


def _headline(case: _Case) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for figure in FIGURES[:2]:
        for counted in ("people", "points"):
            value, total = _static_value(case, figure, counted)
            rows.append((case.condition, case.plan, figure, counted, value, math.nan, math.nan, total))
    calls = case.counts[:, 1].sum(axis=0)
    sizes = {"calls": calls.sum(), "people": case.people[calls > 0].sum(), "points": (calls > 0).sum()}
    for counted in ("calls", "people", "points"):
        found = clustered_interval(_attainment_statistic(case.people, counted), case.counts)
        found = share_bounds(found, int((case.counts[:, 1].sum(axis=1) > 0).sum()))
        bounds = (found.value, found.low, found.high)
        rows.append((case.condition, case.plan, "attainment", counted, *bounds, float(sizes[counted])))
    return rows


def _differences(case: _Case, base: _Case) -> list[tuple[object, ...]]:
    """Differences to the baseline; the simulated one paired by replication, on the same calls."""
    rows: list[tuple[object, ...]] = []
    head = (case.condition, case.plan, base.plan)
    for figure in FIGURES[:2]:
        for counted in ("people", "points"):
            gain = _static_value(case, figure, counted)[0] - _static_value(base, figure, counted)[0]
            rows.append((*head, figure, counted, gain, math.nan, math.nan, 0))
    for counted in ("calls", "people", "points"):
        found = paired_difference(_attainment_statistic(case.people, counted), case.counts, base.counts).paired
        rows.append((*head, "attainment", counted, found.value, found.low, found.high, found.n))
    return rows


def _named(case: _Case, table: pd.DataFrame) -> pd.DataFrame:
    """Put condition and plan before a table of one case."""
    return pd.concat([pd.DataFrame({"condition": case.condition, "plan": case.plan}, index=table.index), table], axis=1)


def _misses(case: _Case) -> pd.DataFrame:
    counts = miss_reasons(case.result)
    total = case.counts[:, 1].sum()
    return pd.DataFrame(
        {
            "condition": case.condition,
            "plan": case.plan,
            "reason": counts.index.to_numpy(dtype=object),
            "calls": counts.to_numpy(),
            "share": counts.to_numpy() / max(total, 1),
        }
    )


def _check_pairing(
    condition: str, results: Mapping[str, SimulationResult], times: Times, standard: ResponseStandard
) -> None:
    """Plans are only compared on the same calls, replications, points and standard."""
    intact = times.intact if isinstance(times, TravelTimesEnsemble) else times
    base, first = next(iter(results.items()))
    columns = ["replication", "call", "demand_id", "type", "arrived_at_s"]
    calls = first.records[columns].astype({"demand_id": str, "type": str})
    for name, result in results.items():
        if result.demand.ids != intact.demand.ids:
            raise InputError(f"{name}, {condition}: the times and the simulation are of different demand points")
        if result.standard != standard:
            raise InputError(f"{name}, {condition}: simulated under another standard than the first result")
        same = result.replications == first.replications and result.horizon_s == first.horizon_s
        if not same or not result.records[columns].astype({"demand_id": str, "type": str}).equals(calls):
            raise InputError(f"{name} and {base}, {condition}: expected the same calls and replications")


def compare(
    results: Mapping[str, SimulationResult | Mapping[str, SimulationResult]],
    *,
    times: Times | Mapping[str, Times],
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare plans that were simulated on the same calls.

    Parameters
    ----------
    results : mapping of str to SimulationResult, or to a mapping by condition
        By plan, the baseline first. A single result stands under its own condition.
    times : TravelTimes or TravelTimesEnsemble, or a mapping of them by condition
        What the static figures are computed from; over an ensemble, weighted by the states' probabilities.
    progress : callable, optional
        Called with the states of a condition that are done and in all.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If plans were simulated on different calls or standards, or a condition has no times.
    """
    if not results:
        raise InputError("compare: expected at least one plan")
    by_plan = {
        name: {found.condition: found} if isinstance(found, SimulationResult) else dict(found)
        for name, found in results.items()
    }
    if empty := [name for name, found in by_plan.items() if not found]:
        raise InputError(f"compare: no result for {empty}")
    conditions = tuple(dict.fromkeys(condition for found in by_plan.values() for condition in found))
    by_condition = dict(times) if isinstance(times, Mapping) else dict.fromkeys(conditions, times)
    if missing := [condition for condition in conditions if condition not in by_condition]:
        raise InputError(f"compare: no travel times for {missing}")
    standard = next(iter(by_plan[next(iter(by_plan))].values())).standard
    headline, differences, stages, points, misses = [], [], [], [], []
    townships, zones, kept, phases, villages = [], [], [], [], []
    notes = list(_notes(by_plan))
    for condition in conditions:
        here = {name: found[condition] for name, found in by_plan.items() if condition in found}
        _check_pairing(condition, here, by_condition[condition], standard)
        plans = {name: result.plan for name, result in here.items()}
        static = static_coverage(by_condition[condition], plans, standard, progress=progress)
        cases = [_case(condition, name, result, static[name]) for name, result in here.items()]
        notes += _observed(cases[0])
        for case in cases:
            headline += _headline(case)
            townships.append(_named(case, figures_by_place(case.result, case.static, by="township")))
            zones.append(_named(case, figures_by_place(case.result, case.static, by="zone")))
            kept.append(_named(case, stage_attainment(case.result)))
            if condition != "intact":
                phases.append(_named(case, attainment_by_phase(case.result)))
            stages.append(_named(case, stage_table(case.result, case.static.planned_drive_s)))
            points.append(case.points)
            misses.append(_misses(case))
            places = attainment_by_place(case.result, by="village")
            villages.append(_named(case, places[places["missed"] > 0]))
            if case is not cases[0]:
                differences += _differences(case, cases[0])
    return Comparison(
        plans={name: next(iter(found.values())).plan for name, found in by_plan.items()},
        conditions=conditions,
        standard=standard,
        headline=pd.DataFrame(headline, columns=_HEADLINE_COLUMNS),
        differences=pd.DataFrame(differences, columns=_DIFFERENCE_COLUMNS),
        townships=pd.concat(townships, ignore_index=True),
        zones=pd.concat(zones, ignore_index=True),
        kept=pd.concat(kept, ignore_index=True),
        phases=pd.concat(phases, ignore_index=True) if phases else pd.DataFrame(),
        stages=pd.concat(stages, ignore_index=True),
        points=pd.concat(points, ignore_index=True),
        misses=pd.concat(misses, ignore_index=True),
        villages=pd.concat(villages, ignore_index=True),
        notes=tuple(notes),
    )


_HEADLINE_COLUMNS = ["condition", "plan", "figure", "counted", "value", "low", "high", "n"]
_DIFFERENCE_COLUMNS = [
    "condition",
    "plan",
    "baseline",
    "figure",
    "counted",
    "difference",
    "low",
    "high",
    "replications",
]


def _observed(case: _Case) -> list[str]:
    """Say how much of the people the attainment by people and by points rests on, where it is not all."""
    people = np.where(case.inside, case.people, 0.0)
    share = float(people[case.counts[:, 1].sum(axis=0) > 0].sum() / max(people.sum(), 1e-9))
    if share > 0.995:
        return []
    zh_condition = "正常" if case.condition == "intact" else case.condition
    return [
        Note(
            f"{case.condition}: attainment by people and by points rests on the points that had calls, "
            f"with {share:.0%} of the people",
            f"{zh_condition}：按人口和按需求点的达标率只计有呼叫的点，占人口 {share:.0%}",
        )
    ]


def _notes(by_plan: Mapping[str, Mapping[str, SimulationResult]]) -> tuple[str, ...]:
    """Say what was odd in the simulations, and which points have no standard and are in no figure."""
    every = (result for by_condition in by_plan.values() for result in by_condition.values())
    said = tuple(dict.fromkeys(note for result in every for note in result.notes))
    result = next(iter(next(iter(by_plan.values())).values()))
    demand = result.demand
    outside = np.array([zone not in result.standard.presets for zone in demand.zones])
    if not outside.any():
        return said
    points, people = int(outside.sum()), demand.people[outside].sum()
    return (
        *said,
        Note(
            f"{points} points with {people:.0f} people lie in zones without a standard and are in none of the "
            "three figures",
            f"{points} 个点、{people:.0f} 人所在区域没有标准，不计入三项指标",
        ),
    )
