"""Asked: all that a simulation is asked for, checked before the first event, with every fault in one message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.checks.disruptions import check_disruptions
from rescuesim.simulation.checks.evacuation import evacuation_faults, evacuation_notes
from rescuesim.simulation.checks.gathered import Gathered
from rescuesim.simulation.checks.given import (
    Calls,
    as_disruptions,
    as_tasks,
    call_logs,
    calling_rows,
    calls_in_words,
)
from rescuesim.simulation.checks.options import option_faults, warm_up_faults
from rescuesim.simulation.checks.packages import (
    crews_of,
    n_slots_needed,
    package_faults,
    package_notes,
    unhelped_faults,
)
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.packages import single_unit_packages
from rescuesim.simulation.policies import (
    DispatchPolicy,
    MoveUpPolicy,
    NearestAvailable,
    QueuePolicy,
    World,
    check_policies,
    most_parallel,
)
from rescuesim.simulation.policies.checks import shape_faults
from rescuesim.simulation.roads import Journeys
from rescuesim.simulation.setting import Setting
from rescuesim.standard import ResponseStandard

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What a simulation is asked for, as it is played.

    Parameters
    ----------
    plan, network, demand : artefacts
    fleet : Fleet
    setting : Setting
    calls : CallModel or tuple of CallLog
        With draws for every unit slot; one log a replication.
    through : tuple of Disruption or None
        What the replications go through in turn; None for normal days.
    evacuation : tuple of EvacuationTask
    policy : DispatchPolicy
    move_up : MoveUpPolicy, optional
    queue : QueuePolicy, optional
        One that is not known by name.
    numbers : range
        Of the replications.
    notes : tuple of str
        What is odd and is simulated all the same.
    """

    plan: Plan
    network: RoadNetwork
    demand: DemandPoints
    fleet: Fleet
    setting: Setting
    calls: Calls
    through: tuple[Disruption | None, ...]
    evacuation: tuple[EvacuationTask, ...]
    policy: DispatchPolicy
    move_up: MoveUpPolicy | None
    queue: QueuePolicy | None
    numbers: range
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        plan: Plan,
        *,
        network: RoadNetwork,
        demand: DemandPoints,
        standard: ResponseStandard,
        calls: CallModel | CallLog | Sequence[CallLog] | None,
        disruptions: Disruption | Sequence[Disruption] | None,
        evacuation: Iterable[EvacuationTask],
        policy: DispatchPolicy | None,
        move_up: MoveUpPolicy | None,
        known_sites: Collection[str] | None,
        replications: int | range,
        horizon_s: float,
        seed: int,
        warm_up_s: float = 0.0,
        sites_elsewhere: Collection[str] = (),
        **options: Any,
    ) -> Asked:
        """Check all that can be checked without the roads; arguments as of `simulate`.

        Sites elsewhere are those of other plans of a study, which disruptions may name.

        Raises
        ------
        InputError
            With every fault.
        """
        counts: Any = {"replications": replications, "seed": seed, "horizon_s": horizon_s}
        faults = Gathered()
        faults.add(option_faults(plan, standard, demand, **counts, options=options))
        faults.tell()  # the rest would stumble over these
        numbers = replications if isinstance(replications, range) else range(replications)
        chosen = policy if policy is not None else NearestAvailable()
        queue = options["queue"]
        own_queue = None if isinstance(queue, str) else queue
        through = faults.of(lambda: as_disruptions(disruptions)) or ()
        tasks = faults.of(lambda: as_tasks(evacuation)) or ()
        fleet = faults.of(lambda: Fleet.from_plan(plan, standard.crews))
        setting = faults.of(lambda: _setting(standard, float(horizon_s), int(seed), options))
        model: CallModel | CallLog | Sequence[CallLog] = CallModel() if calls is None else calls
        logs = faults.of(lambda: call_logs(model, demand, len(numbers), float(horizon_s)))
        # a range is a part of a study, which checked all before: here only what these replications meet
        part = isinstance(replications, range) and bool(through)
        reached = sorted({number % len(through) for number in numbers}) if part else range(len(through))
        met = [one for one in (through[place] for place in reached) if one is not None]
        if warm_up_s != 0:
            condition = met[0].label if met else "intact"
            faults.add(warm_up_faults(warm_up_s, horizon_s=float(horizon_s), condition=condition))
        where: Any = {"network": network, "plan": plan, "demand": demand}
        wrong, notes = check_disruptions(met, known_sites=known_sites, sites_elsewhere=sites_elsewhere, **where)
        faults.add(wrong)
        faults.add(evacuation_faults(tasks, points=demand.ids, fleet=fleet, horizon_s=float(horizon_s)))
        bad_policies = shape_faults(policy=chosen, queue=own_queue, move_up=move_up)
        faults.add(bad_policies)
        if fleet is not None and setting is not None and logs is not None:
            parallel = 0 if bad_policies else most_parallel(chosen)
            served = faults.of(partial(_served, logs, setting, fleet, demand, parallel))
            if served is not None:
                logs, said = served
                notes += (*said, *evacuation_notes(tasks, fleet))
        faults.tell()
        assert fleet is not None
        assert setting is not None
        assert logs is not None
        return cls(
            plan=plan,
            network=network,
            demand=demand,
            fleet=fleet,
            setting=setting,
            calls=logs,
            through=through,
            evacuation=tasks,
            policy=chosen,
            move_up=move_up,
            queue=own_queue,
            numbers=numbers,
            notes=notes,
        )

    def journeys(self, given: Journeys | None, *, snap_limit_m: float | None) -> Journeys:
        """Return the journeys that are given or else made, and try the policies on them.

        Raises
        ------
        InputError
            If the journeys are of another plan, or a policy does on paper what it must not.
        """
        if given is not None and (
            not isinstance(given, Journeys) or given.out.sites.ids != tuple(site.id for site in self.plan.stations)
        ):
            raise InputError(f"journeys: expected those of the stations of plan {self.plan.name!r}, in their order")
        if given is None:
            rows, moving = calling_rows(self.calls, self.demand, self.evacuation), self.move_up is not None
            given = Journeys.on(
                self.network, self.plan, self.demand, rows, snap_limit_m=snap_limit_m, between_sites=moving
            )
        world = World.of(self.fleet, given.during(None), self.demand)
        faults = Gathered()
        faults.of(lambda: check_policies(world, policy=self.policy, queue=self.queue, move_up=self.move_up))
        if not faults.found and self.setting.nobody_capable == "refuse":
            words = calls_in_words(self.calls, self.demand, self.setting.horizon_s)
            faults.add(unhelped_faults(self.setting.packages, calls=words, policy=self.policy, world=world))
        faults.tell()
        return given


