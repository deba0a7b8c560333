"""What travel times cannot do, whatever the points, the profile and the weather."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ways_by_hand import ways_of_network

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.network.vehicles.conditions import WEATHERS, TravelConditions
from rescuesim.network.vehicles.profiles import PROFILES, travel_profile, way_speeds_kph
from rescuesim.network.vehicles.start_up import with_start_up_ticks
from rescuesim.travel import TravelTimesEnsemble, travel_times

TICKS = st.integers(0, UNREACHABLE - 1)
TAU_S = st.floats(0, 3600).map(lambda seconds: round(seconds, 4))


@given(st.lists(TICKS, min_size=1, max_size=50), TAU_S)
def test_the_loss_lies_between_nothing_and_tau_and_grows_with_the_trip(free: list[int], tau_s: float) -> None:
    ticks = np.sort(np.array(free, dtype=np.int64))
    tau = round(tau_s * TICKS_PER_SECOND)
    whole = with_start_up_ticks(ticks, tau_s)
    reached = whole < UNREACHABLE
    assert (whole >= ticks).all()
    assert (whole[reached] <= (ticks + tau)[reached]).all()
    assert (ticks[~reached] + tau >= UNREACHABLE).all()
    assert (np.diff(whole) >= 0).all()
    assert (whole[ticks == 0] == 0).all()


@given(st.integers(1, 10**8), TAU_S)
def test_a_tick_more_of_driving_is_never_a_leap(free: int, tau_s: float) -> None:
    """Continuous: the slope is sqrt(tau / t) at most, and a rounding."""
    here, there = with_start_up_ticks([free, free + 1], tau_s).tolist()
    assert 0 <= there - here <= max((tau_s * TICKS_PER_SECOND / free) ** 0.5, 1.0) + 1


@given(TICKS, TAU_S)
def test_the_rounding_is_to_the_nearest_tick(free: int, tau_s: float) -> None:
    tau = round(tau_s * TICKS_PER_SECOND)
    whole = int(with_start_up_ticks(free, tau_s))
    if 0 < free <= tau and whole < UNREACHABLE:
        # (whole - 1/2)^2 <= 4 t tau <= (whole + 1/2)^2, in whole numbers of any size
        assert (2 * whole - 1) ** 2 <= 16 * free * tau <= (2 * whole + 1) ** 2


def beside(network: RoadNetwork, road: int, share: float, off_m: float, name: str) -> pd.DataFrame:
    """Place a point beside a road, at a share of its length."""
    line = network.projected_lines()[road]
    at, near = line.interpolate(share, normalized=True), line.interpolate(min(share + 1e-3, 1.0), normalized=True)
    along = np.array([near.x - at.x, near.y - at.y])
    norm = np.hypot(*along) or 1.0
    lon, lat = unproject([at.x - along[1] / norm * off_m], [at.y + along[0] / norm * off_m], network.crs)
    return pd.DataFrame({"id": [name], "lon": lon, "lat": lat})


SHARES = st.floats(0.0, 1.0)


@settings(max_examples=60)
@given(st.data())
def test_the_time_from_a_point_on_an_edge_is_the_interpolated_time(guixi: RoadNetwork, data: st.DataObject) -> None:
    """Down an edge to its head takes what is left of the edge's ticks, to a tick of rounding and where the point is."""
    guixi = replace(guixi, start_up_s=0.0)
    edge = data.draw(st.integers(0, guixi.n_edges - 1))
    share = data.draw(SHARES)
    road, forward = int(guixi.road[edge]), bool(guixi.forward[edge])
    point = beside(guixi, road, share, 0.0, "p")
    head = guixi.head[edge]
    end = pd.DataFrame({"id": ["e"], "lon": guixi.lon[[head]], "lat": guixi.lat[[head]]})
    times = travel_times(guixi, load_sites(point), load_demand(end))
    assert times.graph is not None
    assert times.site_snap is not None
    assert times.demand_snap is not None
    # where another road passes through the same place, the point may lie on that one
    assume(int(times.site_snap.road[0]) == road and int(times.graph.point_node[1]) == head)
    left = times.site_snap.position_m[0] / guixi.road_length_m[road]
    left = 1 - left if forward else left
    legs = int(times.site_snap.access_ticks[0]) + int(times.demand_snap.access_ticks[0])
    interpolated = guixi.ticks[edge] * left + legs
    # no slower than straight on; another way may be faster
    assert times.ticks[0, 0] <= interpolated + 1
    pieces = (times.graph.edge == edge) & (times.graph.tail == times.graph.point_node[0])
    if pieces.any():
        assert abs(int(times.graph.piece_ticks()[pieces][0]) - guixi.ticks[edge] * left) <= 1


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 18.5, 120.0]), st.sampled_from([0.0, 1200.0]))
def test_an_access_leg_never_shortens_a_trip(guixi: RoadNetwork, seed: int, tau_s: float, launch_s: float) -> None:
    """From the same positions on the roads, longer legs never make a shorter time: to the tick, loss included."""
    rng = np.random.default_rng(seed)
    network = replace(guixi, start_up_s=tau_s, launch_s=launch_s)
    frame = pd.concat([beside(guixi, int(rng.integers(guixi.n_roads)), rng.uniform(), 30.0, f"p{k}") for k in range(5)])
    near = travel_times(network, load_sites(frame), load_demand(frame))
    assert near.site_snap is not None
    assert near.demand_snap is not None
    more = rng.integers(0, [1, 100, 10**6, 10**7, 2**29]).astype(np.int32)
    far = replace(near.demand_snap, access_ticks=near.demand_snap.access_ticks + more)
    farther = replace(near.site_snap, access_ticks=near.site_snap.access_ticks + more)
    as_it_is = NetworkStates(states=(NetworkState(),))
    for moved in (replace(near, demand_snap=far), replace(near, demand_snap=far, site_snap=farther)):
        again = TravelTimesEnsemble(intact=moved, states=as_it_is)[0]
        assert (again.ticks >= near.ticks).all()
        longer = (again.ticks < UNREACHABLE) & (near.ticks > 0)
        assert (again.ticks - near.ticks >= more[None, :])[longer].all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_a_place_farther_off_the_same_spot_of_a_road_is_not_nearer(guixi: RoadNetwork, seed: int) -> None:
    """Drawn on the ground: farther from the road, at the same position, to a tick of rounding."""
    rng = np.random.default_rng(seed)
    spots = [(int(rng.integers(guixi.n_roads)), rng.uniform(), *np.sort(rng.uniform(0, 120, 2))) for _ in range(5)]
    near, far = (
        pd.concat([beside(guixi, spot[0], spot[1], spot[which], f"p{k}") for k, spot in enumerate(spots)])
        for which in (2, 3)
    )
    a = travel_times(guixi, load_sites(near), load_demand(near))
    b = travel_times(guixi, load_sites(near), load_demand(far))
    assert a.demand_snap is not None
    assert b.demand_snap is not None
    same = (a.demand_snap.road == b.demand_snap.road) & (
        np.abs(a.demand_snap.position_m - b.demand_snap.position_m) < 1e-3
    )
    same &= b.demand_snap.access_m >= a.demand_snap.access_m  # beyond the end of a road, farther out can be nearer
    # a millimetre at 12 km/h is 3 ticks
    assert (b.ticks >= a.ticks - 4)[:, same].all()
    assume(same.any())


