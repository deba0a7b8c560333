"""Hazards: where intensities come from, how they grow, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray

from rescuesim.crew import Lognormal
from rescuesim.disruption.hazards import (
    ConstantSource,
    FieldSource,
    Hazard,
    HazardLayer,
    HazardRegion,
    HazardSource,
    Marginal,
    Timing,
    Variation,
    hazard_polygons,
    hazard_raster,
    hazard_sites,
)
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network.coordinates.crs import project, unproject

REGION = HazardRegion(crs="EPSG:32650", west_m=720_000, south_m=3_170_000, east_m=740_000, north_m=3_190_000)
X, Y = np.array([725_000.0, 730_000.0, 735_000.0]), np.array([3_175_000.0, 3_180_000.0, 3_185_000.0])
FIELD = FieldSource(marginal=Marginal.lognormal(median=0.3, p90=1.0), correlation_m=3000)


def hazard(kind: str, source: HazardSource, **more: object) -> Hazard:
    layer = HazardLayer(kind=kind, source=source, **more)  # type: ignore[arg-type]
    return Hazard(name="test", layers=(layer,), horizon_s=86400, region=REGION)


def around(x: float, y: float, half_m: float) -> shapely.Polygon:
    """A square in WGS84 degrees."""
    lon, lat = unproject([x - half_m, x + half_m], [y - half_m, y + half_m], REGION.crs)
    return shapely.box(lon[0], lat[0], lon[1], lat[1])


def polygons(values: list[object]) -> geopandas.GeoDataFrame:
    shapes = [around(X[0], Y[0], 500 * (1 + at)) for at in range(len(values))]
    return geopandas.GeoDataFrame({"depth": values}, geometry=shapes, crs="EPSG:4326")


def at_points(found: Hazard, kind: str, **more: object) -> NDArray[np.float64]:
    return found.intensity_at(X, Y, seed=1, sample=0, **more)[kind]  # type: ignore[arg-type]


def test_the_highest_of_overlapping_polygons_holds_and_outside_there_is_what_was_said() -> None:
    source = hazard_polygons(polygons([2.0, 0.5]), value_field="depth", outside=0.1)
    assert at_points(hazard("flood_depth_m", source), "flood_depth_m").tolist() == [2.0, 0.1, 0.1]
    assert "intensity 0.1 outside 2 polygons" in hazard("flood_depth_m", source).notes[-1]


def test_polygons_in_another_system_are_carried_over() -> None:
    layer = polygons([2.0]).to_crs("EPSG:32649")
    source = hazard_polygons(layer, value_field="depth")
    assert at_points(hazard("flood_depth_m", source), "flood_depth_m").tolist() == [2.0, 0.0, 0.0]


def test_features_of_other_hazards_are_left_out(tmp_path: Path) -> None:
    layer = polygons([2.0, 0.5])
    layer["kind"] = ["flood_depth_m", "landslide_susceptibility"]
    path = tmp_path / "risk.geojson"
    path.write_text(layer.to_json(), encoding="utf-8")
    source = hazard_polygons(path, value_field="depth", only={"kind": "landslide_susceptibility"})
    assert source.value.tolist() == [0.5]
    with pytest.raises(InputError, match="expected a feature with"):
        hazard_polygons(path, value_field="depth", only={"kind": "ice_mm"})


def test_every_polygon_without_a_number_is_told() -> None:
    with pytest.raises(InputError) as caught:
        hazard_polygons(polygons(["deep", "-1", "nan"]), value_field="depth", label="flood map")
    assert [fault.row for fault in caught.value.faults] == [1, 2, 3]
    assert "flood map, row 2, column depth: '-1', expected a number of 0 or more" in str(caught.value)


def test_a_layer_without_a_system_is_refused() -> None:
    with pytest.raises(InputError, match="states no coordinate system"):
        hazard_polygons(polygons([1.0]).set_crs(None, allow_override=True), value_field="depth")


def test_polygons_far_away_do_not_overlap() -> None:
    far = polygons([1.0])
    far.geometry = far.geometry.translate(10.0)
    with pytest.raises(InputError, match="flood_depth_m: the layer and the roads do not overlap"):
        hazard("flood_depth_m", hazard_polygons(far, value_field="depth"))


def test_a_probability_over_one_is_refused_with_its_range() -> None:
    with pytest.raises(InputError, match=r"landslide_susceptibility: '1.2', expected a probability from 0 to 1"):
        HazardLayer(kind="landslide_susceptibility", source=ConstantSource(value=1.2))
    with pytest.raises(InputError, match=r"share 1\.5, expected a probability"):
        Marginal.lognormal(median=1, p90=2, share=1.5)
    with pytest.raises(InputError, match="share nan"):
        Marginal.uniform(least=0, most=1, share=float("nan"))
    with pytest.raises(InputError, match="constant intensity nan"):
        ConstantSource(value=float("nan"))


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UnknownIdError, match="did you mean flood_depth_m"):
        HazardLayer(kind="flood_depth", source=ConstantSource(value=1))


def test_sites_radiate_beyond_their_radius() -> None:
    lon, lat = unproject(X[:1], Y[:1], REGION.crs)
    table = pd.DataFrame({"lon": lon, "lat": lat, "value": [0.8], "radius_m": [100.0], "decay_m": [200.0]})
    found = hazard("landslide_susceptibility", hazard_sites(table, crs="wgs84"))
    asked = X[0] + np.array([0.0, 90.0, 300.0, 5000.0])
    got = found.intensity_at(asked, np.full(4, Y[0]), seed=1, sample=0)["landslide_susceptibility"]
    assert got == pytest.approx([0.8, 0.8, 0.8 * np.exp(-1), 0.0], rel=1e-3)


def test_the_faults_of_a_table_of_sites_come_together() -> None:
    table = pd.DataFrame({"lon": [119.3, 119.4], "lat": [28.7, 28.7], "value": [-1, "x"], "radius_m": [100, None]})
    with pytest.raises(InputError) as caught:
        hazard_sites(table, crs="wgs84")
    assert {fault.column for fault in caught.value.faults} == {"value", "radius_m"}


def test_one_sample_has_one_field_whoever_asks() -> None:
    found = hazard("flood_depth_m", FIELD)
    together = at_points(found, "flood_depth_m")
    alone = found.intensity_at(X[1:2], Y[1:2], seed=1, sample=0)["flood_depth_m"]
    assert together[1:2].tobytes() == alone.tobytes()
    assert at_points(hazard("flood_depth_m", FIELD), "flood_depth_m").tobytes() == together.tobytes()
    assert (found.intensity_at(X, Y, seed=1, sample=1)["flood_depth_m"] != together).all()
    assert (found.intensity_at(X, Y, seed=2, sample=0)["flood_depth_m"] != together).all()


def test_one_layer_more_leaves_the_fields_of_the_others() -> None:
    one = hazard("flood_depth_m", FIELD)
    two = replace(one, layers=(HazardLayer(kind="wind_force", source=ConstantSource(value=9)), *one.layers))
    assert at_points(two, "flood_depth_m").tobytes() == at_points(one, "flood_depth_m").tobytes()


def test_two_layers_of_a_kind_need_names_and_the_higher_holds() -> None:
    layer = HazardLayer(kind="flood_depth_m", source=ConstantSource(value=1.0))
    with pytest.raises(InputError, match="a name of its own for each layer"):
        Hazard(name="both", layers=(layer, layer), horizon_s=1, region=REGION)
    deep = HazardLayer(kind="flood_depth_m", source=ConstantSource(value=2.0), name="dam break")
    both = Hazard(name="both", layers=(layer, deep), horizon_s=1, region=REGION)
    assert at_points(both, "flood_depth_m").tolist() == [2.0] * 3


@pytest.mark.parametrize(
    ("kind", "value", "severity", "expected"),
    [
        ("flood_depth_m", 0.5, 3.0, 1.5),
        ("landslide_susceptibility", 0.5, 3.0, 0.875),
        ("wind_force", 8.0, 27 / 8, 17.0),
        ("wind_force", 4.0, 27 / 8, 9.0),
        ("pga_g", 0.2, 0.5, 0.1),
    ],
)
def test_severity_grows_each_kind_in_its_own_way(kind: str, value: float, severity: float, expected: float) -> None:
    found = hazard(kind, ConstantSource(value=value))
    assert at_points(found, kind, severity=severity) == pytest.approx([expected] * 3)


def test_the_severity_of_a_sample_is_drawn_unless_it_is_given() -> None:
    alike = hazard("flood_depth_m", ConstantSource(value=1.0))
    differ = replace(alike, severity=Lognormal(median=1.0, p90=2.0))
    drawn = differ.severity_in(seed=1, sample=0)
    assert at_points(differ, "flood_depth_m").tolist() == [drawn] * 3
    assert at_points(differ, "flood_depth_m", severity=1.0).tolist() == [1.0] * 3
    with pytest.raises(InputError, match=r"severity 0\.0: expected a finite factor above 0"):
        at_points(differ, "flood_depth_m", severity=0.0)


def test_a_variation_leaves_dry_ground_dry() -> None:
    source = hazard_polygons(polygons([2.0]), value_field="depth")
    found = at_points(
        hazard("flood_depth_m", source, variation=Variation(sigma=0.5, correlation_m=3000)), "flood_depth_m"
    )
    assert found[0] > 0
    assert found[0] != 2.0
    assert found[1:].tolist() == [0.0, 0.0]


def test_points_outside_the_region_and_nan_are_refused() -> None:
    found = hazard("flood_depth_m", FIELD)
    with pytest.raises(InputError, match="1 of 1 points lie outside the region"):
        found.intensity_at(np.array([0.0]), np.array([0.0]), seed=1, sample=0)
    with pytest.raises(InputError, match="found NaN or infinity"):
        found.intensity_at(np.array([np.nan]), np.array([0.0]), seed=1, sample=0)


def test_a_correlation_length_that_no_grid_holds_is_told_at_once() -> None:
    with pytest.raises(InputError, match=r"correlation length 10 m: expected 60 m or more"):
        hazard("flood_depth_m", FieldSource(marginal=FIELD.marginal, correlation_m=10))


def test_what_is_wrong_with_a_hazard_comes_together() -> None:
    late = HazardLayer(kind="flood_depth_m", source=FIELD, timing=Timing(from_s=200))
    with pytest.raises(InputError) as caught:
        Hazard(name="", layers=(late,), horizon_s=100, region=REGION)
    assert len(caught.value.faults) == 2


def test_layers_of_a_kind_share_their_timing() -> None:
    early = HazardLayer(kind="flood_depth_m", source=ConstantSource(value=1.0))
    late = HazardLayer(kind="flood_depth_m", source=ConstantSource(value=2.0), name="late", timing=Timing(from_s=9))
    with pytest.raises(InputError, match="one timing for all layers of a kind"):
        Hazard(name="both", layers=(early, late), horizon_s=100, region=REGION)


def test_a_susceptibility_is_not_drawn_from_what_has_no_upper_end() -> None:
    with pytest.raises(InputError, match=r"values from 0 to 1, as Marginal\.uniform has"):
        HazardLayer(kind="landslide_susceptibility", source=FIELD)


def test_water_rises_stands_and_falls() -> None:
    timing = Timing(from_s=100, rise_s=100, peak_s=50, fall_s=200)
    assert [timing.share_at(at) for at in (0, 100, 150, 200, 250, 350, 451)] == [0, 0, 0.5, 1, 1, 0.5, 0]
    assert timing.above(0.25) == (125, 400)
    with pytest.raises(InputError, match="rise_s -1"):
        Timing(rise_s=-1)


def write_raster(path: Path, values: NDArray[np.generic], *, crs: str | None, nodata: float | None = None) -> Path:
    rasterio = pytest.importorskip("rasterio")
    lon, lat = REGION.frame()
    box = (lon.min(), lat.min(), lon.max(), lat.max())
    if crs == "EPSG:32649":
        x, y = project(lon, lat, crs)
        box = (x.min(), y.min(), x.max(), y.max())
    height, width = values.shape
    profile = {"driver": "GTiff", "count": 1, "height": height, "width": width, "dtype": str(values.dtype)}
    west, south, east, north = box
    place = rasterio.Affine((east - west) / width, 0.0, west, 0.0, (south - north) / height, north)
    with rasterio.open(path, "w", transform=place, crs=crs, nodata=nodata, **profile) as raster:
        raster.write(values, 1)
    return path


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32649"])
def test_a_raster_in_any_declared_system_gives_the_cell_of_each_point(tmp_path: Path, crs: str) -> None:
    values = np.zeros((40, 40), dtype=np.float32)
    values[20:, :20] = 1.5  # the south-west
    values[:20, 20:] = -9999
    path = write_raster(tmp_path / "depth.tif", values, crs=crs, nodata=-9999)
    found = hazard("flood_depth_m", hazard_raster(path, REGION, outside=0.2))
    got = found.intensity_at(X[[0, 2]], Y[[0, 2]], seed=1, sample=0)["flood_depth_m"]
    assert got.tolist() == [1.5, 0.2]
    assert "no data (25% of its cells here)" in found.notes[0] or crs != "EPSG:4326"


def test_a_raster_without_a_system_is_refused_until_one_is_declared(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "depth.tif", np.ones((4, 4), dtype=np.float32), crs=None)
    with pytest.raises(InputError, match="states no coordinate system: declare it with crs"):
        hazard_raster(path, REGION)
    assert hazard_raster(path, REGION, crs="EPSG:4326").value.max() == 1.0


def test_a_raster_is_not_declared_to_be_in_another_system(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "depth.tif", np.ones((4, 4), dtype=np.float32), crs="EPSG:4326")
    with pytest.raises(InputError, match=r"crs 'EPSG:32650' is declared, but the raster states EPSG:4326"):
        hazard_raster(path, REGION, crs="EPSG:32650")


def test_a_raster_elsewhere_does_not_overlap(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "depth.tif", np.ones((4, 4), dtype=np.float32), crs="EPSG:4326")
    elsewhere = replace(REGION, west_m=400_000, east_m=420_000)
    with pytest.raises(InputError, match="do not overlap"):
        hazard_raster(path, elsewhere)


def test_nan_and_negative_cells_are_counted(tmp_path: Path) -> None:
    values = np.ones((4, 4), dtype=np.float32)
    values[0, 0], values[1, :2] = np.nan, -1
    path = write_raster(tmp_path / "depth.tif", values, crs="EPSG:4326")
    with pytest.raises(InputError) as caught:
        hazard_raster(path, REGION)
    assert [fault.value for fault in caught.value.faults] == ["2 negative cells", "1 not a number cells"]


def test_a_file_that_is_no_raster_says_so(tmp_path: Path) -> None:
    path = tmp_path / "depth.tif"
    path.write_text("no raster", encoding="utf-8")
    with pytest.raises(OSError, match="expected a raster that rasterio reads"):
        hazard_raster(path, REGION)
    with pytest.raises(OSError, match="no such file"):
        hazard_raster(tmp_path / "absent.tif", REGION)


def test_what_is_taken_beyond_a_raster_is_held_to_the_range_of_its_kind(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "index.tif", np.ones((4, 4), dtype=np.float32), crs="EPSG:4326")
    with pytest.raises(InputError, match="from 0 to 1"):
        HazardLayer(kind="landslide_susceptibility", source=hazard_raster(path, REGION, outside=3.0))


@pytest.mark.parametrize(("seed", "sample"), [(-1, 0), (0, -1), (0, 1.5)])
def test_a_key_that_is_no_whole_number_is_refused(seed: int, sample: int) -> None:
    with pytest.raises(InputError, match="expected a whole number of 0 or more"):
        hazard("flood_depth_m", FIELD).intensity_at(X, Y, seed=seed, sample=sample)
