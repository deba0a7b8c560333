"""Presets: events that every county drills (R65), from a bureau's maps where it has them, else from judged fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rescuesim._defaults import default
from rescuesim._words import Lang, Note
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels import CommunicationNetwork
from rescuesim.disruption.hazards import (
    FieldSource,
    Hazard,
    HazardLayer,
    HazardRegion,
    HazardSource,
    Marginal,
    Timing,
    Variation,
    hazard_polygons,
)
from rescuesim.disruption.hazards.kinds import intensity_kind
from rescuesim.disruption.outages import AssetOutage, PowerOutage, RoadOutage
from rescuesim.disruption.power import PowerNetwork
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.quality import snap_points

__all__ = ["DisruptionPreset", "busiest_bridge", "disruption_preset", "disruption_presets"]

_H = 3600.0
_HORIZON_S = 72 * _H
_MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")

_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "typhoon_flood": ("台风洪水", "typhoon flood"),
        "flash_flood_landslides": ("山洪与滑坡", "flash flood with landslides"),
        "earthquake": ("地震", "earthquake"),
        "ice_storm": ("冰冻雨雪", "ice storm"),
        "bridge_out": ("早高峰桥梁中断", "bridge out at rush hour"),
        "exchange_fire": ("通信机房火灾（断网）", "exchange fire: network only"),
        "grid_failure": ("电网故障（断电）", "grid failure: power only"),
        "all_three_cut": ("断路、断网、断电", "roads, network and power cut"),
    }
)


def disruption_presets(lang: Lang = "zh") -> dict[str, str]:
    """Return the names of all presets, with what they are in a language.

    Examples
    --------
    >>> disruption_presets("en")["exchange_fire"]
    'exchange fire: network only'
    """
    return {name: words[0 if lang == "zh" else 1] for name, words in _NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionPreset:
    """An event, ready for `sample_disruptions`.

    Parameters
    ----------
    name : str
        One of `disruption_presets`.
    hazard : Hazard or None
        What is drawn; None where nothing is.
    given : Disruption or None
        What happens in every sample.
    horizon_s : float
    onset_h : float
        Hour of the day of the onset.
    congested : bool
        Whether everybody redials from the onset on, as where it strikes all at once.
    notes : tuple of str
        What was judged, to be said aloud.
    """

    name: str
    hazard: Hazard | None
    given: Disruption | None
    horizon_s: float
    onset_h: float
    congested: bool
    notes: tuple[str, ...]

    def in_language(self, lang: Lang) -> str:
        """Return its name in a language."""
        return _NAMES[self.name][0 if lang == "zh" else 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _County:
    """What presets are made for."""

    network: RoadNetwork
    demand: DemandPoints | None
    power: PowerNetwork | None
    communication: CommunicationNetwork | None
    zones: Path | None

    def mapped(self, kind: str, factor: float) -> HazardSource | None:
        """Return the zones of a kind on the bureau's map, times a factor; None without a map."""
        if self.zones is None:
            return None
        source = hazard_polygons(self.zones, only={"kind": kind})
        most = intensity_kind(kind).most
        if source.most > most:  # the layer refuses it as it is, not cut down to what is possible
            return source
        return replace(source, value=np.minimum(source.value * factor, most))


_Made = tuple[Hazard | None, Disruption | None, float]


def disruption_preset(
    name: str,
    network: RoadNetwork,
    *,
    demand: DemandPoints | None = None,
    power: PowerNetwork | None = None,
    communication: CommunicationNetwork | None = None,
    zones: Path | str | None = None,
) -> DisruptionPreset:
    """Make an event for a county.

    Parameters
    ----------
    name : str
        One of `disruption_presets`.
    network : RoadNetwork
    demand : DemandPoints, optional
        Needed by ``bridge_out``: the bridge that most people depend on.
    power : PowerNetwork, optional
        Needed by ``grid_failure`` and ``all_three_cut``.
    communication : CommunicationNetwork, optional
        Needed by ``exchange_fire`` and ``all_three_cut``: all its fibres end at the exchange.
    zones : path, optional
        The bureau's map of risk (R59): polygons with fields ``kind`` (``flood_depth_m``: the depth of a rare flood;
        ``landslide_susceptibility``: from 0 to 1) and ``value``. Without it water and slides are drawn anywhere.

    Returns
    -------
    DisruptionPreset

    Raises
    ------
    UnknownIdError
        If there is no such preset.
    InputError
        If what it needs is not given.

    Examples
    --------
    See docs/disruption.md for a county under each of them.
    """
    if name not in _MAKERS:
        raise UnknownIdError(f"preset {name!r}: expected {nearest_name(name, _MAKERS)}")
    needs = {"demand": demand, "power": power, "communication": communication}
    missing = [what for what in _NEEDS.get(name, ()) if needs[what] is None]
    if missing:
        raise InputError(f"preset {name}: expected {' and '.join(missing)}")
    county = _County(
        network=network,
        demand=demand,
        power=power,
        communication=communication,
        zones=None if zones is None else Path(zones),
    )
    hazard, given, onset_h = _MAKERS[name](county)
    en, zh = _NAMES[name][1], _NAMES[name][0]
    judged = Note(
        f"{en}: strength, times and course are judged (preset)", f"{zh}：强度、时刻与过程为经验设定（预设情景）"
    )
    notes = (judged, *(hazard.notes if hazard is not None else ()))
    return DisruptionPreset(
        name=name,
        hazard=hazard,
        given=given,
        horizon_s=_HORIZON_S,
        onset_h=onset_h,
        congested=name in _CONGESTED,
        notes=tuple(dict.fromkeys(notes)),
    )


