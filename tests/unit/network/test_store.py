"""Networks kept in files: equal to the last bit, found by content, and safe to damage."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rescuesim.errors import DataFileError, InputError
from rescuesim.network import RoadNetwork, load_network
from rescuesim.network.store import cache_key, save_network


def assert_equal(one: RoadNetwork, other: RoadNetwork) -> None:
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype.kind == b.dtype.kind, field.name
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
        else:
            assert a == b, field.name
    notes = zip(one.summary_.notes, other.summary_.notes, strict=True)
    assert all(getattr(a, "zh", None) == getattr(b, "zh", None) for a, b in notes)


def test_a_saved_network_comes_back_equal_in_every_array(guixi: RoadNetwork, tmp_path: Path) -> None:
    path = save_network(guixi, tmp_path / "guixi.npz")
    assert_equal(guixi, load_network(path))
    assert [item.name for item in tmp_path.iterdir()] == ["guixi.npz"]


def test_the_second_load_reads_the_cache_and_gives_the_same(town_file: Path, tmp_path: Path) -> None:
    first = load_network(town_file, cache=tmp_path)
    (stored,) = tmp_path.iterdir()
    before = stored.read_bytes()
    assert_equal(first, load_network(town_file, cache=tmp_path))
    assert stored.read_bytes() == before
    assert_equal(first, load_network(town_file, cache=False))


def test_another_content_or_another_option_is_another_network(town_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "town.osm"
    shutil.copy(town_file, copy)
    key = cache_key([copy], {"roads": "drive"})
    assert cache_key([copy], {"roads": "drive"}) == key
    assert cache_key([copy], {"roads": "drive_service"}) != key
    copy.write_text(copy.read_text(encoding="utf-8").replace('v="30"', 'v="40"'), encoding="utf-8")
    assert cache_key([copy], {"roads": "drive"}) != key
    speeds = load_network(copy, cache=tmp_path / "cache").edges["speed_kph"]
    assert speeds.max() > load_network(town_file, cache=tmp_path / "cache").edges["speed_kph"].min()
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_damaged_cache_file_is_built_anew_and_said(
    town_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = load_network(town_file, cache=tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(stored.read_bytes()[:1000])
    assert_equal(first, load_network(town_file, cache=tmp_path))
    assert "built anew" in caplog.text
    assert_equal(first, load_network(stored))


def test_a_cache_folder_that_cannot_be_written_is_said_and_the_network_is_there(
    town_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert load_network(town_file, cache=tmp_path / "file").n_nodes > 0
    assert "not cached" in caplog.text


def test_the_cache_keeps_the_networks_used_last(
    town_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rescuesim.network.store._MOST_KEPT", 2)
    for number in range(4):
        text = town_file.read_text(encoding="utf-8") + "<!--" + "x" * number + "-->"
        (tmp_path / "town.osm").write_text(text, encoding="utf-8")
        load_network(tmp_path / "town.osm", cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"text"])
def test_a_file_that_is_no_saved_network_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"other\.npz: expected a network saved by rescuesim"):
        load_network(path)


def test_arrays_of_something_else_are_refused_by_name(tmp_path: Path, guixi: RoadNetwork) -> None:
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(DataFileError, match="expected a network saved by rescuesim"):
        load_network(tmp_path / "other.npz")
    with pytest.raises(DataFileError, match=r"ends in \.npz"):
        save_network(guixi, tmp_path / "network.zip")


def write_shape(path: Path, road_class: str) -> None:
    import geopandas
    import shapely

    lines = [shapely.LineString([(119.3, 28.7), (119.31, 28.7)]), shapely.LineString([(119.31, 28.7), (119.31, 28.71)])]
    geopandas.GeoDataFrame({"highway": [road_class] * 2}, geometry=lines, crs="EPSG:4490").to_file(path)


@pytest.mark.parametrize("name", ["roads.shp", "roads[2024].shp", "roads*.shp", "道路 二.shp"])
def test_a_change_of_any_part_of_a_shapefile_is_seen(tmp_path: Path, name: str) -> None:
    write_shape(tmp_path / name, "primary")
    first = load_network(tmp_path / name, cache=tmp_path / "cache")
    write_shape(tmp_path / name, "residential")
    second = load_network(tmp_path / name, cache=tmp_path / "cache")
    assert set(first.road_class) == {"primary"}
    assert set(second.road_class) == {"residential"}


def test_the_journal_of_an_open_geopackage_and_the_prj_of_a_raster_are_part_of_the_key(tmp_path: Path) -> None:
    for name, beside in (("g.gpkg", "g.gpkg-wal"), ("dem.asc", "dem.prj"), ("DEM.ASC", "dem.PRJ")):
        (tmp_path / name).write_bytes(b"content")
        key = cache_key([tmp_path / name], {})
        (tmp_path / beside).write_bytes(b"more")
        assert cache_key([tmp_path / name], {}) != key, beside


def test_names_with_line_breaks_come_back_as_they_were(guixi: RoadNetwork, tmp_path: Path) -> None:
    named = replace(guixi, road_name=np.array(["B\nC", *guixi.road_name[1:]]))
    assert load_network(save_network(named, tmp_path / "n.npz")).road_name[0] == "B\nC"


def test_a_saved_network_takes_no_other_option(guixi: RoadNetwork, tmp_path: Path) -> None:
    path = save_network(guixi, tmp_path / "n.npz")
    for option in ({"buffer_m": 5.0}, {"supplement_crs": "gcj02"}, {"roads": "walk"}):
        with pytest.raises(InputError, match="taken as it is"):
            load_network(path, **option)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"saved for rescue_car, .*; expected the times asked for: on_foot"):
        load_network(path, profile="on_foot")
    walked = save_network(replace(guixi, profile="on_foot"), tmp_path / "w.npz")
    assert load_network(walked, profile="on_foot").profile == "on_foot"


def test_a_boat_goes_on_water_and_nothing_else_does(town_file: Path) -> None:
    for options in ({"profile": "boat", "roads": "drive"}, {"roads": "water"}):
        with pytest.raises(InputError, match="expected a boat on water"):
            load_network(town_file, **options)  # type: ignore[arg-type]
