"""simulate: a plan, a demand and perhaps disruptions in, one flat record a call out."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, channel_outages, silent_sites
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.dispatch import DispatchPolicy, NearestAvailable, Reach
from rescuesim.simulation.engine import PUBLIC_NETWORK, run_replication
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.records import SimulationResult, call_records, unit_records
from rescuesim.simulation.roads import Journeys
from rescuesim.simulation.setting import Queue, Setting
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

    def calls_of(self, replication: int) -> CallLog:
        """Draw or look up the calls of a replication; the plan and the disruption have no say in it."""
        if isinstance(self.calls, tuple):
            return self.calls[self.replications.index(replication)]
        horizon_s, seed = self.setting.horizon_s, self.setting.seed
        return self.calls.generate(self.demand, horizon_s=horizon_s, seed=seed, replication=replication)

    def play(self) -> Iterator[Played]:
        """Run the replications one after the other."""
        roads = self.journeys.during(self.disruption)
        reach = Reach(self.fleet, roads)
        for replication in self.replications:
            calls = self.calls_of(replication)
            trajectory = run_replication(
                self.fleet,
                calls,
                roads,
                self.setting,
                replication=replication,
                policy=copy.deepcopy(self.policy),
                channels=self.disruption.channels if self.disruption else (),
                reach=reach,
            )
            yield replication, calls, trajectory


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
    replications: int = 100,
    horizon_s: float = 30 * 86400.0,
    seed: int = 0,
    seats: int | None = None,
    queue: Queue = "fifo",
    policy: DispatchPolicy | None = None,
    snap_limit_m: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> SimulationResult:
    """Simulate calls and units on the roads, on normal days or through disruptions.

    A call rings, is answered in turn at one of the seats, and is ordered. A unit of the plan is dispatched
    or, if none can go, the call waits until a unit comes free or returns to duty, or the roads change. The
    unit is alerted, turns out, drives, starts handling, clears and drives back. All durations come from the
    distributions that the standard plans with. One unit answers a call. A drive takes the roads that are
    open when it begins: a road that closes while a unit is on its way does not stop it.

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
    replications : int, optional
    horizon_s : float, optional
        Length of each replication, seconds. It starts at 00:00, or when `calls` say, which is also the onset of the
        disruption.
    seed : int, optional
        Root of all random streams. The plan and the disruption enter none of them, so plans are compared on
        the same calls and draws.
    seats : int, optional
        Call takers; default ``desk.seats``.
    queue : {'fifo', 'loss'}, optional
        Whether a call without a unit waits, first ordered first served, or is lost.
    policy : DispatchPolicy, optional
        `NearestAvailable` if absent.
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
        If the standard asks for a second unit, which cannot be simulated, or an option or an artefact is
        wrong. Raised before the first event, save for a policy that chooses a unit that cannot go.
    InvariantError
        If a trajectory cannot be true: stamps out of order, or a unit on two calls at once. Every run is
        checked; it would be a fault in the program.

    Examples
    --------
    See `run_replication` for one replication on plain matrices, without a network.
    """
    model: CallModel | CallLog | Sequence[CallLog] = CallModel() if calls is None else calls
    through = _disruptions(disruptions, network, plan, demand)
    _check_options(standard, demand, replications, seed, seats)
    setting = Setting(
        chain=dict(standard.chain),
        horizon_s=float(horizon_s),
        seed=int(seed),
        seats=int(default("desk.seats").number if seats is None else seats),
        queue=queue,
    )
    fleet = Fleet.from_plan(plan, standard.crews)
    logs = _call_logs(model, demand, replications, setting.horizon_s)
    journeys = Journeys.on(network, plan, demand, _calling_rows(logs, demand), snap_limit_m=snap_limit_m)
    every = _Chunk(
        fleet=fleet,
        journeys=journeys,
        disruption=None,
        setting=setting,
        policy=policy if policy is not None else NearestAvailable(),
        demand=demand,
        calls=logs,
        replications=tuple(range(replications)),
    )
    chunks = _split(every, through)
    logger.info("simulating %d replications of plan %s in %d chunks", replications, plan.name, len(chunks))
    played = sorted(_play(chunks, executor, progress, replications), key=lambda one: one[0])
    met = [disruption for disruption in through[:replications] if disruption is not None]
    fallbacks = (outage.fallback for disruption in met for outage in disruption.channels)
    return SimulationResult(
        plan=plan,
        standard=standard,
        demand=demand,
        condition=" | ".join(disruption.label for disruption in met) if met else "intact",
        replications=replications,
        horizon_s=setting.horizon_s,
        seed=setting.seed,
        records=call_records(fleet, demand, list(dict.fromkeys((PUBLIC_NETWORK, *fallbacks))), played),
        unit_records=unit_records(fleet, played),
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
    expected = _expected_calls(every.calls, every.demand, every.setting.horizon_s)
    size = max(1, math.ceil(_CALLS_A_CHUNK / (expected + _REPLICATION_AS_CALLS)))
    total, chunks = len(every.replications), []
    for number in range(min(len(disruptions), total)):
        through = range(number, total, len(disruptions))
        for start in range(0, len(through), size):
            some = tuple(through[start : start + size])
            calls = every.calls if isinstance(every.calls, CallModel) else tuple(every.calls[index] for index in some)
            chunks.append(replace(every, disruption=disruptions[number], calls=calls, replications=some))
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
    return tuple(_as_ordered(disruption) for disruption in some)


def _as_ordered(disruption: Disruption) -> Disruption:
    """Let orders go by the channels of its contacts: by others where the phone is dead, not at all where all are."""
    channels = dict.fromkeys((*disruption.channels, *channel_outages(disruption.contacts)))
    sites = dict.fromkeys((*disruption.sites, *silent_sites(disruption.contacts)))
    return replace(disruption, channels=tuple(channels), sites=tuple(sites))


def _check_options(
    standard: ResponseStandard, demand: DemandPoints, replications: int, seed: int, seats: int | None
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
        "replications": (replications, 1),
        "seed": (seed, 0),
        "seats": (1 if seats is None else seats, 1),
    }
    faults += [
        Fault(column=name, value=str(value), expected=f"a whole number of {least} or more")
        for name, (value, least) in numbers.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
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


def _calling_rows(calls: CallModel | tuple[CallLog, ...], demand: DemandPoints) -> NDArray[np.int64]:
    """Rows of the demand points from which calls can come; one of them if there are none."""
    if isinstance(calls, CallModel):
        return np.flatnonzero(calls.calls_per_year(demand) > 0)
    row = {id_: index for index, id_ in enumerate(demand.ids)}
    distinct = {id(log): log for log in calls}.values()
    found = {row[log.demand_ids[point]] for log in distinct for point in np.unique(log.point)}
    return np.array(sorted(found) or [0], dtype=np.int64)


def _expected_calls(calls: CallModel | tuple[CallLog, ...], demand: DemandPoints, horizon_s: float) -> float:
    """Return how many calls a replication has on average, roughly."""
    if isinstance(calls, CallModel):
        return float(calls.calls_per_year(demand).sum()) * horizon_s / (365.25 * 86400.0)
    return sum(len(log) for log in calls) / len(calls)
