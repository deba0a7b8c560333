"""The ground along reached roads, against discs drawn one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from placed_points import places
from service_area_cases import ticks_to
from ways_by_hand import METRIC, ORIGIN, ways_of

from rescuesim.candidates import load_sites
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.network.build import build_network
from rescuesim.network.coordinates.crs import project, unproject
from rescuesim.network.road_network import TICKS_PER_SECOND, limit_ticks
from rescuesim.network.states import Closure
from rescuesim.quality import snap_points
from rescuesim.travel.service_areas import ServiceArea, service_area, service_areas

MARGIN_M = 6.0  # the ground is drawn in cells of ten metres of road


def in_time(area: ServiceArea, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether points at places would be in time and have their road within the width."""
    lon, lat = unproject(x, y, area.network.crs)
    snapped = snap_points(area.network, lon, lat)
    ticks = ticks_to(area, snapped).min(axis=0)
    return (ticks <= int(limit_ticks(area.limit_s))) & (snapped.access_m <= area.width_m)


@pytest.mark.parametrize("towards", ["demand", "sites"])
@pytest.mark.parametrize("limit_s", [60.0, 110.0, 240.0])
def test_ground_is_where_points_would_be_in_time(guixi: RoadNetwork, towards: str, limit_s: float) -> None:
    """Away from its edge by the margin, the polygon says of a place what travel times say of a point there."""
    rng = np.random.default_rng(1)
    narrow = [road for road in range(0, 300, 7) if guixi.road_length_m[road] > 60]
    state = NetworkState(
        closures=(
            *(Closure(road=road, from_m=20.0, to_m=60.0, level="one_lane") for road in narrow),
            *(Closure(road=int(road)) for road in rng.choice(guixi.n_roads, 8, replace=False)),
        ),
        slow_downs={int(road): 1.7 for road in rng.choice(guixi.n_roads, 40, replace=False)},
    )
    sites = load_sites(places(guixi, 4, 6, "s"))
    counts = np.zeros(2, dtype=np.int64)
    for area in service_areas(guixi, sites, limit_s, state=state, towards=towards):  # type: ignore[arg-type]
        made = replace(area, filled_hole_m2=0.0)
        if made.polygon.is_empty:
            continue
        west, south, east, north = made.polygon.bounds
        x, y = project([west, east], [south, north], guixi.crs)
        x, y = rng.uniform(x[0] - 50, x[1] + 50, 800), rng.uniform(y[0] - 50, y[1] + 50, 800)
        inside = shapely.contains_xy(made.polygon, *unproject(x, y, guixi.crs))
        angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        around = [in_time(made, x + MARGIN_M * np.cos(a), y + MARGIN_M * np.sin(a)) for a in angle]
        here = in_time(made, x, y)
        clear = np.all([at == here for at in around], axis=0)
        assert inside[clear].tolist() == here[clear].tolist()
        counts += np.bincount(inside[clear], minlength=2)
    assert (counts > 100).all()


def straight_road(road_class: str = "tertiary") -> RoadNetwork:
    """A straight road of 4 km."""
    made = build_network(ways_of([(0, 0), (4000, 0)], [[0, 1]], road_class=road_class))
    return replace(made, start_up_s=0.0)


