"""The engine on plain matrices, without a plan or a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simpy.events import URGENT

from rescuesim.crew import default_crews
from rescuesim.errors import InputError, RescueSimError
from rescuesim.plan import Plan
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication
from rescuesim.simulation.clock import Clock
from rescuesim.simulation.desk import Callers, answer
from rescuesim.simulation.fleet import ShiftTimeline
from rescuesim.simulation.roads import Journeys
from rescuesim.simulation.trajectory import STAMPS, checked
from rescuesim.travel import travel_times


def setting(valley, **changes):
    return Setting(**{"chain": valley.standard.chain, "horizon_s": 86400.0, **changes})


def fleet_of(valley, *sites):
    return Fleet.from_plan(valley.plan(*sites), valley.standard.crews)


def test_an_event_happens_at_exactly_its_moment():
    clock, seen = Clock(), []

    def story():
        for moment in (0.1, 0.1 + 0.2, 1e9 + 0.1):
            yield clock.at(moment)
            seen.append(clock.now)

    clock.process(story())
    clock.run()
    assert seen == [0.1, 0.1 + 0.2, 1e9 + 0.1]


def test_the_desk_agrees_with_a_line_of_calls_played_second_by_second():
    rng = np.random.default_rng(3)
    arrived, takes = np.sort(rng.integers(0, 300, 60)), rng.integers(1, 20, 60)
    for seats in (1, 2, 3):
        busy_until, line, answered = [0] * seats, list(range(60)), [0] * 60
        for now in range(2000):
            for seat in range(seats):
                while line and busy_until[seat] <= now and arrived[line[0]] <= now:
                    call = line.pop(0)
                    busy_until[seat] = answered[call] = now + int(takes[call])
        callers = Callers(arrived_s=arrived.astype(float), answering_s=takes.astype(float))
        assert answer(callers, seats).at_s.tolist() == answered


def test_units_of_equal_time_are_sent_in_the_order_of_the_plan(valley):
    fleet = fleet_of(valley, "s2", "s1")
    roads = RoadTimes.from_matrix([[50.0], [50.0]], sites=["s1", "s2"], points=["d"])
    trajectory = run_replication(fleet, valley.calls(0.0, 1.0, 2.0), roads, setting(valley))
    assert trajectory.unit.tolist() == [0, 1, 0]


def test_matrices_are_joined_by_id_and_not_by_position(valley):
    fleet = fleet_of(valley, "s1", "s2")
    roads = RoadTimes.from_matrix([[7.0, 900.0], [9.0, 40.0]], sites=["s2", "s1"], points=["x", "d"])
    trajectory = run_replication(fleet, valley.calls(0.0), roads, setting(valley))
    assert trajectory.unit.tolist() == [0]
    assert (trajectory.at_s("on_scene") - trajectory.at_s("rolling")).tolist() == [40.0]


def test_a_waiting_call_that_no_unit_reaches_does_not_hold_up_those_behind_it(valley):
    calls = CallLog.from_draws(["cut_off", "d"], ["fire"], arrived_at_s=[0.0, 1.0, 2.0], point=[0, 1, 1])
    roads = RoadTimes.from_matrix([[np.inf, 50.0]], sites=["s1"], points=["cut_off", "d"])
    trajectory = run_replication(fleet_of(valley, "s1"), calls, roads, setting(valley))
    assert trajectory.outcomes() == ["waiting", "handled", "handled"]


def test_the_way_back_may_take_longer_than_the_way_out(valley):
    roads = RoadTimes.from_matrix([[50.0]], [[75.0]], sites=["s1"], points=["d"])
    trajectory = run_replication(fleet_of(valley, "s1"), valley.calls(0.0), roads, setting(valley))
    assert trajectory.at_s("available") - trajectory.at_s("cleared") == 75.0


def test_the_policy_sees_the_units_that_could_go_nearest_first(valley):
    offered = []

    class Curious:
        def choose(self, call, choices):
            free = list(choices)
            offered.append((call, [(choice.unit.id, choice.turnout_s, choice.travel_s) for choice in free]))
            return None if call.now_s < 8 * 3600 else free[-1].unit

    roads = RoadTimes.from_matrix([[50.0], [20.0]], sites=["s1", "s2"], points=["d"])
    trajectory = run_replication(
        fleet_of(valley, "s1", "s2"), valley.calls(0.0), roads, setting(valley), policy=Curious()
    )
    assert offered[0][0][:4] == ("d", "fire", 30.0, 30.0)
    assert offered[0][1] == [("s2#1", 120.0, 20.0), ("s1#1", 120.0, 50.0)]
    assert offered[1][0].now_s == 8 * 3600.0
    assert trajectory.unit.tolist() == [0]


def test_times_or_calls_that_do_not_match_are_refused(valley):
    fleet, roads = fleet_of(valley, "s1"), RoadTimes.from_matrix([[1.0]], sites=["s1"], points=["x"])
    with pytest.raises(InputError, match="travel times of demand point 'd'"):
        run_replication(fleet, valley.calls(0.0), roads, setting(valley))
    with pytest.raises(InputError, match="travel times of site 's2'"):
        run_replication(fleet_of(valley, "s2"), valley.calls(0.0), roads, setting(valley))
    with pytest.raises(InputError, match="before the horizon"):
        run_replication(fleet, valley.calls(86400.0), replace(roads, points=("d",)), setting(valley))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"starts_s": (1.0,)}, "the first at 0 s"),
        ({"starts_s": (0.0, 5.0)}, "one index of a matrix for each epoch"),
        ({"out_s": (np.array([[np.nan]]),)}, "0 or more, or inf"),
        ({"back_s": (np.zeros((2, 1)),)}, r"shape \(2, 1\): expected \(1, 1\)"),
    ],
)
def test_road_times_of_the_wrong_form_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(RoadTimes.from_matrix([[1.0]], sites=["s"], points=["p"]), **changes)


@pytest.mark.parametrize("changes", [{"seats": 0}, {"seed": -1}, {"horizon_s": -5.0}, {"queue": "lifo"}, {"chain": {}}])
def test_a_setting_out_of_bounds_is_refused(valley, changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        setting(valley, **changes)


def test_a_fleet_needs_units_with_distinct_ids_and_one_crew_a_site():
    crews = default_crews()
    one = Unit(id="s#1", site="s", crew=crews["brigade"])
    for units, message in (
        ((), "at least one unit"),
        ((one, one), "each unit id once"),
        ((one, Unit(id="s#2", site="s", crew=crews["ambulance"])), "one crew type"),
    ):
        with pytest.raises(InputError, match=message):
            Fleet(units=units)


def volunteers():
    return Fleet(units=(Unit(id="v#1", site="v", crew=default_crews()["village_on_call"]),))


def test_a_crew_is_there_as_often_as_its_availability_says():
    fleet, timeline = volunteers(), ShiftTimeline.until(86400.0 * 2000)
    absent = fleet.absences(timeline, seed=1, replication=0)[:, 0]
    by_day = np.array([shift == "day" for shift in timeline.shifts])
    assert 1 - absent[by_day].mean() == pytest.approx(0.35, abs=4 * np.sqrt(0.25 / 2000))
    assert 1 - absent[~by_day].mean() == pytest.approx(0.60, abs=4 * np.sqrt(0.25 / 2000))


def test_a_longer_horizon_keeps_the_absences_of_the_shorter():
    timelines = [ShiftTimeline.until(days * 86400.0) for days in (5, 50)]
    short, long = (volunteers().absences(timeline, seed=1, replication=3) for timeline in timelines)
    assert (long[: len(short)] == short).all()


def test_a_trajectory_that_cannot_be_true_is_a_fault_in_the_program(valley):
    roads = RoadTimes.from_matrix([[50.0]], sites=["s1"], points=["d"])
    true = run_replication(fleet_of(valley, "s1"), valley.calls(0.0, 1.0), roads, setting(valley))
    late, gap = true.stamps.copy(), true.stamps.copy()
    late[STAMPS.index("rolling"), 0] = 0.0
    gap[STAMPS.index("rolling"), 0] = np.nan
    for changes, message in (
        ({"stamps": late}, "before the one it follows"),
        ({"stamps": gap}, "not reached"),
        ({"task_from_s": true.task_from_s - [0.0, 1.0]}, "two calls at once"),
        ({"outcome": np.array([1, 1], dtype=np.int8)}, "a lost call has a unit"),
        ({"unit": np.array([-1, 0], dtype=np.int32)}, "without a dispatch"),
    ):
        with pytest.raises(RescueSimError, match=message):
            checked(replace(true, **changes))


def test_travel_times_are_computed_once_for_each_state_of_the_roads(valley, monkeypatch):
    from rescuesim.disruption import Disruption, RoadOutage, SiteOutage
    from rescuesim.network.states import Closure

    journeys = Journeys.on(valley.network, valley.plan("s1", "s2"), valley.demand, np.array([0]))
    half = RoadOutage(closure=Closure(road=0, level="one_lane"), from_s=100, until_s=200)
    again = RoadOutage(closure=Closure(road=0, level="one_lane"), from_s=300, until_s=400)
    gate = SiteOutage(site="s2", from_s=150, until_s=350)
    computed, plain = [], Journeys._in_states

    def counted(self, states):
        computed.extend(states)
        return plain(self, states)

    monkeypatch.setattr(Journeys, "_in_states", counted)
    roads = journeys.during(Disruption(label="x", roads=(half, again), sites=(gate,)))
    assert roads.starts_s == (0.0, 100.0, 150.0, 200.0, 300.0, 350.0, 400.0)
    assert [roads.out_s[state][:, 0].tolist() for state in roads.states] == [
        [100.0, 300.0], [200.0, 300.0], [200.0, np.inf], [100.0, np.inf], [200.0, np.inf], [200.0, 300.0],
        [100.0, 300.0],
    ]  # fmt: skip
    assert [roads.back_s[state][1, 0] for state in roads.states] == [300.0] * 7
    assert (len(computed), len(roads.out_s)) == (1, 4)


def test_one_way_streets_make_the_way_back_differ(town):
    import pandas as pd

    from rescuesim.candidates import load_sites
    from rescuesim.demand import load_demand

    sites = load_sites(pd.DataFrame({"id": ["a"], "lon": [119.3], "lat": [28.70], "status": ["existing"]}))
    demand = load_demand(pd.DataFrame({"id": ["x", "y"], "lon": [119.3001, 119.33], "lat": [28.7095, 28.71]}))
    roads = Journeys.on(town, Plan.today(sites), demand, np.array([0, 1])).during(None)
    assert (roads.out_s[0] == travel_times(town, sites, demand).values).all()
    assert (roads.back_s[0] == travel_times(town, sites, demand, towards="sites").values).all()
    assert (roads.out_s[0] != roads.back_s[0]).any()


def test_stories_and_events_of_one_moment_happen_in_the_order_in_which_they_were_set():
    seen: dict[str, list[tuple[float, str]]] = {}
    for how in ("play", "run"):
        clock, told = Clock(), []

        def story(name, *moments, clock=clock, told=told):
            for moment in moments:
                yield moment
                told.append((clock.now, name))

        def of_simpy(clock=clock, told=told):
            yield clock.at(2.0)
            told.append((clock.now, "event"))
            urgent = clock.at(3.0, URGENT)
            yield urgent
            told.append((clock.now, "urgent"))

        clock.tell(story("a", 1.0, 2.0, 3.0, 9.0))
        clock.process(of_simpy())
        clock.tell(story("b", 2.0, 3, 5.0))
        broken_off = clock.tell(story("c", 2.0, 4.0))
        clock.tell(story("d", 2.5))
        clock.tell(story("e", 3.5))
        clock.at(3.2).callbacks.append(lambda _, one=broken_off: one.break_off())
        clock.play(9.0) if how == "play" else clock.run(until=9.0)
        assert clock.now == 9.0
        seen[how] = told
    expected = [(1.0, "a"), (2.0, "b"), (2.0, "c"), (2.0, "event"), (2.0, "a")]
    expected += [(2.5, "d"), (3.0, "urgent"), (3, "b"), (3.0, "a"), (3.5, "e"), (5.0, "b")]
    assert seen["play"] == seen["run"] == expected
