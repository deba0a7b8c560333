"""Policies against plain searches over all that could be chosen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles_simulation_policies import best_assignment, first_expected, first_with_people, least_prepared

from rescuesim.crew import default_crews
from rescuesim.simulation import (
    Choice,
    ClosestCapable,
    ComplianceTable,
    Fleet,
    JurisdictionFirst,
    MutualAid,
    NearestAvailable,
    NearestUncovered,
    OrderedCall,
    Pooled,
    PreparednessAware,
    RoadTimes,
    Unit,
    UnitNeed,
    World,
)
from rescuesim.simulation.policies import FleetView, for_replication
from rescuesim.simulation.policies.move_up import cheapest_assignment

CREWS, TOWNSHIPS = ("brigade", "micro_station", "township_duty", "village_on_call"), ("甲", "乙", "丙")
PEOPLE = {"brigade": 5, "micro_station": 3, "township_duty": 5, "village_on_call": 4}


@st.composite
def offers(draw):
    """Draw a fleet, a world, a call and the units on offer, nearest first."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_units, n_points = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    crews = default_crews()
    units = tuple(
        Unit(id=f"s{j}#1", site=f"s{j}", crew=crews[rng.choice(CREWS)], township=str(rng.choice(TOWNSHIPS)))
        for j in range(n_units)
    )
    # whole minutes, so that ties are common
    out_s = np.where(rng.random((n_units, n_points)) < 0.1, np.inf, rng.integers(0, 16, (n_units, n_points)) * 60.0)
    points = tuple(f"p{i}" for i in range(n_points))
    world = World(
        fleet=Fleet(units=units),
        roads=RoadTimes.from_matrix(out_s, sites=[unit.site for unit in units], points=points),
        townships={point: str(rng.choice(TOWNSHIPS)) for point in points},
        weights={point: float(rng.integers(0, 3)) for point in points},
    )
    turnout_s = [float(rng.choice([60.0, 180.0])) for _ in units]
    offered = [
        Choice(unit, turnout_s[j], float(out_s[j, 0]))
        for j, unit in enumerate(units)
        if rng.random() < 0.8 and out_s[j, 0] < np.inf
    ]
    offered.sort(key=lambda choice: choice.turnout_s + choice.travel_s)
    call = OrderedCall(
        "p0", "rescue", 0.0, 0.0,
        slot=int(rng.integers(0, 3)),
        need=UnitNeed(capabilities=frozenset({"assist"}), people=int(rng.integers(1, 7))),
        priority=int(rng.integers(0, 3)),
        sent=tuple(unit for unit in units if rng.random() < 0.2),
    )  # fmt: skip
    return world, call, offered


def all_policies():
    groups = {"g": ["甲", "乙"]}
    return [
        NearestAvailable(),
        ClosestCapable(),
        JurisdictionFirst(),
        PreparednessAware(limit_s=600.0),
        MutualAid(groups, policy=PreparednessAware(urgent=-1)),
        Pooled(groups, policy=JurisdictionFirst(), not_later_than_s=400.0),
    ]


@given(offers())
def test_every_policy_returns_one_that_is_on_offer_or_nobody(offer):
    world, call, offered = offer
    on_offer = [choice.unit for choice in offered]
    ids, sent = {unit.id for unit in on_offer}, {unit.id for unit in call.sent}
    for policy in all_policies():
        own = for_replication(policy, world)
        found = own.choose(call, iter(offered))
        assert found in on_offer or found is None
        assert found is not None or not offered or isinstance(policy, MutualAid)
        if hasattr(own, "also"):
            also = [unit.id for unit in own.also(call, iter(offered))]
            assert len(also) == len(set(also)) <= own.most_parallel
            assert set(also) <= ids - sent


@given(offers())
def test_nearest_and_closest_capable_equal_a_search_over_all(offer):
    _, call, offered = offer
    nearest = NearestAvailable().choose(call, iter(offered))
    capable = ClosestCapable(people=PEOPLE).choose(call, iter(offered))
    assert nearest == (first_expected(offered).unit if offered else None)
    assert capable == (first_with_people(offered, PEOPLE, call.need.people).unit if offered else None)


@given(offers())
def test_what_is_sent_leaves_the_least_prepared_point_best_prepared(offer):
    world, call, offered = offer
    limit_s, contribution = 600.0, (1.0, 0.5, 0.25)
    policy = for_replication(PreparednessAware(limit_s=limit_s, urgent=-1, contribution=contribution), world)
    found = policy.choose(call, iter(offered))
    if not offered or offered[0].expected_s > limit_s:
        assert found == (offered[0].unit if offered else None)
        return
    out_s = world.out_s(0.0)
    times = {c.unit.id: c.turnout_s + out_s[int(c.unit.site[1:])] for c in offered}
    reached = np.isfinite(list(times.values())).any(axis=0)
    weights = np.where(reached, world.weight, 0.0)

    def left(choice):
        return least_prepared([times[c.unit.id] for c in offered if c is not choice], weights, contribution)

    near = [choice for choice in offered if choice.expected_s <= limit_s]
    best = max(left(choice) for choice in near)
    sent = next(choice for choice in near if choice.unit is found)
    assert left(sent) == pytest.approx(best, rel=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 4))
