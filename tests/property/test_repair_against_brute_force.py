"""Repair against an oracle that works it out by hand, on small networks at random."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracles_disruption_repair import County, Roads, area_person_h, best_of_all_orders, opened_at
from small_networks import small_network

import rescuesim as rs
from rescuesim.disruption.repair import road_repair
from rescuesim.disruption.repair.covered_people import PeopleCovered
from rescuesim.disruption.repair.damaged_roads import SHUT
from rescuesim.disruption.repair.optimised import Judged
from rescuesim.disruption.repair.rolling import rolling_plans
from rescuesim.disruption.repair.ways_back import people_behind
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

HORIZON_S = 30 * 3600.0
SIMPLE = ("trunk_first", "nearest_first", "most_people", "isolated_first")


@functools.cache
def shapes() -> list[RoadNetwork]:
    """Some networks in which no two junctions are at one place, where a point could be at either."""
    found = [small_network(seed, tick_s=60.0, tau_s=0.0) for seed in range(25)]
    return [
        network
        for network in found
        if network is not None
        and network.n_roads >= 8
        and len(np.unique(np.round(np.column_stack([network.x_m, network.y_m])), axis=0)) == network.n_nodes
    ]


def drawn(seed: int, n_damages: int, n_crews: int) -> tuple[County, dict[str, object]] | None:
    """Draw a case: a network, whole roads that are shut, crews, sites and people at junctions."""
    network = shapes()[seed % len(shapes())]
    rng = np.random.default_rng(seed)
    ticks = rng.integers(400_000, 9_000_000, network.n_edges).astype(np.int32)
    network = replace(network, ticks=ticks, start_up_s=0.0, launch_s=0.0)
    roads = Roads.of(network)
    if len(roads.ends) < network.n_roads:
        return None
    loops = [road for road, (start, end) in roads.ends.items() if start == end]
    usable = [road for road in range(network.n_roads) if road not in loops and network.road_length_m[road] > 5]
    if len(usable) < n_damages:
        return None
    shut = rng.choice(usable, n_damages, replace=False).tolist()
    work_s = (rng.integers(1, 9, n_damages) * 3600.0 + rng.integers(1, 3000, n_damages)).tolist()
    n = network.n_nodes
    bases, sites = rng.integers(0, n, n_crews).tolist(), rng.choice(n, 2, replace=False).tolist()
    points = np.arange(n).tolist()
    people = rng.integers(10, 1000, n).astype(float).tolist()
    county = County(roads, shut, work_s, bases, sites, points, people, limit_s=1500.0, horizon_s=HORIZON_S)

    def table(nodes: list[int], prefix: str) -> pd.DataFrame:
        ids = [f"{prefix}{k}" for k in range(len(nodes))]
        return pd.DataFrame({"id": ids, "lon": network.lon[nodes], "lat": network.lat[nodes]})

    demand = rs.load_demand(table(points, "p").assign(people=people, zone="built_up"), crs="wgs84")
    options = {
        "network": network,
        "damages": [
            rs.RoadDamage(closure=Closure(road=road), at_s=0.0, cause="landslide", work_h=work / 3600)
            for road, work in zip(shut, work_s, strict=True)
        ],
        "crews": [
            rs.RepairCrew(id=f"c{k}", lon=float(network.lon[node]), lat=float(network.lat[node]))
            for k, node in enumerate(bases)
        ],
        "sites": rs.load_sites(table(sites, "s").assign(status="existing"), crs="wgs84"),
        "demand": demand,
        "limit_s": 1500.0,
        "crew_network": network,
        "night_work": True,
        "horizon_s": HORIZON_S,
    }
    return county, options


def cases(seeds: range, n_damages: int, n_crews: int) -> list[tuple[County, dict[str, object]]]:
    found = [drawn(seed, n_damages, n_crews) for seed in seeds]
    return [case for case in found if case is not None]


def test_the_ways_that_are_found_bring_people_back_and_there_is_one_for_all_who_can_be() -> None:
    several = 0
    for county, options in cases(range(40), 6, 1):
        network, demand = options["network"], options["demand"]
        closures = [damage.closure for damage in options["damages"]]  # type: ignore[attr-defined]
        opened = np.arange(len(options["sites"].ids))  # type: ignore[attr-defined]
        people = PeopleCovered.of(network, closures, options["sites"], demand, 1500.0, opened=opened)  # type: ignore[arg-type]
        shut = bytes([SHUT] * len(closures))
        found = people_behind(people, shut, (), county.work_s)
        now, whole = county.covered(frozenset(county.shut)), county.covered(frozenset())
        assert sum(some.people for some in found) == pytest.approx(whole - now)
        for some in found:
            several += len(some.ways) > 1
            for way in some.ways:
                left = frozenset(road for number, road in enumerate(county.shut) if number not in way)
                assert county.covered(left) >= now + some.people - 1e-6
    assert several


def test_plans_by_windows_list_all_jobs_are_judged_truly_and_know_nothing_of_what_is_to_come() -> None:
    made = cases(range(60, 66), 6, 2)
    planned = 0
    for _, options in made:
        late = replace(options["damages"][0], at_s=9 * 3600.0)  # type: ignore[index]
        heavy = replace(late, work_h=3.0)
        firsts = []
        for first in (late, heavy):
            damages = [first, *options["damages"][1:]]  # type: ignore[index]
            lists = list(plans(options | {"damages": damages}))
            for listed, judged in lists:
                assert sorted(listed) == list(range(6))
                given = rs.repair_roads(**(options | {"damages": damages}), order="given", given=listed)
                assert given.area_person_h == pytest.approx(judged.area_person_h)
            firsts.append([job for job in lists[0][0] if job] if lists else [])
            planned += len(lists)
        assert firsts[0] == firsts[1]
    assert planned


def plans(options: dict[str, object]) -> list[tuple[list[int], Judged]]:
    """Plan as `repair_roads` does with many damages."""
    found: list[tuple[list[int], Judged]] = []

    def kept(*args: Any, **more: Any) -> Iterator[tuple[list[int], Judged]]:
        for one in rolling_plans(*args, **more):
            found.append(one)
            yield one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(road_repair, "rolling_plans", kept)
        rs.repair_roads(**options, order="optimised", try_all_up_to=0, most_tried=1)  # type: ignore[arg-type]
    return found


def test_a_time_limit_leaves_the_best_so_far_which_is_never_worse_than_a_rule() -> None:
    for _, options in cases(range(66, 69), 6, 2):
        repairs = rs.repair_roads(**options, order="optimised", solve_limit_s=1e-9)
        assert repairs.status == "feasible"
        assert repairs.area_person_h == max(repairs.simple_area_person_h.values())
    with pytest.raises(rs.InputError, match="solve_limit_s"):
        rs.repair_roads(**options, order="optimised", solve_limit_s=0.0)


def ends(repairs: rs.RoadRepairs) -> list[float]:
    return [outage.until_s for outage in repairs.outages]


@pytest.mark.parametrize("n_crews", [1, 2, 3])
def test_roads_open_when_the_crews_of_a_given_list_are_done_with_them(n_crews: int) -> None:
    made = cases(range(14), 5, n_crews)
    assert len(made) >= 6
    some_wait, some_help = 0, 0
    for seed, (county, options) in enumerate(made):
        order = np.random.default_rng(seed).permutation(5).tolist()
        repairs = rs.repair_roads(**options, order="given", given=order)
        expected = opened_at(county, order)
        assert ends(repairs) == pytest.approx(expected, abs=1e-3)
        assert repairs.area_person_h == pytest.approx(area_person_h(county, expected), rel=1e-9)
        some_wait += any(np.isinf(expected))
        some_help += any(" + " in outage.repaired_by for outage in repairs.outages)
    assert some_help > 0 or n_crews == 1


@pytest.mark.parametrize(("n_damages", "seeds"), [(4, range(10)), (5, range(16, 18))])
def test_the_optimised_order_of_one_crew_is_the_best_of_all_orders(n_damages: int, seeds: range) -> None:
    made = cases(seeds, n_damages, 1)
    assert made
    for county, options in made:
        repairs = rs.repair_roads(**options, order="optimised")
        assert repairs.status == "optimal"
        assert repairs.area_person_h == pytest.approx(best_of_all_orders(county), rel=1e-9)
        assert repairs.best_bound >= repairs.area_person_h - 1e-6


@pytest.mark.slow
def test_the_optimised_order_of_six_closures_is_the_best_of_all_orders() -> None:
    made = cases(range(20, 23), 6, 1)
    assert made
    for county, options in made:
        repairs = rs.repair_roads(**options, order="optimised")
        assert repairs.area_person_h == pytest.approx(best_of_all_orders(county), rel=1e-9)


def test_with_two_crews_it_is_the_best_of_all_orders_or_of_the_simple_rules_where_these_send_each_its_way() -> None:
    made = cases(range(30, 36), 4, 2)
    assert made
    for county, options in made:
        repairs = rs.repair_roads(**options, order="optimised")
        simple = [rs.repair_roads(**options, order=order).area_person_h for order in SIMPLE]
        assert repairs.area_person_h == pytest.approx(max(best_of_all_orders(county), *simple), rel=1e-9)


def test_the_local_search_is_never_worse_than_a_simple_rule_and_never_better_than_all_orders() -> None:
    made = cases(range(50, 57), 4, 1)
    assert made
    equal = 0
    for county, options in made:
        repairs = rs.repair_roads(**options, order="optimised", try_all_up_to=0)
        assert repairs.status == "feasible"
        best = best_of_all_orders(county)
        assert repairs.area_person_h <= best * (1 + 1e-9)
        for order in SIMPLE:
            assert repairs.area_person_h >= rs.repair_roads(**options, order=order).area_person_h
        equal += repairs.area_person_h == pytest.approx(best, rel=1e-9)
    assert equal >= 0.7 * len(made)
