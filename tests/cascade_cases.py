"""A small county for tests of cascades: two feeders, two towers, a fibre along a road, three villages, three sites."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from rescuesim.candidates import CandidateSites, load_sites
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints, load_demand
from rescuesim.disruption import (
    BaseStation,
    Channel,
    CommunicationNetwork,
    Fibre,
    FibreRoad,
    FuelDepot,
    PowerNetwork,
    SupplyArea,
    default_channels,
)

HOUR = 3600.0


def exactly(seconds: float) -> Lognormal:
    return Lognormal(median=seconds, p90=seconds)


def sites_of() -> CandidateSites:
    return load_sites(
        pd.DataFrame(
            {
                "id": ["desk", "north", "east"],
                "lon": [119.300, 119.305, 119.328],
                "lat": [28.700, 28.719, 28.710],
                "township": ["seat", "hills", "hills"],
                "host": ["brigade", "township", "village"],
                "status": ["existing", "existing", "existing"],
            }
        ),
        crs="wgs84",
    )


def demand_of() -> DemandPoints:
    return load_demand(
        pd.DataFrame(
            {
                "id": ["v1", "v2", "v3"],
                "lon": [119.302, 119.304, 119.329],
                "lat": [28.700, 28.718, 28.710],
                "township": ["seat", "hills", "hills"],
                "people": [1000, 300, 200],
                "zone": ["built_up", "dense_rural", "dense_rural"],
            }
        ),
        crs="wgs84",
    )


def power_of(**changes: object) -> PowerNetwork:
    power = PowerNetwork(
        areas=(
            SupplyArea(id="f1", lon=119.30, lat=28.70, townships=("seat",)),
            SupplyArea(id="f2", lon=119.31, lat=28.71, townships=("hills",)),
        ),
        fuel_depots=(FuelDepot(id="fuel", lon=119.300, lat=28.700),),
        fuel_from_s=0.0,
    )
    return replace(power, **changes)  # type: ignore[arg-type]


def ladder(*names: str, **changes: dict[str, object]) -> tuple[Channel, ...]:
    """Channels by name that are always ready, with what is changed in some."""
    known = default_channels()
    return tuple(
        replace(known[name], **{"ready": 1.0, "inbound": 1.0, "congested": None, **changes.get(name, {})})  # type: ignore[arg-type]
        for name in names
    )


def communication_of(fibre_road: int = 0, **changes: object) -> CommunicationNetwork:
    communication = CommunicationNetwork(
        base_stations=(
            BaseStation(
                id="b1", lon=119.30, lat=28.70, townships=("seat",), township="seat", battery=exactly(2 * HOUR)
            ),
            BaseStation(
                id="b2",
                lon=119.31,
                lat=28.71,
                townships=("hills",),
                township="hills",
                battery=exactly(2 * HOUR),
                backhaul=(("cable",),),
            ),
        ),
        fibres=(Fibre(id="cable", roads=(FibreRoad(road=fibre_road),)),),
        channels=ladder("public_network", "satellite_phone", "runner"),
        holders={"satellite_phone": frozenset({"v2", "north", "east"})},
        posts=("desk",),
        congestion_s=0.0,
        splice=exactly(HOUR),
    )
    return replace(communication, **changes)  # type: ignore[arg-type]
