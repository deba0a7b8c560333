"""The engine: one replication as SimPy processes, from the order of each call to the return of its unit.

Answering does not depend on units, so its moments are computed before the clock starts. What happens at
the same moment happens in this order: roads and shifts change, then everything else in the order in which
it was scheduled.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import URGENT, Event

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption import ChannelOutage
from rescuesim.errors import InputError
from rescuesim.simulation.calls import CallLog, call_needs
from rescuesim.simulation.clock import Clock
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.fleet import Fleet, ShiftTimeline
from rescuesim.simulation.policies import Choice, DispatchPolicy, NearestAvailable, OrderedCall, Reach
from rescuesim.simulation.roads import RoadTimes
from rescuesim.simulation.setting import Setting
from rescuesim.simulation.trajectory import Trajectory, checked

__all__ = ["PUBLIC_NETWORK", "run_replication"]

Story = Generator[Event, Any, None]
PUBLIC_NETWORK = "public_network"


def run_replication(
    fleet: Fleet,
    calls: CallLog,
    roads: RoadTimes,
    setting: Setting,
    *,
    replication: int = 0,
    policy: DispatchPolicy | None = None,
    channels: Sequence[ChannelOutage] = (),
    reach: Reach | None = None,
) -> Trajectory:
    """Run one replication on plain artefacts, without a plan or a network.

    Parameters
    ----------
    fleet : Fleet
    calls : CallLog
        All before the horizon.
    roads : RoadTimes
        Its sites and points include those of the fleet and the calls.
    setting : Setting
    replication : int, optional
        Part of the key of the absences.
    policy : DispatchPolicy, optional
        `NearestAvailable` if absent.
    channels : sequence of ChannelOutage, optional
        Where several cut a site off at once, the first given holds.
    reach : Reach, optional
        Of the same fleet and roads, to be shared by replications.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        If ids do not match, a call rings after the horizon, or a policy chooses a unit that cannot go.

    Examples
    --------
    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import Unit
    >>> nothing, exactly = Lognormal(median=0.0, p90=0.0), Lognormal(median=1.0, p90=1.0)
    >>> chain = {"answering": nothing, "order": nothing, "set_up": nothing, "variation": exactly}
    >>> fleet = Fleet(units=(Unit(id="s#1", site="s", crew=default_crews()["brigade"]),))
    >>> calls = CallLog.from_draws(["a"], ["fire"], arrived_at_s=[0.0, 30.0], on_scene_s=[600.0, 600.0])
    >>> roads = RoadTimes.from_matrix([[100.0]], sites=["s"], points=["a"])
    >>> trajectory = run_replication(fleet, calls, roads, Setting(chain=chain, horizon_s=3600.0))
    >>> trajectory.at_s("handling").round(3).tolist()
    [150.0, 1000.0]
    """
    if unknown := sorted(set(fleet.sites) - set(roads.sites)):
        raise InputError(f"roads: expected travel times of site {unknown[0]!r}")
    called = {calls.demand_ids[point] for point in np.unique(calls.point)}
    if unknown := sorted(called - set(roads.points)):
        raise InputError(f"roads: expected travel times of demand point {unknown[0]!r}")
    late = np.flatnonzero(calls.arrived_at_s >= setting.horizon_s)
    if late.size:
        moment = calls.arrived_at_s[late[0]]
        raise InputError(f"call {late[0]} at {moment} s: expected before the horizon of {setting.horizon_s} s")
    timeline = ShiftTimeline.until(setting.horizon_s, start_h=calls.start_h)
    run = _Replication(
        fleet=fleet,
        calls=calls,
        roads=roads,
        setting=setting,
        absences=fleet.absences(timeline, seed=setting.seed, replication=replication),
        policy=policy or NearestAvailable(),
        channels=channels,
        reach=reach or Reach(fleet, roads),
    )
    return checked(run.play())


class _Replication:
    """One replication: the clock, the units, the line of waiting calls and the stamps."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        calls: CallLog,
        roads: RoadTimes,
        setting: Setting,
        absences: NDArray[np.bool_],
        policy: DispatchPolicy,
        channels: Sequence[ChannelOutage],
        reach: Reach,
    ) -> None:
        self.clock = Clock()
        self.fleet, self.calls, self.roads, self.setting = fleet, calls, roads, setting
        self.policy, self.reach = policy, reach
        self.timeline = ShiftTimeline.until(setting.horizon_s, start_h=calls.start_h)
        self._draw_durations(calls, setting.chain)
        column = {point: index for index, point in enumerate(roads.points)}
        self.column = [column[calls.demand_ids[point]] for point in calls.point.tolist()]
        self.type = [calls.types[code] for code in calls.type_code.tolist()]
        self.needs = [call_needs()[type_] for type_ in self.type]

        n_units, n_calls = len(fleet.units), len(calls)
        self.unit_row = {unit.id: index for index, unit in enumerate(fleet.units)}
        self.site_of, self.road_row = fleet.site_rows().tolist(), reach.road_row.tolist()
        self.free, self.n_free = [True] * n_units, n_units
        self.absences: list[list[bool]] = absences.tolist()
        self.waiting: OrderedDict[int, Event] = OrderedDict()
        self._enter_epoch(0.0)
        self._cut = [self._cut_units(outage) for outage in channels]

        def never() -> list[float]:
            return [math.nan] * n_calls

        self.dispatched, self.alerted, self.rolling, self.on_scene = never(), never(), never(), never()
        self.handling, self.cleared, self.available = never(), never(), never()
        self.unit, self.channel = [-1] * n_calls, [""] * n_calls
        self.redispatched, self.lost = [0] * n_calls, [False] * n_calls
        self.tasks: list[tuple[int, int, float]] = []  # unit, call, from
        self.task_until: list[float] = []
        self.task_of = [-1] * n_units

    def _draw_durations(self, calls: CallLog, chain: Mapping[str, Lognormal]) -> None:
        """Turn the normal draws of the calls into seconds and factors by the distributions."""
        self.answered = Desk(seats=self.setting.seats).answer(calls, chain["answering"]).at_s
        self.ordered: list[float] = (self.answered + chain["order"].from_normal(calls.order_z)).tolist()
        self.set_up_s: list[float] = chain["set_up"].from_normal(calls.by_slot("set_up_z")[:, 0]).tolist()
        self.variation: list[float] = chain["variation"].from_normal(calls.by_slot("travel_z")[:, 0]).tolist()
        self.on_scene_s: list[float] = calls.by_slot("on_scene_s")[:, 0].tolist()
        drawn: dict[Lognormal, list[float]] = {}
        self.turnout_s: list[dict[str, list[float]]] = []  # by unit, shift and call
        for unit in self.fleet.units:
            for turnout in unit.crew.turnout.values():
                if turnout not in drawn:
                    drawn[turnout] = turnout.from_normal(calls.by_slot("turnout_z")[:, 0]).tolist()
            self.turnout_s.append({shift: drawn[turnout] for shift, turnout in unit.crew.turnout.items()})

    def _cut_units(self, outage: ChannelOutage) -> tuple[ChannelOutage, set[int], list[float]]:
        units = {row for row, unit in enumerate(self.fleet.units) if outage.cuts(unit.site, unit.township)}
        delay = Lognormal.from_default(default(f"channel.delay.{outage.fallback}"))
        return outage, units, delay.from_normal(self.calls.alerting_z).tolist()

    # -- the stories ---------------------------------------------------------------------------------

    def play(self) -> Trajectory:
        """Let everything happen until the horizon."""
        self.clock.process(self.world_changes())
        self.clock.process(self.orders())
        self.clock.run(until=self.setting.horizon_s)
        return self._trajectory()

    def world_changes(self) -> Story:
        """Change roads and shifts at their moments, and try the calls that wait."""
        moments = {*self.roads.starts_s, *self.timeline.starts_s} - {0.0}
        for moment in sorted(moment for moment in moments if moment < self.setting.horizon_s):
            yield self.clock.at(moment, URGENT)
            self._enter_epoch(moment)
            self.serve_waiting()

    def orders(self) -> Story:
        """Order the calls one after the other; each order starts an incident."""
        for call in np.argsort(self.ordered, kind="stable").tolist():
            if math.isnan(self.ordered[call]):  # who gave up at the desk; they stand last
                return
            yield self.clock.at(self.ordered[call])
            self.clock.process(self.incident(call))

    def incident(self, call: int) -> Story:
        """Order a unit, which turns out, drives, handles the call and drives back."""
        clock, column = self.clock, self.column[call]
        while True:
            unit = self.choose(call)
            if unit is not None:
                self.send(unit, call)
            elif self.setting.queue == "loss":
                self.lost[call] = True
                return
            else:
                unit = yield self.wait_for_unit(call)
            departs = self.alerted[call] + self.turnout_from(self.alerted[call], unit, call)
            yield clock.at(departs)
            drive_s = self.out_s(self.road_row[unit], column)
            if drive_s < math.inf:
                break
            self.stand_down(unit, call)

        self.rolling[call] = departs
        self.on_scene[call] = departs + drive_s * self.variation[call]
        self.handling[call] = self.on_scene[call] + self.set_up_s[call]
        self.cleared[call] = self.handling[call] + self.on_scene_s[call]
        yield clock.at(self.cleared[call])
        while (back_s := self.back_s(self.road_row[unit], column)) == math.inf:
            yield clock.at(self.next_road_change_s())
        self.available[call] = clock.now + back_s * self.variation[call]
        yield clock.at(self.available[call])
        self.release(unit)

    # -- roads and shifts ------------------------------------------------------------------------------

    def _enter_epoch(self, now_s: float) -> None:
        epoch = bisect_right(self.roads.starts_s, now_s) - 1
        self.state = self.roads.states[epoch]
        self.out_s: Callable[[int, int], float] = self.roads.out_s[self.state].item
        self.back_s: Callable[[int, int], float] = self.roads.back_s[self.state].item
        occurrence = bisect_right(self.timeline.starts_s, now_s) - 1
        self.shift = self.timeline.shifts[occurrence]
        self.absent = self.absences[occurrence]

    def next_road_change_s(self) -> float:
        """Return the next moment at which the roads change, ``inf`` if they never do again."""
        later = bisect_right(self.roads.starts_s, self.clock.now)
        return self.roads.starts_s[later] if later < len(self.roads.starts_s) else math.inf

    def turnout_from(self, alerted_s: float, unit: int, call: int) -> float:
        """Return the turnout of a unit's crew in the shift of the moment it was alerted, seconds."""
        shift = self.timeline.shifts[bisect_right(self.timeline.starts_s, alerted_s) - 1]
        return self.turnout_s[unit][shift][call]

    # -- units and the line of waiting calls -----------------------------------------------------------

    def choices(self, call: int) -> Iterator[Choice]:
        """Offer the units that could go now, nearest first."""
        column, units, turnout_s = self.column[call], self.fleet.units, self.reach.turnout_s[self.shift]
        for unit in self.reach.nearest_first(self.state, column, self.needs[call], self.shift):
            if self.free[unit] and not self.absent[self.site_of[unit]]:
                yield Choice(units[unit], float(turnout_s[unit]), self.out_s(self.road_row[unit], column))

    def choose(self, call: int) -> int | None:
        """Ask the policy for a unit, and make sure that the unit can go."""
        if not self.n_free:
            return None
        demand_id = self.roads.points[self.column[call]]
        asked = OrderedCall(demand_id, self.type[call], self.ordered[call], self.clock.now)
        chosen = self.policy.choose(asked, self.choices(call))
        if chosen is None:
            return None
        unit = self.unit_row.get(getattr(chosen, "id", ""), -1)
        if reason := self._cannot_go(unit, call):
            policy, name = type(self.policy).__name__, getattr(chosen, "id", chosen)
            raise InputError(f"policy {policy} chose unit {name!r}, which {reason}; expected one on offer")
        return unit

    def _cannot_go(self, unit: int, call: int) -> str:
        if unit < 0:
            return "is no unit of the fleet"
        if not self.free[unit]:
            return "is busy"
        if self.absent[self.site_of[unit]]:
            return "is absent in this shift"
        if not self.reach.capable(self.needs[call])[unit]:
            return f"is not capable of a call of type {self.type[call]}"
        return "" if self.out_s(self.road_row[unit], self.column[call]) < math.inf else "has no way to the call"

    def send(self, unit: int, call: int) -> None:
        """Give a unit its order, over the public network or a fallback."""
        now = self.clock.now
        self.free[unit] = False
        self.n_free -= 1
        self.task_of[unit] = len(self.tasks)
        self.tasks.append((unit, call, now))
        self.task_until.append(math.inf)
        self.unit[call], self.dispatched[call] = unit, now
        self.channel[call], self.alerted[call] = PUBLIC_NETWORK, now
        for outage, units, delay_s in self._cut:
            if unit in units and outage.from_s <= now < outage.until_s:
                self.channel[call], self.alerted[call] = outage.fallback, now + delay_s[call]
                break

    def stand_down(self, unit: int, call: int) -> None:
        """Take an order back because the way has closed before departure."""
        self.redispatched[call] += 1
        self.unit[call], self.channel[call] = -1, ""
        self.dispatched[call] = self.alerted[call] = math.nan
        self.release(unit)

    def release(self, unit: int) -> None:
        """Make a unit free and try the calls that wait."""
        self.task_until[self.task_of[unit]] = self.clock.now
        self.free[unit] = True
        self.n_free += 1
        self.serve_waiting()

    def wait_for_unit(self, call: int) -> Event:
        """Put a call at the end of the line; the event comes with its unit."""
        self.waiting[call] = self.clock.event()
        return self.waiting[call]

    def serve_waiting(self) -> None:
        """Offer the free units to the waiting calls, in the order in which these were ordered."""
        served = []
        for call, told in self.waiting.items():
            if not self.n_free:
                break
            unit = self.choose(call)
            if unit is not None:
                self.send(unit, call)
                told.succeed(unit)
                served.append(call)
        for call in served:
            del self.waiting[call]

    def _trajectory(self) -> Trajectory:
        stamps = [
            self.calls.arrived_at_s.tolist(),
            self.answered,
            self.ordered,
            self.dispatched,
            self.alerted,
        ]
        stamps += [self.rolling, self.on_scene, self.handling, self.cleared, self.available]
        return Trajectory.until(
            self.setting.horizon_s,
            stamps=np.array(stamps, dtype=np.float64).reshape(len(stamps), len(self.calls)),
            unit=np.array(self.unit, dtype=np.int32),
            channel=tuple(self.channel),
            redispatched=np.array(self.redispatched, dtype=np.int32),
            lost=np.array(self.lost, dtype=np.bool_),
            task_unit=np.array([unit for unit, _, _ in self.tasks], dtype=np.int32),
            task_call=np.array([call for _, call, _ in self.tasks], dtype=np.int32),
            task_from_s=np.array([start for _, _, start in self.tasks], dtype=np.float64),
            task_until_s=np.array(self.task_until, dtype=np.float64),
        )
