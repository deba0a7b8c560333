"""Draws networks with sites and points on them, closures that come and go, and journeys."""

from __future__ import annotations

import math

import pandas as pd
from drawn_networks import networks, states
from hypothesis import strategies as st

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.disruption import Disruption, RoadOutage
from rescuesim.disruption.outages import RoadSlowing
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.simulation.believed_roads import PlacedRoads, RoadKnowledge, RoadTruth
from rescuesim.travel import TravelTimes, travel_times

__all__ = ["LATER_S", "disruption_of", "placed", "points_on", "worlds"]

LATER_S = (5.0, 15.0, 30.0, 45.0, 70.0, math.inf)


def points_on(network: RoadNetwork, places: list[tuple[int, float]], prefix: str) -> pd.DataFrame:
    """Place points at shares of the length of roads."""
    lines = network.projected_lines()
    at = [lines[road].interpolate(share, normalized=True) for road, share in places]
    lon, lat = unproject([p.x for p in at], [p.y for p in at], network.crs)
    return pd.DataFrame({"id": [f"{prefix}{k}" for k in range(len(at))], "lon": lon, "lat": lat})


@st.composite
def placed(draw: st.DrawFn) -> tuple[RoadNetwork, TravelTimes, TravelTimes]:
    """Draw a network with two or three sites and points on it."""
    network = draw(networks())
    place = st.tuples(
        st.integers(0, network.n_roads - 1), st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.0, 1.0))
    )
    sites = load_sites(points_on(network, draw(st.lists(place, min_size=1, max_size=3)), "s"))
    points = load_demand(points_on(network, draw(st.lists(place, min_size=1, max_size=3)), "d"))
    return network, travel_times(network, sites, points), travel_times(network, sites, points, towards="sites")


def disruption_of(draw: st.DrawFn, state: NetworkState) -> Disruption:
    """Give each closure and slowing of a state an interval of its own."""

    def interval() -> tuple[float, float]:
        begin = draw(st.sampled_from([0.0, 0.0, 4.0, 20.0]))
        return begin, draw(st.sampled_from([moment for moment in LATER_S if moment > begin]))

    roads, slowings = [], []
    for closure in state.closures:
        begin, end = interval()
        roads.append(RoadOutage(closure=closure, from_s=begin, until_s=end))
    for road, factor in state.slow_downs.items():
        begin, end = interval()
        slowings.append(RoadSlowing(road=road, factor=factor, from_s=begin, until_s=end))
    return Disruption(label="drawn", roads=tuple(roads), slowings=tuple(slowings))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[RoadNetwork, RoadTruth, RoadKnowledge, int, int, float]:
    """Draw roads over time, what a unit knows of them, and a journey."""
    network, times, _ = draw(placed())
    roads = PlacedRoads.of(times)
    truth = RoadTruth.under(roads, disruption_of(draw, draw(states(network, roads.stop_m.tolist()))))
    depart_s = draw(st.sampled_from([0.0, 5.0, 12.5]))
    full = truth.knowledge_at(draw(st.sampled_from([0.0, depart_s])))
    known = {number: moment for number, moment in full.seen_s.items() if draw(st.booleans())}
    stops = st.integers(0, len(roads.stop_road) - 1)
    return network, truth, RoadKnowledge(seen_s=known), draw(stops), draw(stops), depart_s
