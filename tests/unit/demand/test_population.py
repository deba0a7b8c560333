"""Population: read from rasters, polygons and points, and spread without losing anybody."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from conftest import shared_file

from rescuesim.demand import DemandPoints, PopulationCells, load_demand, read_population, spread_population
from rescuesim.demand.population import in_blocks
from rescuesim.demand.raster import read_raster
from rescuesim.demand.rounding import largest_remainder, whole_total
from rescuesim.errors import DataFileError, InputError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.coordinates.crs import metric_crs, project, unproject


def raster(
    path: Path,
    values: np.ndarray,
    *,
    west: float = 119.3,
    north: float = 28.72,
    step: float = 0.001,
    crs: str | None = "EPSG:4326",
    **options: object,
) -> Path:
    transform = rasterio.Affine(step, 0, west, 0, -step, north)
    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": values.dtype}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, crs=crs, **shape, **options) as made:
        made.write(values, 1)
    return path


def hamlets(lon: np.ndarray, lat: np.ndarray) -> DemandPoints:
    return load_demand(pd.DataFrame({"id": [f"h{i}" for i in range(len(lon))], "lon": lon, "lat": lat, "people": 1}))


def whole_parts(shares: list[Fraction], total: int) -> list[int]:
    """Largest remainders in exact fractions: the oracle."""
    exact = [share * total / sum(shares) for share in shares]
    parts = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def test_largest_remainders_agree_with_exact_fractions() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        shares = rng.integers(0, 50, rng.integers(1, 12)).tolist()
        total = int(rng.integers(0, 1000))
        if sum(shares):
            expected = whole_parts([Fraction(share) for share in shares], total)
            assert largest_remainder(shares, total).tolist() == expected


def test_totals_round_half_up_and_shares_of_nothing_are_refused() -> None:
    assert whole_total([0.5, 1.0]) == 2
    assert whole_total([0.1] * 10) == 1
    assert largest_remainder([0, 0], 0).tolist() == [0, 0]
    with pytest.raises(InputError, match="at least one share above 0"):
        largest_remainder([0, 0], 5)
    with pytest.raises(InputError, match="finite numbers"):
        largest_remainder([np.nan], 5)


def brute_shares(
    polygons: list[shapely.Polygon], people: list[int], places: np.ndarray, reach_m: float
) -> tuple[list[Fraction], dict[int, int]]:
    """Spread cell by cell in plain words: the oracle, in metres."""
    shares = [Fraction(0)] * len(places)
    left = {}
    for c, polygon in enumerate(polygons):
        own = [
            i
            for i, place in enumerate(places)
            if polygon.intersects(shapely.Point(place))
            and not any(earlier.intersects(shapely.Point(place)) for earlier in polygons[:c])
        ]
        if own:
            for i in own:
                shares[i] += Fraction(people[c], len(own))
            continue
        away = [polygon.centroid.distance(shapely.Point(place)) for place in places]
        if min(away) <= reach_m:
            shares[int(np.argmin(away))] += people[c]
        else:
            left[c] = people[c]
    return shares, left


@pytest.mark.parametrize("seed", range(6))
def test_polygons_spread_as_a_brute_force_search_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crs = "EPSG:32650"
    x0, y0 = (float(at[0]) for at in project(np.array([119.3]), np.array([28.7]), crs))
    side, n = 400.0, 6
    boxes = [shapely.box(x0 + i * side, y0 + j * side, x0 + (i + 1) * side, y0 + (j + 1) * side)
             for i in range(n) for j in range(n)]  # fmt: skip
    people = rng.integers(1, 300, len(boxes)).tolist()
    xy = np.column_stack([rng.uniform(x0, x0 + n * side, 14), rng.uniform(y0, y0 + n * side / 2, 14)])
    layer = geopandas.GeoDataFrame({"people": people}, geometry=boxes, crs=crs)
    reach_m = 700.0
    spread = spread_population(layer, hamlets(*unproject(xy[:, 0], xy[:, 1], crs)), reach_m=reach_m)
    shares, left = brute_shares(boxes, people, xy, reach_m)
    expected = whole_parts([*shares, *(Fraction(count) for count in left.values())], sum(people))
    ids = [f"h{i}" for i in range(14)] + [f"cell-{c + 1}" for c in left]
    kept = [(id_, count) for i, (id_, count) in enumerate(zip(ids, expected, strict=True)) if i < 14 or count]
    assert list(zip(spread.ids, spread.people.tolist(), strict=True)) == kept
    assert left  # the northern half has no hamlets: the case of no access is met
    assert any("no road-accessible place" in note for note in spread.notes)


def test_a_raster_loses_nobody_whatever_it_is_spread_to(tmp_path: Path, town: RoadNetwork) -> None:
    rng = np.random.default_rng(5)
    values = rng.gamma(0.3, 4.0, (30, 35)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = -9999
    path = raster(tmp_path / "people.tif", values, nodata=-9999)
    total = round(float(values[values > 0].astype(np.float64).sum()))
    cells = read_population(path)
    assert cells.total == total
    places = hamlets(rng.uniform(119.3, 119.335, 20), rng.uniform(28.69, 28.72, 20))
    made = [
        spread_population(cells, places),
        spread_population(cells, places, reach_m=0),
        spread_population(cells, places, network=town, snap_limit_m=200),
        spread_population(cells, network=town),
        spread_population(cells, network=town, block_m=0),
        spread_population(cells, network=town, at="junctions"),
        spread_population(cells, network=town, at="junctions", snap_limit_m=0),
    ]
    for spread in made:
        assert int(spread.people.sum()) == total
        assert (spread.people == np.rint(spread.people)).all()
        assert np.array_equal(spread.weights, spread.people)


def test_each_raster_cell_gives_its_people_to_the_hamlets_inside_it(tmp_path: Path) -> None:
    path = raster(tmp_path / "people.tif", np.array([[9, 0], [4, 7]], dtype=np.int16))
    lon, lat = np.array([119.3001, 119.3009, 119.3015]), np.array([28.7195, 28.7191, 28.7185])
    assert spread_population(path, hamlets(lon, lat)).people.tolist() == [5, 4 + 4, 7]
    only_inside = spread_population(path, hamlets(lon, lat), reach_m=0)
    assert dict(zip(only_inside.ids, only_inside.people.tolist(), strict=True)) == {
        "h0": 5, "h1": 4, "h2": 7, "cell-r0c0": 4,
    }  # fmt: skip
    by_cell = spread_population(path, hamlets(lon, lat), reach_m=0, block_m=0)
    assert by_cell.ids[3:] == ("cell-r1c0",)


def test_a_projected_raster_is_read_in_its_own_system_and_nothing_is_resampled(tmp_path: Path) -> None:
    values = np.arange(1, 13, dtype=np.float64).reshape(3, 4)
    path = raster(tmp_path / "utm.tif", values, west=700_000, north=3_180_000, step=100, crs="EPSG:32650")
    cells = read_population(path)
    assert cells.people.tolist() == list(range(1, 13))
    x, y = project(cells.lon, cells.lat, "EPSG:32650")
    assert x == pytest.approx(np.tile(700_050 + 100 * np.arange(4), 3), abs=1e-3)
    assert y == pytest.approx(np.repeat(3_179_950 - 100 * np.arange(3), 4), abs=1e-3)
    assert cells.owner(cells.lon, cells.lat).tolist() == list(range(12))
    assert cells.owner(cells.lon + 1, cells.lat).tolist() == [-1] * 12
    assert cells.grid is not None
    assert cells.grid.cell_m() == pytest.approx(100, rel=2e-3)


def test_blocks_keep_every_person_and_the_centre_of_people(tmp_path: Path) -> None:
    values = np.zeros((5, 5))
    values[0, 0], values[1, 1], values[4, 4] = 3, 1, 2
    path = raster(tmp_path / "utm.tif", values, west=700_000, north=3_180_000, step=100, crs="EPSG:32650")
    blocks = in_blocks(read_population(path), 200)
    assert blocks.people.tolist() == [4, 2]
    x, y = project(blocks.lon, blocks.lat, "EPSG:32650")
    assert x == pytest.approx([700_050 + 25, 700_450], abs=0.1)
    assert y == pytest.approx([3_179_950 - 25, 3_179_550], abs=0.1)
    assert blocks.owner(blocks.lon, blocks.lat).tolist() == [0, 1]
    assert blocks.outlines is not None
    assert shapely.contains_xy(blocks.outlines, blocks.lon, blocks.lat).all()


def test_a_raster_read_in_strips_is_the_raster_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).integers(0, 5, (40, 30)).astype(np.int16)
    path = raster(tmp_path / "people.tif", values)
    whole = read_raster(path, crs=None, bounds=None, nodata=None)
    monkeypatch.setattr("rescuesim.demand.raster._WINDOW_CELLS", 70)
    strips = read_raster(path, crs=None, bounds=None, nodata=None)
    assert np.array_equal(whole[0].index, strips[0].index)
    assert np.array_equal(whole[1], strips[1])
    assert np.array_equal(whole[1], values[values > 0])


def test_a_boundary_counts_the_cells_whose_centre_it_holds(tmp_path: Path) -> None:
    values = np.ones((20, 20), dtype=np.int16)
    path = raster(tmp_path / "people.tif", values)
    half = shapely.Polygon([(119.3, 28.7), (119.3203, 28.7), (119.3, 28.7203)])
    boundary = geopandas.GeoDataFrame(geometry=[half], crs="EPSG:4326")
    lon, lat = np.meshgrid(119.3005 + 0.001 * np.arange(20), 28.7195 - 0.001 * np.arange(20))
    expected = int(shapely.intersects_xy(half.buffer(1e-9), lon, lat).sum())
    cells = read_population(path, boundary=boundary)
    assert cells.total == expected == 210
    assert any("outside boundary" in note for note in cells.notes)
    far = geopandas.GeoDataFrame(geometry=[shapely.box(10, 10, 11, 11)], crs="EPSG:4326")
    with pytest.raises(InputError, match="inside the raster"):
        read_population(path, boundary=far)


def test_bad_raster_values_are_counted_and_placed_all_at_once(tmp_path: Path) -> None:
    values = np.ones((4, 4), dtype=np.float32)
    values[1, 2], values[3, 0], values[2, 2], values[2, 3] = -1, -2, np.nan, np.inf
    path = raster(tmp_path / "bad.tif", values)
    with pytest.raises(InputError) as caught:
        read_population(path)
    message = str(caught.value)
    assert "2 negative cells, first at row 1, column 2: -1" in message
    assert "1 not a number cells, first at row 2, column 2" in message
    assert "1 infinite cells, first at row 2, column 3" in message
    values[2, 3], values[1, 2], values[3, 0] = 1, 1, 1
    declared = raster(tmp_path / "nan.tif", values)
    with pytest.raises(InputError, match="declare nodata=nan"):
        read_population(declared)
    assert read_population(declared, nodata=float("nan")).total == 15
    assert read_population(raster(tmp_path / "stated.tif", values, nodata=np.nan)).total == 15


def test_rasters_that_cannot_be_read_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ones = np.ones((2, 2), dtype=np.int16)
    with pytest.raises(DataFileError, match="no such file"):
        read_population(tmp_path / "absent.tif")
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(DataFileError, match="expected a raster"):
        read_population(tmp_path / "text.tif")
    bare = raster(tmp_path / "bare.tif", ones, crs=None)
    with pytest.raises(InputError, match="states its coordinate system, or crs declared"):
        read_population(bare)
    assert read_population(bare, crs="EPSG:4490").total == 4
    with pytest.raises(InputError, match="at least one person"):
        read_population(raster(tmp_path / "zero.tif", 0 * ones))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(DataFileError, match=r"pip install 'rescuesim\[raster\]'"):
        read_population(bare)


def test_points_of_a_hexagonal_grid_own_their_hexagons() -> None:
    crs = "EPSG:32650"
    x0, y0 = (float(at[0]) for at in project(np.array([119.3]), np.array([28.7]), crs))
    size = 300.0
    centres = np.array([(x0 + size * (i + j / 2), y0 + size * j * np.sqrt(3) / 2) for i in range(8) for j in range(8)])
    lon, lat = unproject(centres[:, 0], centres[:, 1], crs)
    ids = [str(i) for i in range(64)]
    cells = read_population(pd.DataFrame({"id": ids, "lon": lon, "lat": lat, "people": 5}))
    assert cells.width_m == pytest.approx(size, rel=1e-3)
    corner = size / np.sqrt(3)
    angles = np.radians(30 + 60 * np.arange(6))
    rng = np.random.default_rng(2)
    for i in (0, 27, 63):
        ring = centres[i] + 0.999 * corner * np.column_stack([np.cos(angles), np.sin(angles)])
        inside = rng.dirichlet(np.ones(6), 200) @ ring
        assert set(cells.owner(*unproject(inside[:, 0], inside[:, 1], crs))) == {i}
    assert cells.owner(np.array([120.0]), np.array([28.7])).tolist() == [-1]


def test_points_far_apart_own_nothing_beyond_the_reach() -> None:
    villages = pd.DataFrame({"id": ["a", "b"], "lon": [119.0, 120.0], "lat": 28.7, "people": [10, 20]})
    places = hamlets(np.array([119.01, 119.3, 119.99]), np.full(3, 28.7))
    assert spread_population(villages, places, reach_m=3000).people.tolist() == [10, 0, 20]


@pytest.mark.parametrize("at", ["road", "junctions"])
def test_places_made_of_the_network_stand_on_it(town: RoadNetwork, at: str) -> None:
    boxes = [shapely.box(119.299 + 0.004 * i, 28.689 + 0.004 * j, 119.303 + 0.004 * i, 28.693 + 0.004 * j)
             for i in range(8) for j in range(8)]  # fmt: skip
    layer = geopandas.GeoDataFrame({"id": range(64), "人口": range(1, 65)}, geometry=boxes, crs="EPSG:4326")
    cells = read_population(layer)
    spread = spread_population(cells, network=town, at=at, snap_limit_m=300)  # type: ignore[arg-type]
    assert int(spread.people.sum()) == sum(range(1, 65))
    lines = shapely.transform(town.road_line, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1], town.crs)))
    roads = shapely.union_all(lines)
    if at == "junctions":
        kept = [id_ for id_ in spread.ids if id_.startswith("cell-")]
        assert {id_ for id_ in spread.ids if id_.startswith("n")} <= {f"n{node}" for node in town.node_id}
        assert kept
        return
    assert spread.lon is not None
    assert spread.lat is not None
    to_road = shapely.distance(shapely.points(*project(spread.lon, spread.lat, town.crs)), roads)
    for row, box in enumerate(boxes):
        metres = shapely.transform(box, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1], town.crs)))
        inside = shapely.intersection(metres, roads)
        point = shapely.Point(*(float(c[0]) for c in project(spread.lon[[row]], spread.lat[[row]], town.crs)))
        centre = shapely.Point(*(float(c[0]) for c in project(cells.lon[[row]], cells.lat[[row]], town.crs)))
        if not inside.is_empty and centre.distance(inside) <= 300:
            assert to_road[row] < 1e-6
            assert centre.distance(point) == pytest.approx(centre.distance(inside), abs=1e-6)
        else:
            assert centre.distance(point) < 1e-6  # stays, so that its way to the road counts


def test_places_without_a_road_take_nobody(town: RoadNetwork) -> None:
    places = hamlets(np.array([119.3, 119.4]), np.array([28.7, 28.7]))
    grid = pd.DataFrame({"id": ["a", "b"], "lon": [119.3, 119.4], "lat": [28.7, 28.7], "people": [10, 20]})
    spread = spread_population(grid, places, network=town)
    assert dict(zip(spread.ids, spread.people.tolist(), strict=True)) == {"h0": 10, "h1": 0, "cell-b": 20}
    assert any("1 places without a road within 1000 m take no people" in note for note in spread.notes)


def test_weights_that_are_not_people_stay_when_people_are_replaced() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b"], "lon": [119.3, 119.31], "lat": [28.7, 28.7], "people": [1, 1], "weight": [1, 9]}
    )
    spread = spread_population(frame[["id", "lon", "lat"]].assign(people=[50, 60]), load_demand(frame))
    assert spread.people.tolist() == [50, 60]
    assert spread.weights.tolist() == [50, 9]


def test_the_order_of_cells_does_not_change_who_lives_where() -> None:
    rng = np.random.default_rng(8)
    grid = pd.DataFrame({"id": [f"c{i}" for i in range(40)], "lon": rng.uniform(119.3, 119.4, 40),
                         "lat": rng.uniform(28.7, 28.8, 40), "people": rng.integers(0, 90, 40)})  # fmt: skip
    places = hamlets(rng.uniform(119.3, 119.4, 9), rng.uniform(28.7, 28.8, 9))
    one = spread_population(grid, places)
    other = spread_population(grid.iloc[::-1], places)
    assert dict(zip(one.ids, one.people, strict=True)) == dict(zip(other.ids, other.people, strict=True))


def test_bad_cells_are_faults_with_their_row(tmp_path: Path) -> None:
    table = tmp_path / "grid.csv"
    table.write_text("id,lon,lat,population\na,119.3,28.7,-4\nb,119.3,28.7,\nb,119.3,28.7,x\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_population(table)
    assert {(fault.row, fault.column) for fault in caught.value.faults} == {
        (2, "population"), (3, "population"), (4, "population"), (4, "id"),
    }  # fmt: skip
    with pytest.raises(InputError, match="one column of people"):
        read_population(pd.DataFrame({"id": ["a"], "lon": [1], "lat": [2]}))
    with pytest.raises(InputError, match="one column of people"):
        read_population(pd.DataFrame({"id": ["a"], "lon": [1], "lat": [2], "people": [1], "population": [1]}))
    with pytest.raises(InputError, match="places, a network, or both"):
        spread_population(pd.DataFrame({"id": ["a"], "lon": [1], "lat": [2], "people": [1]}))
    line = geopandas.GeoDataFrame({"people": [1]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326")
    with pytest.raises(InputError, match="'LineString', expected a Polygon"):
        read_population(line)
    square = geopandas.GeoDataFrame({"people": [np.nan]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    with pytest.raises(InputError, match="'nan', expected a number of 0 or more"):
        read_population(square)


@pytest.fixture(scope="module")
def hexagons() -> PopulationCells:
    return read_population(shared_file("data/portoalegre_pop/poa_hexgrid.csv"))


def test_porto_alegre_keeps_its_812935_people(hexagons: PopulationCells) -> None:
    assert hexagons.total == 812_935
    network = load_network(shared_file("data/portoalegre_pop/portoalegre_drive.osm.gz"))
    for at in ("road", "junctions"):
        spread = spread_population(hexagons, network=network, at=at)  # type: ignore[arg-type]
        assert int(spread.people.sum()) == 812_935
        assert (spread.people == np.rint(spread.people)).all()
    table = pd.read_csv(shared_file("data/portoalegre_pop/poa_hexgrid.csv")).set_index("id")
    on_road = spread_population(hexagons, network=network)
    assert dict(zip(on_road.ids, on_road.people, strict=True)) == table["population"][table["population"] > 0].to_dict()
    assert metric_crs(hexagons.lon, hexagons.lat) == "EPSG:32722"
