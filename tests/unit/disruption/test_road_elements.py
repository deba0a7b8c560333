"""Road elements: every metre of every road in one section, structures where they stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rescuesim.disruption.road_elements import ELEMENT_KINDS, cut_pieces, road_elements
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.coordinates.crs import unproject


def long_road(network: RoadNetwork) -> int:
    return int(np.argmax(network.road_length_m))


def test_sections_cover_every_road_once_and_are_not_too_long(town: RoadNetwork) -> None:
    elements = road_elements(town)
    section = elements.is_kind("section")
    assert elements.length_m[section].max() <= 500
    covered = np.bincount(elements.road[section], weights=elements.length_m[section], minlength=town.n_roads)
    bridge_only = np.setdiff1d(np.arange(town.n_roads), elements.road[section])
    covered[bridge_only] = town.road_length_m[bridge_only]
    assert covered == pytest.approx(town.road_length_m)
    assert (np.diff(elements.road) >= 0).all()


def test_a_flagged_bridge_stands_in_the_middle_of_a_long_road_and_that_is_said(town: RoadNetwork) -> None:
    elements = road_elements(town)
    bridge = np.flatnonzero(elements.is_kind("bridge"))
    assert set(elements.road[bridge]) == set(np.unique(town.road[town.bridge]))
    one = int(bridge[0])
    middle = (elements.from_m[one] + elements.to_m[one]) / 2
    assert middle == pytest.approx(elements.road_length_m[one] / 2)
    assert elements.length_m[one] == pytest.approx(60)
    assert any("put in the middle, 60 m long" in note for note in elements.notes)
    assert any("culverts are not known" in note for note in elements.notes)


def test_a_table_says_where_structures_stand(town: RoadNetwork) -> None:
    road = long_road(town)
    line = town.projected_lines()[road]
    quarter = line.interpolate(0.25, normalized=True)
    lon, lat = unproject([quarter.x], [quarter.y], town.crs)
    table = pd.DataFrame({"lon": lon, "lat": lat, "kind": ["culvert"], "length_m": [10]})
    elements = road_elements(town, structures=table, crs="wgs84")
    at = int(np.flatnonzero(elements.is_kind("culvert"))[0])
    assert elements.road[at] == road
    assert elements.from_m[at] == pytest.approx(town.road_length_m[road] / 4 - 5, abs=0.5)
    assert not any("culverts are not known" in note for note in elements.notes)


def test_all_structures_off_the_roads_are_told_together(town: RoadNetwork) -> None:
    table = pd.DataFrame({"lon": [119.4, 119.5], "lat": [28.9, 28.9], "kind": ["bridge", "tunnel"]})
    with pytest.raises(InputError, match="a place within 50 m of a road") as caught:
        road_elements(town, structures=table, crs="wgs84")
    assert len(caught.value.faults) == 2
    with pytest.raises(InputError, match="viaduct"):
        road_elements(town, structures=table.assign(kind="viaduct"), crs="wgs84")


def test_pieces_fill_their_elements_and_skip_the_bridge(town: RoadNetwork) -> None:
    elements = road_elements(town)
    pieces, first = cut_pieces(town, elements)
    owner = np.searchsorted(first, np.arange(len(pieces)), side="right") - 1
    assert np.bincount(owner, weights=pieces.length_m) == pytest.approx(elements.length_m)
    assert pieces.length_m[elements.is_kind("section")[owner]].max() <= 100
    bridge = int(np.flatnonzero(elements.is_kind("bridge"))[0])
    middle = (pieces.from_m + pieces.to_m) / 2
    on_it = (pieces.road == elements.road[bridge]) & (np.abs(middle - elements.road_length_m[bridge] / 2) < 30)
    assert not pieces.is_kind("section")[on_it].any()
    assert pieces.is_kind("bridge").sum() == elements.is_kind("bridge").sum()


def test_loose_surfaces_are_unpaved_and_unknown_ones_are_said(tmp_path: Path, town_file: Path) -> None:
    text = town_file.read_text(encoding="utf-8")
    path = tmp_path / "town.osm"
    path.write_text(text.replace('v="tertiary"/>', 'v="tertiary"/><tag k="surface" v="gravel"/>'), encoding="utf-8")
    loaded = load_network(path)
    classes = np.where(loaded.road_class == "residential", "track", loaded.road_class)
    network = replace(loaded, road_class=classes)
    elements = road_elements(network)
    gravel = network.surface[elements.road] == "gravel"
    assert gravel.any()
    assert not elements.paved[gravel].any()
    track = np.isin(elements.road, network.road[network.road_class == "track"])
    assert track.any()
    assert not elements.paved[track].any()
    assert any("tracks taken as unpaved" in note for note in elements.notes)
    assert set(elements.to_frame()["kind"]) <= set(ELEMENT_KINDS)


def write_plane(path: Path, network: RoadNetwork, *, east_m: float = 0.0) -> Path:
    """Write ground that rises 0.2 m a metre to the east, in the network's metres."""
    rasterio = pytest.importorskip("rasterio")
    west, north = network.x_m.min() - 1000 + east_m, network.y_m.max() + 1000
    columns, rows = int((np.ptp(network.x_m) + 2000) / 20), int((np.ptp(network.y_m) + 2000) / 20)
    height = np.tile((np.arange(columns) * 20 * 0.2).astype(np.float32), (rows, 1))
    place = rasterio.Affine(20.0, 0.0, west, 0.0, -20.0, north)
    profile = {"driver": "GTiff", "count": 1, "height": rows, "width": columns, "dtype": "float32"}
    with rasterio.open(path, "w", transform=place, crs=network.crs, **profile) as raster:
        raster.write(height, 1)
    return path


def test_the_ground_falls_across_roads_along_a_slope_and_not_across_those_up_it(
    town: RoadNetwork, tmp_path: Path
) -> None:
    elements = road_elements(town, elevation=write_plane(tmp_path / "plane.tif", town))
    eastward = np.isin(elements.road, town.road[town.road_class == "tertiary"])
    northward = elements.is_kind("bridge")
    assert eastward.any()
    assert northward.any()
    assert elements.side_slope[northward] == pytest.approx(0.2, abs=0.02)
    assert elements.side_slope[eastward] == pytest.approx(0.0, abs=0.02)


def test_an_elevation_raster_elsewhere_is_refused(town: RoadNetwork, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no elevation on any road"):
        road_elements(town, elevation=write_plane(tmp_path / "plane.tif", town, east_m=90_000))
