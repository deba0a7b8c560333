"""Turns a scenario into artefacts, collecting every fault of every file on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption import ChannelOutage, Disruption, RoadOutage, network_states, states_over_time
from rescuesim.disruption.tables import read_closures
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import NetworkStates, RoadNetwork, load_network
from rescuesim.network.calibrating.class_factors import with_time_factors
from rescuesim.network.vehicles.conditions import TravelConditions
from rescuesim.network.vehicles.profiles import travel_profile
from rescuesim.overrides import Overrides, load_overrides
from rescuesim.quality import QualityReport
from rescuesim.scenario.asked import constraint_faults, must_fit
from rescuesim.scenario.dispatching import policy_faults_of_points
from rescuesim.scenario.drawing import Drawing, drawing_of
from rescuesim.scenario.model import Scenario, parse_scenario
from rescuesim.scenario.points import points_of, quality_of, tried
from rescuesim.scenario.sections import DisruptionSection
from rescuesim.standard import PRESETS, ResponseStandard, load_standard

__all__ = ["Checked", "Prepared", "check_scenario", "prepare"]

_MOMENTS = 12  # of each drawn disruption, evenly over its horizon, at which roads are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The artefacts that a scenario names, loaded and checked.

    Parameters
    ----------
    scenario : Scenario
    network : RoadNetwork
    sites : CandidateSites
    demand : DemandPoints
    standard : ResponseStandard
        With the overrides.
    overrides : Overrides
        Figures from own records; none if the scenario names no file of them.
    drawing : Drawing or None
        What draws the disruptions of a scenario that has an event.
    disruptions : tuple of Disruption
        What the scenario goes through: one where all is given, none yet where they are to be drawn.
    quality : mapping of str to QualityReport
        What became of the ``sites`` and of the ``demand`` points.
    """

    scenario: Scenario
    network: RoadNetwork
    sites: CandidateSites
    demand: DemandPoints
    standard: ResponseStandard
    overrides: Overrides
    drawing: Drawing | None
    disruptions: tuple[Disruption, ...]
    quality: Mapping[str, QualityReport]

    @property
    def notes(self) -> tuple[str, ...]:
        """Defaults that were taken and what the loader met, to be said aloud."""
        notes = [*self._overridden(), *self.network.summary().notes, *self.sites.notes, *self.demand.notes]
        notes += [warning for report in self.quality.values() for warning in report.warnings()]
        if self.drawing is not None:
            notes += self.drawing.notes
        if self.scenario.disruption is not None:
            usual = "calls come at the rate of normal days during the disruption: no surge is simulated"
            notes.append(Note(usual, "中断期间呼叫率按平日计，未模拟灾后激增"))
        return tuple(notes)

    def _overridden(self) -> list[Note]:
        if not self.overrides:
            return []
        file = self.scenario.overrides
        return [Note(f"defaults replaced by own records: {file}", f"部分缺省值由自有记录替代：{file}")]

    def drawn(self, progress: Callable[[int, int], None] | None = None) -> Prepared:
        """Return this with the disruptions of its event drawn, if it has one and they are not yet."""
        if self.drawing is None or self.disruptions:
            return self
        return replace(self, disruptions=self.drawing.draw(progress=progress).disruptions)

    def broken_states(self) -> NetworkStates:
        """Return what the roads go through: every state of one disruption, moments of many; weighted by time.

        Raises
        ------
        InputError
            If nothing breaks.
        """
        section = self.scenario.disruption
        if section is None or not self.disruptions:
            raise InputError("broken roads: expected a section [disruption], or --closures")
        until_s = section.horizon_h * 3600
        if len(self.disruptions) == 1:
            return states_over_time(self.disruptions[0], until_s=until_s)
        moments = [(part + 0.5) * until_s / _MOMENTS for part in range(_MOMENTS)]
        return network_states(self.disruptions, at_s=moments).merged()

    @property
    def people(self) -> dict[str, float]:
        """People by demand id."""
        return dict(zip(self.demand.ids, self.demand.people.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a look at a scenario and all its files found.

    Parameters
    ----------
    prepared : Prepared or None
        None if there is any fault.
    faults : list of Fault
    quality : mapping of str to QualityReport
        Of ``sites`` and ``demand``, as far as they could be read, also where there are faults.
    """

    prepared: Prepared | None
    faults: list[Fault]
    quality: Mapping[str, QualityReport] = field(default_factory=dict)


def check_scenario(path: Path | str) -> Checked:
    """Check a scenario file and every file that it names.

    Parameters
    ----------
    path : path

    Returns
    -------
    Checked

    Raises
    ------
    DataFileError
        If the scenario file itself is absent or no TOML.
    """
    scenario, faults = parse_scenario(Path(path))
    if scenario is None:
        return Checked(prepared=None, faults=faults)
    checked = prepare(scenario)
    return Checked(
        prepared=checked.prepared if not faults else None, faults=faults + checked.faults, quality=checked.quality
    )


def prepare(scenario: Scenario, *, kind: str = "station") -> Checked:
    """Load what a scenario names and collect the faults of all of it."""
    faults: list[Fault] = []
    own = _overrides(faults, scenario)
    network = _roads(faults, scenario, own)
    sites, demand = points_of(faults, scenario)
    reports: dict[str, QualityReport] = {}
    for name, points in (("sites", sites), ("demand", demand)):
        report = quality_of(faults, scenario, network, points) if network is not None else None
        if report is not None:
            reports[name] = report
            faults += report.faults() if scenario.network.off_road == "error" else []
    if sites is not None:
        faults += _n_sites_faults(scenario, sites, kind)
        faults += [
            Fault(file=scenario.path.name, column=f"siting.constraints.{key}", value=value, expected=expected)
            for key, value, expected in constraint_faults(scenario.siting.constraints, sites)
        ]
    if sites is not None and demand is not None:
        faults += [
            Fault(file=scenario.path.name, column=f"simulation.{key}", value=value, expected=expected)
            for key, value, expected in policy_faults_of_points(scenario.simulation, sites, demand)
        ]
    if demand is not None and not demand.people.sum() > 0:
        faults.append(Fault(file=demand.source, column="people", expected="at least one person in all"))
    standard = None
    if scenario.standard.inner in PRESETS and scenario.standard.outer in PRESETS:
        chosen = scenario.standard
        standard = load_standard(inner=chosen.inner, outer=chosen.outer, planning=chosen.planning, overrides=own)
    given, drawing = None, None
    if (section := scenario.disruption) is not None and section.label not in ("", "intact"):
        given = _disruption(faults, scenario, section, network, sites, demand)
        if section.is_drawn and network is not None and sites is not None and demand is not None and standard:
            drawing = drawing_of(faults, scenario, section, network, sites, demand, standard, given)
    if faults or network is None or sites is None or demand is None or standard is None:
        return Checked(prepared=None, faults=faults, quality=reports)
    made = Prepared(
        scenario=scenario,
        network=network,
        sites=sites,
        demand=demand,
        standard=standard,
        overrides=own,
        drawing=drawing,
        disruptions=() if given is None or drawing is not None else (given,),
        quality=reports,
    )
    return Checked(prepared=made, faults=faults, quality=reports)


def _overrides(faults: list[Fault], scenario: Scenario) -> Overrides:
    """Load the figures that take the place of defaults."""
    if scenario.overrides is None or not scenario.may_read(file := scenario.file(scenario.overrides)):
        return Overrides()
    return tried(faults, lambda: load_overrides(file), scenario.overrides) or Overrides()


def _roads(faults: list[Fault], scenario: Scenario, own: Overrides) -> RoadNetwork | None:
    """Load the network with everything that the scenario says of it."""
    section = scenario.network
    named = {key: name for key, name in scenario.named_files().items() if key.startswith("network.")}
    files = {key.partition(".")[2]: scenario.file(name) for key, name in named.items()}
    if not all(map(scenario.may_read, files.values())):  # parse_scenario has said so
        return None

    def load() -> RoadNetwork:
        return load_network(
            files["file"],
            profile=travel_profile(section.profile, priority=section.priority),
            conditions=TravelConditions(hour=section.hour, weather=section.weather),
            roads=section.roads,
            fields=section.fields,
            classes=section.classes,
            crs=section.crs,
            clip=files.get("clip"),
            buffer_m=section.buffer_m,
            supplement=files.get("supplement"),
            supplement_fields=section.supplement_fields,
            supplement_classes=section.supplement_classes,
            supplement_crs=section.supplement_crs,
            elevation=files.get("elevation"),
        )

    network = tried(faults, load, section.file)
    return None if network is None else with_time_factors(network, own.time_factor)


def _n_sites_faults(scenario: Scenario, sites: CandidateSites, kind: str) -> list[Fault]:
    unfit = must_fit(scenario.siting, sites, kind=kind)
    if unfit is None:
        return []
    value, expected = unfit
    return [Fault(file=scenario.path.name, column="siting.n_sites", value=value, expected=expected, infeasible=True)]


def _disruption(
    faults: list[Fault],
    scenario: Scenario,
    section: DisruptionSection,
    network: RoadNetwork | None,
    sites: CandidateSites | None,
    demand: DemandPoints | None,
) -> Disruption:
    roads: tuple[RoadOutage, ...] = ()
    source = scenario.file(section.closures or "")
    if section.closures is not None and network is not None and scenario.may_read(source):
        crs = section.crs
        found = tried(faults, lambda: read_closures(source, network, crs=crs), section.closures)
        if found is not None:
            roads = found[0]
            faults += found[1]
    channels = []
    for number, outage in enumerate(section.outages):
        key = f"disruption.outages.{number}"
        if sites is not None and demand is not None:
            townships = (set(sites.townships) | set(demand.townships)) - {""}
            faults += _unknown(scenario, f"{key}.townships", outage.townships, townships)
            faults += _unknown(scenario, f"{key}.sites", outage.sites, set(sites.ids))
        if outage.is_sound:  # if not, parse_scenario has said so
            channels.append(
                ChannelOutage(
                    townships=frozenset(outage.townships),
                    sites=frozenset(outage.sites),
                    from_s=outage.from_h * 3600,
                    until_s=outage.until_h * 3600,
                    fallback=outage.fallback,
                    label=outage.label,
                )
            )
    return Disruption(label=section.label, roads=roads, channels=tuple(channels))


def _unknown(scenario: Scenario, key: str, names: tuple[str, ...], known: set[str]) -> list[Fault]:
    return [
        Fault(file=scenario.path.name, column=key, value=name, expected=nearest_name(name, known))
        for name in names
        if name not in known
    ]
