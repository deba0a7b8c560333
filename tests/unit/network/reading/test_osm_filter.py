"""The tag filter against OSMnx's own, and files that are not whole."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from conftest import TOWN, shared_file
from hypothesis import given
from hypothesis import strategies as st

from rescuesim.errors import DataFileError, InputError, UnknownIdError
from rescuesim.network import load_network
from rescuesim.network.reading.osm_filter import is_road

VALUES = {
    "highway": [
        "residential",
        "service",
        "services",
        "track",
        "footway",
        "primary_link",
        "path",
        "living_street",
    ],
    "access": ["yes", "private", "permissive"],
    "area": ["yes", "no"],
    "service": ["alley", "driveway", "parking_aisle", "spur", "emergency_access", "private"],
    "motor_vehicle": ["no", "yes", "destination"],
    "motorcar": ["no", "designated"],
    "building": ["yes"],
}


def osmnx_says_road(tags: dict[str, str]) -> bool:
    """Apply OSMnx's own Overpass filter for drive to the tags of one way."""
    from osmnx._overpass import _get_network_filter

    clauses = re.findall(r'\["(\w+)"(?:!~"([^"]*)")?\]', _get_network_filter("drive"))
    return all(key in tags if not pattern else not re.search(pattern, tags.get(key, "\0")) for key, pattern in clauses)


@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in VALUES.items()}))
def test_drive_has_the_meaning_that_osmnx_gives_it(tags: dict[str, str]) -> None:
    assert is_road(tags, "drive") == osmnx_says_road(tags)


def test_drive_service_adds_service_roads_and_tracks_and_nothing_that_drive_forbids() -> None:
    assert is_road({"highway": "track"}, "drive_service")
    assert is_road({"highway": "service", "service": "driveway"}, "drive_service")
    assert not is_road({"highway": "footway"}, "drive_service")
    assert not is_road({"highway": "service", "access": "private"}, "drive_service")


def test_a_building_never_becomes_a_road(town_file: Path) -> None:
    for roads in ("drive", "drive_service"):
        network = load_network(town_file, roads=roads)
        assert not set(network.nodes["node_id"]) & {9, 10, 11}
        assert all(107 not in ways for ways in network.road_ways)


def test_the_raw_and_the_filtered_extract_give_the_same_network() -> None:
    raw = load_network(shared_file("data/guixi_jiangxi_town/guixi.osm"))
    filtered = load_network(shared_file("data/guixi_jiangxi_town/guixi_drive.osm"))
    assert raw.nodes.equals(filtered.nodes)
    assert raw.edges.equals(filtered.edges)
    assert (raw.n_nodes, raw.n_edges) == (248, 564)


def test_a_gzipped_file_gives_the_same_network(town_file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "town.osm.gz"
    packed.write_bytes(gzip.compress(town_file.read_bytes()))
    assert load_network(packed).edges.equals(load_network(town_file).edges)


def test_a_way_with_missing_nodes_is_cut_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "clipped.osm"
    path.write_text(TOWN.replace('<node id="8" lat="28.700" lon="119.305"/>', ""), encoding="utf-8")
    assert "1 roads cut" in str(load_network(path).summary())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("half.osm", TOWN[:900].encode(), "whole OSM XML"),
        ("half.osm.gz", gzip.compress(TOWN.encode())[:200], "whole OSM XML"),
        ("page.osm", b"<html><body>no</body></html>", "root is not <osm>"),
        ("text.osm.gz", b"not gzip at all", "whole OSM XML"),
        ("half.graphml", b"<graphml><graph>", "GraphML"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_by_name(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=message):
        load_network(path)


def test_missing_files_unknown_kinds_and_files_without_roads_are_refused(tmp_path: Path, town_file: Path) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        load_network(tmp_path / "absent.osm")
    other = tmp_path / "roads.kml"
    other.write_text("x", encoding="utf-8")
    with pytest.raises(DataFileError, match=r"\.graphml"):
        load_network(other)
    empty = tmp_path / "empty.osm"
    empty.write_text("<osm></osm>", encoding="utf-8")
    with pytest.raises(InputError, match="none of them a road"):
        load_network(empty)
    with pytest.raises(UnknownIdError, match="did you mean drive"):
        load_network(town_file, roads="driv")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lat="28.700"', 'lat="abc"', "nodes with lat and lon"),
        ('lat="28.700"', 'lat="200"', "nodes with lat and lon"),
        ('lat="28.700"', 'lat="nan"', "nodes with lat and lon"),
        ('lat="28.700"', "", "nodes with lat and lon"),
        ('k="name" v="人民路"', 'k="name"', "tags with k and v"),
        ('way id="101"', 'way id="A1"', "ids that are whole numbers"),
        ('way id="101"', 'way id="99999999999999999999"', "ids that are whole numbers"),
        ('way id="101"', "way", "ids that are whole numbers"),
    ],
)
def test_odd_elements_are_refused_in_words(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "odd.osm"
    assert old in TOWN
    path.write_text(TOWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=message):
        load_network(path)


def test_ways_that_share_an_id_or_have_a_negative_one_are_all_kept(tmp_path: Path, town_file: Path) -> None:
    path = tmp_path / "josm.osm"
    text = TOWN.replace('way id="102"', 'way id="101"').replace('way id="103"', 'way id="-5001"')
    path.write_text(text, encoding="utf-8")
    edges, usual = load_network(path).edges, load_network(town_file).edges
    assert edges.drop(columns="road").equals(usual.drop(columns="road"))


def test_roads_that_never_meet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ring.osm"
    nodes = "".join(f'<node id="{k}" lat="{28 + k / 100}" lon="{119 + k % 2 / 100}"/>' for k in range(1, 5))
    refs = "".join(f'<nd ref="{k}"/>' for k in (1, 2, 3, 4, 1))
    path.write_text(f'<osm>{nodes}<way id="1">{refs}<tag k="highway" v="primary"/></way></osm>', encoding="utf-8")
    with pytest.raises(InputError, match="expected a connected network"):
        load_network(path)
