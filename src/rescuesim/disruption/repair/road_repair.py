"""repair_roads: from damages and crews to closures with an end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rescuesim._defaults import default
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.outages import RoadDamage, RoadOutage, RoadSlowing
from rescuesim.disruption.repair.covered_people import CoveredPeopleCurve, PeopleCovered, open_sites
from rescuesim.disruption.repair.crews import RepairCrew, crew_positions
from rescuesim.disruption.repair.damaged_roads import ONE_LANE, OPEN, SHUT, level_of
from rescuesim.disruption.repair.jobs import Job, Setting, build_setting
from rescuesim.disruption.repair.optimised import Judged, best_order
from rescuesim.disruption.repair.rules import (
    ByOrder,
    IsolatedFirst,
    MostPeople,
    NearestFirst,
    TrunkFirst,
    class_ranks,
)
from rescuesim.disruption.repair.schedule import Rule, Schedule, work_out
from rescuesim.disruption.repair.work_clock import WorkClock
from rescuesim.disruption.streams import Draw, draws
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

__all__ = ["REPAIR_ORDERS", "RepairOrder", "RoadRepairs", "repair_roads"]

RepairOrder = Literal["trunk_first", "nearest_first", "most_people", "isolated_first", "given", "optimised"]
REPAIR_ORDERS: tuple[RepairOrder, ...] = get_args(RepairOrder)
_NEED_PEOPLE = ("most_people", "isolated_first", "optimised")
_LEVEL_WORDS = {OPEN: "passable", ONE_LANE: "one_lane", SHUT: "closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadRepairs:
    """Closures with their ends, and who worked where and when.

    Parameters
    ----------
    outages : tuple of RoadOutage
        Of each damage the time until one lane is open, then the time until all of it is; in the order of the damages.
        ``until_s`` is ``inf`` where the horizon comes first.
    order : str
        Policy that the crews followed.
    sequence : tuple of int
        Damages in the order in which crews set out for them first.
    work : DataFrame
        Who was where, from when until when: ``crew, damage, road, label, doing, from_h, until_h``.
    curve : CoveredPeopleCurve or None
        Covered people over time; None without demand, sites and limit.
    status : {'rule', 'optimal', 'feasible'}
        Whether a rule was followed; or the best of all orders found; or the best of those that were tried.
    best_bound : float
        Person-hours that no order can pass; ``inf`` without a curve.
    bound_source : str
    tried : int
        Schedules that were worked out.
    came_from : str
        Where the optimised order comes from: a rule, or ``search``.
    simple_area_person_h : dict of str to float
        With ``optimised``: person-hours of each simple rule on the same damages, for comparison.
    notes : tuple of str
        Defaults that were taken, to be said aloud.
    """

    outages: tuple[RoadOutage, ...]
    order: str
    sequence: tuple[int, ...]
    work: pd.DataFrame
    curve: CoveredPeopleCurve | None
    status: Literal["rule", "optimal", "feasible"]
    best_bound: float
    bound_source: str
    tried: int
    came_from: str
    simple_area_person_h: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def area_person_h(self) -> float:
        """Person-hours under the curve of covered people."""
        if self.curve is None:
            raise InputError("area under the curve: expected demand, sites and limit_s in repair_roads")
        return self.curve.area_person_h


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
        ``trunk_first`` (class of the road, then the nearest), ``nearest_first``, ``most_people`` (brought back an
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
    (up to `try_all_up_to` damages) or by local search, and among the schedules of all the simple rules, so that it is
    never worse than any of these on the same data.

    References
    ----------
    Ajam, M., Akbari, V., & Salman, F. S. (2019). Minimizing latency in post-disaster road clearance operations.
    European Journal of Operational Research 277(3), 1098-1112. doi:10.1016/j.ejor.2019.03.024 (crews on the roads that
    they clear)
    """
    team = [crew for crew in crews if crew.kind in ("road", "bridge")]
    notes: list[str] = []
    bases, faults = crew_positions(network, team, sites)
    faults += _damage_faults(network, damages)
    faults += _option_faults(order, given, demand, sites, limit_s, try_all_up_to, most_tried)
    listed, wrong = _listed(given, damages) if given is not None else ([], [])
    faults += wrong
    weight, wrong = _weights(places, demand)
    faults += wrong
    if faults or bases is None:
        raise InputError(faults)
    if onset_h is None:
        onset_h = default("clearing.onset_h").number
        if not night_work:
            notes.append(f"hour of the onset not stated: {onset_h:g}")
    night = default("clearing.night").value
    assert isinstance(night, list)
    clock = WorkClock.of(
        horizon_s=horizon_s,
        onset_h=onset_h,
        night_h=None if night_work else (float(night[0]), float(night[1])),
        stopped_s=stopped_s,
    )
    bridge_kind = "bridge" if any(crew.kind == "bridge" for crew in team) else "road"
    jobs = [_job(damage, seed, sample, bridge_kind) for damage in damages]
    notes += _job_notes(damages, jobs, team)
    closures = [damage.closure for damage in damages]
    setting = build_setting(
        network,
        crew_network,
        closures=closures,
        jobs=jobs,
        fronts=[_fronts(network, closure) for closure in closures],
        crews=team,
        bases=bases,
        clock=clock,
        slowings=slowings,
        widen_at_once=widen_at_once,
        horizon_s=float(horizon_s),
    )
    people = None
    if demand is not None and sites is not None and limit_s is not None:
        chosen = open_sites(sites, opened)
        if opened is None:
            notes.append(f"open sites not stated: the {len(chosen)} existing and required ones")
        people = PeopleCovered.of(network, closures, sites, demand, limit_s, opened=chosen)
    rules = _simple_rules(network, closures, people, weight)
    if order != "optimised":
        rule = ByOrder.of(listed) if order == "given" else rules[order]
        return _repairs(damages, setting, work_out(setting, rule), people, order=order, notes=notes)
    assert people is not None
    covered = people

    def judge(rule: Rule) -> Judged:
        schedule = work_out(setting, rule)
        return Judged(schedule=schedule, area_person_h=_curve(schedule, setting, covered).area_person_h)

    simple = {name: judge(rule) for name, rule in rules.items()}
    best = best_order(
        len(damages),
        lambda some: judge(ByOrder.of(some)),
        simple,
        free=[number for number, job in enumerate(jobs) if job.stages_s],
        try_all_up_to=try_all_up_to,
        most_tried=most_tried,
    )
    return _repairs(
        damages,
        setting,
        best.judged.schedule,
        people,
        order=order,
        notes=notes,
        status="optimal" if best.all_orders else "feasible",
        tried=best.tried,
        came_from=best.came_from,
        simple={name: judged.area_person_h for name, judged in simple.items()},
    )


