"""The contraction engine gives the ticks of scipy.sparse.csgraph.dijkstra, whatever the network and what is broken."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from drawn_networks import networks, states
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles_travel import ticks_by_scipy

from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.travel import TravelTimesEnsemble, travel_times

LIMITS = st.sampled_from([-math.inf, -1.0, 0.0, 12.3, 60.0, math.inf]) | st.floats(0, 300)


@st.composite
def points(draw: st.DrawFn, network: RoadNetwork, prefix: str, most: int) -> pd.DataFrame:
    """Place points on and beside roads; some at the same place, some at junctions."""
    lines = network.projected_lines()
    rows = []
    for number in range(draw(st.integers(1, most))):
        line = lines[draw(st.integers(0, network.n_roads - 1))]
        share = draw(st.sampled_from([0.0, 0.25, 0.5, 0.5, 1.0]) | st.floats(0, 1))
        at, off = line.interpolate(share, normalized=True), draw(st.sampled_from([0.0, 0.0, 9.0, -35.0]))
        lon, lat = unproject([at.x + off], [at.y], network.crs)
        rows.append({"id": f"{prefix}{number}", "lon": lon[0], "lat": lat[0]})
    return pd.DataFrame(rows)


@st.composite
def ensembles(draw: st.DrawFn) -> TravelTimesEnsemble:
    """Draw a network, points, and from one to twenty states: sometimes more than one batch of sixteen."""
    network = draw(networks())
    sites, demand = draw(points(network, "s", 6)), draw(points(network, "d", 6))
    ids = st.frozensets(st.sampled_from(sites["id"].tolist()), max_size=2)
    broken = [NetworkState()]
    for _ in range(draw(st.integers(0, 3))):
        state = draw(states(network, []))
        broken.append(NetworkState(closures=state.closures, slow_downs=state.slow_downs, unusable_sites=draw(ids)))
    everything = NetworkStates.from_closures([set(range(network.n_roads))])[0]
    broken.append(everything)
    broken = broken * draw(st.sampled_from([1, 1, 1, 5]))
    share = 1 / len(broken)
    made = tuple(
        NetworkState(closures=s.closures, slow_downs=s.slow_downs, unusable_sites=s.unusable_sites, probability=share)
        for s in broken
    )
    times = travel_times(
        network,
        load_sites(sites),
        load_demand(demand),
        cutoff_s=draw(st.sampled_from([0.0, 5.0, 30.0, 90.0, 1e5, math.inf])),
        towards=draw(st.sampled_from(["demand", "sites"])),
    )
    return TravelTimesEnsemble(
        intact=times, states=NetworkStates(states=made), engine="contraction", n_threads=draw(st.sampled_from([1, 2]))
    )


@settings(max_examples=500, deadline=None)
@given(ensembles(), st.data())
def test_every_form_of_output_equals_scipy_to_the_integer(ensemble: TravelTimesEnsemble, data: st.DataObject) -> None:
    expected = [ticks_by_scipy(ensemble.intact, state) for state in ensemble.states]
    for times, ticks in zip(ensemble, expected, strict=True):
        assert times.ticks.dtype == np.int32
        assert times.ticks.tolist() == ticks.tolist()
    ids = ensemble.intact.sites.ids
    plans = data.draw(st.lists(st.frozensets(st.sampled_from(ids)), min_size=1, max_size=6), label="plans")
    chosen = [[ids.index(site) for site in sorted(plan)] for plan in plans]
    for state, found in zip(expected, ensemble.nearest_times(plans), strict=True):
        least = [state[sites].min(axis=0, initial=UNREACHABLE) for sites in chosen]
        assert np.array_equal(np.where(np.isfinite(found), np.rint(found * 10_000), UNREACHABLE), least)
    opened = plans[0]
    rows = sorted(ids.index(site) for site in opened)
    for state, nearest in zip(expected, ensemble.nearest(opened), strict=True):
        for point in range(state.shape[1]):
            ranked = sorted((state[site, point], site) for site in rows if state[site, point] < UNREACHABLE)
            ranked += [(UNREACHABLE, -1)] * 2
            assert (nearest.first_ticks[point], nearest.first[point]) == ranked[0]
            assert (nearest.second_ticks[point], nearest.second[point]) == ranked[1]
    pairs = [(s, d) for s in ids for d in ensemble.intact.demand.ids]
    some = data.draw(st.lists(st.sampled_from(pairs), max_size=8), label="pairs")
    values = ensemble.chosen_pairs([s for s, _ in some], [d for _, d in some])
    for state, found in zip(expected, values, strict=True):
        ticks = [state[ids.index(s), ensemble.intact.demand.ids.index(d)] for s, d in some]
        assert [UNREACHABLE if math.isinf(s) else round(s * 10_000) for s in found] == ticks
    limit = data.draw(arrays(np.float64, expected[0].shape, elements=LIMITS), label="limit")
    limit = np.minimum(limit, ensemble.intact.cutoff_s)
    weights = np.arange(1.0, expected[0].shape[1] + 1)
    coverage = ensemble.coverage({str(n): plan for n, plan in enumerate(plans)}, limit, weights=weights)
    forms = zip(expected, ensemble.coverage_bits(limit), ensemble.within_cutoff(), coverage.covered, strict=True)
    for state, bits, reached, covered in forms:
        covers = state <= limit_ticks(limit)
        assert bits.to_bool().tolist() == covers.tolist()
        assert covered.tolist() == [float(weights[covers[sites].any(axis=0)].sum()) for sites in chosen]
        assert reached.to_times().ticks.tolist() == state.tolist()
