from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rescuesim.errors import InputError
from rescuesim.simulation import ComplianceTable, NearestUncovered, NoMoveUp
from rescuesim.simulation.policies.fleet_view import view_of_line

LINE = {"a": 0, "b": 10, "c": 20, "d": 30}


def moved(policy, view):
    return [(move.unit.id, move.site) for move in policy.moves(view)]


# -- the view ------------------------------------------------------------------------------------------


def test_a_unit_covers_what_it_reaches_within_the_limit_turnout_included():
    view = view_of_line({"s": 0}, ["s"], points={"near": 5, "far": 6}, limit_s=350.0)
    assert view.covers(0, 0).tolist() == [True, False]  # 50 + 300 and 50 + 360 s
    assert view.weight_uncovered == 1.0


def test_a_busy_unit_is_nowhere_and_covers_nothing():
    view = replace(view_of_line(LINE, ["a", "b"]), free=[False, True], at=[-1, 1])
    assert (view.movable(), view.busy()) == ([1], [0])
    assert (view.stands_at(0), view.stands_at(1)) == ("", "b")
    assert view.covered().tolist() == [True, True, True, False]


def test_a_view_of_wrong_lengths_or_with_a_free_unit_nowhere_is_refused():
    view = view_of_line(LINE, ["a", "b"])
    with pytest.raises(InputError, match=r"weights of shape \(1,\): expected \(4,\)"):
        replace(view, weights=np.ones(1))
    with pytest.raises(InputError, match="unit 'b#1' at site -1: expected from 0 to 3"):
        replace(view, at=[0, -1])
    with pytest.raises(InputError, match="site 'e': expected"):
        view.site_row("e")


# -- policies ------------------------------------------------------------------------------------------


def test_nobody_moves_without_move_up():
    assert moved(NoMoveUp(), view_of_line(LINE, ["a", "a"])) == []


def test_the_row_of_the_free_units_is_held_with_the_least_travel_in_sum():
    table = ComplianceTable({2: ["b", "d"], 3: ["a", "b", "d"]})
    # a→b and c→d are 20 minutes in sum; a→d and c→b would be 40
    assert moved(table, view_of_line(LINE, ["a", "c"])) == [("a#1", "b"), ("c#1", "d")]
    assert moved(table, view_of_line(LINE, ["b", "d"])) == []
    assert moved(table, view_of_line(LINE, ["a", "b", "c"])) == [("c#1", "d")]


def test_a_number_of_free_units_without_a_row_moves_nobody():
    assert moved(ComplianceTable({2: ["b", "d"]}), view_of_line(LINE, ["a"])) == []


def test_of_units_at_one_site_the_first_stays():
    assert moved(ComplianceTable({2: ["a", "b"]}), view_of_line(LINE, ["a", "a"])) == [("a#2", "b")]
    assert moved(ComplianceTable({3: ["d", "b"]}), view_of_line(LINE, ["a", "a", "a"])) == [("a#1", "d"), ("a#2", "b")]


def test_a_unit_on_its_way_is_counted_and_not_turned_away():
    table = ComplianceTable({2: ["a", "d"]})
    coming = replace(view_of_line(LINE, ["d", "b"]), moving=[True, False])
    assert moved(table, coming) == [("b#1", "a")]
    wrong_way = replace(view_of_line(LINE, ["c", "a"]), moving=[True, False])
    assert moved(table, wrong_way) == []  # a is held; d waits until the unit is at c
    here_too = replace(view_of_line(LINE, ["a", "a"]), moving=[False, True])
    assert moved(table, here_too) == [("a#1", "d")]


def test_a_site_that_is_cut_off_is_not_held_and_the_others_are():
    view = view_of_line(LINE, ["a", "c"])
    between_s = view.between_s.copy()
    between_s[:, 3] = np.inf
    assert moved(ComplianceTable({2: ["d", "b"]}), replace(view, between_s=between_s)) in (
        [("a#1", "b")],
        [("c#1", "b")],
    )


def test_crews_that_are_not_to_move_stay():
    view = view_of_line(LINE, ["a", "a"], crew="township_duty")
    assert moved(ComplianceTable({2: ["a", "b"]}), view) == []
    assert moved(ComplianceTable({2: ["a", "b"]}, crews=["township_duty"]), view) == [("a#2", "b")]


def test_the_site_that_leaves_most_weight_uncovered_is_filled_by_the_nearest_unit_that_can_be_spared():
    # within 14 minutes of a: a, b; of c: b, c, d; of d: c, d
    view = view_of_line(LINE, ["a", "a"])
    assert moved(NearestUncovered(), view) == [("a#1", "c")]
    heavy_d = replace(view_of_line(LINE, ["a", "c"], limit_s=300.0), weights=np.array([1.0, 1.0, 1.0, 5.0]))
    assert moved(NearestUncovered(), heavy_d) == [("c#1", "d")]
    assert moved(NearestUncovered(), view_of_line(LINE, ["a", "c"], limit_s=300.0)) == []  # nothing would be gained


def test_a_nearer_unit_that_would_leave_more_uncovered_stays():
    view = replace(view_of_line(LINE, ["c", "a", "a"], limit_s=300.0), weights=np.array([1.0, 1.0, 9.0, 5.0]))
    assert moved(NearestUncovered(), view) == [("a#1", "d")]


def test_small_gains_are_not_worth_a_move():
    view = view_of_line(LINE, ["a", "a"])  # two of four points are gained
    assert moved(NearestUncovered(gain=0.49), view) == [("a#1", "c")]
    assert moved(NearestUncovered(gain=0.5), view) == []
    with pytest.raises(InputError, match="gain 2"):
        NearestUncovered(gain=2)


def test_unless_told_otherwise_a_move_has_to_gain_three_hundredths_of_the_weight():
    view = view_of_line(LINE, ["a", "c"], limit_s=300.0)  # each covers its own site; a move from a to b gains the rest
    for others, moves in ((3.1, [("a#1", "b")]), (3.0, [])):
        assert moved(NearestUncovered(), replace(view, weights=np.array([0.0, others, 100.0 - others, 0.0]))) == moves
    assert NearestUncovered().gain == 0.03


def test_a_site_to_which_somebody_drives_is_not_filled_twice():
    assert moved(NearestUncovered(), replace(view_of_line(LINE, ["c", "a"]), moving=[True, False])) == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "at least one row"),
        ({1: ["a", "b"]}, "at most 1 sites"),
        ({2: []}, "at least one site"),
        ({2: "ab"}, "a list of at least one site"),
        ({0: ["a"]}, "1 or more"),
        ({"1": ["a"], 2: ()}, "2 faults"),
    ],
)
def test_a_table_of_wrong_sizes_is_refused(table, message):
    with pytest.raises(InputError, match=message):
        ComplianceTable(table)
