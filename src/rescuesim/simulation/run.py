"""simulate: a plan, a demand and perhaps disruptions in, one flat record a call out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace

from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, reconnaissance, silent_sites
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.asked import Asked
from rescuesim.simulation.believed_roads import InformationLevel
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.checks.given import Calls, expected_calls
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.duties import EvacuationTask
from rescuesim.simulation.engine import PUBLIC_NETWORK, run_replication
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.held import held_by, silent_calls
from rescuesim.simulation.packages import ResponsePackage
from rescuesim.simulation.policies import (
    DispatchPolicy,
    MoveUpPolicy,
    QueueName,
    QueuePolicy,
    Reach,
    World,
    for_replication,
)
from rescuesim.simulation.records import SimulationResult, after_warm_up, call_records, mission_records, unit_records
from rescuesim.simulation.roads import BelievedTimes, Journeys, RoadTimes
from rescuesim.simulation.setting import NobodyCapable, Setting
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
    calls: Calls
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
    warm_up_s: float = 0.0,
    seed: int = 0,
    journeys: Journeys | None = None,
    seats: int | None = None,
    desk: Desk | None = None,
    packages: Mapping[str, ResponsePackage] | None = None,
    nobody_capable: NobodyCapable = "refuse",
    queue: QueueName | QueuePolicy = "fifo",
    preempt_on_scene: bool = False,
    information: InformationLevel = "complete",
    divertible: bool = False,
    muster: bool = False,
    evacuation: Sequence[EvacuationTask] = (),
    policy: DispatchPolicy | None = None,
    move_up: MoveUpPolicy | None = None,
    known_sites: Collection[str] | None = None,
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
    warm_up_s : float, optional
        Calls that ring earlier are simulated and left out of the records, with the records of units, which are sums;
        only of normal days, and shorter than the horizon.
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
    nobody_capable : {'refuse', 'wait'}, optional
        Calls that nobody of the fleet can ever serve, for want of a capability or of people, are refused; or they wait
        until the horizon, as a study of a fleet that lacks something wants.
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
    known_sites : collection of str, optional
        Sites that disruptions may name besides those of the plan, such as all candidate sites; others are refused.
        Without it a site that the plan does not have is said in the notes.
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
        With all that is wrong: a standard that asks for a second unit, which cannot be simulated, calls that no crew
        can ever serve, roads and places that do not exist, an option or an artefact that is wrong. Raised before the
        first event, save for what a policy does that it did not do on paper: which unit it will choose cannot be known
        before.
    InvariantError
        If a trajectory cannot be true: stamps out of order, or a unit on two calls at once. Every run is
        checked; it would be a fault in the program.

    Examples
    --------
    See `run_replication` for one replication on plain matrices, without a network.
    """
    asked = Asked.of(
        plan,
        network=network,
        demand=demand,
        standard=standard,
        calls=calls,
        disruptions=disruptions,
        replications=replications,
        horizon_s=horizon_s,
        warm_up_s=warm_up_s,
        seed=seed,
        seats=seats,
        desk=desk,
        packages=packages,
        nobody_capable=nobody_capable,
        queue=queue,
        preempt_on_scene=preempt_on_scene,
        information=information,
        divertible=divertible,
        muster=muster,
        evacuation=evacuation,
        policy=policy,
        move_up=move_up,
        known_sites=known_sites,
    )
    fleet, setting, through, numbers = asked.fleet, asked.setting, asked.through, asked.numbers
    every = _Chunk(
        fleet=fleet,
        journeys=asked.journeys(journeys, snap_limit_m=snap_limit_m),
        disruption=None,
        setting=setting,
        policy=asked.policy,
        demand=demand,
        calls=asked.calls,
        replications=tuple(numbers),
        move_up=move_up,
        evacuation=asked.evacuation,
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
    result = SimulationResult(
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
        notes=asked.notes,
    )
    return after_warm_up(result, warm_up_s) if warm_up_s > 0 else result


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