# --- what is asked -------------------------------------------------------------------------------


def _damage_faults(network: RoadNetwork, damages: Sequence[RoadDamage]) -> list[Fault]:
    length, faults = network.road_length_m, []
    for number, damage in enumerate(damages):
        road, from_m = damage.closure.road, damage.closure.from_m
        name = f"damage {number} {damage.label!r}"
        if road >= network.n_roads:
            faults.append(Fault(problem=f"{name}: road {road}, expected 0 to {network.n_roads - 1}"))
        elif from_m > length[road]:
            faults.append(
                Fault(problem=f"{name}: from {from_m:g} m of road {road}, expected at most its {length[road]:.1f} m")
            )
    return faults


def _option_faults(
    order: str,
    given: object,
    demand: object,
    sites: object,
    limit_s: object,
    try_all_up_to: int,
    most_tried: int,
) -> list[Fault]:
    faults = []
    if order not in REPAIR_ORDERS:
        faults.append(Fault(problem=f"order {order!r}: expected {nearest_name(order, REPAIR_ORDERS)}"))
    if (order == "given") != (given is not None):
        faults.append(Fault(problem=f"order {order!r}: expected a list in given with 'given', and none otherwise"))
    lacking = [name for name, value in (("demand", demand), ("sites", sites), ("limit_s", limit_s)) if value is None]
    if order in _NEED_PEOPLE and lacking:
        faults.append(Fault(problem=f"order {order!r}: no {', '.join(lacking)}, expected demand, sites and limit_s"))
    if try_all_up_to < 0 or try_all_up_to > 9 or most_tried < 1:
        faults.append(
            Fault(problem=f"try_all_up_to {try_all_up_to}, most_tried {most_tried}: expected 0 to 9, and 1 or more")
        )
    return faults