def test_the_assignment_equals_a_search_over_all_permutations(seed, n_units, n_places):
    rng = np.random.default_rng(seed)
    shape = (n_units, n_places)
    cost_s = np.where(rng.random(shape) < 0.3, np.inf, rng.integers(0, 30, shape).astype(float))
    found = cheapest_assignment(cost_s)
    rows, columns = [row for row, _ in found], [column for _, column in found]
    assert len(set(rows)) == len(rows)
    assert len(set(columns)) == len(columns)
    assert (len(found), sum(cost_s[pair] for pair in found)) == best_assignment(cost_s.tolist())


@st.composite
def views(draw):
    """Draw a view with units of one crew, some on calls and some on the way."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_units, n_sites, n_points = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 8))
    brigade = default_crews()["brigade"]
    at = rng.integers(0, n_sites, n_units)
    units = tuple(Unit(id=f"u{k}", site=f"s{at[k]}", crew=brigade) for k in range(n_units))
    free = rng.random(n_units) < 0.8
    between_s = np.where(rng.random((n_sites, n_sites)) < 0.15, np.inf, rng.integers(1, 40, (n_sites, n_sites)) * 60.0)
    np.fill_diagonal(between_s, 0.0)
    return FleetView(
        now_s=0.0,
        fleet=Fleet(units=units),
        sites=tuple(f"s{j}" for j in range(n_sites)),
        points=tuple(f"p{i}" for i in range(n_points)),
        free=free.tolist(),
        moving=(free & (rng.random(n_units) < 0.3)).tolist(),
        at=np.where(free, at, -1).tolist(),
        between_s=between_s,
        out_s=rng.integers(0, 20, (n_sites, n_points)) * 60.0,
        turnout_s=np.full(n_units, 60.0),
        weights=rng.integers(0, 5, n_points).astype(float),
        limit_s=600.0,
    )


@given(views(), st.randoms(use_true_random=False))
def test_a_compliance_table_holds_as_many_sites_as_it_can_with_the_least_travel(view, random):
    n_free = sum(view.free)
    rows = {n: [random.choice(view.sites) for _ in range(random.randint(1, n))] for n in range(1, n_free + 1)}
    moves = list(ComplianceTable(rows or {1: [view.sites[0]]}).moves(view))
    movable = [view.fleet.units[row] for row in view.movable()]
    assert len({move.unit.id for move in moves}) == len(moves)
    assert all(move.unit in movable for move in moves)
    if not n_free:
        assert not moves
        return
    row_of = {unit.id: row for row, unit in enumerate(view.fleet.units)}
    after = {row: view.at[row] for row in range(len(view.free)) if view.free[row]}
    travel_s = 0.0
    for move in moves:
        row = row_of[move.unit.id]
        travel_s += view.between_s[view.at[row], view.sites.index(move.site)]
        after[row] = view.sites.index(move.site)
    held, standing = 0, list(after.values())
    for site in rows[n_free]:
        if view.sites.index(site) in standing:
            standing.remove(view.sites.index(site))
            held += 1
    cost = [
        [
            (0.0 if view.at[row] == view.sites.index(site) else math.inf)
            if view.moving[row]
            else float(view.between_s[view.at[row], view.sites.index(site)])
            for site in rows[n_free]
        ]
        for row in after
    ]
    assert (held, travel_s) == best_assignment(cost)


@given(views())
def test_a_move_to_an_uncovered_site_gains_weight_and_takes_the_emptiest_site_that_can_be_filled(view):
    moves = list(NearestUncovered(gain=0).moves(view))

    def uncovered(at):
        covered = {
            point
            for row, site in at.items()
            for point in range(len(view.points))
            if view.turnout_s[row] + view.out_s[site, point] <= view.limit_s
        }
        return sum(w for point, w in enumerate(view.weights) if point not in covered)

    at = {row: view.at[row] for row in range(len(view.free)) if view.free[row]}
    gains = {
        (row, site): uncovered(at) - uncovered({**at, row: site})
        for row in at
        if not view.moving[row]
        for site in range(len(view.sites))
        if site not in at.values() and view.between_s[at[row], site] < np.inf
    }
    worth = {pair: gain for pair, gain in gains.items() if gain > 0}
    if not worth:
        assert not moves
        return
    fill = {site: uncovered(at) - uncovered({**at, -1: site}) for _, site in worth}
    most = max(fill.values())
    site = min(site for site in fill if fill[site] == most)
    row = min((row for row, s in worth if s == site), key=lambda row: (view.between_s[at[row], site], row))
    assert [(move.unit.id, move.site) for move in moves] == [(view.fleet.units[row].id, view.sites[site])]


@given(views(), st.sampled_from([0.0, 0.03, 0.2]))
def test_while_nothing_else_changes_moves_end_and_nobody_is_moved_back(view, gain):
    been = {row: [view.at[row]] for row in range(len(view.free)) if view.free[row]}
    row_of = {unit.id: row for row, unit in enumerate(view.fleet.units)}
    for _ in range(len(view.sites) * len(view.free) + 1):
        moves = list(NearestUncovered(gain=gain).moves(view))
        if not moves:
            break
        uncovered = view.weight_uncovered
        for move in moves:
            row, site = row_of[move.unit.id], view.sites.index(move.site)
            assert site not in been[row]
            been[row].append(site)
            # it has arrived before anything else happens
            view = replace(view, at=[site if unit == row else at for unit, at in enumerate(view.at)])
        assert uncovered - view.weight_uncovered > gain * view.weights.sum()
    else:
        raise AssertionError("the moves do not end")
