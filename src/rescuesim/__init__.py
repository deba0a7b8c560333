"""Site rescue stations for the 135 and 15-minute circles, break things, and check that the plan holds.

Each stage of the planner's question yields one frozen artefact; the next stage takes it::

    RoadNetwork -> CandidateSites + DemandPoints -> TravelTimes -> SitingSolution -> Plan
                                                        ^                            |
    Disruption -> NetworkStates (moments of it) --------+---------> Simulation <-----+ -> Comparison -> report

Names are loaded when they are first used, so ``import rescuesim`` is quick and needs no heavy library.

Examples
--------
>>> import rescuesim as rs
>>> standard = rs.load_standard()
>>> round(standard.limit_s("micro_station", "built_up", "day"))
93
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "rescuesim.candidates": (
        "CandidateSites",
        "load_sites",
    ),
    "rescuesim.crew": (
        "CrewType",
        "Lognormal",
        "Shift",
        "default_crews",
        "default_shifts",
    ),
    "rescuesim.demand": (
        "CallHistory",
        "CensusTotals",
        "DemandPoints",
        "PeopleCalendar",
        "Reconciliation",
        "add_places",
        "assign_grids",
        "assign_zones",
        "calls_from_history",
        "calls_from_rates",
        "demand_at",
        "load_demand",
        "places_from_counts",
        "read_census",
        "read_population",
        "reconcile",
        "split_villages",
        "spread_population",
        "weigh",
    ),
    "rescuesim.disruption": (
        "ChannelOutage",
        "Disruption",
        "RoadOutage",
        "SiteOutage",
        "load_closures",
        "network_states",
    ),
    "rescuesim.errors": (
        "DataFileError",
        "Fault",
        "InputError",
        "InvariantError",
        "RescueSimError",
        "SolverError",
        "UnknownIdError",
        "WeightOverflowError",
    ),
    "rescuesim.network": (
        "NetworkState",
        "NetworkStates",
        "NetworkSummary",
        "RoadNetwork",
        "TravelConditions",
        "TravelProfile",
        "download_network",
        "load_network",
        "save_network",
        "travel_profile",
    ),
    "rescuesim.network.calibrating.calibration": ("Calibration",),
    "rescuesim.network.states": ("Closure",),
    "rescuesim.plan": (
        "Plan",
        "PlanSite",
    ),
    "rescuesim.quality": (
        "QualityReport",
        "detect_offset",
        "quality_report",
    ),
    "rescuesim.report": (
        "Comparison",
        "compare",
        "critical_roads_in_words",
        "plot_critical_roads",
        "write_report",
    ),
    "rescuesim.report.service_area_map": ("plot_service_areas",),
    "rescuesim.scenario": (
        "Outcome",
        "Scenario",
        "load_scenario",
        "run",
        "write_demo_county",
    ),
    "rescuesim.simulation": (
        "CallLog",
        "CallModel",
        "SimulationResult",
        "simulate",
    ),
    "rescuesim.siting": (
        "MaxAvailableCoverage",
        "MaxBackupCoverage",
        "MaxCoverage",
        "MaxExpectedCoverage",
        "MaxMinCoverage",
        "MaxReliableCoverage",
        "MinSites",
        "SitingSolution",
        "coverage_by_township",
        "critical_roads",
        "gini",
        "pair_limits",
        "point_coverage",
        "site",
        "site_mask",
    ),
    "rescuesim.standard": (
        "ResponseStandard",
        "load_standard",
    ),
    "rescuesim.travel": (
        "CoverageBits",
        "EvacuationRoutes",
        "NearestSites",
        "PlanCoverage",
        "Route",
        "Routes",
        "TravelTimePairs",
        "TravelTimes",
        "TravelTimesEnsemble",
        "evacuation_routes",
        "route",
        "travel_time_pairs",
        "travel_times",
    ),
    "rescuesim.travel.service_areas": (
        "ServiceArea",
        "people_within",
        "service_area",
        "service_areas",
        "standard_service_areas",
        "write_service_areas",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Calibration",
    "CallHistory",
    "CallLog",
    "CallModel",
    "CandidateSites",
    "CensusTotals",
    "ChannelOutage",
    "Closure",
    "Comparison",
    "CoverageBits",
    "CrewType",
    "DataFileError",
    "DemandPoints",
    "Disruption",
    "EvacuationRoutes",
    "Fault",
    "InputError",
    "InvariantError",
    "Lognormal",
    "MaxAvailableCoverage",
    "MaxBackupCoverage",
    "MaxCoverage",
    "MaxExpectedCoverage",
    "MaxMinCoverage",
    "MaxReliableCoverage",
    "MinSites",
    "NearestSites",
    "NetworkState",
    "NetworkStates",
    "NetworkSummary",
    "Outcome",
    "PeopleCalendar",
    "Plan",
    "PlanCoverage",
    "PlanSite",
    "QualityReport",
    "Reconciliation",
    "RescueSimError",
    "ResponseStandard",
    "RoadNetwork",
    "RoadOutage",
    "Route",
    "Routes",
    "Scenario",
    "ServiceArea",
    "Shift",
    "SimulationResult",
    "SiteOutage",
    "SitingSolution",
    "SolverError",
    "TravelConditions",
    "TravelProfile",
    "TravelTimePairs",
    "TravelTimes",
    "TravelTimesEnsemble",
    "UnknownIdError",
    "WeightOverflowError",
    "add_places",
    "assign_grids",
    "assign_zones",
    "calls_from_history",
    "calls_from_rates",
    "compare",
    "coverage_by_township",
    "critical_roads",
    "critical_roads_in_words",
    "default_crews",
    "default_shifts",
    "demand_at",
    "detect_offset",
    "download_network",
    "evacuation_routes",
    "gini",
    "load_closures",
    "load_demand",
    "load_network",
    "load_scenario",
    "load_sites",
    "load_standard",
    "network_states",
    "pair_limits",
    "people_within",
    "places_from_counts",
    "plot_critical_roads",
    "plot_service_areas",
    "point_coverage",
    "quality_report",
    "read_census",
    "read_population",
    "reconcile",
    "route",
    "run",
    "save_network",
    "service_area",
    "service_areas",
    "simulate",
    "site",
    "site_mask",
    "split_villages",
    "spread_population",
    "standard_service_areas",
    "travel_profile",
    "travel_time_pairs",
    "travel_times",
    "weigh",
    "write_demo_county",
    "write_report",
    "write_service_areas",
]

if TYPE_CHECKING:
    from rescuesim.candidates import CandidateSites, load_sites
    from rescuesim.crew import CrewType, Lognormal, Shift, default_crews, default_shifts
    from rescuesim.demand import (
        CallHistory,
        CensusTotals,
        DemandPoints,
        PeopleCalendar,
        Reconciliation,
        add_places,
        assign_grids,
        assign_zones,
        calls_from_history,
        calls_from_rates,
        demand_at,
        load_demand,
        places_from_counts,
        read_census,
        read_population,
        reconcile,
        split_villages,
        spread_population,
        weigh,
    )
    from rescuesim.disruption import ChannelOutage, Disruption, RoadOutage, SiteOutage, load_closures, network_states
    from rescuesim.errors import (
        DataFileError,
        Fault,
        InputError,
        InvariantError,
        RescueSimError,
        SolverError,
        UnknownIdError,
        WeightOverflowError,
    )
    from rescuesim.network import (
        NetworkState,
        NetworkStates,
        NetworkSummary,
        RoadNetwork,
        TravelConditions,
        TravelProfile,
        download_network,
        load_network,
        save_network,
        travel_profile,
    )
    from rescuesim.network.calibrating.calibration import Calibration
    from rescuesim.network.states import Closure
    from rescuesim.plan import Plan, PlanSite
    from rescuesim.quality import QualityReport, detect_offset, quality_report
    from rescuesim.report import (
        Comparison,
        compare,
        critical_roads_in_words,
        plot_critical_roads,
        write_report,
    )
    from rescuesim.report.service_area_map import plot_service_areas
    from rescuesim.scenario import Outcome, Scenario, load_scenario, run, write_demo_county
    from rescuesim.simulation import CallLog, CallModel, SimulationResult, simulate
    from rescuesim.siting import (
        MaxAvailableCoverage,
        MaxBackupCoverage,
        MaxCoverage,
        MaxExpectedCoverage,
        MaxMinCoverage,
        MaxReliableCoverage,
        MinSites,
        SitingSolution,
        coverage_by_township,
        critical_roads,
        gini,
        pair_limits,
        point_coverage,
        site,
        site_mask,
    )
    from rescuesim.standard import ResponseStandard, load_standard
    from rescuesim.travel import (
        CoverageBits,
        EvacuationRoutes,
        NearestSites,
        PlanCoverage,
        Route,
        Routes,
        TravelTimePairs,
        TravelTimes,
        TravelTimesEnsemble,
        evacuation_routes,
        route,
        travel_time_pairs,
        travel_times,
    )
    from rescuesim.travel.service_areas import (
        ServiceArea,
        people_within,
        service_area,
        service_areas,
        standard_service_areas,
        write_service_areas,
    )


def __getattr__(name: str) -> object:
    if name in _HOME_OF:
        found = getattr(importlib.import_module(_HOME_OF[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'rescuesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
