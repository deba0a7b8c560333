"""What there is to mend, who mends it and on which roads: the setting that a schedule is worked out in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rescuesim._defaults import default
from rescuesim.disruption.outages import RoadSlowing
from rescuesim.disruption.repair.crews import RepairCrew
from rescuesim.disruption.repair.damaged_roads import DamagedRoads, Slowed
from rescuesim.disruption.repair.work_clock import WorkClock
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.network.states import Closure
from rescuesim.quality import SnappedPoints
from rescuesim.travel import build_split_graph

__all__ = ["Job", "Setting", "build_setting", "slow_spells"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing that is broken.

    Parameters
    ----------
    label : str
    kind : str
        Of the crews that mend it; empty if nobody does.
    fronts : tuple of int
        Nodes from which it is worked on, one crew each; -1 where there is no road.
    most_crews : int
        Crews that may work on it at a time.
    at_s, ready_s, passes_s : float
        When it breaks, from when on work may go on, and when it passes by itself.
    stages_s : tuple of float
        Seconds of one machine pair until the end of each stage, ascending; none if nobody can mend it.
    levels : bytes
        What it means to the road at first and after each stage; empty for what is not on the road.
    access_ticks : int
        From the road to where it is worked on.
    by_calendar : bool
        Whether the seconds are of the calendar, nights included, and more machines are no help.
    """

    label: str
    kind: str
    fronts: tuple[int, ...]
    most_crews: int
    at_s: float
    ready_s: float
    passes_s: float
    stages_s: tuple[float, ...]
    levels: bytes = b""
    access_ticks: int = 0
    by_calendar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All that a schedule depends on, but for the rule by which crews choose.

    Parameters
    ----------
    roads : DamagedRoads
        That crews drive on; its damages are the first jobs.
    jobs : tuple of Job
    crews : tuple of RepairCrew
    bases : tuple of int
        Node of each crew's base.
    access_ticks : tuple of int
        From the base to the road.
    clock : WorkClock
    slow : tuple
        From when on which roads are slow, the first from 0 s.
    pace : float
        Times of the crews' vehicles over those of the roads.
    start_up_s, launch_s : float
    pairs_at_front : int
        Machine pairs that find room at one front.
    widen_at_once : bool
        Whether a crew stays until the road is as wide as before, or opens one lane elsewhere first.
    horizon_s : float
    """

    roads: DamagedRoads
    jobs: tuple[Job, ...]
    crews: tuple[RepairCrew, ...]
    bases: tuple[int, ...]
    access_ticks: tuple[int, ...]
    clock: WorkClock
    slow: tuple[tuple[float, Slowed], ...]
    pace: float
    start_up_s: float
    launch_s: float
    pairs_at_front: int
    widen_at_once: bool
    horizon_s: float

    def trip_s(self, free_ticks: float) -> float:
        """Return the seconds of a trip, its start-up loss included (as `with_start_up_ticks`)."""
        if free_ticks <= 0:
            return 0.0
        tau, launch = round(self.start_up_s * TICKS_PER_SECOND), round(self.launch_s * TICKS_PER_SECOND)
        driven = round(math.sqrt(4.0 * free_ticks * tau)) if free_ticks <= tau else free_ticks + tau
        return (driven + launch) / TICKS_PER_SECOND * self.pace

    def soonest_s(self) -> list[list[float]]:
        """Return when each stage of each job could be done at best: at no drive, by the strongest crews of all.

        Nobody is sooner, whatever the order; ``inf`` where the horizon comes before. When something passes by itself is
        not looked at: crews do not know it.
        """
        pairs = sorted((min(crew.machines, self.pairs_at_front) for crew in self.crews), reverse=True)
        from_s = min((crew.from_s for crew in self.crews), default=math.inf)
        return [[self._soonest(job, pairs, from_s, work_s) for work_s in job.stages_s] for job in self.jobs]

    def _soonest(self, job: Job, pairs: Sequence[int], from_s: float, work_s: float) -> float:
        rate, begins = sum(pairs[: job.most_crews]), max(job.ready_s, from_s)
        if not rate:
            return math.inf
        ends = begins + work_s if job.by_calendar else self.clock.done_at(begins, work_s / rate)
        return ends if ends <= self.horizon_s else math.inf

    def slowed_at(self, at_s: float) -> Slowed:
        """Return the roads that are slow at a moment."""
        return next(slowed for from_s, slowed in reversed(self.slow) if from_s <= at_s)


def slow_spells(slowings: Sequence[RoadSlowing], horizon_s: float) -> tuple[tuple[float, Slowed], ...]:
    """List from when on which roads are slow, the worst factor where spells of a road overlap."""
    moments = {0.0} | {moment for one in slowings for moment in (one.from_s, one.until_s) if moment < horizon_s}
    found: list[tuple[float, Slowed]] = []
    for moment in sorted(moments):
        factor: dict[int, float] = {}
        for one in slowings:
            if one.from_s <= moment < one.until_s:
                factor[one.road] = max(one.factor, factor.get(one.road, 1.0))
        slowed = tuple(sorted(factor.items()))
        if not found or found[-1][1] != slowed:
            found.append((float(moment), slowed))
    return tuple(found)


def build_setting(
    network: RoadNetwork,
    crew_network: RoadNetwork | None,
    *,
    closures: Sequence[Closure],
    jobs: Sequence[Job],
    fronts: Sequence[Sequence[tuple[int, float]]],
    crews: Sequence[RepairCrew],
    bases: SnappedPoints,
    clock: WorkClock,
    slowings: Sequence[RoadSlowing],
    widen_at_once: bool,
    horizon_s: float,
    access_ticks: Sequence[int] | None = None,
) -> Setting:
    """Cut the roads at the bases and fronts, and put all together.

    Parameters
    ----------
    network : RoadNetwork
    crew_network : RoadNetwork or None
        The same roads with the times of the crews' vehicles; those of the network, slowed to a heavy truck's, if None.
    closures : sequence of Closure
        Of the first jobs.
    jobs : sequence of Job
        Their fronts are not looked at.
    fronts : sequence of sequence of tuple
        Road and position in metres of each front of each job; road -1 where there is none.
    crews, bases, clock, slowings, widen_at_once, horizon_s
        As in `Setting`.
    access_ticks : sequence of int, optional
        From the road to each job; 0 if absent.

    Raises
    ------
    InputError
        If the roads of the crews' network are not those of the network.
    """
    pace = 1.0
    if crew_network is None:
        crew_network, pace = network, 1 / default("speed_factor.heavy_truck").number
    elif crew_network.n_roads != network.n_roads or not np.allclose(
        crew_network.road_length_m, network.road_length_m, atol=0.01
    ):
        raise InputError(
            f"crew_network: {crew_network.n_roads} roads, expected the {network.n_roads} roads of the network with "
            "other times; a profile that leaves roads out makes a network of its own"
        )
    flat = [place for some in fronts for place in some]
    nothing = np.zeros(len(flat))
    stand = SnappedPoints(
        road=np.array([road for road, _ in flat], dtype=np.int32),
        position_m=np.array([metres for _, metres in flat], dtype=np.float64),
        access_m=nothing,
        access_ticks=nothing.astype(np.int32),
    )
    graph = build_split_graph(crew_network, bases, stand)
    roads = DamagedRoads.of(graph, closures)
    places = graph.point_node.tolist()
    base_places, front_places = places[: len(bases)], iter(places[len(bases) :])
    return Setting(
        roads=roads,
        jobs=tuple(
            replace(job, fronts=tuple(next(front_places) for _ in some), access_ticks=ticks)
            for job, some, ticks in zip(jobs, fronts, access_ticks or [0] * len(jobs), strict=True)
        ),
        crews=tuple(crews),
        bases=tuple(base_places),
        access_ticks=tuple(bases.access_ticks.tolist()),
        clock=clock,
        slow=slow_spells(slowings, horizon_s),
        pace=pace,
        start_up_s=crew_network.start_up_s,
        launch_s=crew_network.launch_s,
        pairs_at_front=int(default("clearing.pairs_at_front").number),
        widen_at_once=widen_at_once,
        horizon_s=horizon_s,
    )
