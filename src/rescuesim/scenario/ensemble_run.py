"""Runs a scenario as an ensemble: today and the plan, intact and broken, in parts that outlive an interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from rescuesim._words import Note
from rescuesim.disruption import Disruption, Disruptions, load_disruptions
from rescuesim.errors import DataFileError, Fault, InputError
from rescuesim.plan import Plan
from rescuesim.scenario.dispatch_words import simulated_in_words
from rescuesim.scenario.dispatching import asked_calls, asked_options
from rescuesim.scenario.prepare import Prepared
from rescuesim.scenario.sections import DisruptionSection
from rescuesim.scenario.siting_run import site_prepared
from rescuesim.simulation.ensemble import Ensemble, EnsembleProgress, content_hash, open_ensemble, simulate_ensemble
from rescuesim.simulation.ensemble.manifest import MANIFEST
from rescuesim.travel import travel_times

__all__ = ["EnsembleAsked", "ensemble_prepared"]

TODAY, PLAN, INTACT, SITING = "today", "plan", "intact", "siting"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleAsked:
    """What is asked for beside the scenario.

    Parameters
    ----------
    out : Path
    plans, disruptions : mapping of str to Path
        Files by name: plans as ``plan.json``, disruptions as ``disruptions.parquet``. Without plans: today and that
        of the scenario's siting.
    replications : int, optional
        Of the scenario if absent.
    horizon_days : float, optional
        Of the scenario if absent.
    """

    out: Path
    plans: Mapping[str, Path]
    disruptions: Mapping[str, Path]
    replications: int | None = None
    horizon_days: float | None = None


def ensemble_prepared(
    prepared: Prepared,
    asked: EnsembleAsked,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    tell: Callable[[str, int, int], None] = lambda stage, done, total: None,
    progress: Callable[[EnsembleProgress], None] | None = None,
) -> Ensemble:
    """Simulate a scenario's plans through its disruptions; taken up again where an earlier run stopped.

    Parameters
    ----------
    prepared : Prepared
    asked : EnsembleAsked
    workers, executor
        As in `simulate_ensemble`.
    tell : callable, optional
        Called with the stage, the steps done and all steps before the simulation begins.
    progress : callable, optional
        Of the simulation.

    Returns
    -------
    Ensemble

    Raises
    ------
    InputError
        If the siting finds no plan, a name stands twice, or as in `simulate_ensemble`.
    """
    scenario, chosen = prepared.scenario, prepared.scenario.simulation
    plans = {name: _plan(path) for name, path in asked.plans.items()}
    named: dict[str, Disruption | Disruptions | None] = {
        name: load_disruptions(path) for name, path in asked.disruptions.items()
    }
    about: dict[str, str] = {}
    if not plans:
        sections = (scenario.siting, scenario.plan, scenario.disruption)
        asked_of_siting = [None if one is None else one.model_dump() for one in sections]
        about[SITING] = content_hash(asked_of_siting, scenario.seed, prepared.sites)
        plans = _today_and_plan(prepared, asked.out, about[SITING], tell)
    conditions: dict[str, Disruption | Disruptions | None] = {INTACT: None}
    if scenario.disruption is not None:
        conditions[scenario.disruption.label] = _drawn(prepared, tell)
    if clash := sorted(set(conditions) & set(named)):
        expected = "a name of its own; the scenario has this one"
        raise InputError([Fault(column="disruptions", value=clash[0], expected=expected)])
    options, said = asked_options(chosen, plans.values(), prepared.standard)
    many = chosen.replications if asked.replications is None else asked.replications
    horizon_s = (chosen.horizon_days if asked.horizon_days is None else asked.horizon_days) * 86_400
    settings = simulated_in_words(chosen, [])[1:]  # how many of what the manifest says
    return simulate_ensemble(
        plans,
        network=prepared.network,
        demand=prepared.demand,
        standard=prepared.standard,
        out=asked.out,
        calls=asked_calls(chosen, prepared.overrides),
        disruptions={**conditions, **named},
        replications=many,
        horizon_s=horizon_s,
        seed=scenario.seed,
        workers=workers,
        executor=executor,
        progress=progress,
        about=about,
        said=(*settings, *said, *_horizon_notes(scenario.disruption, horizon_s, many)),
        **options,
        known_sites=prepared.sites.ids,
        snap_limit_m=scenario.network.snap_limit_m,
    )


def _horizon_notes(disruption: DisruptionSection | None, horizon_s: float, replications: int) -> tuple[Note, ...]:
    """Say where an ensemble does not follow the length and number that a scenario gives its disruption."""
    if disruption is None:
        return ()
    own_s, own = disruption.horizon_h * 3600, disruption.replications or replications
    if own_s == horizon_s and own == replications:
        return ()
    hours, label, days = f"{disruption.horizon_h:g}", disruption.label, horizon_s / 86_400
    if disruption.replications is None:  # a number that the file does not give is not told as the file's
        own_zh, own_en = f"horizon_h（{hours} 小时）", f"horizon_h ({hours} h) is"
    else:
        own_zh = f"replications、horizon_h（{own} 次、每次 {hours} 小时）"
        own_en = f"replications and horizon_h ({own} of {hours} h) are"
    return (
        Note(
            f"{label}: the scenario's own {own_en} for `rescuesim run`; here "
            f"all conditions have {replications} of {days:g} days, so that calls pair; `--days` and `--replications` "
            "change that.",
            f"{label}：情景文件中该灾情的 {own_zh}只用于 rescuesim run；"
            f"此处各情景一律 {replications} 次、每次 {days:g} 天，以便逐次配对，可用 --days、--replications 更改。",
        ),
    )


def _plan(path: Path) -> Plan:
    try:
        return Plan.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror or error})") from None


def _today_and_plan(
    prepared: Prepared, out: Path, siting: str, tell: Callable[[str, int, int], None]
) -> dict[str, Plan]:
    """Return today's plan and the sited one: that of the run that is taken up again, if it asked for the same."""
    today = Plan.today(prepared.sites)
    # a county without any station today has nothing to compare the plan with
    before = {TODAY: today} if today.stations else {}
    if (out / MANIFEST).exists():
        held = open_ensemble(out).manifest
        # a siting that stops at a time limit need not find the same plan again; other inputs are refused by their hash
        if held.about.get(SITING) == siting and PLAN in held.plans:
            return {**before, PLAN: held.plans[PLAN]}
    tell("siting", 0, 1)
    limit = prepared.scenario.network.snap_limit_m
    times = travel_times(prepared.network, prepared.sites, prepared.demand, snap_limit_m=limit)
    solution = site_prepared(prepared, times)
    tell("siting", 1, 1)
    if solution.status in ("infeasible", "unknown"):
        expected = f"a siting that finds a plan: {solution.message}"
        infeasible = solution.status == "infeasible"
        raise InputError([Fault(column="siting", value=solution.status, expected=expected, infeasible=infeasible)])
    return {**before, PLAN: solution.plan}


def _drawn(prepared: Prepared, tell: Callable[[str, int, int], None]) -> Disruption | Disruptions:
    drawn = prepared.drawn(lambda at, total: tell("disruptions", at, total)).disruptions
    return drawn[0] if len(drawn) == 1 else Disruptions(disruptions=drawn)
