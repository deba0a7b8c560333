"""Runs the siting of a scenario alone: the plan, why it is so, and the files that say it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from rescuesim.errors import Fault, InputError
from rescuesim.report.document import check_folder, write_files
from rescuesim.report.labels import Lang
from rescuesim.report.siting_files import siting_summary, siting_writers
from rescuesim.scenario.asked import asked_constraints, asked_objective
from rescuesim.scenario.model import Scenario
from rescuesim.scenario.prepare import Prepared
from rescuesim.siting import SitingSolution, site
from rescuesim.travel import TravelTimes, TravelTimesEnsemble, travel_times

__all__ = ["SITING_FILES", "SitingOutcome", "check_results_folder", "run_siting", "site_prepared"]

SITING_FILES = (
    *("plan.json", "siting.json", "explanation.txt", "siting.xlsx", "map.png"),
    *(
        "summary.csv",
        "sites.csv",
        "points.csv",
        "uncovered.csv",
        "measures.csv",
        "opened_sites.csv",
        "alternatives.csv",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingOutcome:
    """What a siting found and wrote.

    Parameters
    ----------
    prepared : Prepared
    times : TravelTimes
    solution : SitingSolution
    summary : dict of str to object
        The content of ``siting.json``.
    files : dict of str to Path
        What was written, by name.
    """

    prepared: Prepared
    times: TravelTimes
    solution: SitingSolution
    summary: dict[str, object]
    files: dict[str, Path]


def _times_asked(prepared: Prepared, times: TravelTimes) -> TravelTimes | TravelTimesEnsemble:
    """Return the times, over the states that the disruption goes through where the objective has a risk."""
    if prepared.scenario.siting.risk is None:
        return times
    if prepared.scenario.disruption is None:
        raise InputError("siting.risk: expected a section [disruption], or --closures")
    return TravelTimesEnsemble(intact=times, states=prepared.drawn().broken_states())


def site_prepared(
    prepared: Prepared, times: TravelTimes, *, kind: str = "station", limit_s: float | None = None
) -> SitingSolution:
    """Site as the scenario asks.

    Parameters
    ----------
    prepared : Prepared
    times : TravelTimes
    kind : str, optional
        The sites that take part.
    limit_s : float, optional
        One limit for all instead of the scenario's standard.

    Raises
    ------
    InputError
        If objectives or side conditions contradict each other or the tables.
    """
    scenario = prepared.scenario
    chosen = scenario.siting
    try:
        constraints = asked_constraints(
            chosen.constraints, prepared.network, prepared.sites, snap_limit_m=scenario.network.snap_limit_m
        )
        return site(
            _times_asked(prepared, times),
            asked_objective(chosen, prepared.sites, kind=kind),
            standard=prepared.standard if limit_s is None else None,
            limit_s=limit_s,
            constraints=constraints,
            kind=kind,
            units_per_new_site=scenario.plan.units_per_new_site,
            solve_limit_s=chosen.solve_limit_s,
            relative_gap=chosen.relative_gap,
            workers=chosen.workers,
            seed=scenario.seed,
        )
    except InputError as error:
        name = f"{scenario.path.name}, siting"
        raise InputError(error.faults or [Fault(problem=f"{name}: {error}")]) from None


def check_results_folder(scenario: Scenario, out: Path, names: Collection[str]) -> None:
    """Refuse, before any work, a folder that cannot be written to or in which an input would be overwritten."""
    inputs = {scenario.path.resolve(), *(scenario.file(name) for name in scenario.named_files().values())}
    clash = sorted(path.name for path in inputs if path.parent == out.resolve() and path.name in names)
    if clash:
        raise InputError(f"{out}: expected another folder for the results; {', '.join(clash)} there is an input")
    if folders := sorted(name for name in names if (out / name).is_dir()):
        raise InputError(f"{out}: expected another folder for the results; {', '.join(folders)} there is a folder")
    check_folder(out)


def run_siting(
    prepared: Prepared,
    *,
    out: Path | None = None,
    kind: str = "station",
    limit_s: float | None = None,
    lang: Lang = "zh",
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> SitingOutcome:
    """Compute times, site, explain and write.

    Parameters
    ----------
    prepared : Prepared
    out : Path, optional
        Folder for the files of `SITING_FILES`; nothing is written if absent, or where there is no plan.
    kind, limit_s
        As in `site_prepared`.
    lang : {'zh', 'en'}, optional
        Language of words, headings and map.
    progress : callable, optional
        Called with the stage, the steps done and all steps.

    Returns
    -------
    SitingOutcome
    """
    if out is not None:
        check_results_folder(prepared.scenario, out, SITING_FILES)
    progress("travel times", 0, 1)
    began = time.perf_counter()
    snap_limit_m = prepared.scenario.network.snap_limit_m
    times = travel_times(prepared.network, prepared.sites, prepared.demand, snap_limit_m=snap_limit_m)
    took = {"travel_times_s": time.perf_counter() - began}
    progress("travel times", 1, 1)
    progress("siting", 0, 1)
    began = time.perf_counter()
    solution = site_prepared(prepared, times, kind=kind, limit_s=limit_s)
    took["siting_s"] = time.perf_counter() - began
    progress("siting", 1, 1)
    summary = siting_summary(solution, standard=prepared.standard if limit_s is None else None, limit_s=limit_s)
    summary |= {"scenario": prepared.scenario.name, "notes": [*prepared.notes, *solution.notes], "timings": took}
    files: dict[str, Path] = {}
    if out is not None and solution.status in ("optimal", "feasible"):
        progress("report", 0, 1)
        files = write_files(out, siting_writers(solution, prepared.network, summary=summary, lang=lang))
        progress("report", 1, 1)
    return SitingOutcome(prepared=prepared, times=times, solution=solution, summary=summary, files=files)
