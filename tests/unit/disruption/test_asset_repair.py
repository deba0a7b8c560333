"""Tower and power crews on roads that are as they are told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from ways_by_hand import ways_of

import rescuesim as rs
from rescuesim.network.build import build_network
from rescuesim.network.states import Closure

HOUR = 3600.0


@pytest.fixture(scope="module")
def cross() -> rs.RoadNetwork:
    """Return four roads of 1, 2, 3 and 4 km from one junction, driven at 10 m/s."""
    ends = [(0.0, 0.0), (1000.0, 0.0), (0.0, 2000.0), (-3000.0, 0.0), (0.0, -4000.0)]
    network = build_network(ways_of(ends, [[0, k] for k in range(1, 5)]))
    ticks = np.rint(network.length_m * 1000).astype(np.int32)
    return replace(network, ticks=ticks, start_up_s=0.0, launch_s=0.0)


def node(network: rs.RoadNetwork, arm: int) -> int:
    """Return the junction, or the end of the arm of so many km."""
    x, y = [(0, 0), (1000, 0), (0, 2000), (-3000, 0), (0, -4000)][arm]
    centre = np.bincount(np.r_[network.tail, network.head]).argmax()
    return int(np.argmin(np.hypot(network.x_m - network.x_m[centre] - x, network.y_m - network.y_m[centre] - y)))


def task(network: rs.RoadNetwork, arm: int, **more: object) -> rs.AssetTask:
    at = node(network, arm)
    options = {"id": f"tower {arm}", "kind": "tower", "lon": float(network.lon[at]), "lat": float(network.lat[at])}
    return rs.AssetTask(**(options | more))  # type: ignore[arg-type]


def crew(network: rs.RoadNetwork, id_: str = "A", **more: object) -> rs.RepairCrew:
    at = node(network, 0)
    options = {"id": id_, "kind": "tower", "lon": float(network.lon[at]), "lat": float(network.lat[at])}
    return rs.RepairCrew(**(options | more))  # type: ignore[arg-type]


def closure(network: rs.RoadNetwork, arm: int, from_s: float, until_s: float) -> rs.RoadOutage:
    end = node(network, arm)
    road = int(network.road[(network.tail == end) | (network.head == end)][0])
    return rs.RoadOutage(closure=Closure(road=road, from_m=400, to_m=500), from_s=from_s, until_s=until_s)


def test_a_tower_takes_three_hours_and_the_drive(cross: rs.RoadNetwork) -> None:
    tasks = [task(cross, 2), task(cross, 1)]
    repairs = rs.repair_assets(cross, tasks, [crew(cross)], horizon_s=72 * HOUR, crew_network=cross)
    assert repairs.until_s["tower 1"] == pytest.approx(100 + 3 * HOUR, abs=1)
    assert repairs.until_s["tower 2"] == pytest.approx(100 + 3 * HOUR + 300 + 3 * HOUR, abs=1)
    assert repairs.repaired_by == {"tower 1": "A", "tower 2": "A"}
    assert any("3 h a tower" in note for note in repairs.notes)


def test_heavier_tasks_or_a_list_come_first_if_asked(cross: rs.RoadNetwork) -> None:
    tasks = [task(cross, 1, weight=10.0), task(cross, 2, weight=500.0), task(cross, 3, weight=20.0)]
    options = {"horizon_s": 72 * HOUR, "crew_network": cross}
    heavy = rs.repair_assets(cross, tasks, [crew(cross)], order="heaviest_first", **options)
    assert sorted(heavy.until_s, key=lambda id_: heavy.until_s[id_]) == ["tower 2", "tower 3", "tower 1"]
    listed = ["tower 3", "tower 1", "tower 2"]
    given = rs.repair_assets(cross, tasks, [crew(cross)], order="given", given=listed, **options)
    assert sorted(given.until_s, key=lambda id_: given.until_s[id_]) == listed


def test_a_tower_behind_a_closure_waits_for_the_road(cross: rs.RoadNetwork) -> None:
    roads = [closure(cross, 1, 0.0, 10 * HOUR)]
    repairs = rs.repair_assets(
        cross, [task(cross, 1)], [crew(cross)], roads=roads, horizon_s=72 * HOUR, crew_network=cross
    )
    assert repairs.until_s["tower 1"] == pytest.approx(13 * HOUR + 100, abs=1)
    roads = [closure(cross, 1, 0.0, math.inf)]
    repairs = rs.repair_assets(cross, [task(cross, 1)], [crew(cross)], roads=roads, horizon_s=72 * HOUR)
    assert repairs.until_s == {"tower 1": math.inf}
    assert repairs.repaired_by == {"tower 1": ""}


def test_what_comes_back_by_itself_needs_no_crew(cross: rs.RoadNetwork) -> None:
    tasks = [task(cross, 1, passes_s=2 * HOUR), task(cross, 2)]
    repairs = rs.repair_assets(cross, tasks, [crew(cross)], horizon_s=72 * HOUR, crew_network=cross)
    assert repairs.until_s["tower 1"] == 2 * HOUR
    assert repairs.repaired_by["tower 1"] == ""
    assert repairs.until_s["tower 2"] == pytest.approx(5 * HOUR + 300, abs=1)


def test_crews_do_what_is_of_their_kind(cross: rs.RoadNetwork) -> None:
    tasks = [task(cross, 1), task(cross, 2, id="line", kind="power", work_h=5.0)]
    crews = [crew(cross, "A"), crew(cross, "L", kind="power", from_s=HOUR), crew(cross, "R", kind="road")]
    repairs = rs.repair_assets(cross, tasks, crews, horizon_s=72 * HOUR, crew_network=cross)
    assert repairs.repaired_by == {"tower 1": "A", "line": "L"}
    assert repairs.until_s["line"] == pytest.approx(6 * HOUR + 200, abs=1)
    alone = rs.repair_assets(cross, tasks, crews[:1], horizon_s=72 * HOUR)
    assert alone.until_s["line"] == math.inf
    assert any("no power crew" in note for note in alone.notes)


def test_a_tower_off_the_road_is_reached_over_its_access_leg(cross: rs.RoadNetwork) -> None:
    at = node(cross, 1)
    off = task(cross, 1, lat=float(cross.lat[at]) + 200 / 111_000)
    repairs = rs.repair_assets(cross, [off, task(cross, 2)], [crew(cross)], horizon_s=72 * HOUR, crew_network=cross)
    leg_s = 200 / cross.access_kph * 3.6
    assert repairs.until_s["tower 1"] == pytest.approx(100 + leg_s + 3 * HOUR, abs=1)
    assert repairs.until_s["tower 2"] == pytest.approx(repairs.until_s["tower 1"] + leg_s + 300 + 3 * HOUR, abs=1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "bakery"}, "tower or power"),
        ({"kind": "power"}, "only a tower has a default"),
        ({"work_h": 0.0}, "hours above 0"),
        ({"from_s": 5.0, "passes_s": 5.0}, "out < back"),
        ({"weight": -1.0}, "0 or more"),
    ],
)
def test_tasks_that_cannot_be_are_refused(cross: rs.RoadNetwork, fields: dict, said: str) -> None:
    with pytest.raises(rs.InputError, match=said):
        task(cross, 1, **fields)


def test_all_that_is_wrong_is_said_at_once(cross: rs.RoadNetwork) -> None:
    tasks = [task(cross, 1), task(cross, 1), task(cross, 2, lon=10.0)]
    crews = [crew(cross), crew(cross, "B", lon=10.0)]
    roads = [rs.RoadOutage(closure=Closure(road=77), from_s=0.0, until_s=1.0)]
    with pytest.raises(rs.InputError) as caught:
        rs.repair_assets(cross, tasks, crews, roads=roads, horizon_s=HOUR, order="given", given=["tower 1", "tower 8"])
    for said in ("'tower 1' stands twice", "'tower 8'", "tower 2 are missing", "drive to", "'B'", "road 77"):
        assert said in str(caught.value)
