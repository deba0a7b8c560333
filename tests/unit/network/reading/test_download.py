"""Downloads from a Nominatim and an Overpass on this computer; nothing here reaches the internet."""

from __future__ import annotations

import copy
import itertools
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import osmnx
import pytest
import shapely
from conftest import TOWN
from fake_osm import FakeOsm, nominatim_answer, overpass_answer
from hypothesis import given
from hypothesis import strategies as st

from rescuesim.errors import DataFileError, InputError, UnknownIdError
from rescuesim.network import load_network
from rescuesim.network.reading.download import download_network, fetch_osm
from rescuesim.network.reading.osm_filter import RoadFilter
from rescuesim.network.reading.osm_writer import chains

COUNTY = shapely.box(119.29, 28.68, 119.34, 28.73)
PLACE = "仙居县, 浙江"
TAGGED = TOWN.replace(
    '<tag k="highway" v="secondary"/>',
    '<tag k="highway" v="secondary"/><tag k="lanes" v="2"/><tag k="surface" v="asphalt"/><tag k="note" v="x"/>',
).replace(
    '<node id="3" lat="28.710" lon="119.310"/>',
    '<node id="3" lat="28.710" lon="119.310"><tag k="highway" v="traffic_signals"/></node>',
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOsm]:
    server = FakeOsm(overpass_answer(TAGGED), {PLACE: nominatim_answer(COUNTY)})
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(osmnx.settings, "nominatim_url", server.url)
    monkeypatch.setattr(osmnx.settings, "overpass_url", f"{server.url}/api")
    yield server
    server.stop()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for, which nobody waits for."""
    asked: list[float] = []
    monkeypatch.setattr(time, "sleep", asked.append)
    return asked


pytestmark = pytest.mark.usefixtures("naps")


def test_a_place_is_downloaded_and_loads_like_the_file_it_came_from(fake: FakeOsm, tmp_path: Path) -> None:
    source = tmp_path / "town.osm"
    source.write_text(TAGGED, encoding="utf-8")
    town = load_network(source)
    network = download_network(PLACE, cache_folder=tmp_path)
    assert (network.n_nodes, network.n_edges) == (town.n_nodes, town.n_edges)
    assert network.node_id.tolist() == town.node_id.tolist()
    assert network.length_m.tolist() == pytest.approx(town.length_m.tolist())
    assert network.ticks.tolist() == town.ticks.tolist()
    assert sorted(network.road_name.tolist()) == sorted(town.road_name.tolist())
    assert [kind for kind, _ in fake.asked] == ["search", "interpreter"]


def test_the_file_keeps_the_tags_of_ways_and_nodes(fake: FakeOsm, tmp_path: Path) -> None:
    path = fetch_osm(PLACE, cache_folder=tmp_path)
    root = ET.parse(path).getroot()
    ways = {
        int(way.attrib["id"]): {tag.attrib["k"]: tag.attrib["v"] for tag in way.iter("tag")} for way in root.iter("way")
    }
    assert ways[102] == {"highway": "secondary", "bridge": "yes", "lanes": "2", "surface": "asphalt"}
    assert ways[104]["oneway"] == "yes"
    assert ways[105]["name"] == "溪滨路"
    refs = {int(way.attrib["id"]): [int(nd.attrib["ref"]) for nd in way.iter("nd")] for way in root.iter("way")}
    assert refs[101] == [1, 8, 2]
    signals = [n.attrib["id"] for n in root.iter("node") if any(t.attrib["v"] == "traffic_signals" for t in n)]
    assert signals == ["3"]
    assert "OpenStreetMap contributors" in path.read_text(encoding="utf-8")


def test_a_way_tagged_against_its_order_is_driven_in_the_right_direction(fake: FakeOsm, tmp_path: Path) -> None:
    against = TOWN.replace('<tag k="oneway" v="yes"/>', '<tag k="oneway" v="-1"/>')
    source = tmp_path / "against.osm"
    source.write_text(against, encoding="utf-8")
    fake.roads = overpass_answer(against)
    network, expected = download_network(PLACE, cache_folder=tmp_path / "c"), load_network(source)
    arcs = [set(zip(n.node_id[n.tail].tolist(), n.node_id[n.head].tolist(), strict=True)) for n in (network, expected)]
    assert arcs[0] == arcs[1]


def test_the_question_reaches_past_the_border_by_the_buffer(fake: FakeOsm, tmp_path: Path) -> None:
    fetch_osm(PLACE, cache_folder=tmp_path, buffer_m=3000)
    asked = next(question for kind, question in fake.asked if kind == "interpreter")
    numbers = [float(word) for word in asked.split("poly:'")[1].split("'")[0].split()]
    assert max(numbers[::2]) == pytest.approx(28.73 + 3500 / 111_200, abs=2e-4)  # OSMnx asks for 500 m more
    assert "service|services" in asked  # the filter of drive
    assert asked.startswith("[out:json][timeout:180];")  # whole seconds: Overpass takes no others


def test_a_second_call_is_served_from_the_file_with_the_server_stopped(fake: FakeOsm, tmp_path: Path) -> None:
    first = fetch_osm(PLACE, cache_folder=tmp_path)
    fake.stop()
    assert fetch_osm(PLACE, cache_folder=tmp_path) == first
    # and from the answers that OSMnx kept, where the file is gone
    kept = first.read_bytes()
    first.unlink()
    assert fetch_osm(PLACE, cache_folder=tmp_path).read_bytes() == kept
    # but another place, other roads, or the same anew must be asked for
    with pytest.raises(DataFileError, match="cannot be reached"):
        fetch_osm(PLACE, cache_folder=tmp_path, roads="drive_service")
    with pytest.raises(DataFileError, match="cannot be reached"):
        fetch_osm(PLACE, cache_folder=tmp_path, refresh=True)
    assert first.read_bytes() == kept


def test_a_polygon_of_ones_own_needs_no_nominatim(fake: FakeOsm, tmp_path: Path) -> None:
    path = fetch_osm(COUNTY, cache_folder=tmp_path, buffer_m=0)
    assert [kind for kind, _ in fake.asked] == ["interpreter"]
    assert fetch_osm((119.29, 28.68, 119.34, 28.73), cache_folder=tmp_path, buffer_m=0) == path


@pytest.mark.parametrize(
    ("roads", "words"),
    [("two_wheel", "razed|rest_area|services"), ("walk", '["foot"!~"no"]'), ("water", '["waterway"~"^(river|canal')],
)
def test_ways_of_other_profiles_are_asked_for_with_their_tags(
    fake: FakeOsm, tmp_path: Path, roads: RoadFilter, words: str
) -> None:
    more = '<tag k="foot" v="yes"/><tag k="waterway" v="river"/>'
    fake.roads = overpass_answer(TOWN.replace('<tag k="highway" v="track"/>', f'<tag k="highway" v="track"/>{more}'))
    path = fetch_osm(PLACE, cache_folder=tmp_path, roads=roads)
    assert words in fake.asked[-1][1]
    track = next(way for way in ET.parse(path).getroot().iter("way") if way.attrib["id"] == "106")
    assert {tag.attrib["k"] for tag in track.iter("tag")} == {"highway", "foot", "waterway"}


def test_a_network_of_another_profile_is_downloaded_with_its_ways(fake: FakeOsm, tmp_path: Path) -> None:
    walked = download_network(PLACE, profile="on_foot", cache_folder=tmp_path)
    assert "track" in set(walked.road_class.tolist())


def test_a_place_that_is_not_known_is_wrong_input(fake: FakeOsm, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="place '仙据县': not found"):
        fetch_osm("仙据县", cache_folder=tmp_path)
    point = nominatim_answer(COUNTY)
    point[0]["geojson"] = {"type": "Point", "coordinates": [119.3, 28.7]}
    fake.places["村"] = point
    with pytest.raises(InputError, match="without a boundary"):
        fetch_osm("村", cache_folder=tmp_path)
    with pytest.raises(InputError, match="the name of a place"):
        fetch_osm("  ", cache_folder=tmp_path)
    with pytest.raises(UnknownIdError):
        fetch_osm(PLACE, roads="wheel", cache_folder=tmp_path)  # type: ignore[arg-type]


def test_a_place_without_roads_is_wrong_input(fake: FakeOsm, tmp_path: Path) -> None:
    fake.roads = {"version": 0.6, "elements": []}
    with pytest.raises(InputError, match="no way for 'drive' there"):
        fetch_osm(PLACE, cache_folder=tmp_path)


@pytest.mark.parametrize("kind", ["search", "interpreter"])
@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (500, "answered 500"),
        (400, "answered 400"),
        ("cut", "cut off or no JSON"),
        ("torn", "broke off|cannot be reached"),
        ("html", "cut off or no JSON"),
        ("silent", "no answer within 0.3 s"),
    ],
)
def test_a_server_that_fails_is_one_clear_message_and_leaves_no_file(
    fake: FakeOsm, tmp_path: Path, kind: str, failure: object, words: str
) -> None:
    fake.fail[kind] = [failure]
    with pytest.raises(DataFileError, match=words) as caught:
        fetch_osm(PLACE, cache_folder=tmp_path, timeout_s=0.3 if failure == "silent" else 5)
    message = str(caught.value)
    assert "127.0.0.1" in message
    assert "load_network" in message
    assert "\n" not in message
    assert not list(tmp_path.glob("*.osm"))
    assert not list(tmp_path.glob(".*"))
    # what failed once is not taken from what was kept: the next call asks again and succeeds
    assert fetch_osm(PLACE, cache_folder=tmp_path).is_file()


def test_a_busy_server_is_asked_again_after_the_time_that_it_names(
    fake: FakeOsm, tmp_path: Path, naps: list[float]
) -> None:
    fake.fail = {"search": [("busy", 7)], "interpreter": [429, 504, ("busy", 9999)]}
    assert fetch_osm(PLACE, cache_folder=tmp_path, attempts=5).is_file()
    waited = [nap for nap in naps if nap > 1]
    # the times that the servers name, else 30 s doubled at every attempt; nobody is waited for over five minutes
    assert waited == [7, 60, 120, 300]
    assert [kind for kind, _ in fake.asked].count("search") == 2  # its answer was kept


def test_a_server_that_stays_busy_is_given_up(fake: FakeOsm, tmp_path: Path) -> None:
    fake.fail["interpreter"] = [429] * 9
    with pytest.raises(DataFileError, match=r"answered 429: too busy, asked 2 times"):
        fetch_osm(PLACE, cache_folder=tmp_path, attempts=2)
    assert len(fake.fail["interpreter"]) == 7


def test_an_overpass_that_gave_up_half_way_is_no_network(fake: FakeOsm, tmp_path: Path) -> None:
    fake.roads["remark"] = 'runtime error: Query timed out in "query" at line 1 after 180 seconds.'
    with pytest.raises(DataFileError, match="gave up half way"):
        fetch_osm(PLACE, cache_folder=tmp_path)
    del fake.roads["remark"]
    assert fetch_osm(PLACE, cache_folder=tmp_path).is_file()


def test_a_refused_connection_names_the_server_and_what_to_do_instead(fake: FakeOsm, tmp_path: Path) -> None:
    host = fake.url.removeprefix("http://")
    fake.stop()
    with pytest.raises(DataFileError, match="cannot be reached") as caught:
        fetch_osm(PLACE, cache_folder=tmp_path)
    assert str(caught.value).startswith(f"{host}: cannot be reached (ConnectionError); without a network, download")
    with pytest.raises(DataFileError, match="cannot be reached"):
        fetch_osm(COUNTY, cache_folder=tmp_path)


def test_servers_may_be_named_in_the_call(fake: FakeOsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osmnx.settings, "nominatim_url", "http://127.0.0.1:9")
    monkeypatch.setattr(osmnx.settings, "overpass_url", "http://127.0.0.1:9/api")
    path = fetch_osm(PLACE, cache_folder=tmp_path, nominatim_url=fake.url, overpass_url=f"{fake.url}/api")
    assert path.is_file()
    assert osmnx.settings.overpass_url == "http://127.0.0.1:9/api"


@pytest.mark.parametrize("failure", [None, 500])
def test_settings_of_osmnx_and_the_look_up_of_hosts_are_left_as_they_were(
    fake: FakeOsm, tmp_path: Path, failure: int | None
) -> None:
    names = list(osmnx.settings.__annotations__)
    before = {name: copy.copy(getattr(osmnx.settings, name)) for name in names}
    look_up = socket.getaddrinfo
    fake.fail["interpreter"] = [failure] if failure else []
    try:
        fetch_osm(PLACE, cache_folder=tmp_path)
    except DataFileError:
        assert failure
    assert {name: getattr(osmnx.settings, name) for name in names} == before
    assert socket.getaddrinfo is look_up


def test_downloads_at_once_do_not_mix_their_settings(fake: FakeOsm, tmp_path: Path) -> None:
    found: list[Path] = []
    calls = [
        threading.Thread(target=lambda n=n: found.append(fetch_osm(PLACE, cache_folder=tmp_path / str(n), buffer_m=n)))
        for n in (1000.0, 2000.0, 3000.0)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert sorted(path.parent.name for path in found) == ["1000.0", "2000.0", "3000.0"]
    assert all(list((path.parent / "answers").glob("*.json")) for path in found)


def test_a_folder_that_cannot_be_written_is_said_so(fake: FakeOsm, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError, match="cannot be written"):
        fetch_osm(PLACE, cache_folder=tmp_path / "file")
    assert fake.asked == []


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_chains_hold_every_step_as_often_as_it_was_given(steps: list[tuple[int, int]]) -> None:
    found = [pair for chain in chains(steps) for pair in itertools.pairwise(chain)]
    assert sorted(found) == sorted(steps)
    assert all(len(chain) > 1 for chain in chains(steps))
