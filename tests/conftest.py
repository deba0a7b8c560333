"""Fixtures that many tests share: a hand-made town, the shared data, the embedded county."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rescuesim.network import RoadNetwork, load_network

ROOT = Path(__file__).resolve().parents[1]
# the first example of a test imports what it needs: no deadline; the same examples on every machine
settings.register_profile("rescuesim", deadline=None, derandomize=True)
settings.load_profile("rescuesim")


def shared_file(name: str) -> Path:
    """Return a file of the shared data, or skip the test where the data is absent."""
    folder = Path(os.environ.get("RESCUESIM_SHARED", ROOT.parent / "shared"))
    path = folder / name
    if not path.exists():
        pytest.skip(f"shared data: {path} is absent (set RESCUESIM_SHARED)")
    return path


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep built networks out of the user's cache, and the user's out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESCUESIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def guixi() -> RoadNetwork:
    """Return the drive network of a Jiangxi county seat, from the raw file."""
    return load_network(shared_file("data/guixi_jiangxi_town/guixi.osm"))


@pytest.fixture(scope="session")
def wuhan() -> RoadNetwork:
    """Return the drive network of Wuhan."""
    return load_network(shared_file("data/wuhan_fua/wuhan_drive.graphml.gz"))


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the scenario file of the embedded county."""
    from rescuesim.scenario import write_demo_county

    return write_demo_county(tmp_path_factory.mktemp("county"))


TOWN = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lat="28.700" lon="119.300"/><node id="2" lat="28.700" lon="119.310"/>
 <node id="3" lat="28.710" lon="119.310"/><node id="4" lat="28.710" lon="119.300"/>
 <node id="5" lat="28.705" lon="119.310"/><node id="6" lat="28.710" lon="119.330"/>
 <node id="7" lat="28.720" lon="119.305"/><node id="8" lat="28.700" lon="119.305"/>
 <node id="9" lat="28.7051" lon="119.3051"/><node id="10" lat="28.7052" lon="119.3051"/>
 <node id="11" lat="28.7052" lon="119.3052"/><node id="12" lat="28.690" lon="119.305"/>
 <way id="101"><nd ref="1"/><nd ref="8"/><nd ref="2"/><tag k="highway" v="primary"/><tag k="name" v="人民路"/></way>
 <way id="102"><nd ref="2"/><nd ref="5"/><nd ref="3"/><tag k="highway" v="secondary"/><tag k="bridge" v="yes"/></way>
 <way id="103"><nd ref="3"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="maxspeed" v="30"/></way>
 <way id="104"><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/><tag k="oneway" v="yes"/></way>
 <way id="105"><nd ref="3"/><nd ref="6"/><tag k="highway" v="tertiary"/><tag k="name" v="溪滨路"/></way>
 <way id="106"><nd ref="4"/><nd ref="7"/><tag k="highway" v="track"/></way>
 <way id="107"><nd ref="9"/><nd ref="10"/><nd ref="11"/><nd ref="9"/><tag k="building" v="yes"/></way>
 <way id="108"><nd ref="8"/><nd ref="12"/><tag k="highway" v="service"/></way>
</osm>
"""


@pytest.fixture(scope="session")
def town_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an OSM file of a block of streets: a one-way street, a bridge, a dead end, a building."""
    path = tmp_path_factory.mktemp("town") / "town.osm"
    path.write_text(TOWN, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def town(town_file: Path) -> RoadNetwork:
    """Return the drive network of the hand-made town."""
    return load_network(town_file)