@settings(max_examples=60)
@given(
    st.sampled_from(PROFILES),
    st.one_of(st.none(), st.integers(0, 23)),
    st.sampled_from(WEATHERS),
    st.integers(0, 2**32 - 1),
)
def test_worse_weather_and_hours_never_make_a_profile_faster(
    guixi: RoadNetwork, profile: str, hour: int | None, weather: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ways = ways_of_network(guixi)
    ways = replace(
        ways,
        road_class=rng.choice(
            ["motorway", "trunk_link", "primary", "residential", "track", "path", "steps"], ways.n_ways
        ),
        maxspeed_kph=np.where(rng.uniform(size=ways.n_ways) < 0.5, rng.uniform(5, 130, ways.n_ways), np.nan),
        surface=rng.choice(["", "asphalt", "土路", "gravel", "?"], ways.n_ways),
    )
    made = travel_profile(profile)
    dry = way_speeds_kph(ways, made, TravelConditions(hour=hour))
    wet = way_speeds_kph(ways, made, TravelConditions(hour=hour, weather=weather))
    assert (wet <= dry).all()
    assert (dry > 0).all()
    assert (dry <= made.top_kph).all()
    if made.obeys_maxspeed:
        stated = np.isfinite(ways.maxspeed_kph)
        assert (dry[stated] <= ways.maxspeed_kph[stated]).all()
    if hour is None or TravelConditions(hour=hour).hour_class != "night":
        assert (dry <= way_speeds_kph(ways, made, TravelConditions())).all()


@settings(max_examples=25)
@given(st.sampled_from([2, 8, 12, 18, 23, None]), st.sampled_from(WEATHERS), st.integers(0, 2**32 - 1))
def test_times_under_worse_weather_are_never_below_those_under_better(
    guixi: RoadNetwork, hour: int | None, weather: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    network = replace(guixi, maxspeed_stated=rng.uniform(size=guixi.n_edges) < 0.5, start_up_s=18.5)
    frames = [
        pd.concat([beside(guixi, int(rng.integers(guixi.n_roads)), rng.uniform(), 20.0, f"{p}{k}") for k in range(6)])
        for p in "sd"
    ]
    sites, demand = load_sites(frames[0]), load_demand(frames[1])
    better = travel_times(network.under(hour=hour), sites, demand)
    worse = travel_times(network.under(hour=hour, weather=weather), sites, demand)
    assert (worse.ticks >= better.ticks).all()
