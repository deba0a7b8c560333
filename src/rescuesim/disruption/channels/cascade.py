"""cascade: from broken grid and roads to dark sites, dead base stations, and who is reached by what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels.communication import CommunicationNetwork
from rescuesim.disruption.channels.ladder import contact_spells
from rescuesim.disruption.channels.prepared import CascadeCounty, prepare_cascade
from rescuesim.disruption.channels.supply import supply_over_time
from rescuesim.disruption.outages import AssetOutage, ContactSpell, PowerOutage, RoadOutage
from rescuesim.disruption.power import PowerNetwork, overlap_faults
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork

__all__ = ["cascade", "cascade_in"]


def cascade(
    power: PowerNetwork,
    communication: CommunicationNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    network: RoadNetwork,
    *,
    outages: Sequence[PowerOutage],
    roads: Sequence[RoadOutage],
    assets: Sequence[AssetOutage] = (),
    towers_s: Mapping[str, float] | None = None,
    seed: int,
    sample: int,
    horizon_s: float,
) -> tuple[tuple[AssetOutage, ...], tuple[ContactSpell, ...]]:
    """Follow a failure of grid and roads to everything that hangs on them.

    For many samples of one county, prepare it once (`prepare_cascade`) and use `cascade_in`.

    Parameters
    ----------
    power : PowerNetwork
    communication : CommunicationNetwork
    sites : CandidateSites
    demand : DemandPoints
    network : RoadNetwork
    outages : sequence of PowerOutage
        Of the grid.
    roads : sequence of RoadOutage
        They cut fibres, stop fuel trucks and runners.
    assets : sequence of AssetOutage, optional
        What is out besides: an exchange, a base station, a site whose wiring burnt.
    towers_s : mapping of str to float, optional
        Seconds after the onset from which a tower crew supplies a base station with a generator, by station; it stays
        and is refuelled. ``inf``: nobody comes.
    seed, sample : int
        Key of what is drawn: batteries, generators that start, equipment that is ready, splicing.
    horizon_s : float
        Nothing after it is looked at. What is out at the horizon ends at ``inf``.

    Returns
    -------
    assets : tuple of AssetOutage
        Dark sites and townships, base stations and fibres that are out.
    contacts : tuple of ContactSpell
        Channel of calls and orders wherever it is not the public network as on any day. Where nothing is out, there
        are none but those of users whom no base station covers.

    Raises
    ------
    InputError
        With all faults: unknown areas, assets and roads, overlapping outages of one asset.
    """
    county = prepare_cascade(power, communication, sites, demand, network)
    return cascade_in(
        county,
        outages=outages,
        roads=roads,
        assets=assets,
        towers_s=towers_s,
        seed=seed,
        sample=sample,
        horizon_s=horizon_s,
    )


def cascade_in(
    county: CascadeCounty,
    *,
    outages: Sequence[PowerOutage],
    roads: Sequence[RoadOutage],
    assets: Sequence[AssetOutage] = (),
    towers_s: Mapping[str, float] | None = None,
    seed: int,
    sample: int,
    horizon_s: float,
) -> tuple[tuple[AssetOutage, ...], tuple[ContactSpell, ...]]:
    """Do what `cascade` does, in a county that is prepared.

    Parameters
    ----------
    county : CascadeCounty
    outages, roads, assets, towers_s, seed, sample, horizon_s
        As in `cascade`.

    Returns
    -------
    assets : tuple of AssetOutage
    contacts : tuple of ContactSpell

    Raises
    ------
    InputError
        As `cascade`.
    """
    powered = dict(towers_s or {})
    if faults := [*_outage_faults(county, outages, roads, assets, horizon_s), *_tower_faults(county, powered)]:
        raise InputError(faults)
    supply = supply_over_time(
        county,
        outages=outages,
        roads=roads,
        assets=assets,
        towers_s=powered,
        seed=seed,
        sample=sample,
        horizon_s=horizon_s,
    )
    struck = bool(outages or roads or assets)  # nobody redials on a quiet day
    contacts = contact_spells(
        county,
        supply,
        roads=roads,
        congested_s=county.communication.congestion_s if struck else 0.0,
        seed=seed,
        sample=sample,
        horizon_s=horizon_s,
    )
    return supply.asset_outages(county), contacts


def _tower_faults(county: CascadeCounty, towers_s: Mapping[str, float]) -> list[Fault]:
    known = {one.id for one in county.communication.base_stations}
    faults = [
        Fault(column="towers_s", value=id_, expected=nearest_name(id_, known)) for id_ in sorted({*towers_s} - known)
    ]
    faults += [
        Fault(column="towers_s", value=f"{id_}: {at_s}", expected="seconds after the onset, 0 or more")
        for id_, at_s in sorted(towers_s.items())
        if not at_s >= 0
    ]
    return faults


def _outage_faults(
    county: CascadeCounty,
    outages: Sequence[PowerOutage],
    roads: Sequence[RoadOutage],
    assets: Sequence[AssetOutage],
    horizon_s: float,
) -> list[Fault]:
    areas = {area.id for area in county.power.areas}
    known = {
        "site_power": set(county.sites.ids),
        "township_power": set(county.townships),
        "base_station": {one.id for one in county.communication.base_stations},
        "fibre": {fibre.id for fibre in county.communication.fibres},
    }
    faults = [
        Fault(file="power outage", column="area", value=one.area, expected=nearest_name(one.area, areas))
        for one in outages
        if one.area not in areas
    ]
    faults += [
        Fault(file="asset outage", column=one.kind, value=one.asset, expected=nearest_name(one.asset, known[one.kind]))
        for one in assets
        if one.asset not in known[one.kind]
    ]
    faults += [
        Fault(file="road outage", column="road", value=str(road), expected=f"a road from 0 to {county.n_roads - 1}")
        for road in sorted({one.closure.road for one in roads if one.closure.road >= county.n_roads})
    ]
    faults += overlap_faults("area", [(one.area, one.from_s, one.until_s) for one in outages])
    for kind in known:
        faults += overlap_faults(kind, [(one.asset, one.from_s, one.until_s) for one in assets if one.kind == kind])
    if not 0 < horizon_s < math.inf:
        faults.append(Fault(column="horizon_s", value=str(horizon_s), expected="seconds above 0"))
    return faults