def _number(name: str) -> float:
    return default(f"preset.field.{name}").number


def _timing(name: str) -> Timing:
    value = default(f"preset.timing_h.{name}").value
    assert isinstance(value, list)
    begin, rise, peak, fall = (float(hours) * _H for hours in value)
    return Timing(from_s=begin, rise_s=rise, peak_s=peak, fall_s=fall)


def _span(name: str) -> tuple[float, float]:
    value = default(f"preset.given_h.{name}").value
    assert isinstance(value, list)
    return float(value[0]) * _H, float(value[1]) * _H


def _lognormal(name: str, share: float = 1.0) -> Marginal:
    spread = Lognormal.from_default(default(f"preset.field.{name}"))
    return Marginal.lognormal(median=spread.median, p90=spread.p90, share=share)


def _drawn(kind: str, marginal: Marginal, timing: Timing) -> HazardLayer:
    """Make a layer of a field with a distribution."""
    return HazardLayer(
        kind=kind, source=FieldSource(marginal=marginal, correlation_m=_number("correlation_m")), timing=timing
    )


def _from_map(name: str) -> float:
    return default(f"preset.map.{name}").number


def _hazard(county: _County, name: str, layers: tuple[HazardLayer, ...], severity: str) -> Hazard:
    return Hazard(
        name=name,
        layers=layers,
        horizon_s=_HORIZON_S,
        region=HazardRegion.around(county.network),
        severity=Lognormal.from_default(default(f"preset.severity.{severity}")),
    )


def _water(county: _County, event: str) -> HazardLayer:
    """Make the water of an event: of the map with what it does not know, or of a field."""
    source = county.mapped("flood_depth_m", _from_map(f"{event}_depth"))
    if source is None:
        return _drawn("flood_depth_m", _lognormal("flood_depth_m", _number("flood_share")), _timing(event))
    variation = Variation(sigma=_from_map(f"{event}_sigma"), correlation_m=_from_map(f"{event}_correlation_m"))
    return HazardLayer(kind="flood_depth_m", source=source, timing=_timing(event), variation=variation)


def _slides(county: _County, event: str) -> HazardLayer:
    """Make the slides of an event: of the map with what it does not know, or of a field."""
    kind = "landslide_susceptibility"
    source = county.mapped(kind, _from_map(f"{event}_slides"))
    if source is None:
        most = min(_number("landslide_susceptibility_most") * _from_map(f"{event}_slides"), 1.0)
        marginal = Marginal.uniform(least=0.0, most=most, share=_number("landslide_share"))
        return _drawn(kind, marginal, _timing("slides"))
    variation = Variation(sigma=_from_map("slides_sigma"), correlation_m=_from_map(f"{event}_correlation_m"))
    return HazardLayer(kind=kind, source=source, timing=_timing("slides"), variation=variation)


def _typhoon_flood(county: _County) -> _Made:
    wind = _drawn("wind_force", _lognormal("wind_force"), _timing("typhoon_wind"))
    layers = (wind, _water(county, "typhoon_flood"), _slides(county, "typhoon_flood"))
    return _hazard(county, "typhoon_flood", layers, "typhoon_flood"), None, 8.0


def _flash_flood(county: _County) -> _Made:
    layers = (_water(county, "flash_flood"), _slides(county, "flash_flood"))
    return _hazard(county, "flash_flood_landslides", layers, "flash_flood"), None, 2.0


def _earthquake(county: _County) -> _Made:
    moved = Marginal.exponential(mean=_number("pgd_in_mean"), share=_number("pgd_share"))
    kinds: dict[str, Marginal] = {"sa1_g": _lognormal("sa1_g"), "pga_g": _lognormal("pga_g"), "pgd_in": moved}
    layers = tuple(_drawn(kind, marginal, Timing()) for kind, marginal in kinds.items())
    return _hazard(county, "earthquake", layers, "shaking"), None, 4.0