def _listed(given: Sequence[int | str], damages: Sequence[RoadDamage]) -> tuple[list[int], list[Fault]]:
    """Return the damages of a given list by index, or what is wrong with it."""
    by_label: dict[str, list[int]] = {}
    for number, damage in enumerate(damages):
        by_label.setdefault(damage.label, []).append(number)
    listed: list[int] = []
    faults = []
    for item in given:
        if isinstance(item, str):
            found = by_label.get(item, [])
            if len(found) != 1:
                known = f"stands for {len(found)} damages, expected one; give their indices" if found else ""
                expected = known or f"expected {nearest_name(item, by_label)}"
                faults.append(Fault(problem=f"given: {item!r} {expected}" if found else f"given: {item!r}, {expected}"))
            listed += found[:1]
        elif isinstance(item, bool) or not isinstance(item, (int, np.integer)) or not 0 <= item < len(damages):
            faults.append(Fault(problem=f"given: {item!r}, expected a label, or an index from 0 to {len(damages) - 1}"))
        else:
            listed.append(int(item))
    twice = sorted({number for number in listed if listed.count(number) > 1})
    missing = sorted(set(range(len(damages))) - set(listed))
    if twice:
        faults.append(Fault(problem=f"given: damages {_named(twice, damages)} stand twice, expected each once"))
    if missing:
        faults.append(Fault(problem=f"given: damages {_named(missing, damages)} are missing, expected all of them"))
    return listed, faults


def _named(numbers: Sequence[int], damages: Sequence[RoadDamage]) -> str:
    names = [f"{number} {damages[number].label!r}" for number in numbers[:5]]
    return ", ".join(names) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def _weights(
    places: Mapping[str, float] | None, demand: DemandPoints | None
) -> tuple[NDArray[np.float64], list[Fault]]:
    if demand is None:
        wrong = [Fault(problem="places: expected demand, whose points they are")] if places is not None else []
        return np.zeros(0), wrong
    if places is None:
        return demand.people.astype(np.float64), []
    weight, faults = np.zeros(len(demand)), []
    index = {id_: number for number, id_ in enumerate(demand.ids)}
    for id_, value in places.items():
        if id_ not in index:
            faults.append(Fault(problem=f"places: {id_!r}, expected {nearest_name(id_, demand.ids)}"))
        elif not 0 <= value < math.inf:
            faults.append(Fault(problem=f"places: {id_!r} of weight {value}, expected a number of 0 or more"))
        else:
            weight[index[id_]] = value
    return weight, faults


# --- from damages to jobs ------------------------------------------------------------------------


def _job(damage: RoadDamage, seed: int, sample: int, bridge_kind: str) -> Job:
    """Say what is to be done about a damage, and what each stage of it is worth to the road."""
    level, fronts = level_of(damage.closure), 2
    stages: tuple[float, ...] = ()
    levels = bytes([level])
    if damage.bridge and level == SHUT:
        stages, levels, fronts = (_bridge_days(damage, seed, sample) * 86_400,), bytes([SHUT, ONE_LANE]), 1
    elif level == SHUT and 0 < damage.one_lane_h < damage.work_h:
        stages = damage.one_lane_h * 3600, damage.work_h * 3600
        levels = bytes([SHUT, ONE_LANE, OPEN])
    elif level != OPEN and damage.work_h > 0:
        stages, levels = (damage.work_h * 3600,), bytes([level, OPEN])
    return Job(
        label=damage.label,
        kind=bridge_kind if damage.bridge and level == SHUT else "road",
        fronts=(),
        most_crews=fronts,
        at_s=damage.at_s,
        ready_s=damage.at_s + damage.hold_s,
        passes_s=damage.passes_s,
        stages_s=stages,
        levels=levels,
        by_calendar=damage.bridge and level == SHUT,
    )


