"""The public names for type checkers and editors; `_homes` says where each stands at run time."""

# ruff: noqa: I001 (one statement a module)

from rescuesim.candidates import (
    CandidateSites as CandidateSites,
    load_sites as load_sites,
)
from rescuesim.crew import (
    CrewType as CrewType,
    Lognormal as Lognormal,
    Shift as Shift,
    default_crews as default_crews,
    default_shifts as default_shifts,
)
from rescuesim.demand import (
    CallHistory as CallHistory,
    CensusTotals as CensusTotals,
    DemandPoints as DemandPoints,
    PeopleCalendar as PeopleCalendar,
    Reconciliation as Reconciliation,
    add_places as add_places,
    assign_grids as assign_grids,
    assign_zones as assign_zones,
    calls_from_history as calls_from_history,
    calls_from_rates as calls_from_rates,
    demand_at as demand_at,
    load_demand as load_demand,
    places_from_counts as places_from_counts,
    read_census as read_census,
    read_population as read_population,
    reconcile as reconcile,
    split_villages as split_villages,
    spread_population as spread_population,
    weigh as weigh,
)
from rescuesim.disruption import (
    AssetOutage as AssetOutage,
    AssetRepairs as AssetRepairs,
    AssetTask as AssetTask,
    ChannelOutage as ChannelOutage,
    ConstantSource as ConstantSource,
    ContactSpell as ContactSpell,
    CoveredPeopleCurve as CoveredPeopleCurve,
    Disruption as Disruption,
    DisruptionPreset as DisruptionPreset,
    Disruptions as Disruptions,
    ExposedRoads as ExposedRoads,
    FieldSource as FieldSource,
    GradedBuildings as GradedBuildings,
    Hazard as Hazard,
    HazardLayer as HazardLayer,
    HazardRegion as HazardRegion,
    Marginal as Marginal,
    PowerOutage as PowerOutage,
    RareTail as RareTail,
    RepairCrew as RepairCrew,
    RoadDamage as RoadDamage,
    RoadElements as RoadElements,
    RoadOutage as RoadOutage,
    RoadRepairs as RoadRepairs,
    RoadSlowing as RoadSlowing,
    SiteOutage as SiteOutage,
    Timing as Timing,
    Variation as Variation,
    cascade as cascade,
    contact as contact,
    covered_people_curve as covered_people_curve,
    debris_damages as debris_damages,
    default_communication as default_communication,
    default_power as default_power,
    disruption_preset as disruption_preset,
    disruption_presets as disruption_presets,
    exposed_roads as exposed_roads,
    hazard_polygons as hazard_polygons,
    hazard_raster as hazard_raster,
    hazard_sites as hazard_sites,
    load_closures as load_closures,
    load_disruptions as load_disruptions,
    load_graded_buildings as load_graded_buildings,
    network_states as network_states,
    power_outages as power_outages,
    repair_assets as repair_assets,
    repair_roads as repair_roads,
    road_damages as road_damages,
    road_elements as road_elements,
    sample_disruptions as sample_disruptions,
    warning as warning,
)
from rescuesim.errors import (
    DataFileError as DataFileError,
    Fault as Fault,
    InputError as InputError,
    InvariantError as InvariantError,
    RescueSimError as RescueSimError,
    SolverError as SolverError,
    UnknownIdError as UnknownIdError,
    WeightOverflowError as WeightOverflowError,
)
from rescuesim.network import (
    NetworkState as NetworkState,
    NetworkStates as NetworkStates,
    NetworkSummary as NetworkSummary,
    RoadNetwork as RoadNetwork,
    TravelConditions as TravelConditions,
    TravelProfile as TravelProfile,
    download_network as download_network,
    load_network as load_network,
    save_network as save_network,
    travel_profile as travel_profile,
)
from rescuesim.network.calibrating.calibration import (
    Calibration as Calibration,
)
from rescuesim.network.states import (
    Closure as Closure,
)
from rescuesim.overrides import (
    Overrides as Overrides,
    load_overrides as load_overrides,
)
from rescuesim.plan import (
    Plan as Plan,
    PlanSite as PlanSite,
)
from rescuesim.quality import (
    QualityReport as QualityReport,
    detect_offset as detect_offset,
    quality_report as quality_report,
)
from rescuesim.report import (
    Comparison as Comparison,
    compare as compare,
    critical_roads_in_words as critical_roads_in_words,
    explanation_in_words as explanation_in_words,
    plot_critical_roads as plot_critical_roads,
    write_report as write_report,
)
from rescuesim.report.attainment import (
    DisasterPhase as DisasterPhase,
    attainment_by_phase as attainment_by_phase,
    attainment_by_place as attainment_by_place,
    figures_by_place as figures_by_place,
    miss_reasons as miss_reasons,
    simulate_until as simulate_until,
    stage_attainment as stage_attainment,
)
from rescuesim.report.disrupted.map import (
    plot_disruption as plot_disruption,
    plot_disruption_over_time as plot_disruption_over_time,
    write_disruption_maps as write_disruption_maps,
)
from rescuesim.report.disrupted.measures import (
    DisruptionMeasures as DisruptionMeasures,
    disruption_measures as disruption_measures,
)
from rescuesim.report.ensemble_words import (
    ensemble_attainment as ensemble_attainment,
    ensemble_in_words as ensemble_in_words,
)
from rescuesim.report.frontier import (
    plot_frontier as plot_frontier,
)
from rescuesim.report.replayed import (
    replay_in_words as replay_in_words,
    write_replay as write_replay,
)
from rescuesim.report.robustness import (
    plot_robustness as plot_robustness,
)
from rescuesim.report.service_area_map import (
    plot_service_areas as plot_service_areas,
)
from rescuesim.report.statistics import (
    Interval as Interval,
    PairedDifference as PairedDifference,
    SequentialRun as SequentialRun,
    WarmUp as WarmUp,
    clustered_interval as clustered_interval,
    joined_results as joined_results,
    mean_interval as mean_interval,
    mser5 as mser5,
    paired_difference as paired_difference,
    replicate_until as replicate_until,
    replications_needed as replications_needed,
    share_interval as share_interval,
    warm_up as warm_up,
    welch_average as welch_average,
    without_warm_up as without_warm_up,
)
from rescuesim.report.warm_up_figure import plot_warm_up as plot_warm_up
from rescuesim.scenario import (
    Outcome as Outcome,
    Scenario as Scenario,
    load_scenario as load_scenario,
    run as run,
    write_demo_county as write_demo_county,
)
from rescuesim.simulation import (
    CallLog as CallLog,
    CallModel as CallModel,
    CallPattern as CallPattern,
    ClosestCapable as ClosestCapable,
    ComplianceTable as ComplianceTable,
    Desk as Desk,
    Empirical as Empirical,
    Frozen as Frozen,
    HazardGrowth as HazardGrowth,
    JurisdictionFirst as JurisdictionFirst,
    MutualAid as MutualAid,
    NearestAvailable as NearestAvailable,
    NearestUncovered as NearestUncovered,
    Pooled as Pooled,
    PreparednessAware as PreparednessAware,
    ResponsePackage as ResponsePackage,
    SimulationResult as SimulationResult,
    Surge as Surge,
    UnitNeed as UnitNeed,
    default_packages as default_packages,
    duration_from_table as duration_from_table,
    load_calls as load_calls,
    simulate as simulate,
)
from rescuesim.simulation.ensemble import (
    Ensemble as Ensemble,
    EnsembleProgress as EnsembleProgress,
    open_ensemble as open_ensemble,
    simulate_ensemble as simulate_ensemble,
)
from rescuesim.simulation.replay import (
    Replay as Replay,
    example_incidents as example_incidents,
    replay_incidents as replay_incidents,
)
from rescuesim.siting import (
    CapacitatedLocation as CapacitatedLocation,
    CapacitatedMedian as CapacitatedMedian,
    CrewStaffing as CrewStaffing,
    Explanation as Explanation,
    Frontier as Frontier,
    GroupLimit as GroupLimit,
    Lexicographic as Lexicographic,
    MaxAvailableCoverage as MaxAvailableCoverage,
    MaxBackupCoverage as MaxBackupCoverage,
    MaxCoverage as MaxCoverage,
    MaxExpectedCoverage as MaxExpectedCoverage,
    MaxMinCoverage as MaxMinCoverage,
    MaxReliableCoverage as MaxReliableCoverage,
    MinCost as MinCost,
    MinMaxTime as MinMaxTime,
    MinMeanTime as MinMeanTime,
    MinSites as MinSites,
    Phases as Phases,
    Separation as Separation,
    SitingConstraints as SitingConstraints,
    SitingSolution as SitingSolution,
    Subsidy as Subsidy,
    Tolerance as Tolerance,
    coverage_by_township as coverage_by_township,
    critical_roads as critical_roads,
    depots_near_hubs as depots_near_hubs,
    frontier as frontier,
    gini as gini,
    pair_limits as pair_limits,
    people_needed as people_needed,
    phases as phases,
    point_coverage as point_coverage,
    site as site,
    site_mask as site_mask,
    sites_as_points as sites_as_points,
)
from rescuesim.siting.robustness import (
    RobustnessFrontier as RobustnessFrontier,
    TailGain as TailGain,
    robustness_frontier as robustness_frontier,
    tail_gain as tail_gain,
)
from rescuesim.standard import (
    ResponseStandard as ResponseStandard,
    load_standard as load_standard,
)
from rescuesim.travel import (
    CoverageBits as CoverageBits,
    EvacuationRoutes as EvacuationRoutes,
    NearestSites as NearestSites,
    PlanCoverage as PlanCoverage,
    Route as Route,
    Routes as Routes,
    TravelTimePairs as TravelTimePairs,
    TravelTimes as TravelTimes,
    TravelTimesEnsemble as TravelTimesEnsemble,
    evacuation_routes as evacuation_routes,
    route as route,
    travel_time_pairs as travel_time_pairs,
    travel_times as travel_times,
)
from rescuesim.travel.service_areas import (
    ServiceArea as ServiceArea,
    people_within as people_within,
    service_area as service_area,
    service_areas as service_areas,
    standard_service_areas as standard_service_areas,
    write_service_areas as write_service_areas,
)

__version__: str
