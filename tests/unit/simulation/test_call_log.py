from __future__ import annotations

import datetime
import pickle
from dataclasses import replace

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.simulation import CallLog, Fleet, RoadTimes, Setting, Unit, run_replication
from rescuesim.simulation.calls import SLOT_DRAWS
from rescuesim.simulation.fleet import ShiftTimeline


def log(**arrays):
    return CallLog.from_draws(["d"], ["fire"], **({"arrived_at_s": [0.0, 5.0]} | arrays))


def test_what_is_not_given_means_nothing_out_of_the_ordinary():
    found = log()
    assert found.priority.tolist() == [0, 0]
    assert found.duplicate_of.tolist() == [-1, -1]
    assert found.severity.tolist() == [1.0, 1.0]
    assert found.patience_s.tolist() == found.again_after_s.tolist() == [np.inf, np.inf]
    assert found.detected_s.tolist() == [0.0, 0.0]
    assert found.muster_u.tolist() == [0.5, 0.5]


def test_one_dimension_is_one_slot_and_the_others_follow_the_widest():
    found = log(turnout_z=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], on_scene_s=[60.0, 70.0])
    assert found.n_slots == 3
    assert {name: found.by_slot(name).shape for name in SLOT_DRAWS} == dict.fromkeys(SLOT_DRAWS, (2, 3))
    assert found.by_slot("on_scene_s").tolist() == [[60.0] * 3, [70.0] * 3]
    assert log().by_slot("travel_z").shape == (2, 1)
    assert {"turnout_z_2", "on_scene_s_0", "order_z"} <= set(found.to_frame())


def test_all_draws_by_slot_have_the_same_slots():
    found = log(turnout_z=np.zeros((2, 3)))
    with pytest.raises(InputError, match=r"column travel_z: '\(2, 2\)', expected the shape \(2, 3\), as turnout_z has"):
        replace(found, travel_z=np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"on_scene_s": [[1.0, 1.0], [1.0, -1.0]]}, "row 1, column on_scene_s, slot 1: '-1.0'"),
        ({"muster_u": [0.5, 1.5]}, "row 1, column muster_u: '1.5', expected a number from 0 to 1"),
        ({"priority": [0, -1]}, "row 1, column priority"),
        ({"severity": [1.0, 0.0]}, "row 1, column severity"),
        ({"patience_s": [np.inf, -1.0]}, "row 1, column patience_s: '-1.0', expected seconds of 0 or more, or inf"),
        ({"again_after_s": [np.nan, 1.0]}, "row 0, column again_after_s"),
        ({"detected_s": [np.inf, 1.0]}, "row 0, column detected_s"),
        ({"duplicate_of": [-1, 1]}, "row 1, column duplicate_of: '1', expected an earlier call"),
        ({"duplicate_of": [-2, -1]}, "row 0, column duplicate_of"),
        ({"arrived_at_s": [0.0, 1.0, 2.0], "duplicate_of": [-1, 0, 1]}, "row 2, column duplicate_of: '1'"),
    ],
)
def test_a_log_says_which_of_the_new_cells_is_wrong(arrays, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        log(**arrays)


def test_a_log_goes_to_a_worker_and_back():
    found = log(turnout_z=np.ones((2, 2)), patience_s=[3.0, np.inf])
    again = pickle.loads(pickle.dumps(found))
    assert again.to_frame().equals(found.to_frame())
    assert replace(found, priority=np.array([1, 2], dtype=np.int8)).priority.tolist() == [1, 2]


def test_a_replication_that_begins_in_the_evening_has_its_shifts_then():
    evening = replace(log(), starts=datetime.datetime(2026, 7, 1, 18, 30))
    assert evening.start_h == 18.5
    timeline = ShiftTimeline.until(86400.0, start_h=evening.start_h)
    assert timeline.starts_s == (0.0, 5400.0, 48600.0)
    assert timeline.shifts == ("day", "night", "day")


def test_the_first_slot_and_the_hour_of_the_start_reach_the_engine(valley):
    crew = valley.standard.crews["brigade"]
    fleet = Fleet(units=(Unit(id="s1#1", site="s1", crew=crew),))
    roads = RoadTimes.from_matrix([[50.0]], sites=["s1"], points=["d"])
    setting = Setting(chain=valley.standard.chain, horizon_s=86400.0)
    calls = log(arrived_at_s=[0.0], on_scene_s=[[600.0, 1.0]])
    noon = replace(calls, starts=datetime.datetime(2026, 1, 1, 12))
    found = [run_replication(fleet, one, roads, setting) for one in (calls, noon)]
    assert [one.at_s("rolling").item() for one in found] == [150.0, 90.0]  # turnout 120 s by night, 60 s by day
    assert [one.at_s("cleared").item() - one.at_s("handling").item() for one in found] == [600.0, 600.0]


def test_who_gives_up_at_the_desk_gets_no_unit_and_keeps_no_other_from_one(valley):
    fleet = Fleet(units=(Unit(id="s1#1", site="s1", crew=valley.standard.crews["brigade"]),))
    roads = RoadTimes.from_matrix([[50.0]], sites=["s1"], points=["d"])
    calls = log(arrived_at_s=[0.0, 1.0, 20.0], patience_s=[np.inf, 3.0, np.inf], on_scene_s=[60.0] * 3)
    found = run_replication(fleet, calls, roads, Setting(chain=valley.standard.chain, horizon_s=86400.0, seats=1))
    assert np.isnan(found.at_s("answered")).tolist() == [False, True, False]
    assert np.isnan(found.at_s("handling")).tolist() == [False, True, False]
