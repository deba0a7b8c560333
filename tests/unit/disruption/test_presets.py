"""Presets: what each needs, what it breaks, and the bridge that most people depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from oracles_disruption_sampling import people_over
from ways_by_hand import ways_of

from rescuesim.demand import DemandPoints, load_demand
from rescuesim.disruption import (
    BaseStation,
    CommunicationNetwork,
    Fibre,
    PowerNetwork,
    SupplyArea,
    default_channels,
    disruption_preset,
    disruption_presets,
)
from rescuesim.disruption.presets import busiest_bridge
from rescuesim.errors import InputError, UnknownIdError
from rescuesim.network import RoadNetwork
from rescuesim.network.build import build_network


def grid(seed: int) -> RoadNetwork:
    """Return a grid whose roads take times by lot, none the same, some with bridges."""
    rng = np.random.default_rng(seed)
    places = [(600.0 * (k % 4), 600.0 * (k // 4)) for k in range(16)]
    lines = [[k, k + 1] for k in range(16) if (k + 1) % 4] + [[k, k + 4] for k in range(12)]
    network = build_network(ways_of(places, lines, oneway=[False] * len(lines)))
    by_road = rng.permutation(network.n_roads) * 977 + 300_000
    bridges = rng.uniform(size=network.n_roads) < 0.4
    bridges[0] = True
    return replace(network, ticks=by_road[network.road].astype(np.int32), bridge=bridges[network.road])


def places_at(network: RoadNetwork, seed: int) -> DemandPoints:
    """Return places at the junctions, the first of them the seat."""
    rng = np.random.default_rng(seed)
    people = rng.permutation(len(network.node_id)) * 13 + 10
    people[int(rng.integers(len(people)))] += 100_000
    rows = {"id": [f"v{k}" for k in range(len(people))], "lon": network.lon, "lat": network.lat, "people": people}
    return load_demand(pd.DataFrame({**rows, "zone": "rural", "township": "甲镇"}))


@pytest.mark.parametrize("seed", range(8))
def test_the_busiest_bridge_is_the_one_that_most_people_pass_on_the_way_to_the_seat(seed: int) -> None:
    from rescuesim.quality import snap_points

    network = grid(seed)
    demand = places_at(network, seed)
    arcs = list(
        zip(network.tail.tolist(), network.head.tolist(), network.ticks.tolist(), network.road.tolist(), strict=True)
    )
    # where people enter: the first junction of the road that they snap to, as the library rounds
    road = snap_points(network, demand.lon, demand.lat).road.tolist()
    node = [next(tail for tail, _, _, of in arcs if of == one) for one in road]
    people: dict[int, float] = {}
    for at, count in zip(node, demand.people.tolist(), strict=True):
        people[at] = people.get(at, 0.0) + count
    seat = max(people, key=lambda at: people[at])
    passing = people_over(arcs, people, seat)
    bridges = set(network.road[network.bridge].tolist())
    main = {"motorway", "trunk", "primary", "secondary", "tertiary"}
    on_main = {of for (_, _, _, of), name in zip(arcs, network.road_class.tolist(), strict=True) if name in main}
    among = bridges & on_main or bridges
    most = max(passing.get(one, 0.0) for one in among)
    assert passing.get(busiest_bridge(network, demand), 0.0) == most


def test_a_preset_says_what_it_needs() -> None:
    network = grid(0)
    for name, needed in (
        ("bridge_out", "demand"),
        ("exchange_fire", "communication"),
        ("grid_failure", "power"),
        ("all_three_cut", "power and communication"),
    ):
        with pytest.raises(InputError, match=f"{name}: expected {needed}"):
            disruption_preset(name, network)
    with pytest.raises(UnknownIdError, match="typhoon_flood"):
        disruption_preset("typhoon", network)
    none = replace(network, bridge=np.zeros_like(network.bridge))
    with pytest.raises(InputError, match="no road of the network has a bridge"):
        disruption_preset("bridge_out", none, demand=places_at(network, 0))


def test_presets_break_what_their_names_say() -> None:
    network = grid(1)
    demand = places_at(network, 1)
    lon, lat = float(network.lon[0]), float(network.lat[0])
    power = PowerNetwork(areas=(SupplyArea(id="f1", lon=lon, lat=lat, townships=("甲镇",)),))
    tower = BaseStation(id="b1", lon=lon, lat=lat, townships=("甲镇",), backhaul=(("光缆",),))
    rows = (default_channels()["public_network"],)
    phones = CommunicationNetwork(base_stations=(tower,), fibres=(Fibre(id="光缆"),), channels=rows)
    made = {
        name: disruption_preset(name, network, demand=demand, power=power, communication=phones)
        for name in disruption_presets()
    }
    assert {name: one.hazard.kinds if one.hazard else () for name, one in made.items()} == {
        "typhoon_flood": ("wind_force", "flood_depth_m", "landslide_susceptibility"),
        "flash_flood_landslides": ("flood_depth_m", "landslide_susceptibility"),
        "earthquake": ("sa1_g", "pga_g", "pgd_in"),
        "ice_storm": ("ice_mm",),
        "bridge_out": (),
        "exchange_fire": (),
        "grid_failure": (),
        "all_three_cut": ("flood_depth_m", "landslide_susceptibility"),
    }
    bridge, fire, grid_, three = (made[name].given for name in (*list(made)[4:7], "all_three_cut"))
    assert bridge is not None
    assert fire is not None
    assert grid_ is not None
    assert three is not None
    assert [one.closure.road for one in bridge.roads] == [busiest_bridge(network, demand)]
    assert ([one.asset for one in fire.assets], fire.power, fire.roads) == (["光缆"], (), ())
    assert ([one.area for one in grid_.power], grid_.assets) == (["f1"], ())
    assert three.power
    assert three.assets
    assert not made["bridge_out"].congested
    assert all("judged" in one.notes[0] for one in made.values())
    unfibred = CommunicationNetwork(base_stations=(replace(tower, backhaul=()),), channels=rows)
    with pytest.raises(InputError, match="backhaul"):
        disruption_preset("exchange_fire", network, communication=unfibred)


def zones_file(path: Path, network: RoadNetwork, *, kind: str, value: float, away: float = 0.0) -> Path:
    """Write a map of one zone over the network, or beside it."""
    west, south, east, north = network.lon.min(), network.lat.min(), network.lon.max(), network.lat.max()
    zone = shapely.box(west + away, south, east + away, north)
    frame = geopandas.GeoDataFrame({"kind": [kind], "value": [value]}, geometry=[zone], crs=4326)
    other = "landslide_susceptibility" if kind == "flood_depth_m" else "flood_depth_m"
    both = pd.concat([frame, frame.assign(kind=other, value=0.5)])
    both.to_file(path, driver="GeoJSON")
    return path


def test_a_susceptibility_over_one_is_refused_and_not_cut_down(tmp_path: Path) -> None:
    network = grid(2)
    path = zones_file(tmp_path / "zones.geojson", network, kind="landslide_susceptibility", value=1.5)
    with pytest.raises(InputError, match=r"1\.5"):
        disruption_preset("flash_flood_landslides", network, zones=path)


def test_a_map_of_another_county_is_refused(tmp_path: Path) -> None:
    network = grid(2)
    path = zones_file(tmp_path / "zones.geojson", network, kind="flood_depth_m", value=1.0, away=3.0)
    with pytest.raises(InputError, match="do not overlap"):
        disruption_preset("typhoon_flood", network, zones=path)


def test_the_usual_flood_stands_lower_than_the_map_of_the_rare_one(tmp_path: Path) -> None:
    network = grid(2)
    path = zones_file(tmp_path / "zones.geojson", network, kind="flood_depth_m", value=2.0)
    preset = disruption_preset("typhoon_flood", network, zones=path)
    assert preset.hazard is not None
    x, y = network.x_m[[5, 6]], network.y_m[[5, 6]]
    depths = [preset.hazard.intensity_at(x, y, seed=0, sample=k, severity=1.0)["flood_depth_m"] for k in range(200)]
    assert 0.05 < np.median(depths) < 1.0
