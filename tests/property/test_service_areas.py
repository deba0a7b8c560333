"""Service areas: every position inside is reached within the limit and none outside is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn_networks import networks, states
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles_roads import shortest_by_networkx
from placed_points import on_road, places, random_state
from service_area_cases import on_the_road, ticks_to

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE, limit_ticks
from rescuesim.quality import snap_points
from rescuesim.standard import load_standard
from rescuesim.travel import travel_times
from rescuesim.travel.service_areas import ServiceArea, service_area, service_areas, standard_service_areas
from rescuesim.travel.service_areas.intervals import united
from rescuesim.travel.service_areas.sites import rows_of_sites
from rescuesim.travel.times import Towards

TOWARDS = st.sampled_from(["demand", "sites"])


def edges_of(area: ServiceArea) -> tuple[list[int], list[float]]:
    """Positions at, just before and just behind every end of a stretch, closure and site."""
    length = area.network.road_length_m
    found = [(int(road), at) for road in range(area.network.n_roads) for at in (0.0, float(length[road]))]
    stretches = area.stretches
    for ends in (stretches.from_m, stretches.to_m):
        found += list(zip(stretches.road.tolist(), ends.tolist(), strict=True))
    for closure in area.state.closures if area.state else ():
        found += [(closure.road, at) for at in (closure.from_m, closure.to_m)]
    found += list(zip(area.site_snap.road.tolist(), area.site_snap.position_m.tolist(), strict=True))
    around = [(road, near) for road, at in found for near in (at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf))]
    kept = sorted({(road, float(at)) for road, at in around if road >= 0 and 0 <= at <= length[road]})
    return [road for road, _ in kept], [at for _, at in kept]


def assert_exact(area: ServiceArea, road: list[int], position_m: list[float]) -> np.ndarray:
    """Compare membership with travel times, to the tick; return it."""
    inside = area.holds(road, position_m)
    ticks = ticks_to(area, on_the_road(road, position_m)).min(axis=0)
    limit = int(limit_ticks(area.limit_s))
    odd = [(road[k], position_m[k], int(ticks[k])) for k in np.flatnonzero(inside != (ticks <= limit))]
    assert not odd, f"limit {limit}: {odd}"
    return inside


@st.composite
def questions(draw: st.DrawFn) -> tuple[RoadNetwork, tuple[float, float], NetworkState | None, Towards, float]:
    """Draw a network, a site beside or on a road, a state, a direction and a limit that is some point's time."""
    network = draw(networks())
    road, share = draw(st.integers(0, network.n_roads - 1)), draw(st.floats(0, 1))
    at = network.projected_lines()[road].interpolate(share, normalized=True)
    off = draw(st.sampled_from([0.0, 0.0, 17.0, 60.0]))
    lon, lat = (float(v[0]) for v in unproject([at.x + off], [at.y - off / 3], network.crs))
    snapped = snap_points(network, np.array([lon]), np.array([lat]))
    state = draw(st.one_of(st.none(), states(network, snapped.position_m.tolist())))
    towards: Towards = draw(TOWARDS)  # type: ignore[assignment]
    whole = service_area(network, (lon, lat), 10_000.0, state=state, towards=towards)
    on = draw(st.integers(0, network.n_roads - 1))
    somewhere = on_the_road([on], [draw(st.floats(0, 1)) * float(network.road_length_m[on])])
    ticks = int(ticks_to(whole, somewhere)[0, 0])
    limits = [0.0, 1e-4, 20.0, 10_000.0, *[(ticks + more) / TICKS_PER_SECOND for more in (0, 1)] * 3]
    return network, (lon, lat), state, towards, draw(st.sampled_from(limits if ticks < UNREACHABLE else limits[:4]))


Question = tuple[RoadNetwork, tuple[float, float], NetworkState | None, Towards, float]


@settings(max_examples=40)
@given(questions(), st.integers(0, 2**32 - 1))
def test_every_position_inside_is_reached_and_none_outside_is(question: Question, seed: int) -> None:
    assert_reached_inside_alone(question, seed)


@pytest.mark.slow
@settings(max_examples=500)
@given(questions(), st.integers(0, 2**32 - 1))
def test_every_position_inside_is_reached_and_none_outside_is_in_many_cases(question: Question, seed: int) -> None:
    assert_reached_inside_alone(question, seed)


