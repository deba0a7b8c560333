"""Repair that looks only at what can matter, against repair that looks at everything at every moment."""

from __future__ import annotations

import numpy as np
import pytest
from oracles_disruption_schedule import plain_ticks, plain_work_out
from small_networks import small_network

import rescuesim as rs
from rescuesim.disruption.repair import road_repair
from rescuesim.network.states import Closure
from rescuesim.travel.changing_trees import ChangingTrees

HORIZON_S = 40 * 3600.0


def drawn(seed: int) -> dict[str, object] | None:
    """Draw water that comes and passes at moments of its own, slides with a hold, a bridge, slow roads and crews."""
    network = small_network(seed, tick_s=60.0, tau_s=5.0)
    if network is None or network.n_roads < 6:
        return None
    rng = np.random.default_rng(seed)
    damages = []
    for number in range(18):
        road = int(rng.integers(network.n_roads))
        length = float(network.road_length_m[road])
        part = {"from_m": 0.3 * length, "to_m": 0.5 * length} if number % 2 else {}
        at_s = float(rng.integers(0, 30000))
        if number % 3:
            passes_s = at_s + float(rng.integers(600, 60000))
            closure = Closure(road=road, **part)
            damages.append(rs.RoadDamage(closure=closure, at_s=at_s, cause="flood", passes_s=passes_s))
            continue
        work = float(rng.uniform(0.5, 6))
        level = str(rng.choice(["closed", "one_lane", "on_foot"]))
        damages.append(
            rs.RoadDamage(
                closure=Closure(road=road, level=level, **part),
                at_s=at_s,
                cause="landslide",
                work_h=work,
                one_lane_h=work / 2 if level == "closed" else 0.0,
                hold_s=float(rng.integers(0, 20000)),
                bridge=number == 9 and level == "closed",
            )
        )
    nodes = rng.integers(0, network.n_nodes, 3)
    return {
        "network": network,
        "damages": damages,
        "crews": [
            rs.RepairCrew(id=f"c{k}", lon=float(network.lon[node]), lat=float(network.lat[node]), machines=1 + k % 2)
            for k, node in enumerate(nodes.tolist())
        ],
        "slowings": [
            rs.RoadSlowing(road=int(road), factor=2.0 + k, from_s=3000.0 * k, until_s=9000.0 * (k + 1), cause="flood")
            for k, road in enumerate(rng.choice(network.n_roads, 3, replace=False))
        ],
        "horizon_s": HORIZON_S,
        "night_work": bool(seed % 2),
        "widen_at_once": seed % 5 == 0,
    }


@pytest.mark.parametrize("order", ["nearest_first", "trunk_first"])
def test_what_cannot_matter_is_not_looked_at_and_nothing_else_comes_of_it(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case for seed in range(24) if (case := drawn(seed)) is not None]
    assert len(cases) >= 10
    found = [rs.repair_roads(**case, order=order) for case in cases]
    monkeypatch.setattr(road_repair, "work_out", plain_work_out)
    for case, quick in zip(cases, found, strict=True):
        plain = rs.repair_roads(**case, order=order)
        assert quick.outages == plain.outages
        assert quick.sequence == plain.sequence
        assert quick.work.equals(plain.work)
    assert sum(len(quick.sequence) for quick in found) > 3 * len(cases)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_tree_carried_from_state_to_state_has_the_ticks_of_a_new_one(compiled: bool) -> None:
    rng = np.random.default_rng(7)
    for _ in range(30):
        n_nodes = int(rng.integers(4, 25))
        tail, head = rng.integers(0, n_nodes, (2, 3 * n_nodes))
        trees = ChangingTrees.of(tail, head, n_nodes, compiled=compiled)
        plain = ChangingTrees.of(tail, head, n_nodes, compiled=False)
        ticks = rng.integers(0, 9, len(tail)).astype(np.int32)
        limit = int(rng.choice([12, 10**6]))
        tree = trees.grown(0, ticks, limit=limit)
        for _ in range(15):
            then = ticks.copy()
            some = rng.integers(0, len(ticks), 4)
            then[some] = rng.choice([0, 1, 5, 20, 2**30 - 1], 4)
            before, tree, ticks = tree, trees.regrown(tree, then), then
            expected = plain.grown(0, ticks, limit=limit)
            np.testing.assert_array_equal(tree.found, expected.found)
            assert (tree.found is before.found) == np.array_equal(tree.found, before.found) or compiled
            entered = np.flatnonzero(tree.via >= 0)
            by = tree.via[entered]
            np.testing.assert_array_equal(tree.found[trees.tail[by]] + ticks[by], tree.found[entered])


def test_ticks_on_damaged_roads_are_those_of_the_split_graph_in_that_state() -> None:
    from rescuesim.disruption.repair.damaged_roads import DamagedRoads
    from rescuesim.travel import build_split_graph

    looked_at = 0
    for seed in range(12):
        case = drawn(seed)
        if case is None:
            continue
        network, damages = case["network"], case["damages"]
        rng = np.random.default_rng(seed)
        roads = DamagedRoads.of(build_split_graph(network, *_fronts(damages)), [one.closure for one in damages])
        slowed = ((0, 1.5), (2, 3.0))
        for _ in range(20):
            levels = bytes(rng.integers(0, 3, len(damages)).tolist())
            expected = plain_ticks(roads, 0, levels, slowed if rng.random() < 0.5 else ())
            slow = slowed if np.array_equal(expected, plain_ticks(roads, 0, levels, slowed)) else ()
            np.testing.assert_array_equal(roads.ticks_from(0, levels, slow), expected)
            looked_at += 1
    assert looked_at > 100


def _fronts(damages: list[rs.RoadDamage]) -> list[object]:
    from rescuesim.quality import SnappedPoints

    n = len(damages)
    return [
        SnappedPoints(
            road=np.array([one.closure.road for one in damages], dtype=np.int32),
            position_m=np.array([one.closure.from_m for one in damages]),
            access_m=np.zeros(n),
            access_ticks=np.zeros(n, dtype=np.int32),
        )
    ]
