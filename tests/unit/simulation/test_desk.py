from __future__ import annotations

import numpy as np
import pytest
from oracles_queueing import starts_in_turn

from rescuesim.crew import Lognormal
from rescuesim.errors import InputError
from rescuesim.simulation import CallLog, Desk
from rescuesim.simulation.desk import Callers, answer, unattended_s


def log(**arrays):
    return CallLog.from_draws(["d"], ["fire", "social"], **arrays)


def test_callers_who_never_give_up_are_answered_as_before():
    rng = np.random.default_rng(5)
    arrived, takes = np.sort(rng.random(400)) * 3000, rng.exponential(20.0, 400)
    found = answer(Callers(arrived_s=arrived, answering_s=takes), 3)
    starts = starts_in_turn(arrived.tolist(), takes.tolist(), 3)
    assert found.at_s.tolist() == [start + held for start, held in zip(starts, takes.tolist(), strict=True)]
    assert set(found.rings.tolist()) == {1}


def test_a_caller_who_gives_up_rings_again_and_stands_at_the_end_of_the_line():
    callers = Callers(
        arrived_s=[0.0, 1.0, 9.0],
        answering_s=[20.0, 5.0, 5.0],
        patience_s=[np.inf, 3.0, 60.0],
        again_after_s=[np.inf, 7.0, np.inf],
    )
    found = answer(callers, 1)
    # rings at 1, 11, 21: gives up at 4 and 14; at 21 call 2 holds the seat until 25, beyond the patience to 24
    assert found.rings.tolist() == [1, 4, 1]
    assert found.at_s.tolist() == [20.0, 36.0, 25.0]  # rings at 31, the seat is free


def test_after_the_last_ring_a_caller_is_given_up():
    callers = Callers(
        arrived_s=[0.0, 1.0], answering_s=[99.0, 5.0], patience_s=[9.0, 3.0], again_after_s=[1.0, 1.0], most_rings=2
    )
    found = answer(callers, 1)
    assert found.abandoned.tolist() == [False, True]
    assert found.rings.tolist() == [1, 2]


def test_a_seat_that_comes_free_at_the_last_moment_of_patience_is_taken():
    callers = Callers(arrived_s=[0.0, 4.0, 5.0], answering_s=[10.0, 1.0, 1.0], patience_s=[0.0, 6.0, 5.0])
    found = answer(callers, 1)
    assert found.at_s[1] == 11.0
    assert np.isnan(found.at_s[2])


def test_separate_desks_hand_calls_over_and_a_joint_desk_does_not():
    calls = log(arrived_at_s=[0.0, 30.0], desk_u=[0.05, 0.5])
    apart = Desk(seats=1, joint_duty=False, other_desk_share=0.1, hand_over=60.0)
    assert apart.answer(calls, 10).at_s.tolist() == [70.0, 40.0]
    assert Desk(seats=1).answer(calls, 10).at_s.tolist() == [10.0, 40.0]


def test_guidance_is_recorded_for_its_types_and_moves_no_stamp():
    calls = log(arrived_at_s=[0.0, 5.0, 9.0], type_code=[0, 0, 1], guidance_u=[0.1, 0.9, 0.1])
    with_, without = (Desk(seats=2, guided=share).answer(calls, 10) for share in (0.5, 0.0))
    assert with_.guided.tolist() == [True, False, False]
    assert with_.at_s.tolist() == without.at_s.tolist()
    handling = np.array([300.0, 400.0, np.nan])
    assert unattended_s(calls.arrived_at_s, with_.at_s, handling, with_.guided)[:2].tolist() == [10.0, 395.0]


def test_the_desk_reads_patience_and_answering_from_the_call():
    calls = log(arrived_at_s=[0.0, 1.0], answering_z=[0.0, 0.0], patience_s=[np.inf, 2.0])
    found = Desk(seats=1).answer(calls, Lognormal(median=10.0, p90=20.0))
    assert found.at_s[0] == 10.0
    assert found.abandoned[1]


def test_every_fault_of_the_callers_is_told_at_once():
    with pytest.raises(InputError) as caught:
        Callers(arrived_s=[0.0, np.nan], answering_s=[1.0, -1.0], patience_s=[1.0], most_rings=0)
    assert [fault.column for fault in caught.value.faults] == ["arrived_s", "answering_s", "patience_s", "most_rings"]


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"seats": 0}, "seats"),
        ({"guided": 1.5}, "guided"),
        ({"hand_over": -3.0}, "hand_over"),
        ({"seats": 1.5}, "seats"),
    ],
)
def test_a_desk_out_of_bounds_is_refused(wrong, column):
    with pytest.raises(InputError, match=column):
        Desk(**wrong)