def _setting(standard: ResponseStandard, horizon_s: float, seed: int, options: Mapping[str, Any]) -> Setting:
    given = dict(options)
    seats, packages = given.pop("seats"), given.pop("packages")
    return Setting(
        chain=dict(standard.chain),
        horizon_s=horizon_s,
        seed=seed,
        seats=int(default("desk.seats").number if seats is None else seats),
        packages=dict(single_unit_packages() if packages is None else packages),
        **given,
    )


def _served(
    calls: Calls, setting: Setting, fleet: Fleet, demand: DemandPoints, parallel: int
) -> tuple[Calls, tuple[Note, ...]]:
    """Let a model draw for all unit slots; refuse calls that nobody of the fleet can ever serve."""
    words = calls_in_words(calls, demand, setting.horizon_s)
    if isinstance(calls, CallModel):
        slots = max(calls.n_slots, n_slots_needed(setting.packages, words) + parallel)
        calls = replace(calls, n_slots=slots)
    else:
        slots = min(log.n_slots for log in calls)
    crews, may_wait = crews_of(unit.crew for unit in fleet.units), setting.nobody_capable == "wait"
    faults = package_faults(
        setting.packages,
        calls=words,
        crews=crews,
        n_slots=slots,
        parallel=parallel,
        muster=setting.muster,
        may_wait=may_wait,
    )
    if faults:
        raise InputError(faults)
    notes = package_notes(setting.packages, calls=words, crews=crews, muster=setting.muster, may_wait=may_wait)
    return calls, notes
