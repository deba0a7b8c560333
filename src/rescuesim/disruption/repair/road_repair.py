"""repair_roads: from damages and crews to closures with an end."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import default
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.outages import RoadDamage, RoadSlowing
from rescuesim.disruption.repair.choosing import Rule
from rescuesim.disruption.repair.covered_people import PeopleCovered, open_note, open_sites
from rescuesim.disruption.repair.crews import RepairCrew, crew_positions
from rescuesim.disruption.repair.jobs import Setting, build_setting
from rescuesim.disruption.repair.optimised import Judged, best_order
from rescuesim.disruption.repair.road_jobs import fronts_of, job_notes, job_of, too_long_notes
from rescuesim.disruption.repair.road_options import (
    RepairOrder,
    damage_faults,
    listed_damages,
    option_faults,
    place_weights,
)
from rescuesim.disruption.repair.road_outcome import RoadRepairs, curve_of, repairs_of
from rescuesim.disruption.repair.rolling import rolling_plans
from rescuesim.disruption.repair.rules import (
    ByOrder,
    IsolatedFirst,
    MostPeople,
    NearestFirst,
    TrunkFirst,
    class_ranks,
)
from rescuesim.disruption.repair.schedule import work_out
from rescuesim.disruption.repair.work_clock import hours_of_work
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

__all__ = ["repair_roads"]


def repair_roads(
    network: RoadNetwork,
    damages: Sequence[RoadDamage],
    crews: Sequence[RepairCrew],
    *,
    horizon_s: float,
    order: RepairOrder = "trunk_first",
    given: Sequence[int | str] | None = None,
    demand: DemandPoints | None = None,
    sites: CandidateSites | None = None,
    limit_s: ArrayLike | None = None,
    opened: Iterable[str] | None = None,
    places: Mapping[str, float] | None = None,
    slowings: Sequence[RoadSlowing] = (),
    crew_network: RoadNetwork | None = None,
    onset_h: float | None = None,
    night_work: bool = False,
    stopped_s: Sequence[tuple[float, float]] = (),
    widen_at_once: bool = False,
    try_all_up_to: int = 6,
    most_tried: int = 1000,
    solve_limit_s: float = math.inf,
    seed: int = 0,
    sample: int = 0,
) -> RoadRepairs:
    """Work out when damaged roads are open again, with crews that drive on the roads as they are.

    Parameters
    ----------
    network : RoadNetwork
    damages : sequence of RoadDamage
    crews : sequence of RepairCrew
        Those of kind ``road`` and ``bridge`` work here.
    horizon_s : float
        Seconds after the onset up to which crews work.
    order : str, optional
        ``trunk_first`` (class of the road, then the nearest; last what a short detour leads around or what is not done
        before the horizon), ``nearest_first``, ``most_people`` (brought back an
        hour), ``isolated_first`` (the cut-off place of the highest weight), ``given``, or ``optimised``: the largest
        area under the curve of covered people.
    given : sequence of int or str, optional
        With ``given``: all damages, by index or by label, first to be mended first.
    demand : DemandPoints, optional
    sites : CandidateSites, optional
        From which crews may start, and whose open ones cover.
    limit_s : array_like of float, optional
        As in `covered_people_curve`; with demand and sites the curve is worked out for every policy.
    opened : iterable of str, optional
        Ids of the open sites; existing and required ones if absent.
    places : mapping of str to float, optional
        With ``isolated_first``: weight of each demand point that counts, patients as a rule; the people of all points
        if absent.
    slowings : sequence of RoadSlowing, optional
        Roads that are slow meanwhile.
    crew_network : RoadNetwork, optional
        The same roads with the times of the crews' vehicles; if absent those of `network`, at a heavy truck's pace.
    onset_h : float, optional
        Hour of the day of the onset, for the nights; ``clearing.onset_h`` if absent.
    night_work : bool, optional
        Whether crews clear at night; temporary bridges go by the calendar in any case.
    stopped_s : sequence of tuple of float, optional
        Spells without work, such as rain, in seconds after the onset.
    widen_at_once : bool, optional
        Whether a crew stays until a road is as wide as before, rather than opening one lane elsewhere first.
    try_all_up_to, most_tried : int, optional
        With ``optimised``: damages up to which every order is tried, and the lists that are tried beyond.
    solve_limit_s : float, optional
        With ``optimised``: wall time after which the best order so far is taken, as after Ctrl-C. Without it the result
        does not depend on the machine.
    seed, sample : int, optional
        Of the days that temporary bridges take.

    Returns
    -------
    RoadRepairs

    Raises
    ------
    InputError
        With everything that is wrong: roads that do not exist, bases off the roads, a list that is not complete.

    Notes
    -----
    `rescuesim.disruption.repair.schedule` says how crews go about it. The optimised order is chosen among all lists
    (up to `try_all_up_to` damages) or by a plan with a rolling horizon and local search, and among the schedules of all
    the simple rules, so that it is never worse than any of these on the same data.

    References
    ----------
    Ajam, M., Akbari, V., & Salman, F. S. (2019). Minimizing latency in post-disaster road clearance operations.
    European Journal of Operational Research 277(3), 1098-1112. doi:10.1016/j.ejor.2019.03.024 (crews on the roads that
    they clear)
    """
    team = [crew for crew in crews if crew.kind in ("road", "bridge")]
    bases, faults = crew_positions(network, team, sites)
    faults += damage_faults(network, damages, slowings)
    faults += option_faults(order, given, demand, sites, limit_s, try_all_up_to, most_tried, solve_limit_s)
    listed, wrong = listed_damages(given, damages) if given is not None else ([], [])
    weight, also_wrong = place_weights(places, demand)
    faults += [*wrong, *also_wrong]
    if faults or bases is None:
        raise InputError(faults)
    clock, notes = hours_of_work(horizon_s=horizon_s, onset_h=onset_h, night_work=night_work, stopped_s=stopped_s)
    bridge_kind = "bridge" if any(crew.kind == "bridge" for crew in team) else "road"
    jobs = [job_of(damage, seed, sample, bridge_kind) for damage in damages]
    notes += job_notes(damages, jobs, team)
    closures = [damage.closure for damage in damages]
    setting = build_setting(
        network,
        crew_network,
        closures=closures,
        jobs=jobs,
        fronts=fronts_of(network, closures),
        crews=team,
        bases=bases,
        clock=clock,
        slowings=slowings,
        widen_at_once=widen_at_once,
        horizon_s=float(horizon_s),
    )
    notes += too_long_notes(setting)
    people = None
    if demand is not None and sites is not None and limit_s is not None:
        chosen = open_sites(sites, opened)
        notes += [open_note(len(chosen))] if opened is None else []
        people = PeopleCovered.of(network, closures, sites, demand, limit_s, opened=chosen)
    rules = _simple_rules(network, closures, people, weight)
    if order == "optimised":
        assert people is not None
        return _optimised(damages, setting, people, rules, try_all_up_to, most_tried, solve_limit_s, notes)
    rule = ByOrder.of(listed) if order == "given" else rules[order]
    return repairs_of(damages, setting, work_out(setting, rule), people, order=order, notes=notes)


def _optimised(
    damages: Sequence[RoadDamage],
    setting: Setting,
    people: PeopleCovered,
    rules: Mapping[str, Rule],
    try_all_up_to: int,
    most_tried: int,
    solve_limit_s: float,
    notes: Sequence[str],
) -> RoadRepairs:
    """Search for the best order, from the schedules of the simple rules and of a plan on."""
    stop_s = time.monotonic() + solve_limit_s

    def judge(rule: Rule) -> Judged:
        schedule = work_out(setting, rule)
        return Judged(schedule=schedule, area_person_h=curve_of(schedule, setting, people).area_person_h)

    def judge_list(some: Sequence[int]) -> Judged:
        return judge(ByOrder.of(some))

    def left_s() -> float:
        return stop_s - time.monotonic()

    simple = {name: judge(rule) for name, rule in rules.items()}
    best = best_order(
        len(damages),
        judge_list,
        simple,
        free=[number for number, job in enumerate(setting.jobs) if job.stages_s],
        try_all_up_to=try_all_up_to,
        most_tried=most_tried,
        planned=rolling_plans(setting, people, judge_list, left_s=left_s),
        is_over=lambda: left_s() <= 0,
    )
    return repairs_of(
        damages,
        setting,
        best.judged.schedule,
        people,
        order="optimised",
        notes=notes,
        status="optimal" if best.all_orders else "feasible",
        tried=best.tried,
        came_from=best.came_from,
        simple={name: judged.area_person_h for name, judged in simple.items()},
    )


def _simple_rules(
    network: RoadNetwork, closures: Sequence[Closure], people: PeopleCovered | None, weight: NDArray[np.float64]
) -> dict[str, Rule]:
    rules: dict[str, Rule] = {
        "trunk_first": TrunkFirst(
            rank=class_ranks(network, [closure.road for closure in closures]),
            detour_s=default("clearing.detour_min").number * 60,
        ),
        "nearest_first": NearestFirst(),
    }
    if people is not None:
        most = MostPeople(people=people, weight=people.people)
        rules["most_people"] = most
        rules["isolated_first"] = IsolatedFirst(people=people, weight=weight, otherwise=most)
    return rules
