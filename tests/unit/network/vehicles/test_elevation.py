"""Grade from an elevation raster: planes with known grades, steps of cells, bridges, holes in the raster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import shared_file
from ways_by_hand import METRIC, ORIGIN, raster_of, ways_of

from rescuesim.errors import DataFileError, InputError
from rescuesim.network.coordinates.crs import unproject
from rescuesim.network.vehicles.elevation import GradeFactors, read_elevation, step_time_factors
from rescuesim.network.vehicles.profiles import travel_profile
from rescuesim.network.ways import Ways

pytest.importorskip("rasterio")
CAR, FOOT = travel_profile("rescue_car"), travel_profile("on_foot")
STEEP = 1 / 0.8


def plane(grade: float):  # type: ignore[no-untyped-def]
    """Rise to the east."""
    return lambda east, north: 500 + grade * east


def along_east(*east: float, **of_way: object) -> Ways:
    return ways_of([(metres, 0.0) for metres in east], [range(len(east))], **of_way)  # type: ignore[arg-type]


def naismith(grade: float, kph: float = 4.0) -> float:
    """Time on a slope over time on the level: 600 m up in the 4 km of an hour take another hour."""
    return 1 + max(grade, 0.0) * kph * 1000 / 600


def factors(ways: Ways, raster: Path, profile: str = "rescue_car") -> GradeFactors:
    return step_time_factors(ways, travel_profile(profile), raster)


def test_a_road_steeper_than_the_limit_is_slow_both_ways_and_another_is_not(tmp_path: Path) -> None:
    road = along_east(-1000, -400, 100, 1000)
    for grade, factor in ((0.08, STEEP), (-0.08, STEEP), (0.05, 1.0), (0.0, 1.0)):
        found = factors(road, raster_of(tmp_path / f"{grade}.tif", plane(grade)))
        assert found.along.tolist() == pytest.approx([factor] * 3 + [1])
        assert found.against.tolist() == pytest.approx([factor] * 3 + [1])


def test_walking_uphill_takes_naismiths_time_and_downhill_no_more_than_the_level(tmp_path: Path) -> None:
    road = along_east(-1000, -400, 100, 1000)
    found = factors(road, raster_of(tmp_path / "up.tif", plane(0.15)), "on_foot")
    assert found.along.tolist() == pytest.approx([naismith(0.15)] * 3 + [1], rel=1e-3)
    assert found.against.tolist() == pytest.approx([1] * 4)
    path = along_east(-1000, 1000, road_class="path")
    slow = factors(path, raster_of(tmp_path / "up.tif", plane(0.15)), "on_foot")
    assert slow.along[0] == pytest.approx(naismith(0.15, kph=3.0), rel=1e-3)


def test_a_way_drawn_the_other_way_has_its_factors_exchanged(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "hill.tif", lambda east, north: 300 + 60 * np.sin(east / 400))
    there = factors(along_east(-1500, -700, 0, 800, 1500), raster, "on_foot")
    back = factors(along_east(1500, 800, 0, -700, -1500), raster, "on_foot")
    assert there.along[:-1] == pytest.approx(back.against[:-1][::-1], abs=2e-3)
    assert there.against[:-1] == pytest.approx(back.along[:-1][::-1], abs=2e-3)


def test_the_climb_of_a_hilly_road_is_that_of_its_hills(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "hill.tif", lambda east, north: 300 + 60 * np.sin(east / 400))
    road = along_east(-400 * np.pi, 400 * np.pi)  # one long step over a whole wave: 120 m up and 120 m down
    found = factors(road, raster, "on_foot")
    level_s = road.step_m[0] / 4 * 3.6
    assert (found.along[0] - 1) * level_s == pytest.approx(120 * 6, rel=0.03)
    assert (found.against[0] - 1) * level_s == pytest.approx(120 * 6, rel=0.03)


def test_a_long_step_is_slow_on_its_steep_part_alone(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "ramp.tif", lambda east, north: 100 + 0.1 * np.clip(east, 0, 1000))
    found = factors(along_east(-2000, 2000), raster)
    assert found.along[0] == pytest.approx(1 + (STEEP - 1) * 0.25, abs=0.01)


def test_steps_shorter_than_a_cell_make_no_absurd_grades(tmp_path: Path) -> None:
    """Whole metres on cells of 30 m are steps of 1 m: on the true grade of 2 % no metre of road is steep."""
    stairs = raster_of(tmp_path / "stairs.tif", lambda east, north: np.rint(500 + 0.02 * east))
    dense = along_east(*np.arange(-900, 900, 3.0))
    found = factors(dense, stairs)
    assert (found.along == 1).all()
    climb_s = ((factors(dense, stairs, "on_foot").along - 1) * dense.step_m).sum() / 4 * 3.6
    assert climb_s == pytest.approx(0.02 * 1797 * 6, rel=0.05)


def test_a_way_shorter_than_the_window_takes_the_slope_of_the_ground(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "plane.tif", plane(0.1))
    short = ways_of([(0, 0), (12, 0), (12, 9), (3, 0)], [[0, 1], [1, 2], [0, 3, 1]])
    found = factors(short, raster, "on_foot")
    assert found.along.tolist() == pytest.approx([naismith(0.1), 1, 1, 1, naismith(0.1), naismith(0.1), 1], abs=2e-3)


def test_a_road_round_a_hill_on_one_height_is_level(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "cone.tif", lambda east, north: 800 - 0.4 * np.hypot(east, north))
    angle = np.linspace(0, 2 * np.pi, 120)
    ring = ways_of([(800 * np.cos(a), 800 * np.sin(a)) for a in angle], [range(120)])
    found = factors(ring, raster)
    assert (found.along == 1).mean() > 0.97


def valley(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """A gorge of 150 m across the road."""
    return 400 - 150 * np.exp(-((east / 120) ** 2))


def test_a_bridge_and_a_tunnel_do_not_follow_the_ground(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "gorge.tif", valley)
    ridge = raster_of(tmp_path / "ridge.tif", lambda east, north: 800 - valley(east, north))
    places = [(-2000, 0), (-400, 0), (0, 0), (400, 0), (2000, 0)]
    lines = [[0, 1], [1, 2, 3], [3, 4]]
    ground = factors(ways_of(places, lines), raster)
    assert ground.along[2:4].max() > 1.05
    for kind, under in (("bridge", raster), ("tunnel", ridge)):
        ways = ways_of(places, lines, **{kind: [False, True, False]})  # type: ignore[arg-type]
        assert (factors(ways, under).along == 1).all()


def test_a_bridge_of_several_ways_hangs_between_its_ends_also_where_they_fork(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "gorge.tif", valley)
    places = [(-2000, 0), (-400, 0), (-100, 0), (0, 0), (400, 0), (2000, 0), (400, 300), (2000, 300)]
    lines = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [3, 6], [6, 7]]
    ways = ways_of(places, lines, bridge=[False, True, True, True, False, True, False])
    assert (factors(ways, raster).along == 1).all()
    climb = factors(ways, raster, "on_foot")
    assert climb.along == pytest.approx(np.ones(len(ways.at)), abs=2e-3)


def test_a_bridge_from_a_low_bank_to_a_high_one_rises_evenly(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "banks.tif", lambda east, north: np.where(east > 0, 440.0, 400.0))
    ways = along_east(-200, 0, 200, bridge=True)
    # both ends are loose: they lie on the ground
    found = factors(ways, raster, "on_foot")
    assert found.along[:2] == pytest.approx([naismith(0.1)] * 2, rel=0.02)
    short = along_east(-10, 10, bridge=True)
    assert factors(short, raster, "on_foot").along[0] < naismith(0.34)


def test_a_bridge_that_meets_no_ground_at_all_is_no_fault(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "gorge.tif", valley)
    ring = ways_of([(0, 0), (300, 0), (300, 300)], [[0, 1, 2, 0]], bridge=True)
    found = factors(ring, raster)
    assert np.isfinite(found.along).all()
    assert (found.along >= 1).all()


def test_outside_the_raster_and_in_its_holes_nothing_is_slow_and_it_is_said(tmp_path: Path) -> None:
    def holed(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        return np.where(np.abs(east - 1000) < 200, np.nan, 500 + 0.1 * east)

    raster = raster_of(tmp_path / "hole.tif", holed, nodata=-9999.0)
    found = factors(along_east(-1000, 0, 1000, 2000, 5000, 9000), raster)
    assert found.along[0] == pytest.approx(STEEP)
    assert 1 < found.along[1] < STEEP
    assert found.along[-2:].tolist() == [1, 1]
    note = next(note for note in found.notes if "no elevation" in note)
    unknown_km, whole_km = (float(word) for word in note.split(" on ")[1].split(" km")[0].split(" of "))
    assert whole_km == pytest.approx(10, abs=0.1)
    assert unknown_km == pytest.approx(6 + 0.4, abs=0.3)
    nowhere = ways_of([(50_000, 0), (51_000, 0)], [[0, 1]])
    with pytest.raises(InputError, match="no elevation on any road"):
        factors(nowhere, raster)


def test_values_that_are_no_elevation_are_holes_even_if_not_declared(tmp_path: Path) -> None:
    raster = raster_of(
        tmp_path / "void.tif", lambda east, north: np.where(np.abs(east) < 100, -32768, 300.0), dtype="int16"
    )
    found = factors(along_east(-1000, 1000), raster)
    assert found.along[0] == 1
    assert "taken as no data" in "\n".join(found.notes)


@pytest.mark.filterwarnings("ignore:Use `@` matmul")
def test_a_raster_in_degrees_gives_what_one_in_metres_gives(tmp_path: Path) -> None:
    import rasterio
    from rasterio.warp import Resampling, calculate_default_transform, reproject

    metres = raster_of(tmp_path / "m.tif", lambda east, north: 400 + 100 * np.sin(east / 500) * np.cos(north / 700))
    degrees = tmp_path / "deg.tif"
    with rasterio.open(metres) as source:
        transform, width, height = calculate_default_transform(
            METRIC, "EPSG:4490", source.width, source.height, *source.bounds
        )
        kind = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4490", "nodata": -9999.0}
        with rasterio.open(degrees, "w", width=width, height=height, transform=transform, **kind) as target:
            reproject(
                rasterio.band(source, 1), rasterio.band(target, 1), resampling=Resampling.bilinear, dst_nodata=-9999.0
            )
    road = ways_of([(-1500, -900), (-200, 300), (1400, 1200)], [[0, 1, 2]])
    a, b = factors(road, metres, "on_foot"), factors(road, degrees, "on_foot")
    assert a.along == pytest.approx(b.along, abs=0.02)


def test_elevations_are_interpolated_between_the_middles_of_cells(tmp_path: Path) -> None:
    raster = raster_of(tmp_path / "plane.tif", lambda east, north: 500 + 0.1 * east - 0.05 * north)
    rng = np.random.default_rng(1)
    east, north = rng.uniform(-2500, 2500, (2, 200))
    lon, lat = unproject(east + ORIGIN[0], north + ORIGIN[1], METRIC)
    box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    found = read_elevation(raster, bounds=box).at(lon, lat)
    assert found == pytest.approx(500 + 0.1 * east - 0.05 * north, abs=1e-2)


def test_rasters_that_cannot_be_elevations_are_refused(tmp_path: Path) -> None:
    road = along_east(-100, 100)
    with pytest.raises(DataFileError, match="no such file"):
        factors(road, tmp_path / "absent.tif")
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with pytest.raises(DataFileError, match="GeoTIFF"):
        factors(road, text)
    with pytest.raises(InputError, match="3 bands"):
        factors(road, raster_of(tmp_path / "picture.tif", plane(0), count=3))
    with pytest.raises(InputError, match="never guessed"):
        factors(road, raster_of(tmp_path / "nowhere.tif", plane(0), crs=None))
    import rasterio

    feet = raster_of(tmp_path / "feet.tif", plane(0))
    with rasterio.open(feet, "r+") as raster:
        raster.units = ("ft",)
    with pytest.raises(InputError, match="in metres"):
        factors(road, feet)


def test_a_boat_knows_no_grade(tmp_path: Path) -> None:
    found = step_time_factors(along_east(-100, 100), travel_profile("boat"), tmp_path / "absent.tif")
    assert found.along.tolist() == found.against.tolist() == [1, 1]
    assert found.notes == ()


@pytest.mark.slow
def test_the_streets_of_porto_alegre_are_no_alps() -> None:
    from ways_by_hand import ways_of_network

    from rescuesim.network import load_network

    network = load_network(shared_file("data/portoalegre_pop/portoalegre_drive.osm.gz"))
    ways = ways_of_network(network)
    found = factors(ways, shared_file("data/portoalegre_pop/poa_elevation.tif"))
    assert ((found.along >= 1) & (found.along <= STEEP + 1e-12)).all()
    share = np.average(found.along > 1.2, weights=ways.step_m)
    assert 0.01 < share < 0.25  # a hilly town: some streets are steep, most are not
    assert any("no elevation" in note for note in found.notes)