def _bridge_days(damage: RoadDamage, seed: int, sample: int) -> float:
    """Draw how long a temporary bridge takes: triangular from the least to the most, peaked at the usual."""
    days = default("clearing.temporary_bridge_days")
    assert days.low is not None
    assert days.high is not None
    of = f"temporary bridge on road {damage.closure.road} at {damage.closure.from_m:.1f} m"
    drawn = draws(Draw.RESTORATION, seed=seed, sample=sample, of=of).triangular(days.low, days.number, days.high)
    return float(drawn)


def _fronts(network: RoadNetwork, closure: Closure) -> list[tuple[int, float]]:
    """Where machines stand: just before the damage and just after it."""
    length, stand_m = float(network.road_length_m[closure.road]), default("clearing.front_m").number
    return [
        (closure.road, max(closure.from_m - stand_m, 0.0)),
        (closure.road, min(closure.to_m + stand_m, length)),
    ]


def _job_notes(damages: Sequence[RoadDamage], jobs: Sequence[Job], team: Sequence[RepairCrew]) -> list[str]:
    notes = []
    stuck = sum(
        1
        for damage, job in zip(damages, jobs, strict=True)
        if not job.stages_s and job.levels[0] != OPEN and damage.passes_s == math.inf
    )
    if stuck:
        notes.append(f"{stuck} damages without hours of work that do not pass by themselves: they stay as they are")
    bridges = sum(1 for job in jobs if job.by_calendar)
    if bridges:
        notes.append(f"{bridges} bridges down: a temporary one of one lane in 1 to 3 days, widened beyond the horizon")
    for kind in sorted({job.kind for job in jobs if job.stages_s} - {crew.kind for crew in team}):
        notes.append(f"no {kind} crew: what it would mend stays until it passes by itself")
    return notes


def _simple_rules(
    network: RoadNetwork, closures: Sequence[Closure], people: PeopleCovered | None, weight: NDArray[np.float64]
) -> dict[str, Rule]:
    rules: dict[str, Rule] = {
        "trunk_first": TrunkFirst(rank=class_ranks(network, [closure.road for closure in closures])),
        "nearest_first": NearestFirst(),
    }
    if people is not None:
        most = MostPeople(people=people, weight=people.people)
        rules["most_people"] = most
        rules["isolated_first"] = IsolatedFirst(people=people, weight=weight, otherwise=most)
    return rules


# --- what comes of it ----------------------------------------------------------------------------


def _curve(schedule: Schedule, setting: Setting, people: PeopleCovered) -> CoveredPeopleCurve:
    """Follow the covered people through a schedule."""
    horizon_s = setting.horizon_s
    moments = {from_s for from_s, _ in schedule.levels} | {from_s for from_s, _ in setting.slow}
    times = sorted(moment for moment in moments if moment < horizon_s)
    covered, place = [], 0
    for moment in times:
        while place + 1 < len(schedule.levels) and schedule.levels[place + 1][0] <= moment:
            place += 1
        covered.append(people.covered(schedule.levels[place][1], setting.slowed_at(moment)))
    return CoveredPeopleCurve(
        times_s=np.array(times),
        people=np.array(covered),
        horizon_s=horizon_s,
        intact_people=people.covered(bytes(len(setting.roads.closures)), ()),
    )