def middle(network: RoadNetwork, east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    lon, lat = unproject([ORIGIN[0] + east_m], [ORIGIN[1] + north_m], METRIC)
    return float(lon[0]), float(lat[0])


def test_along_a_straight_road_the_ground_narrows_evenly_to_nothing() -> None:
    """Full width while half a minute is left, then two wedges."""
    network, limit_s, width_m = straight_road(), 90.0, 100.0
    speed = 4000.0 / (network.ticks[0] / TICKS_PER_SECOND)
    area = service_area(network, middle(network, 2000), limit_s, width_m=width_m)
    wedge_m = width_m / (network.access_kph / 3.6) * speed
    full_m = limit_s * speed - wedge_m
    exact_km2 = 2 * (full_m * 2 * width_m + wedge_m * width_m) / 1e6
    assert exact_km2 * 0.99 < area.area_km2 < exact_km2 * 1.0001
    west, _, east, _ = area.polygon.bounds
    assert west == pytest.approx(middle(network, 2000 - limit_s * speed)[0], abs=1e-4)
    assert west >= middle(network, 2000 - limit_s * speed)[0]
    assert east <= middle(network, 2000 + limit_s * speed)[0]


def test_ground_nearer_to_a_road_that_is_not_reached_is_not_claimed() -> None:
    """Two roads 60 m apart, one of them closed: the middle between them is the border."""
    places_m = [(0, 0), (3000, 0), (3000, 60), (0, 60), (-300, 0), (3300, 0), (-300, 60)]
    lines = [[0, 1], [1, 2], [2, 3], [3, 0], [4, 0], [1, 5], [6, 3]]
    made = build_network(ways_of(places_m, lines))
    (north,) = [
        road
        for road, line in enumerate(made.projected_lines())
        if line.length > 2000 and any(y > ORIGIN[1] + 40 for _, y in line.coords)
    ]
    shut = NetworkState(closures=(Closure(road=north),))
    area = service_area(made, middle(made, 1500), 60.0, state=shut)
    across = [shapely.contains_xy(area.polygon, *middle(made, 1500, metres)) for metres in (-90, 10, 28, 32, 58, 90)]
    assert across == [True, True, True, False, False, False]
    whole = service_area(made, middle(made, 1500), 3600.0)
    assert shapely.contains_xy(whole.polygon, *middle(made, 1500, 90))


def test_no_width_is_no_ground_but_the_roads_are_reached_all_the_same() -> None:
    network = straight_road()
    area = service_area(network, middle(network, 2000), 60.0, width_m=0.0)
    assert area.area_km2 == 0.0
    assert area.polygon.is_empty
    assert area.length_m > 500
    assert len(area.to_frame()) == 1


def test_a_motorway_serves_no_ground_where_points_cannot_open_into_it() -> None:
    places_m = [(0, 0), (1000, 0), (4000, 0), (1000, 1500)]
    made = build_network(ways_of(places_m, [[0, 1], [1, 2], [1, 3]], road_class=["tertiary", "motorway", "tertiary"]))
    area = service_area(made, middle(made, 900), 120.0)
    motorway = int(made.road[np.flatnonzero(made.road_class == "motorway")[0]])
    assert motorway in area.stretches.road
    east = middle(made, 1500)
    assert not shapely.contains_xy(area.polygon, *east)
    assert shapely.contains_xy(area.polygon, *middle(made, 1000, 300))
    # where there is no other road, points open into it all the same
    alone = straight_road("motorway")
    assert service_area(alone, middle(alone, 2000), 60.0).area_km2 > 0.1


BLOCK = [(0, 0), (215, 0), (215, 215), (0, 215), (107, 0), (107, 107), (-150, 0)]
RING = [[0, 4, 1], [1, 2], [2, 3], [3, 0], [0, 6], [4, 5]]


def test_a_yard_is_filled_unless_a_road_that_is_not_reached_runs_into_it() -> None:
    ring = replace(build_network(ways_of(BLOCK, RING[:5])), start_up_s=0.0)
    yard = middle(ring, 104, 108)
    corner = middle(ring, 0)
    whole = service_area(ring, corner, 600.0)
    assert shapely.contains_xy(whole.polygon, *yard)
    assert not shapely.contains_xy(replace(whole, filled_hole_m2=0.0).polygon, *yard)
    lane = replace(build_network(ways_of(BLOCK, RING)), start_up_s=0.0)
    into = next(r for r in range(lane.n_roads) if 100 < lane.road_length_m[r] < 110 and _ends_inside(lane, r))
    shut = NetworkState(closures=(Closure(road=into),))
    closed = service_area(lane, corner, 600.0, state=shut)
    assert closed.area_km2 < whole.area_km2
    assert not shapely.contains_xy(closed.polygon, *middle(lane, 107, 107))
    assert shapely.contains_xy(service_area(lane, corner, 600.0).polygon, *yard)


def _ends_inside(network: RoadNetwork, road: int) -> bool:
    line = network.projected_lines()[road]
    return any(abs(x - ORIGIN[0] - 107) < 2 and abs(y - ORIGIN[1] - 107) < 2 for x, y in line.coords)


def test_polygons_are_valid_and_apart(guixi: RoadNetwork) -> None:
    for area in service_areas(guixi, load_sites(places(guixi, 5, 12, "s")), [30.0, 200.0]):
        assert area.polygon.is_valid
        assert area.polygon.geom_type == "MultiPolygon"
        metres = shapely.transform(
            area.polygon, lambda degrees: np.column_stack(project(degrees[:, 0], degrees[:, 1], guixi.crs))
        )
        assert area.area_km2 == pytest.approx(metres.area / 1e6, rel=1e-6)
