"""simulate: a plan, a demand and perhaps disruptions in, one flat record a call out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, reconnaissance, silent_sites
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.believed_roads import InformationLevel
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.engine import PUBLIC_NETWORK, run_replication
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.held import held_by, silent_calls
from rescuesim.simulation.packages import ResponsePackage, check_packages, single_unit_packages
from rescuesim.simulation.policies import (
    DispatchPolicy,
    MoveUpPolicy,
    NearestAvailable,
    QueueName,
    QueuePolicy,
    Reach,
    World,
    check_policies,
    for_replication,
    most_parallel,
)
from rescuesim.simulation.records import SimulationResult, call_records, mission_records, unit_records
from rescuesim.simulation.roads import BelievedTimes, Journeys, RoadTimes
from rescuesim.simulation.setting import Setting
from rescuesim.simulation.trajectory import Trajectory
from rescuesim.standard import ResponseStandard

__all__ = ["simulate"]

logger = logging.getLogger(__name__)
_CALLS_A_CHUNK = 20_000  # about a second of work, so that sending a chunk to a worker costs little beside it
_REPLICATION_AS_CALLS = 200  # what starting a replication costs, in calls
Progress = Callable[[int, int], None]
Played = tuple[int, CallLog, Trajectory]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Chunk:
    """Replications under one disruption: all that a worker needs, and nothing that cannot be sent to it."""

    fleet: Fleet
    journeys: Journeys
    disruption: Disruption | None
    setting: Setting
    policy: DispatchPolicy
    demand: DemandPoints
    calls: CallModel | tuple[CallLog, ...]
    replications: tuple[int, ...]
    number: int = 0  # of the disruption
    move_up: MoveUpPolicy | None = None
    evacuation: tuple[EvacuationTask, ...] = ()

    def calls_of(self, replication: int) -> CallLog:
        """Draw or look up the calls of a replication; the plan and the disruption have no say in it."""
        if isinstance(self.calls, tuple):
            return self.calls[self.replications.index(replication)]
        horizon_s, seed = self.setting.horizon_s, self.setting.seed
        return self.calls.generate(self.demand, horizon_s=horizon_s, seed=seed, replication=replication)

    def play(self) -> Iterator[Played]:
        """Run the replications one after the other."""
        roads = self.journeys.during(self.disruption)
        reach, world = Reach(self.fleet, roads), World.of(self.fleet, roads, self.demand)
        setting, contacts = self.setting, self.disruption.contacts if self.disruption else ()
        on_roads = setting.divertible or setting.information != "complete"
        believed = BelievedTimes.under(self.journeys, self.disruption) if on_roads else None
        found = reconnaissance(contacts, seed=setting.seed, sample=self.number, horizon_s=setting.horizon_s)
        for replication in self.replications:
            calls = self.calls_of(replication)
            trajectory = run_replication(
                self.fleet,
                calls,
                roads,
                self.setting,
                replication=replication,
                policy=for_replication(self.policy, world),
                channels=self.disruption.channels if self.disruption else (),
                contacts=contacts,
                found=found,
                reach=reach,
                believed=believed,
                demand=self.demand,
                move_up=None if self.move_up is None else for_replication(self.move_up, world),
                evacuation=self.evacuation,
            )
            yield replication, calls, self._explained(replication, calls, roads, trajectory)

    def _explained(self, replication: int, calls: CallLog, roads: RoadTimes, trajectory: Trajectory) -> Trajectory:
        """Add what stood between each call and its unit at first."""
        contacts = self.disruption.contacts if self.disruption else ()
        held = held_by(
            self.fleet,
            calls,
            roads,
            ordered_s=trajectory.at_s("ordered"),
            dispatched_s=trajectory.at_s("dispatched"),
            task_unit=trajectory.task_unit,
            task_from_s=trajectory.task_from_s,
            task_until_s=trajectory.task_until_s,
            horizon_s=self.setting.horizon_s,
            seed=self.setting.seed,
            replication=replication,
            untold=silent_sites(contacts),
            muster=self.setting.muster,
            packages=self.setting.packages,
            too_few=trajectory.too_few,
        )
        return replace(trajectory, held_by=held, silent=silent_calls(calls, contacts))


def _play_chunk(chunk: _Chunk) -> list[Played]:
    return list(chunk.play())


def simulate(
    plan: Plan,
    *,
    network: RoadNetwork,
    demand: DemandPoints,
    standard: ResponseStandard,
    calls: CallModel | CallLog | Sequence[CallLog] | None = None,
    disruptions: Disruption | Sequence[Disruption] | None = None,
    replications: int | range = 100,
    horizon_s: float = 30 * 86400.0,
    seed: int = 0,
    journeys: Journeys | None = None,
    seats: int | None = None,
    desk: Desk | None = None,
    packages: Mapping[str, ResponsePackage] | None = None,
    queue: QueueName | QueuePolicy = "fifo",
    preempt_on_scene: bool = False,
    information: InformationLevel = "complete",
    divertible: bool = False,
    muster: bool = False,
    evacuation: Sequence[EvacuationTask] = (),
    policy: DispatchPolicy | None = None,
    move_up: MoveUpPolicy | None = None,
    snap_limit_m: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> SimulationResult:
    """Simulate calls and units on the roads, on normal days or through disruptions.

    A call rings, is answered in turn at one of the seats, and is ordered. Units of the plan are dispatched, one a call
    or those of its package; where none can go, the call waits until a unit comes free or returns to duty, or the roads
    change. A unit is alerted, turns out, drives, sets up, works and drives back. The first action starts when enough
    capable people are ready. All durations come from the distributions that the standard plans with. With complete
    information a drive takes the roads that are open when it begins: a road that closes while a unit is on its way does
    not stop it. With less, units drive by what they believe, meet blocks, turn back and tell others.

    Parameters
    ----------
    plan : Plan
        With positions of its sites.
    network : RoadNetwork
    demand : DemandPoints
        With positions.
    standard : ResponseStandard
        Its chain and crews set the durations.
    calls : CallModel, CallLog or sequence of CallLog, optional
        A model draws the calls of each replication; one log serves all replications; a sequence gives one
        log a replication. The default model if absent.
    disruptions : Disruption or sequence of Disruption, optional
        Replication r goes through disruption r mod n. Normal days if absent. Where a disruption has contacts, orders
        go by the channels that these name, and a site that none reaches sends nobody.
    replications : int or range, optional
        How many, or just those with the numbers of a range: a replication is the same alone as among others.
    horizon_s : float, optional
        Length of each replication, seconds. It starts at 00:00, or when `calls` say, which is also the onset of the
        disruption.
    seed : int, optional
        Root of all random streams. The plan and the disruption enter none of them, so plans are compared on
        the same calls and draws.
    journeys : Journeys, optional
        The sites of this plan and the points that call, placed on this network before; done here if absent.
    seats : int, optional
        Call takers; default ``desk.seats``.
    desk : Desk, optional
        The desk with all its properties, in place of `seats`.
    packages : mapping of str to ResponsePackage, optional
        Units by call type, for instance `default_packages()`; one capable unit a call if absent. A model of calls draws
        for as many unit slots as the largest package has; a log must have them.
    queue : {'fifo', 'priority', 'preemptive', 'loss'} or QueuePolicy, optional
        What becomes of a call without a unit; see `Setting`.
    preempt_on_scene : bool, optional
        Whether ``preemptive`` takes units from the scene too.
    information : {'complete', 'unit', 'desk', 'platform'}, optional
        Who knows of the roads what (R53); see `Setting`.
    divertible : bool, optional
        Whether a unit on its way home can take another call.
    muster : bool, optional
        Whether crews with a roster muster person by person and may refuse, in place of absence by shift.
    evacuation : sequence of EvacuationTask, optional
        Before the impact (R13), in every replication.
    policy : DispatchPolicy, optional
        `NearestAvailable` if absent. `ClosestCapable`, `JurisdictionFirst`, `PreparednessAware`, `MutualAid` and
        `Pooled` are at hand; `DispatchPolicy` says how to write one.
    move_up : MoveUpPolicy, optional
        Which free units change their site; nobody does if absent.
    snap_limit_m : float, optional
        Farther from any road than this, a site or point has none and is never reached; as in `travel_times`.
    executor : concurrent.futures.Executor, optional
        Runs chunks of replications; the records do not depend on it.
    progress : callable, optional
        Called with the replications done and in all.

    Returns
    -------
    SimulationResult

    Raises
    ------
    InputError
        If the standard asks for a second unit, which cannot be simulated, a package asks for a capability that no crew
        has, or an option or an artefact is wrong. Raised before the first event, save for a policy that chooses a unit
        that cannot go: which unit it will choose cannot be known before.
    InvariantError
        If a trajectory cannot be true: stamps out of order, or a unit on two calls at once. Every run is
        checked; it would be a fault in the program.

    Examples
    --------
    See `run_replication` for one replication on plain matrices, without a network.
    """
    model: CallModel | CallLog | Sequence[CallLog] = CallModel() if calls is None else calls
    through = _disruptions(disruptions, network, plan, demand)
    _check_options(standard, demand, replications, seed, seats, desk, horizon_s)
    numbers = replications if isinstance(replications, range) else range(replications)
    setting = Setting(
        chain=dict(standard.chain),
        horizon_s=float(horizon_s),
        seed=int(seed),
        seats=int(default("desk.seats").number if seats is None else seats),
        desk=desk,
        queue=queue,
        preempt_on_scene=preempt_on_scene,
        packages=dict(single_unit_packages() if packages is None else packages),
        information=information,
        divertible=divertible,
        muster=muster,
    )
    fleet = Fleet.from_plan(plan, standard.crews)
    chosen = policy if policy is not None else NearestAvailable()
    if packages is not None or most_parallel(chosen):
        model = _with_packages(model, setting.packages, fleet, most_parallel(chosen))
    logs = _call_logs(model, demand, len(numbers), setting.horizon_s)
    if journeys is None:
        rows, moving = calling_rows(logs, demand, evacuation), move_up is not None
        journeys = Journeys.on(network, plan, demand, rows, snap_limit_m=snap_limit_m, between_sites=moving)
    elif journeys.out.sites.ids != tuple(site.id for site in plan.stations):
        raise InputError(f"journeys: expected those of the stations of plan {plan.name!r}, in their order")
    given_queue = None if isinstance(queue, str) else queue
    check_policies(World.of(fleet, journeys.during(None), demand), policy=chosen, queue=given_queue, move_up=move_up)
    every = _Chunk(
        fleet=fleet,
        journeys=journeys,
        disruption=None,
        setting=setting,
        policy=chosen,
        demand=demand,
        calls=logs,
        replications=tuple(numbers),
        move_up=move_up,
        evacuation=tuple(evacuation),
    )
    chunks = _split(every, through)
    logger.info("simulating %d replications of plan %s in %d chunks", len(numbers), plan.name, len(chunks))
    played = sorted(_play(chunks, executor, progress, len(numbers)), key=lambda one: one[0])
    reached = sorted({number % len(through) for number in numbers})
    met = [disruption for disruption in (through[place] for place in reached) if disruption is not None]
    fallbacks = [outage.fallback for disruption in met for outage in disruption.channels]
    spells = [spell for disruption in met for spell in disruption.contacts]
    fallbacks += [spell.channel for spell in spells if spell.direction == "order" and spell.channel]
    channels = list(dict.fromkeys((PUBLIC_NETWORK, *fallbacks)))
    return SimulationResult(
        plan=plan,
        standard=standard,
        demand=demand,
        condition=" | ".join(disruption.label for disruption in met) if met else "intact",
        replications=len(numbers),
        horizon_s=setting.horizon_s,
        seed=setting.seed,
        records=call_records(fleet, demand, channels, played),
        unit_records=unit_records(fleet, played),
        mission_records=mission_records(fleet, channels, played),
    )


def _play(
    chunks: Sequence[_Chunk], executor: Executor | None, progress: Progress | None, total: int
) -> Iterator[Played]:
    """Yield the replications in whatever order they are done."""
    done = 0
    if executor is None:
        for chunk in chunks:
            for one in chunk.play():
                done += 1
                yield one
                if progress:
                    progress(done, total)
        return
    futures = [executor.submit(_play_chunk, chunk) for chunk in chunks]
    try:
        for future in as_completed(futures):
            played = future.result()
            done += len(played)
            yield from played
            if progress:
                progress(done, total)
    finally:
        for future in futures:
            future.cancel()


def _split(every: _Chunk, disruptions: tuple[Disruption | None, ...]) -> list[_Chunk]:
    """Share the replications out: those of one disruption together, in parts of about a second of work."""
    expected = expected_calls(every.calls, every.demand, every.setting.horizon_s)
    size = max(1, math.ceil(_CALLS_A_CHUNK / (expected + _REPLICATION_AS_CALLS)))
    n, chunks = len(disruptions), []
    for number in range(n):
        through = [place for place, one in enumerate(every.replications) if one % n == number]
        for start in range(0, len(through), size):
            some = through[start : start + size]
            calls = every.calls if isinstance(every.calls, CallModel) else tuple(every.calls[place] for place in some)
            its = tuple(every.replications[place] for place in some)
            part = replace(every, disruption=disruptions[number], number=number, calls=calls, replications=its)
            chunks.append(part)
    return chunks


def _disruptions(
    disruptions: Disruption | Sequence[Disruption] | None, network: RoadNetwork, plan: Plan, demand: DemandPoints
) -> tuple[Disruption | None, ...]:
    if disruptions is None:
        return (None,)
    some = (disruptions,) if isinstance(disruptions, Disruption) else tuple(disruptions)
    if not some:
        raise InputError("disruptions: expected at least one, or None for normal days")
    townships = {*demand.townships, *(site.township for site in plan.sites)}
    if unknown := [fault for disruption in some for fault in disruption.unknown_townships(townships)]:
        raise InputError(unknown)
    for disruption in some:
        roads = {outage.closure.road for outage in disruption.roads}
        if wrong := sorted(road for road in roads if not 0 <= road < network.n_roads):
            raise InputError(
                f"disruption {disruption.label!r}, road {wrong[0]}: expected from 0 to {network.n_roads - 1}"
            )
        length = network.road_length_m
        for closure in (outage.closure for outage in disruption.roads):
            if closure.from_m > length[closure.road]:
                beyond = f"closure of road {closure.road} from {closure.from_m:g} m"
                raise InputError(
                    f"disruption {disruption.label!r}, {beyond}: expected at most its {length[closure.road]:.1f} m"
                )
    return some


def _with_packages(
    calls: CallModel | CallLog | Sequence[CallLog],
    packages: Mapping[str, ResponsePackage],
    fleet: Fleet,
    parallel: int,
) -> CallModel | CallLog | Sequence[CallLog]:
    """Check packages against calls and crews; let a model draw for all their unit slots."""
    crews = {id(unit.crew): unit.crew for unit in fleet.units}.values()
    if isinstance(calls, CallModel):
        types = [name for name, share in calls.shares.items() if share > 0]
        slots = max((packages[name].n_slots for name in types if name in packages), default=1)
        calls = replace(calls, n_slots=max(calls.n_slots, slots + parallel))
        check_packages(packages, types=types, crews=crews, n_slots=calls.n_slots)
        return calls
    for log in (calls,) if isinstance(calls, CallLog) else calls:
        types = [log.types[code] for code in np.unique(log.type_code)]
        check_packages(packages, types=types, crews=crews, n_slots=log.n_slots)
    return calls


def _check_options(
    standard: ResponseStandard,
    demand: DemandPoints,
    replications: int | range,
    seed: int,
    seats: int | None,
    desk: Desk | None,
    horizon_s: float,
) -> None:
    faults = [
        Fault(
            file=f"reading {standard.presets[zone].name}",
            value=zone,
            expected="a reading with one unit a call; two-unit responses cannot be simulated",
        )
        for zone in standard.zones
        if standard.wants_second_unit(zone)
    ]
    numbers = {
        "replications": (1 if isinstance(replications, range) else replications, 1),
        "seed": (seed, 0),
        "seats": (1 if seats is None else seats, 1),
    }
    faults += [
        Fault(column=name, value=str(value), expected=f"a whole number of {least} or more")
        for name, (value, least) in numbers.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
    if not isinstance(horizon_s, Real):
        faults.append(Fault(column="horizon_s", value=str(horizon_s), expected="a number of seconds"))
    if seats is not None and desk is not None:
        faults.append(Fault(column="seats", value=str(seats), expected="none beside desk, which has its own"))
    if isinstance(replications, range) and (not replications or replications.step < 1 or replications.start < 0):
        expected = "an ascending range of one or more numbers from 0 on"
        faults.append(Fault(column="replications", value=str(replications), expected=expected))
    if demand.lon is None or demand.lat is None:
        faults.append(Fault(file=demand.source, expected="lon and lat; travel needs positions"))
    if faults:
        raise InputError(faults)


def _call_logs(
    calls: CallModel | CallLog | Sequence[CallLog], demand: DemandPoints, replications: int, horizon_s: float
) -> CallModel | tuple[CallLog, ...]:
    """Return the model, or one log a replication, checked against the demand points and the horizon."""
    if isinstance(calls, CallModel):
        if not calls.calls_per_year(demand).any():
            raise InputError(f"{demand.source}: expected people or calls_per_year above 0 at some point")
        return calls
    logs = (calls,) * replications if isinstance(calls, CallLog) else tuple(calls)
    if len(logs) != replications or not all(isinstance(log, CallLog) for log in logs):
        raise InputError(f"calls: expected one CallLog for each of {replications} replications; got {len(logs)}")
    known, faults = set(demand.ids), []
    for number, log in enumerate((calls,) if isinstance(calls, CallLog) else logs):
        name = f"call log {number}"
        unknown = [log.demand_ids[point] for point in np.unique(log.point) if log.demand_ids[point] not in known]
        faults += [
            Fault(file=name, column="demand_ids", value=id_, expected=f"a point of {demand.source}") for id_ in unknown
        ]
        if len(log) and log.arrived_at_s[-1] >= horizon_s:
            value, expected = str(log.arrived_at_s[-1]), f"calls before the horizon of {horizon_s} s"
            faults.append(Fault(file=name, row=len(log) - 1, column="arrived_at_s", value=value, expected=expected))
    if faults:
        raise InputError(faults)
    return logs


def calling_rows(
    calls: CallModel | tuple[CallLog, ...], demand: DemandPoints, evacuation: Sequence[EvacuationTask] = ()
) -> NDArray[np.int64]:
    """Rows of the demand points from which calls can come, or that are evacuated; one of them if there are none."""
    row = {id_: index for index, id_ in enumerate(demand.ids)}
    faults = [
        Fault(file="evacuation", column="place", value=task.place, expected=f"a point of {demand.source}")
        for task in evacuation
        if task.place not in row
    ]
    if faults:
        raise InputError(faults)
    places = {row[task.place] for task in evacuation}
    if isinstance(calls, CallModel):
        return np.array(sorted({*np.flatnonzero(calls.calls_per_year(demand) > 0).tolist(), *places}), dtype=np.int64)
    distinct = {id(log): log for log in calls}.values()
    found = {row[log.demand_ids[point]] for log in distinct for point in np.unique(log.point)}
    return np.array(sorted(found | places) or [0], dtype=np.int64)


def expected_calls(calls: CallModel | tuple[CallLog, ...], demand: DemandPoints, horizon_s: float) -> float:
    """Return how many calls a replication has on average, roughly."""
    if isinstance(calls, CallModel):
        return float(calls.calls_per_year(demand).sum()) * horizon_s / (365.25 * 86400.0)
    return sum(len(log) for log in calls) / len(calls)