def assert_reached_inside_alone(question: Question, seed: int) -> None:
    """Compare drawn positions, and those around every end, with travel times and with networkx."""
    network, site, state, towards, limit_s = question
    area = service_area(network, site, limit_s, state=state, towards=towards)
    rng = np.random.default_rng(seed)
    road = rng.integers(0, network.n_roads, 40).tolist()
    position_m = (rng.uniform(0, 1, 40) * network.road_length_m[road]).tolist()
    inside = assert_exact(area, road, position_m)
    assert_exact(area, *edges_of(area))
    # and by an oracle that shares no code
    points, pairs = on_the_road(road, position_m), [(0, k) for k in range(40)]
    if towards == "demand":
        expected = shortest_by_networkx(network, area.site_snap, points, pairs, state)
    else:
        expected = shortest_by_networkx(network, points, area.site_snap, [(k, 0) for k in range(40)], state)
    limit = int(limit_ticks(limit_s))
    assert inside.tolist() == [ticks is not None and ticks <= limit for ticks in expected]


@settings(max_examples=60)
@given(questions())
def test_parts_tell_when_their_ends_are_reached(question: Question) -> None:
    """No earlier than travel times; and the earliest of all parts that end at a place is the travel time there."""
    network, site, state, towards, limit_s = question
    area = service_area(network, site, limit_s, state=state, towards=towards)
    parts = area.parts_frame()
    limit = int(limit_ticks(limit_s))
    for end in ("near", "far"):
        ticks = ticks_to(area, on_the_road(parts["road"].tolist(), parts[f"{end}_m"].tolist()))[0]
        assert (parts[f"{end}_ticks"] <= limit).all()
        assert (parts[f"{end}_ticks"] >= ticks).all()
        if end == "near":  # a part begins where its crew is first
            assert (parts["near_ticks"] == ticks).all()
    lone = network.n_edges == network.n_roads  # one-way roads alone: there is one way to a place inside a road
    if lone and len(parts):
        inside = (parts["far_m"] > 0) & (parts["far_m"] < network.road_length_m[parts["road"]])
        assert (parts["far_ticks"][inside] == ticks[inside]).all()
    ends = junction_ends(network)
    ticks = ticks_to(area, on_the_road([road for _, road, _ in ends], [at for _, _, at in ends]))[0]
    node = np.array([junction for junction, _, _ in ends])
    reached = dict(zip(area.node.tolist(), area.node_ticks.tolist(), strict=True))
    assert [reached.get(at, UNREACHABLE) for at in node.tolist()] == np.where(
        ticks <= limit, ticks, UNREACHABLE
    ).tolist()


def junction_ends(network: RoadNetwork) -> list[tuple[int, int, float]]:
    """List junctions with a road and the position at which it ends there; a road of no length is all at its start."""
    found = []
    for edge in np.flatnonzero(network.forward).tolist():
        road = int(network.road[edge])
        length = float(network.road_length_m[road])
        found.append((int(network.tail[edge]), road, 0.0))
        if length > 0:
            found.append((int(network.head[edge]), road, length))
    return found


