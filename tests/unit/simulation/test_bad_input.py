from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.errors import InputError
from rescuesim.network.states import Closure
from rescuesim.plan import Plan
from rescuesim.simulation import CallLog, CallModel, simulate
from rescuesim.standard import load_standard


def play(valley, plan=None, calls=None, **options):
    given = {name: getattr(valley, name) for name in ("network", "demand", "standard")}
    return simulate(
        plan or valley.plan("s1"),
        calls=calls or valley.calls(10.0),
        **{"replications": 1, **given, **options},
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replications": 0}, "replications: '0'"),
        ({"replications": 1.5}, "replications: '1.5'"),
        ({"seats": 0}, "seats: '0'"),
        ({"seed": -1}, "seed: '-1'"),
        ({"horizon_s": 0.0}, "horizon_s 0.0"),
        ({"horizon_s": np.inf}, "horizon_s inf"),
        ({"horizon_s": "a month"}, "horizon_s: 'a month', expected a number of seconds"),
        ({"queue": object()}, r"queue object: expected an object with key\(call\), waits and preempts; no key"),
        ({"queue": "lifo"}, "queue 'lifo': expected fifo, priority, preemptive or loss"),
        ({"disruptions": ()}, "disruptions: expected at least one"),
    ],
)
def test_an_impossible_option_is_refused_by_name(valley, options, message):
    with pytest.raises(InputError, match=message):
        play(valley, **options)


def test_several_wrong_options_are_reported_at_once(valley):
    with pytest.raises(InputError, match="3 faults"):
        play(valley, replications=0, seats=0, seed=-1)


def test_a_plan_without_sites_positions_or_known_crews_is_refused(valley):
    with pytest.raises(InputError, match="at least one open station"):
        play(valley, Plan(name="none", sites=()))
    site = valley.plan("s1").sites[0]
    with pytest.raises(InputError, match="site 's1': expected lon and lat"):
        play(valley, Plan(name="p", sites=(replace(site, lon=None),)))
    with pytest.raises(InputError, match=r"crew 'brigad': expected .*did you mean brigade"):
        play(valley, Plan(name="p", sites=(replace(site, crew="brigad"),)))


def test_demand_without_positions_or_calls_is_refused(valley):
    with pytest.raises(InputError, match="lon and lat"):
        play(valley, demand=replace(valley.demand, lon=None))
    with pytest.raises(InputError, match="above 0"):
        play(valley, calls=CallModel(), demand=replace(valley.demand, people=np.zeros(1)))


def test_calls_from_an_unknown_point_are_refused_with_its_id(valley):
    log = CallLog.from_draws(["elsewhere"], ["fire"], arrived_at_s=[1.0])
    with pytest.raises(InputError, match="'elsewhere', expected a point of demand table"):
        play(valley, calls=log)


def test_calls_after_the_horizon_are_refused(valley):
    with pytest.raises(InputError, match="calls before the horizon"):
        play(valley, calls=valley.calls(100.0), horizon_s=100.0)


def test_the_number_of_logs_must_be_the_number_of_replications(valley):
    with pytest.raises(InputError, match="one CallLog for each of 3 replications; got 2"):
        play(valley, calls=[valley.calls(1.0)] * 2, replications=3)


def test_a_disruption_of_an_unknown_road_is_refused(valley):
    hit = Disruption(label="slide", roads=(RoadOutage(closure=Closure(road=7), from_s=0, until_s=1),))
    with pytest.raises(InputError, match="disruption 'slide', road 7: expected from 0 to 1"):
        play(valley, disruptions=hit)


def test_a_reading_that_wants_two_units_is_refused_by_name(valley):
    with pytest.raises(InputError, match="reading micro_station_135: 'built_up', expected"):
        play(valley, standard=load_standard(inner="micro_station_135"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"arrived_at_s": [2.0, 1.0]}, "calls in the order of arrival"),
        ({"arrived_at_s": [-1.0, 1.0]}, "row 0, column arrived_at_s: '-1.0'"),
        ({"arrived_at_s": [0.0, np.nan]}, "row 1, column arrived_at_s: 'nan'"),
        ({"arrived_at_s": [0.0, 1.0], "on_scene_s": [1.0, -1.0]}, "row 1, column on_scene_s"),
        ({"arrived_at_s": [0.0, 1.0], "travel_z": [np.inf, 0.0]}, "row 0, column travel_z"),
        ({"arrived_at_s": [0.0, 1.0], "point": [0, 1]}, "row 1, column point: '1', expected an index"),
        ({"arrived_at_s": [0.0, 1.0], "order_z": [0.0]}, r"column order_z: '\(1,\)'"),
        ({"arrived_at_s": [0.0, 1.0], "travel": [0.0, 0.0]}, "did you mean travel_z"),
    ],
)
def test_a_log_of_calls_says_which_cell_is_wrong(columns, message):
    with pytest.raises(InputError, match=message):
        CallLog.from_draws(["d"], ["fire"], **columns)


def test_an_unknown_call_type_is_refused_with_the_nearest_known():
    with pytest.raises(InputError, match="did you mean fire"):
        CallLog.from_draws(["d"], ["fires"], arrived_at_s=[1.0])
    with pytest.raises(InputError, match="did you mean rescue"):
        CallModel(type_shares={"rescu": 1.0})


@pytest.mark.parametrize(
    "wrong", [{"per_10k_people_year": -1.0}, {"type_shares": {"fire": 0.5}}, {"share_08_to_20_h": 1.1}]
)
def test_a_call_model_out_of_bounds_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        CallModel(**wrong)


def test_a_policy_that_chooses_a_unit_that_is_away_is_named_before_the_first_event(valley):
    class Stubborn:
        def choose(self, call, choices):
            return self.unit or next(choices).unit

    class Learning(Stubborn):
        unit = None

        def choose(self, call, choices):
            self.unit = self.unit or next(choices).unit
            return self.unit

    with pytest.raises(InputError, match=r"'Learning', expected one of .* it chose 's2#1', which is away"):
        play(valley, valley.plan("s1", "s2"), valley.calls(10.0, 20.0), policy=Learning())

    class Wild(Stubborn):
        unit = "s9#1"

    with pytest.raises(InputError, match=r"'Wild', expected one of .* it chose 's9#1', which is no unit of the fleet"):
        play(valley, policy=Wild())


def test_a_policy_that_returns_the_choice_and_not_its_unit_is_told_so(valley):
    class Hasty:
        def choose(self, call, choices):
            return next(choices, None)

    with pytest.raises(InputError, match=r"expected a unit, as choice\.unit is"):
        play(valley, valley.plan("s1", "s2"), policy=Hasty())
