"""Runs a scenario from its file to the report: the main job."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from rescuesim._words import Note, in_language
from rescuesim.disruption import Disruption
from rescuesim.errors import InputError
from rescuesim.plan import Plan
from rescuesim.report.comparison import Comparison, compare
from rescuesim.report.document import report_writers, write_files, write_json
from rescuesim.report.labels import Lang
from rescuesim.report.siting_files import force_summary, solution_force
from rescuesim.report.siting_words import siting_facts
from rescuesim.report.static_coverage import Times
from rescuesim.scenario.dispatch_words import simulated_in_words
from rescuesim.scenario.dispatching import asked_calls, asked_options
from rescuesim.scenario.model import Scenario
from rescuesim.scenario.prepare import Prepared, prepare
from rescuesim.scenario.siting_run import check_results_folder, site_prepared
from rescuesim.simulation import SimulationResult, simulate
from rescuesim.siting import SitingSolution
from rescuesim.travel import TravelTimes, travel_times

__all__ = ["Outcome", "run", "run_prepared"]

Progress = Callable[[str, int, int], None]
TODAY, PLAN = "today", "plan"
_FILES = ("summary.json", "plan.json", "sites.csv", "records.parquet", "comparison.csv", "map.png", "report.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found and wrote.

    Parameters
    ----------
    prepared : Prepared
        The artefacts that went in.
    times : TravelTimes
    solution : SitingSolution
    comparison : Comparison or None
        None where the siting has no solution.
    summary : dict of str to object
        The content of ``summary.json``.
    files : dict of str to Path
        What was written, by name.
    simulated : tuple of Note
        What was simulated, in words; nothing where the siting has no solution.
    """

    prepared: Prepared
    times: TravelTimes
    solution: SitingSolution
    comparison: Comparison | None
    summary: dict[str, object]
    files: dict[str, Path]
    simulated: tuple[Note, ...] = ()


