"""Which engine serves, what is said of it, and that all give the same on real roads."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from placed_points import places, random_state

from rescuesim._words import in_language
from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork, load_network
from rescuesim.network.road_network import UNREACHABLE
from rescuesim.network.states import Closure
from rescuesim.travel import engines, travel_times
from rescuesim.travel.engines import choose_engine, driven_matrix
from rescuesim.travel.times import times_in_state


@pytest.fixture(scope="session")
def porto() -> RoadNetwork:
    """Return the drive network of Porto."""
    from conftest import shared_file

    return load_network(shared_file("data/porto_metro/porto_drive.osm.gz"))


def broken(network: RoadNetwork, closed: float, seed: int) -> NetworkState:
    """Close a share of the roads and slow 2 % of them."""
    rng = np.random.default_rng(seed)
    shut = rng.choice(network.n_roads, int(closed * network.n_roads), replace=False)
    slow = rng.choice(network.n_roads, network.n_roads // 50, replace=False)
    return NetworkState(
        closures=tuple(Closure(road=int(road)) for road in shut),
        slow_downs={int(road): float(rng.uniform(1, 3)) for road in slow},
    )


@pytest.mark.parametrize(
    ("name", "n_sites", "n_demand"),
    [
        ("guixi", 20, 200),
        pytest.param("wuhan", 60, 2000, marks=pytest.mark.slow),
        pytest.param("porto", 60, 2000, marks=pytest.mark.slow),
    ],
)
def test_engines_agree_on_real_roads(name: str, n_sites: int, n_demand: int, request: pytest.FixtureRequest) -> None:
    network = request.getfixturevalue(name)
    sites, demand = load_sites(places(network, n_sites, 1, "s")), load_demand(places(network, n_demand, 2, "d"))
    for cutoff_s in (300.0, 900.0, np.inf):
        frame = travel_times(network, sites, demand, cutoff_s=cutoff_s, engine="bucket")
        states = (None, broken(network, 0.01, 3), broken(network, 0.05, 4), random_state(network, 5))
        reached = []
        for state in states:
            by_buckets = times_in_state(frame, state)
            by_scipy = times_in_state(replace(frame, engine="scipy"), state)
            assert by_buckets.engine == "bucket"
            assert np.array_equal(by_buckets.ticks, by_scipy.ticks)
            reached.append(int((by_buckets.ticks < UNREACHABLE).sum()))
        assert reached[0] > reached[2] > 0
    back = travel_times(network, sites, demand, towards="sites", cutoff_s=900, engine="bucket")
    assert np.array_equal(back.ticks, times_in_state(replace(back, engine="scipy"), None).ticks)


def test_a_wrong_engine_is_refused_with_the_choices(town: RoadNetwork) -> None:
    sites, demand = load_sites(places(town, 1, 1, "s")), load_demand(places(town, 1, 2, "d"))
    with pytest.raises(InputError, match="engine 'dijkstra': expected one of auto, scipy, bucket, contraction"):
        travel_times(town, sites, demand, engine="dijkstra")  # type: ignore[call-overload]


def test_what_was_asked_for_serves_in_every_state(town: RoadNetwork) -> None:
    sites, demand = load_sites(places(town, 3, 1, "s")), load_demand(places(town, 5, 2, "d"))
    states = NetworkStates.from_closures([{0}, set()])
    for engine in ("scipy", "bucket"):
        ensemble = travel_times(town, sites, demand, states=states, engine=engine)  # type: ignore[call-overload]
        assert {times.engine for times in (ensemble.intact, *ensemble)} == {engine}
        assert ensemble.intact.notes == ()


def test_auto_loads_the_kernels_only_where_scipy_takes_longer(
    guixi: RoadNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "rescuesim.travel.bucket_dijkstra", raising=False)
    times = travel_times(guixi, load_sites(places(guixi, 5, 1, "s")), load_demand(places(guixi, 9, 2, "d")))
    assert times.engine == "scipy"
    graph = times.graph
    assert graph is not None
    few = graph.point_node[:5]
    many = np.tile(few, 4000)

    def intact():  # type: ignore[no-untyped-def]
        return driven_matrix(graph, None, "demand")

    assert choose_engine("auto", intact, few, limit=UNREACHABLE - 1).engine == "scipy"
    assert choose_engine("auto", intact, few[:0], limit=UNREACHABLE - 1, n_states=10**6).engine == "scipy"
    # hardly anything is reached within no time, and few nodes are no work for anybody
    assert choose_engine("auto", intact, np.tile(few, 10), limit=0).engine == "scipy"
    assert "rescuesim.travel.bucket_dijkstra" not in sys.modules
    assert choose_engine("auto", intact, many, limit=UNREACHABLE - 1).engine == "bucket"
    # what is loaded serves
    assert choose_engine("auto", intact, few, limit=UNREACHABLE - 1).engine == "bucket"


def test_many_states_count_as_work(guixi: RoadNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rescuesim.travel.bucket_dijkstra", raising=False)
    times = travel_times(guixi, load_sites(places(guixi, 5, 1, "s")), load_demand(places(guixi, 9, 2, "d")))
    graph = times.graph
    assert graph is not None
    choice = choose_engine(
        "auto", lambda: driven_matrix(graph, None, "demand"), graph.point_node[:5], limit=10**9, n_states=4000
    )
    assert choice.engine == "bucket"


def test_without_numba_the_reference_serves_and_says_so(monkeypatch: pytest.MonkeyPatch, town: RoadNetwork) -> None:
    monkeypatch.delitem(sys.modules, "rescuesim.travel.bucket_dijkstra", raising=False)
    monkeypatch.delitem(sys.modules, "rescuesim.travel.compiled", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)  # as if it were not installed
    monkeypatch.setattr(engines, "_LOAD_S", 0.0)
    sites, demand = load_sites(places(town, 3, 1, "s")), load_demand(places(town, 5, 2, "d"))
    times = travel_times(town, sites, demand)
    assert times.engine == "scipy"
    (note,) = times.notes
    assert "numba cannot be imported" in note
    assert "无法导入 numba" in in_language(note, "zh")
    assert times_in_state(times, NetworkState()).notes == (note,)
    with pytest.raises(InputError, match=r"numba cannot be imported .* expected auto or scipy"):
        travel_times(town, sites, demand, engine="bucket")


def test_small_work_never_loads_numba() -> None:
    code = """
import sys
import rescuesim as rs
from rescuesim.travel.warm_up import tiny_case
times = rs.travel_times(*tiny_case())
print(times.engine, "numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["scipy", "False"]
