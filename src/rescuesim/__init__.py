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

from rescuesim._homes import HOME_OF

__version__ = "0.1.0"

__all__ = [
    "AssetOutage",
    "Calibration",
    "CallHistory",
    "CallLog",
    "CallModel",
    "CandidateSites",
    "CapacitatedLocation",
    "CapacitatedMedian",
    "CensusTotals",
    "ChannelOutage",
    "Closure",
    "Comparison",
    "ConstantSource",
    "ContactSpell",
    "CoverageBits",
    "CrewStaffing",
    "CrewType",
    "DataFileError",
    "DemandPoints",
    "Disruption",
    "EvacuationRoutes",
    "Explanation",
    "ExposedRoads",
    "Fault",
    "FieldSource",
    "Frontier",
    "GradedBuildings",
    "GroupLimit",
    "Hazard",
    "HazardLayer",
    "HazardRegion",
    "InputError",
    "InvariantError",
    "Lexicographic",
    "Lognormal",
    "Marginal",
    "MaxAvailableCoverage",
    "MaxBackupCoverage",
    "MaxCoverage",
    "MaxExpectedCoverage",
    "MaxMinCoverage",
    "MaxReliableCoverage",
    "MinCost",
    "MinMaxTime",
    "MinMeanTime",
    "MinSites",
    "NearestSites",
    "NetworkState",
    "NetworkStates",
    "NetworkSummary",
    "Outcome",
    "PeopleCalendar",
    "Phases",
    "Plan",
    "PlanCoverage",
    "PlanSite",
    "PowerOutage",
    "QualityReport",
    "Reconciliation",
    "RescueSimError",
    "ResponseStandard",
    "RoadDamage",
    "RoadElements",
    "RoadNetwork",
    "RoadOutage",
    "RoadSlowing",
    "Route",
    "Routes",
    "Scenario",
    "Separation",
    "ServiceArea",
    "Shift",
    "SimulationResult",
    "SiteOutage",
    "SitingConstraints",
    "SitingSolution",
    "SolverError",
    "Subsidy",
    "Timing",
    "Tolerance",
    "TravelConditions",
    "TravelProfile",
    "TravelTimePairs",
    "TravelTimes",
    "TravelTimesEnsemble",
    "UnknownIdError",
    "Variation",
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
    "debris_damages",
    "default_crews",
    "default_shifts",
    "demand_at",
    "depots_near_hubs",
    "detect_offset",
    "download_network",
    "evacuation_routes",
    "explanation_in_words",
    "exposed_roads",
    "frontier",
    "gini",
    "hazard_polygons",
    "hazard_raster",
    "hazard_sites",
    "load_closures",
    "load_demand",
    "load_graded_buildings",
    "load_network",
    "load_scenario",
    "load_sites",
    "load_standard",
    "network_states",
    "pair_limits",
    "people_needed",
    "people_within",
    "phases",
    "places_from_counts",
    "plot_critical_roads",
    "plot_frontier",
    "plot_service_areas",
    "point_coverage",
    "quality_report",
    "read_census",
    "read_population",
    "reconcile",
    "road_damages",
    "road_elements",
    "route",
    "run",
    "save_network",
    "service_area",
    "service_areas",
    "simulate",
    "site",
    "site_mask",
    "sites_as_points",
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
    from rescuesim.disruption import (
        AssetOutage,
        ChannelOutage,
        ConstantSource,
        ContactSpell,
        Disruption,
        ExposedRoads,
        FieldSource,
        GradedBuildings,
        Hazard,
        HazardLayer,
        HazardRegion,
        Marginal,
        PowerOutage,
        RoadDamage,
        RoadElements,
        RoadOutage,
        RoadSlowing,
        SiteOutage,
        Timing,
        Variation,
        debris_damages,
        exposed_roads,
        hazard_polygons,
        hazard_raster,
        hazard_sites,
        load_closures,
        load_graded_buildings,
        network_states,
        road_damages,
        road_elements,
    )
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
        explanation_in_words,
        plot_critical_roads,
        write_report,
    )
    from rescuesim.report.frontier import plot_frontier
    from rescuesim.report.service_area_map import plot_service_areas
    from rescuesim.scenario import Outcome, Scenario, load_scenario, run, write_demo_county
    from rescuesim.simulation import CallLog, CallModel, SimulationResult, simulate
    from rescuesim.siting import (
        CapacitatedLocation,
        CapacitatedMedian,
        CrewStaffing,
        Explanation,
        Frontier,
        GroupLimit,
        Lexicographic,
        MaxAvailableCoverage,
        MaxBackupCoverage,
        MaxCoverage,
        MaxExpectedCoverage,
        MaxMinCoverage,
        MaxReliableCoverage,
        MinCost,
        MinMaxTime,
        MinMeanTime,
        MinSites,
        Phases,
        Separation,
        SitingConstraints,
        SitingSolution,
        Subsidy,
        Tolerance,
        coverage_by_township,
        critical_roads,
        depots_near_hubs,
        frontier,
        gini,
        pair_limits,
        people_needed,
        phases,
        point_coverage,
        site,
        site_mask,
        sites_as_points,
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
    if name in HOME_OF:
        found = getattr(importlib.import_module(HOME_OF[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'rescuesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