def _ice_storm(county: _County) -> _Made:
    layers = (_drawn("ice_mm", _lognormal("ice_mm"), _timing("ice")),)
    return _hazard(county, "ice_storm", layers, "ice"), None, 20.0


def _bridge_out(county: _County) -> _Made:
    assert county.demand is not None
    road = busiest_bridge(county.network, county.demand)
    until_s = default("clearing.temporary_bridge_days").number * 24 * _H
    outage = RoadOutage(closure=Closure(road=road), from_s=0.0, until_s=until_s, label="busiest bridge")
    return None, Disruption(label="bridge_out", roads=(outage,)), 8.0


def _exchange_fire(county: _County) -> _Made:
    return None, Disruption(label="exchange_fire", assets=_no_fibres(county, "exchange")), 14.0


def _grid_failure(county: _County) -> _Made:
    return None, Disruption(label="grid_failure", power=_no_grid(county, "grid")), 18.0


def _all_three_cut(county: _County) -> _Made:
    hazard, _, onset_h = _flash_flood(county)
    given = Disruption(
        label="all_three_cut",
        power=_no_grid(county, "grid_with_the_rest"),
        assets=_no_fibres(county, "exchange_with_the_rest"),
    )
    return hazard, given, onset_h


def _no_fibres(county: _County, span: str) -> tuple[AssetOutage, ...]:
    assert county.communication is not None
    if not county.communication.fibres:
        raise InputError("exchange: no base station has a fibre to it; expected a column backhaul, or another preset")
    from_s, until_s = _span(span)
    return tuple(
        AssetOutage(kind="fibre", asset=fibre.id, from_s=from_s, until_s=until_s, cause="given")
        for fibre in county.communication.fibres
    )


def _no_grid(county: _County, span: str) -> tuple[PowerOutage, ...]:
    assert county.power is not None
    from_s, until_s = _span(span)
    return tuple(PowerOutage(area=area.id, from_s=from_s, until_s=until_s) for area in county.power.areas)


_MAKERS: dict[str, Callable[[_County], _Made]] = {
    "typhoon_flood": _typhoon_flood,
    "flash_flood_landslides": _flash_flood,
    "earthquake": _earthquake,
    "ice_storm": _ice_storm,
    "bridge_out": _bridge_out,
    "exchange_fire": _exchange_fire,
    "grid_failure": _grid_failure,
    "all_three_cut": _all_three_cut,
}
# everybody redials from the onset on where it strikes all at once; not while a storm is still to come, or for a bridge
_CONGESTED = ("earthquake", "exchange_fire")
_NEEDS = {
    "bridge_out": ("demand",),
    "exchange_fire": ("communication",),
    "grid_failure": ("power",),
    "all_three_cut": ("power", "communication"),
}


def busiest_bridge(network: RoadNetwork, demand: DemandPoints) -> int:
    """Find the road with a bridge that most people pass on their quickest way to where most people live.

    Parameters
    ----------
    network : RoadNetwork
    demand : DemandPoints
        With positions.

    Returns
    -------
    int
        Of main roads (tertiary and above) if any of them has a bridge, else of all.

    Raises
    ------
    InputError
        If no road has a bridge.
    """
    if not network.bridge.any():
        raise InputError("bridge_out: no road of the network has a bridge; expected another preset")
    assert demand.lon is not None
    assert demand.lat is not None
    snapped = snap_points(network, demand.lon, demand.lat)
    known = np.flatnonzero(snapped.road >= 0)
    first_edge = np.full(network.n_roads, -1)
    first_edge[network.road[::-1]] = np.arange(len(network.road))[::-1]
    node = network.tail[first_edge[snapped.road[known]]]
    people = np.bincount(node, weights=demand.people[known], minlength=len(network.node_id))
    seat = int(people.argmax())
    back = csr_array((network.ticks + 1.0, (network.head, network.tail)), shape=(len(people), len(people)))
    time, before = (rows[0] for rows in dijkstra(back, indices=np.array([seat]), return_predecessors=True))
    passing = people.copy()
    for at in np.argsort(-np.where(np.isfinite(time), time, -1.0), kind="stable").tolist():
        if before[at] >= 0:
            passing[before[at]] += passing[at]
    by_road = np.zeros(network.n_roads)
    on_tree = before[network.tail] == network.head
    np.maximum.at(by_road, network.road[on_tree], passing[network.tail[on_tree]])
    with_bridge = np.zeros(network.n_roads, dtype=np.bool_)
    with_bridge[network.road[network.bridge]] = True
    main = np.zeros(network.n_roads, dtype=np.bool_)
    main[network.road[np.isin(network.road_class, _MAIN)]] = True
    among = with_bridge & main if (with_bridge & main).any() else with_bridge
    return int(np.where(among, by_road, -1.0).argmax())
