"""What a scenario draws: an event with its crews, grid and base stations, ready for as many samples as are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption import (
    CommunicationNetwork,
    Disruption,
    DisruptionPreset,
    Disruptions,
    Hazard,
    PowerNetwork,
    PowerOutage,
    RepairCrew,
    default_communication,
    default_power,
    disruption_preset,
    disruption_presets,
    load_base_stations,
    load_power_outages,
    load_supply_areas,
    sample_disruptions,
)
from rescuesim.disruption.repair.crews import crew_positions
from rescuesim.disruption.repair.road_options import RepairOrder
from rescuesim.disruption.sampling import joined_outages
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import project
from rescuesim.scenario.model import Scenario
from rescuesim.scenario.points import tried
from rescuesim.scenario.sections import DisruptionSection
from rescuesim.standard import ResponseStandard

__all__ = ["Drawing", "default_crews", "drawing_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """An event of a scenario, ready to be drawn.

    Parameters
    ----------
    label : str
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    hazard : Hazard or None
    given : Disruption or None
        What happens in every sample.
    power : PowerNetwork
    communication : CommunicationNetwork
    crews : tuple of RepairCrew
    order : str
    limit_s : float
        For orders that count people.
    samples, seed : int
    horizon_s, onset_h : float
    notes : tuple of str
        Defaults that were taken, to be said aloud.
    """

    label: str
    network: RoadNetwork
    sites: CandidateSites
    demand: DemandPoints
    hazard: Hazard | None
    given: Disruption | None
    power: PowerNetwork
    communication: CommunicationNetwork
    crews: tuple[RepairCrew, ...]
    order: RepairOrder
    limit_s: float
    samples: int
    seed: int
    horizon_s: float
    onset_h: float | None
    notes: tuple[str, ...]

    def draw(
        self, *, executor: Executor | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Disruptions:
        """Draw the disruptions; they do not depend on the executor."""
        return sample_disruptions(
            self.network,
            self.hazard,
            self.samples,
            seed=self.seed,
            sites=self.sites,
            demand=self.demand,
            crews=self.crews,
            order=self.order,
            limit_s=self.limit_s if self.order in _COUNT_PEOPLE else None,
            power=self.power,
            communication=self.communication,
            given=self.given,
            horizon_s=self.horizon_s,
            onset_h=self.onset_h,
            label=self.label,
            executor=executor,
            progress=progress,
        )

    def serves(self) -> dict[str, tuple[str, ...]]:
        """Return the demand points that each feeder and each base station of the public network supplies."""
        towns = np.array(self.demand.townships, dtype=object)
        ids = np.array(self.demand.ids, dtype=object)
        found = {area.id: tuple(ids[np.isin(towns, area.townships)]) for area in self.power.areas}
        assert self.demand.lon is not None
        assert self.demand.lat is not None
        x, y = project(self.demand.lon, self.demand.lat, self.network.crs)
        for station in self.communication.base_stations:
            at_x, at_y = project(np.array([station.lon]), np.array([station.lat]), self.network.crs)
            near = np.hypot(x - at_x[0], y - at_y[0]) <= station.radius_m
            covered = near | np.isin(towns, station.townships) | np.isin(ids, station.places)
            found[station.id] = tuple(ids[covered])
        return found


_COUNT_PEOPLE = ("most_people", "isolated_first", "optimised")


def drawing_of(
    faults: list[Fault],
    scenario: Scenario,
    section: DisruptionSection,
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
    standard: ResponseStandard,
    given: Disruption,
) -> Drawing | None:
    """Read what an event needs; faults are collected.

    Parameters
    ----------
    faults : list of Fault
        Grows with what is wrong.
    scenario : Scenario
    section : DisruptionSection
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    standard : ResponseStandard
        Its longest limit is the one of orders that count people.
    given : Disruption
        Closures and outages that the scenario gives; they happen in every sample.
    """
    before = len(faults)
    networks = _networks(faults, scenario, section, network, sites, demand)
    outages = _given_power(faults, scenario, section, networks[0]) if networks is not None else ()
    crews, crew_notes = _crews(faults, scenario, section, network, sites)
    preset = None
    if networks is not None and section.preset in disruption_presets():
        preset = _preset(faults, scenario, section, network, demand, networks)
    if networks is None or len(faults) > before or (section.preset is not None and preset is None):
        return None
    power, communication = networks
    if preset is not None and not preset.congested:
        en = "nobody is taken to redial for hours: the public network is not congested"
        said = (*communication.notes, Note(en, "不计公网拥塞（假定无人持续重拨）"))
        communication = replace(communication, congestion_s=0.0, notes=said)
    chosen = default("preset.drawn.samples")
    samples = section.samples if section.samples is not None else int(chosen.number)
    notes: list[str] = [*(preset.notes if preset is not None else ()), *crew_notes]
    if section.samples is None:
        notes.append(Note(f"{samples} samples are drawn (samples not given)", f"抽取 {samples} 次（未给出 samples）"))
    if section.preset is not None and section.order is None:
        notes.append(Note("roads are cleared trunk roads first (order not given)", "按干线优先抢通（未给出 order）"))
    onset_h = section.onset_h if section.onset_h is not None else preset.onset_h if preset is not None else None
    if section.onset_h is None and preset is not None:
        notes.append(Note(f"onset at {onset_h:g}:00 (onset_h not given)", f"灾害始于 {onset_h:g} 时（未给出 onset_h）"))
    return Drawing(
        label=section.label,
        network=network,
        sites=sites,
        demand=demand,
        hazard=preset.hazard if preset is not None else None,
        given=_together(given, preset.given if preset is not None else None, outages),
        power=power,
        communication=communication,
        crews=crews,
        order=_order(section),
        limit_s=float(standard.limits()["limit_s"].max()),
        samples=samples,
        seed=section.seed if section.seed is not None else scenario.seed,
        horizon_s=section.horizon_h * 3600,
        onset_h=onset_h,
        notes=tuple(dict.fromkeys([*notes, *power.notes, *communication.notes])),
    )


def _order(section: DisruptionSection) -> RepairOrder:
    found: RepairOrder = section.order or "trunk_first"  # type: ignore[assignment]  # checked with the file
    return found


def _networks(
    faults: list[Fault],
    scenario: Scenario,
    section: DisruptionSection,
    network: RoadNetwork,
    sites: CandidateSites,
    demand: DemandPoints,
) -> tuple[PowerNetwork, CommunicationNetwork] | None:
    """Read supply areas and base stations, and derive what nobody has given."""
    areas, stations = None, None
    for key, read in (("supply_areas", load_supply_areas), ("base_stations", load_base_stations)):
        name = getattr(section, key)
        if name is None:
            continue
        path = scenario.file(name)
        if not scenario.may_read(path):  # the scenario file has been told so
            return None
        found = tried(faults, lambda read=read, path=path: read(path, crs=section.crs), name)  # type: ignore[misc]
        if found is None:
            return None
        areas, stations = (found, stations) if key == "supply_areas" else (areas, found)

    def make() -> tuple[PowerNetwork, CommunicationNetwork]:
        communication = default_communication(sites, demand, network, base_stations=stations)
        return default_power(sites, demand, network, communication=communication, areas=areas), communication

    return tried(faults, make, scenario.path.name)


def _given_power(
    faults: list[Fault], scenario: Scenario, section: DisruptionSection, power: PowerNetwork
) -> tuple[PowerOutage, ...]:
    if section.power_outages is None or not scenario.may_read(path := scenario.file(section.power_outages)):
        return ()
    return tried(faults, lambda: load_power_outages(path, power), section.power_outages) or ()


def _preset(
    faults: list[Fault],
    scenario: Scenario,
    section: DisruptionSection,
    network: RoadNetwork,
    demand: DemandPoints,
    networks: tuple[PowerNetwork, CommunicationNetwork],
) -> DisruptionPreset | None:
    name, zones = section.preset or "", None
    if section.zones is not None:
        zones = scenario.file(section.zones)
        if not scenario.may_read(zones):
            return None
    return tried(
        faults,
        lambda: disruption_preset(
            name, network, demand=demand, power=networks[0], communication=networks[1], zones=zones
        ),
        section.zones or scenario.path.name,
    )


def _crews(
    faults: list[Fault],
    scenario: Scenario,
    section: DisruptionSection,
    network: RoadNetwork,
    sites: CandidateSites,
) -> tuple[tuple[RepairCrew, ...], list[str]]:
    """Make the crews that are given, or those that are taken where none are."""
    if section.preset is None:
        return (), []
    if section.crews is None:
        crews = default_crews(sites, network)
        where = "、".join(crew.site for crew in crews) or "—"
        en = f"no crews given: {len(crews)} road crews of one machine pair are taken to start from sites {where}"
        return crews, [Note(en, f"未给出抢通队伍：假定 {len(crews)} 支（各一组机械）从站点 {where} 出发")]
    made = []
    for crew in section.crews:
        place = {} if crew.lon is None or crew.lat is None else {"lon": crew.lon, "lat": crew.lat}
        try:
            made.append(
                RepairCrew(
                    id=crew.id,
                    kind=crew.kind,
                    site=crew.site,
                    machines=crew.machines,
                    from_s=crew.from_h * 3600,
                    **place,
                )
            )
        except InputError:  # a place that is none is told with the scenario file
            continue
    _, wrong = crew_positions(network, made, sites)
    name = scenario.path.name
    faults += [Fault(file=name, column="disruption.crews", problem=fault.problem) for fault in wrong]
    return tuple(made), []


def default_crews(sites: CandidateSites, network: RoadNetwork) -> tuple[RepairCrew, ...]:
    """Return the road crews that are taken where nobody has listed them.

    Parameters
    ----------
    sites : CandidateSites
    network : RoadNetwork

    Returns
    -------
    tuple of RepairCrew
        At most ``preset.drawn.crews``, of one machine pair each, at existing sites as far from each other as can be:
        the first of the table, then always the one farthest from those chosen.
    """
    rows = np.flatnonzero(sites.with_status("existing"))
    if sites.lon is None or sites.lat is None or not len(rows):
        return ()
    x, y = project(sites.lon[rows], sites.lat[rows], network.crs)

    def away(row: int) -> NDArray[np.float64]:
        return np.asarray(np.hypot(x - x[row], y - y[row]), dtype=np.float64)

    chosen, nearest = [0], away(0)
    while len(chosen) < min(int(default("preset.drawn.crews").number), len(rows)) and nearest.max() > 0:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, away(chosen[-1]))
    return tuple(RepairCrew(id=f"crew at {sites.ids[rows[at]]}", site=sites.ids[rows[at]]) for at in chosen)


def _together(given: Disruption, preset: Disruption | None, outages: Sequence[PowerOutage]) -> Disruption | None:
    """Put into one what the scenario gives and what the event brings in every sample."""
    some = [given, *([preset] if preset is not None else [])]
    made = Disruption(
        label=given.label,
        roads=tuple(outage for one in some for outage in one.roads),
        channels=tuple(outage for one in some for outage in one.channels),
        power=joined_outages([*outages, *(outage for one in some for outage in one.power)]),
        assets=tuple(outage for one in some for outage in one.assets),
    )
    return made if made != Disruption(label=given.label) else None