def _quiet(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def run(
    scenario: Scenario, *, out: Path | str | None = None, lang: Lang = "en", progress: Progress | None = None
) -> Outcome:
    """Run a scenario: site stations, simulate today and the plan, intact and broken, and report.

    Parameters
    ----------
    scenario : Scenario
    out : path, optional
        Folder for ``summary.json``, ``plan.json``, ``sites.csv``, ``records.parquet``, ``comparison.csv``,
        ``map.png`` and ``report.html``; nothing is written if absent, or if anything is wrong.
    lang : {'zh', 'en'}, optional
        Language of the page and the figure.
    progress : callable, optional
        Called with the stage, the steps done and all steps.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        With every fault of every file that the scenario names.
    """
    tell = progress or _quiet
    tell("load", 0, 1)
    began = time.perf_counter()
    checked = prepare(scenario)
    if checked.faults or checked.prepared is None:
        raise InputError(checked.faults)
    tell("load", 1, 1)
    return run_prepared(checked.prepared, out=out, lang=lang, progress=tell, load_s=time.perf_counter() - began)


def run_prepared(
    prepared: Prepared,
    *,
    out: Path | str | None = None,
    lang: Lang = "en",
    progress: Progress = _quiet,
    load_s: float = 0.0,
) -> Outcome:
    """Run a scenario whose artefacts are loaded; see `run`."""
    clock = {"load_s": load_s}
    scenario, network = prepared.scenario, prepared.network
    if out is not None:
        check_results_folder(prepared.scenario, Path(out), _FILES)

    def timed(name: str, since: float) -> None:
        clock[name] = time.perf_counter() - since

    progress("travel times", 0, 1)
    since = time.perf_counter()
    limit = scenario.network.snap_limit_m
    times = travel_times(network, prepared.sites, prepared.demand, snap_limit_m=limit)
    timed("travel_times_s", since)
    progress("travel times", 1, 1)
    since = time.perf_counter()
    prepared = prepared.drawn(lambda at, total: progress("disruptions", at, total))
    timed("disruptions_s", since)
    progress("siting", 0, 1)
    since = time.perf_counter()
    solution = site_prepared(prepared, times)
    timed("siting_s", since)
    progress("siting", 1, 1)
    if solution.status in ("infeasible", "unknown"):
        summary = _summary(prepared, solution, None, clock)
        return Outcome(prepared=prepared, times=times, solution=solution, comparison=None, summary=summary, files={})
    since = time.perf_counter()
    plans = _plans(prepared, solution.plan)
    options, left_out = asked_options(scenario.simulation, plans.values(), prepared.standard)
    simulated = (*simulated_in_words(scenario.simulation, cases := _cases(prepared)), *left_out)
    results = _simulate(prepared, plans, cases, options, progress)
    timed("simulation_s", since)
    progress("comparison", 0, 1)
    since = time.perf_counter()
    by_condition: dict[str, Times] = {"intact": times}
    if prepared.disruptions and scenario.disruption is not None:
        states = prepared.broken_states()
        broken = travel_times(network, prepared.sites, prepared.demand, states=states, snap_limit_m=limit)
        by_condition[scenario.disruption.label] = broken
    comparison = compare(results, times=by_condition, progress=lambda at, all_: progress("comparison", at, all_))
    timed("comparison_s", since)
    summary = _summary(prepared, solution, comparison, clock)
    summary["simulated"] = list(simulated)
    files: dict[str, Path] = {}
    if out is not None:
        progress("report", 0, 1)
        files = _write(prepared, solution, results, comparison, summary, Path(out), lang, simulated)
        progress("report", 1, 1)
    return Outcome(
        prepared=prepared,
        times=times,
        solution=solution,
        comparison=comparison,
        summary=summary,
        files=files,
        simulated=simulated,
    )


def _plans(prepared: Prepared, plan: Plan) -> dict[str, Plan]:
    """Return today and the plan."""
    plans = {TODAY: Plan.today(prepared.sites), PLAN: plan}
    # a county without any station today has nothing to compare the plan with
    return {name: its_plan for name, its_plan in plans.items() if its_plan.stations}


def _cases(prepared: Prepared) -> list[tuple[str, int, float]]:
    """Return the conditions with their replications and the seconds of each."""
    chosen, disruption = prepared.scenario.simulation, prepared.scenario.disruption
    cases = [("intact", chosen.replications, chosen.horizon_days * 86_400)]
    if prepared.disruptions and disruption is not None:
        many = disruption.replications or chosen.replications
        cases.append((disruption.label, many, disruption.horizon_h * 3600))
    return cases


def _simulate(
    prepared: Prepared,
    plans: Mapping[str, Plan],
    cases: Sequence[tuple[str, int, float]],
    options: Mapping[str, Any],
    progress: Progress,
) -> dict[str, dict[str, SimulationResult]]:
    """Simulate today and the plan, intact and broken, on the same calls."""
    scenario, chosen = prepared.scenario, prepared.scenario.simulation
    calls = asked_calls(chosen, prepared.overrides)
    results: dict[str, dict[str, SimulationResult]] = {name: {} for name in plans}
    total, done = len(plans) * sum(many for _, many, _ in cases), 0
    for condition, many, horizon_s in cases:
        for name, its_plan in plans.items():
            before = done
            found = simulate(
                its_plan,
                network=prepared.network,
                demand=prepared.demand,
                standard=prepared.standard,
                calls=calls,
                disruptions=None if condition == "intact" else prepared.disruptions,
                replications=many,
                horizon_s=horizon_s,
                seed=scenario.seed,
                **options,
                known_sites=prepared.sites.ids,
                snap_limit_m=scenario.network.snap_limit_m,
                progress=lambda at, _, before=before: progress("simulation", before + at, total),  # type: ignore[misc]
            )
            # drawn disruptions have labels of their own; they are one condition
            results[name][condition] = replace(found, condition=condition)
            done += many
    return results


def _write(
    prepared: Prepared,
    solution: SitingSolution,
    results: dict[str, dict[str, SimulationResult]],
    comparison: Comparison,
    summary: dict[str, object],
    out: Path,
    lang: Lang,
    simulated: Sequence[Note],
) -> dict[str, Path]:
    closed: dict[str, list[int]] = {}
    if prepared.disruptions and prepared.scenario.disruption is not None:
        closed[prepared.scenario.disruption.label] = _often_closed(prepared.disruptions)
    records = pd.concat(
        [
            found.records.assign(plan=plan, condition=condition)
            for plan, by_condition in results.items()
            for condition, found in by_condition.items()
        ],
        ignore_index=True,
    )
    opened = set(solution.plan.opened)
    sites = prepared.sites.to_frame().assign(
        open_today=prepared.sites.with_status("existing"),
        open_in_plan=[id_ in opened for id_ in prepared.sites.ids],
        units_in_plan=[solution.plan.units.get(id_, 0) for id_ in prepared.sites.ids],
    )
    force = solution_force(solution)
    staff = [str(name) for name in force if str(name) in ("turn_out", "roster") or str(name).startswith("people_")]
    staffed = force[["id", *staff]].rename(columns={name: f"{name}_in_plan" for name in staff})
    sites = sites.merge(staffed, on="id", how="left", validate="one_to_one")
    writers = {
        "summary.json": lambda path: write_json(path, summary),
        "plan.json": lambda path: path.write_text(solution.plan.to_json() + "\n", encoding="utf-8"),
        "sites.csv": lambda path: sites.to_csv(path, index=False, encoding="utf-8-sig"),
        "records.parquet": lambda path: records.to_parquet(path, index=False),
        **report_writers(
            comparison,
            network=prepared.network,
            title=prepared.scenario.name,
            closed_roads=closed,
            lang=lang,
            facts=siting_facts(solution, prepared.people, lang),
            extra_notes=prepared.notes,
            force={"plan": force},
            simulated=[in_language(line, lang) for line in simulated],
        ),
    }
    return write_files(out, writers)


def _often_closed(disruptions: Sequence[Disruption]) -> list[int]:
    """Return the roads that are shut for some time in at least half of the disruptions, by probability."""
    shut: dict[int, float] = {}
    for one in disruptions:
        for road in {outage.closure.road for outage in one.roads if outage.closure.shuts}:
            shut[road] = shut.get(road, 0.0) + one.probability
    half = sum(one.probability for one in disruptions) / 2
    return sorted(road for road, weight in shut.items() if weight >= half - 1e-12)


def _summary(
    prepared: Prepared, solution: SitingSolution, comparison: Comparison | None, clock: dict[str, float]
) -> dict[str, object]:
    """Collect what ``summary.json`` holds; everything but ``timings`` repeats to the letter."""
    scenario, roads = prepared.scenario, prepared.network.summary()
    points = solution.points
    summary: dict[str, object] = {
        "scenario": scenario.name,
        "seed": scenario.seed,
        "standard": prepared.standard.name,
        "definition": prepared.standard.explain().splitlines(),
        "network": {
            "nodes": roads.nodes,
            "edges": roads.edges,
            "roads": roads.roads,
            "length_km": roads.length_km,
        },
        "siting": {
            "objective_name": solution.objective_name,
            "objectives": list(scenario.siting.objectives),
            "status": solution.status,
            "objective": solution.objective,
            "best_bound": solution.best_bound,
            "bound_source": solution.bound_source,
            "gap": solution.gap,
            "ties_broken": solution.ties_broken,
            "message": solution.message,
            "opened": list(solution.opened),
            "new_sites": [site.id for site in solution.plan.new_sites()],
            "cost": round(solution.plan.cost, 6),
            **({} if solution.status in ("infeasible", "unknown") else {"force": force_summary(solution)}),
            "covered_points": int(points["covered"].sum()),
            "uncovered_by_reason": points.loc[~points["covered"], "reason"].value_counts().sort_index().to_dict(),
            "uncoverable_by_reason": solution.uncoverable["reason"].value_counts().sort_index().to_dict(),
        },
        "notes": list(prepared.notes),
    }
    if comparison is not None:
        summary["headline"] = comparison.headline.to_dict("records")
        summary["differences"] = comparison.differences.to_dict("records")
        summary["misses"] = comparison.misses.to_dict("records")
        summary["kept"] = comparison.kept.to_dict("records")
        summary["phases"] = comparison.phases.to_dict("records")
        summary["notes"] = [*prepared.notes, *comparison.notes]
    summary["timings"] = dict(clock)
    return summary