@settings(max_examples=60)
@given(st.data())
def test_on_guixi_places_on_roads_are_inside_if_their_travel_times_are(guixi: RoadNetwork, data: st.DataObject) -> None:
    """Through the public functions alone: points are placed, snapped and timed as any village is."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    state = data.draw(st.sampled_from([None, random_state(guixi, seed)]))
    towards: Towards = data.draw(TOWARDS)  # type: ignore[assignment]
    limit_s = data.draw(st.sampled_from([0.0, 20.0, 93.0, 300.0, 900.0]))
    sites = load_sites(places(guixi, 3, seed, "s"))
    roads = np.random.default_rng(seed).integers(0, guixi.n_roads, 30)
    along = data.draw(st.lists(st.floats(0, 1), min_size=30, max_size=30))
    spots = [
        on_road(guixi, road, [share * guixi.road_length_m[road]], f"d{k}_")
        for k, (road, share) in enumerate(zip(roads.tolist(), along, strict=True))
    ]
    demand = load_demand(pd.concat(spots, ignore_index=True))
    states = NetworkStates(states=(NetworkState(),) if state is None else (state,))
    times = travel_times(guixi, sites, demand, states=states, towards=towards)[0]
    snapped = times.demand_snap
    assert snapped is not None
    there = snapped.access_ticks == 0
    assert there.any()
    in_time = times.within(np.full(times.ticks.shape, limit_s))
    for site, area in enumerate(service_areas(guixi, sites, limit_s, state=state, towards=towards)):
        inside = area.holds(snapped.road, snapped.position_m)
        assert inside[there].tolist() == in_time[there, site].tolist()
        # beside the road, a point has its own leg to go: it is in time only if its place on the road is
        assert (inside | ~in_time[:, site]).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_boundaries_on_guixi_are_exact_to_the_last_number(guixi: RoadNetwork, seed: int, broken: bool) -> None:
    state = random_state(guixi, seed) if broken else None
    sites = load_sites(places(guixi, 2, seed, "s"))
    for area in service_areas(guixi, sites, [93.0, 240.0], state=state):
        assert_exact(area, *edges_of(area))


@settings(max_examples=60)
@given(networks(), st.data())
def test_the_union_over_stations_is_that_of_their_areas(network: RoadNetwork, data: st.DataObject) -> None:
    """One run from all stations of a crew against one area each: the same stretches, to the last number."""
    frame = pd.concat(
        [
            on_road(network, road, [share * network.road_length_m[road]], f"s{k}_")
            for k, (road, share) in enumerate(
                data.draw(
                    st.lists(st.tuples(st.integers(0, network.n_roads - 1), st.floats(0, 1)), min_size=1, max_size=5)
                )
            )
            if network.road_length_m[road] > 0
        ]
        or [pd.DataFrame({"id": ["s"], "lon": network.lon[:1], "lat": network.lat[:1]})],
        ignore_index=True,
    )
    crews = data.draw(st.lists(st.sampled_from(["brigade", "micro_station"]), min_size=len(frame), max_size=len(frame)))
    sites = load_sites(frame.assign(crew=crews, status="existing"))
    standard = load_standard()
    state = data.draw(st.one_of(st.none(), states(network, [])))
    for together in standard_service_areas(network, sites, standard, state=state):
        limits = [standard.worst_shift_limit_s(crew, together.zones[0]) for crew in crews]
        assert together.limits_s == tuple(limits)
        alone = [service_area(network, rows_of_sites(sites, [k]), limit, state=state) for k, limit in enumerate(limits)]
        parts = [area.stretches for area in alone]
        expected = united(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("road", "from_m", "to_m"))
        )
        for name in ("road", "from_m", "to_m"):
            assert getattr(together.stretches, name).tolist() == getattr(expected, name).tolist()
        first = {}
        for area in alone:
            for node, ticks in zip(area.node.tolist(), area.node_ticks.tolist(), strict=True):
                first[node] = min(ticks, first.get(node, ticks))
        assert dict(zip(together.node.tolist(), together.node_ticks.tolist(), strict=True)) == first
        assert together.farthest_road_m <= max(area.farthest_road_m for area in alone) + 1e-9


STRETCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9)), max_size=12)


@given(STRETCHES, st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_stretches_hold_what_any_of_their_parts_holds(parts: list[tuple[int, int, int]], length: list[int]) -> None:
    made = united(
        np.array([part[0] for part in parts], dtype=np.int64),
        np.array([min(part[1:]) for part in parts], dtype=np.float64),
        np.array([max(part[1:]) for part in parts], dtype=np.float64),
    )
    road, at = (grid.ravel() for grid in np.meshgrid(np.arange(3), np.arange(0, 10, 0.5)))
    expected = [
        any(on == part[0] and min(part[1:]) <= x <= max(part[1:]) for part in parts)
        for on, x in zip(road, at, strict=True)
    ]
    assert made.hold(road, at).tolist() == expected
    # within one stretch: from and to are held, and everything between them
    low, high = at[:-3], at[3:] + 0.5
    pair = (road[:-3] == road[3:]) & (low <= high)
    between = [
        all(made.hold([on], [x])[0] for x in np.arange(a, b + 0.1, 0.5))
        for on, a, b in zip(road[:-3], low, high, strict=True)
    ]
    assert made.hold(road[:-3], low, high)[pair].tolist() == np.array(between)[pair].tolist()
    inside = (road_length := np.array(length, dtype=np.float64))[made.road] >= made.to_m
    if inside.all():
        rest = made.others(road_length)
        sums = np.bincount(np.r_[made.road, rest.road], weights=np.r_[made.length_m, rest.length_m], minlength=3)
        assert sums.tolist() == length
        middle = (rest.from_m + rest.to_m) / 2
        assert not made.hold(rest.road, middle).any()