def _bound(setting: Setting, people: PeopleCovered) -> float:
    """Area if each damage were worked on from the first moment that it may be, by the strongest crews, at no drive."""
    pairs = sorted((min(crew.machines, setting.pairs_at_front) for crew in setting.crews), reverse=True)
    soonest = min((crew.from_s for crew in setting.crews), default=math.inf)
    changes: list[tuple[float, int, int]] = []  # bridges and roads: by the strongest of all crews
    for number, job in enumerate(setting.jobs):
        changes.append((job.at_s, number, job.levels[0]))
        if pairs:
            rate = 1 if job.by_calendar else sum(pairs[: job.most_crews])
            begins = max(job.ready_s, soonest)
            for stage, work_s in enumerate(job.stages_s):
                ends = begins + work_s if job.by_calendar else setting.clock.done_at(begins, work_s / rate)
                if ends < job.passes_s:
                    changes.append((ends, number, job.levels[stage + 1]))
        changes.append((job.passes_s, number, OPEN))
    levels, history = bytearray(len(setting.jobs)), []
    for at_s, number, level in sorted(changes, key=lambda change: change[:1]):
        levels[number] = level
        if at_s <= setting.horizon_s:
            history.append((at_s, bytes(levels)))
    merged = {0.0: bytes(len(setting.jobs))} | dict(history)  # the last of each moment
    ideal = Schedule(spells=(), done=(), levels=tuple(sorted(merged.items())), begun=())
    return _curve(ideal, setting, people).area_person_h


def _repairs(
    damages: Sequence[RoadDamage],
    setting: Setting,
    schedule: Schedule,
    people: PeopleCovered | None,
    *,
    order: str,
    notes: Sequence[str],
    status: Literal["rule", "optimal", "feasible"] = "rule",
    tried: int = 1,
    came_from: str = "",
    simple: Mapping[str, float] | None = None,
) -> RoadRepairs:
    rows = [
        {
            "crew": setting.crews[spell.crew].id,
            "damage": spell.job,
            "road": damages[spell.job].closure.road if spell.job >= 0 else -1,
            "label": damages[spell.job].label if spell.job >= 0 else "",
            "doing": spell.doing,
            "from_h": spell.from_s / 3600,
            "until_h": spell.until_s / 3600,
        }
        for spell in schedule.spells
    ]
    return RoadRepairs(
        outages=_outages(damages, setting, schedule),
        order=order,
        sequence=schedule.begun,
        work=pd.DataFrame(rows, columns=["crew", "damage", "road", "label", "doing", "from_h", "until_h"]),
        curve=_curve(schedule, setting, people) if people is not None else None,
        status=status,
        best_bound=_bound(setting, people) if people is not None else math.inf,
        bound_source="every damage worked on at once, at no drive" if people is not None else "",
        tried=tried,
        came_from=came_from or order,
        simple_area_person_h=dict(simple or {}),
        notes=tuple(notes),
    )


def _outages(damages: Sequence[RoadDamage], setting: Setting, schedule: Schedule) -> tuple[RoadOutage, ...]:
    """Write the time of each stage of each damage as a closure of its own."""
    ends: list[list[tuple[float, str]]] = [[] for _ in damages]
    passed, mended = set(), [0] * len(damages)
    for done in schedule.done:
        names = " + ".join(setting.crews[crew].id for crew in done.crews)
        ends[done.job].append((done.at_s, names))
        if done.crews:
            mended[done.job] += 1
        else:
            passed.add(done.job)
    made = []
    for number, (damage, job, some) in enumerate(zip(damages, setting.jobs, ends, strict=True)):
        since, all_done = damage.at_s, 0 < len(job.stages_s) == mended[number]
        if all_done and job.levels[-1] != OPEN:
            some = [*some, (math.inf, "")]  # a temporary bridge stays
        elif not all_done and number not in passed:
            some = [*some, (damage.passes_s, "")]  # nobody is done before the horizon
        for stage, (until_s, names) in enumerate(some):
            level = job.levels[min(stage, len(job.levels) - 1)]
            one = damage.closure
            closure = (
                one
                if stage == 0
                else Closure(road=one.road, from_m=one.from_m, to_m=one.to_m, level=_LEVEL_WORDS[level])
            )
            if until_s > since:
                made.append(
                    RoadOutage(
                        closure=closure,
                        from_s=since,
                        until_s=until_s,
                        label=damage.label,
                        cause=damage.cause,
                        repaired_by=names,
                    )
                )
            since = max(since, until_s)
    return tuple(made)
