"""Arrivals, walks and tails of drawn cases against plain arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_disruption_measures import first_arrival, heard_of, tail_of, walked
from small_networks import points_beside, small_network

import rescuesim as rs
from rescuesim.crew import Lognormal
from rescuesim.network import NetworkState
from rescuesim.network.states import Closure
from rescuesim.report.disrupted.stretches import stretches_of
from rescuesim.report.disrupted.villages import first_contact, first_force
from rescuesim.report.disrupted.walking import Walks, walked_in
from rescuesim.siting import covered_points
from rescuesim.siting.robustness import tail_gain


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_first_force_is_the_earliest_that_no_change_stops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, n_points = int(rng.integers(1, 7)), 3
    begins = np.r_[0.0, np.sort(rng.uniform(1, 100, n - 1))]
    took = rng.choice([5.0, 20.0, 60.0, math.inf], (n, n_points))
    since = rng.uniform(size=(n, n_points)) < 0.5
    stretches: Any = SimpleNamespace(begin_s=begins, end_s=np.r_[begins[1:], 120.0])
    now = [
        SimpleNamespace(force_s=row, force_site=np.zeros(n_points, dtype=int), on_foot=np.zeros(n_points, dtype=bool))
        for row in took
    ]
    found, _, _ = first_force(stretches, cast(Any, now), since)
    for point in range(n_points):
        expected = first_arrival(begins.tolist(), 120.0, took[:, point].tolist(), since[:, point].tolist())
        assert found[point] == expected


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_place_is_heard_of_by_the_first_of_channel_runner_and_crew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, until = int(rng.integers(1, 7)), 120.0
    begins = np.r_[0.0, np.sort(rng.uniform(1, 100, n - 1))]
    ends = np.r_[begins[1:], until]
    by = rng.choice(["", "runner", "satellite_phone", "public_network"], n)
    took = rng.choice([5.0, 20.0, 60.0, math.inf], n)
    late = {"": math.inf, "runner": 50.0, "satellite_phone": 7.0, "public_network": 0.0}
    delay = [late[name] for name in by.tolist()]
    demand = rs.load_demand(pd.DataFrame({"id": ["村"], "lon": [119.3], "lat": [28.7], "people": [9]}))
    spells = tuple(
        rs.ContactSpell(
            place="村",
            direction="call",
            channel=name,
            from_s=begin,
            until_s=end,
            delay=Lognormal(median=took_s, p90=took_s) if name else None,
        )
        for name, took_s, begin, end in zip(by.tolist(), delay, begins.tolist(), ends.tolist(), strict=True)
        if name != "public_network"
    )
    sites = rs.load_sites(pd.DataFrame({"id": ["站"], "lon": [119.3], "lat": [28.7]}))
    # a road elsewhere cuts the time where nothing changes for the village
    away = tuple(
        rs.RoadOutage(closure=Closure(road=0), from_s=begin, until_s=end)
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    )
    storm = rs.Disruption(label="storm", contacts=spells, roads=away)
    stretches = stretches_of(storm, sites, demand, {}, until)
    cut = rng.uniform(size=n) < 0.3
    now: Any = [
        SimpleNamespace(force_s=np.array([one]), force_site=np.zeros(1, dtype=int), on_foot=np.zeros(1, dtype=bool))
        for one in took.tolist()
    ]
    found = first_contact(stretches, now, cut[:, None])
    channel = list(zip(by.tolist(), delay, strict=True))
    expected = heard_of(begins.tolist(), until, channel, cut.tolist(), took.tolist())
    assert found[0] == expected or (math.isnan(found[0]) and math.isnan(expected))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_walk_takes_what_a_search_by_hand_takes(seed: int) -> None:
    network = small_network(seed, tick_s=20.0, tau_s=0.0)
    if network is None:
        return
    rng = np.random.default_rng(seed)
    sites = rs.load_sites(points_beside(network, 2, rng, "s"))
    demand = rs.load_demand(points_beside(network, 3, rng, "d"))
    levels = rng.choice(["closed", "on_foot", "open"], network.n_roads, p=[0.2, 0.3, 0.5])
    state = NetworkState(
        closures=tuple(Closure(road=road, level=str(level)) for road, level in enumerate(levels) if level != "open")
    )
    times = rs.travel_times(network, sites, demand)
    graph, acting = times.graph, np.array([True, bool(rng.uniform() < 0.5)])
    assert graph is not None
    assert times.site_snap is not None
    assert times.demand_snap is not None
    found, who = walked_in(times, state, acting, Walks.on(graph))
    ticks = graph.piece_ticks(None) / 10_000
    level_of = levels[graph.road]
    pieces = list(zip(graph.tail.tolist(), graph.head.tolist(), strict=True))
    drive = [(*pair, ticks[k]) for k, pair in enumerate(pieces) if level_of[k] == "open"]
    length = graph.to_m - graph.from_m
    walk = [(*pair, length[k] / (4 / 3.6)) for k, pair in enumerate(pieces) if level_of[k] != "closed"]
    on_closed = np.array([road >= 0 and levels[road] == "closed" for road in graph.point_road])
    stuck = np.array([road >= 0 and levels[road] != "open" for road in graph.point_road])
    for point in range(3):
        best = math.inf
        for site in np.flatnonzero(acting).tolist():
            node, end = int(graph.point_node[site]), int(graph.point_node[2 + point])
            if on_closed[site] or on_closed[2 + point] or node < 0 or end < 0:
                continue
            leg = float(times.demand_snap.access_m[point]) / (3 / 3.6)
            if stuck[site]:
                away = float(times.site_snap.access_m[site]) / (3 / 3.6)
                took = walked(graph.n_nodes, [], walk, {node: away}, end) + leg
            else:
                away = float(times.site_snap.access_ticks[site]) / 10_000 + times.launch_s
                took = walked(graph.n_nodes, drive, walk, {node: away}, end) + leg
            best = min(best, took)
        assert math.isclose(found[point], best, rel_tol=1e-9, abs_tol=1e-6)
        assert (who[point] >= 0) == math.isfinite(best)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.1, 0.35]))
@settings(max_examples=40, deadline=None)
def test_the_gain_in_the_tail_is_the_difference_of_the_plans_own_tails(seed: int, tail: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    chance = rng.dirichlet(np.ones(n))
    covered = rng.integers(0, 50, (n, 2)).astype(np.float64)
    found = tail_gain(covered, chance, tail=tail, seed=1)
    tails = [tail_of(column.tolist(), chance.tolist(), tail) for column in covered.T]
    assert math.isclose(found.gain, tails[1] - tails[0], abs_tol=1e-6)
    assert found.low <= found.high


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_every_moment_of_the_table_is_what_that_moment_alone_gives(seed: int) -> None:
    network = small_network(seed, tick_s=20.0, tau_s=0.0)
    if network is None:
        return
    rng = np.random.default_rng(seed)
    sites = rs.load_sites(points_beside(network, 2, rng, "s").assign(status="existing", crew="brigade"))
    points = points_beside(network, 4, rng, "d").assign(people=[1, 10, 100, 1000], zone="suburb", township="镇")
    demand, standard = rs.load_demand(points), rs.load_standard()
    spans = np.sort(rng.uniform(0, 100, (6, 2)), axis=1) + np.array([0.0, 1.0])
    roads = tuple(
        rs.RoadOutage(closure=Closure(road=int(road)), from_s=begin, until_s=end)
        for road, (begin, end) in zip(rng.integers(0, network.n_roads, 5), spans[:5].tolist(), strict=True)
    )
    away = rs.SiteOutage(site="s0", from_s=spans[5, 0], until_s=spans[5, 1])
    storm = rs.Disruption(label="storm", roads=roads, sites=(away,))
    found = rs.disruption_measures(
        storm, network=network, sites=sites, demand=demand, standard=standard, until_s=110, assets_of=0
    ).over_time
    found = found[found["township"] == "镇"]
    intact = np.isfinite(rs.travel_times(network, sites, demand).values).any(axis=0)
    for at_s in rng.uniform(0, 110, 4).tolist():
        row = found[(found["from_s"] <= at_s) & (at_s < found["until_s"])].iloc[0]
        states = [replace(storm.state_at(at_s), unusable_sites=some) for some in (frozenset(), {"s0"})]
        all_open, one_away = (
            rs.travel_times(network, sites, demand, states=rs.NetworkStates(states=(one,)), engine="scipy")[0]
            for one in states
        )
        times = one_away if away.from_s <= at_s < away.until_s else all_open
        limits = rs.pair_limits(times, standard=standard)
        assert row["people_covered"] == demand.people[covered_points(limits, np.ones(2, dtype=bool))].sum()
        cut = intact & ~np.isfinite(all_open.values).any(axis=0)
        assert row["people_isolated"] == demand.people[cut].sum()
