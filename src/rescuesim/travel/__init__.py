"""Travel times: roads cut at points, engines on them, and what comes out: times, pairs, coverage, routes, areas."""

from __future__ import annotations

from rescuesim.travel.coverage_bits import CoverageBits as CoverageBits
from rescuesim.travel.ensemble import TravelTimesEnsemble as TravelTimesEnsemble
from rescuesim.travel.from_network import travel_time_pairs as travel_time_pairs
from rescuesim.travel.from_network import travel_times as travel_times
from rescuesim.travel.nearest import NearestSites as NearestSites
from rescuesim.travel.pairs import TravelTimePairs as TravelTimePairs
from rescuesim.travel.plan_coverage import PlanCoverage as PlanCoverage
from rescuesim.travel.routing import EvacuationRoutes as EvacuationRoutes
from rescuesim.travel.routing import Route as Route
from rescuesim.travel.routing import Routes as Routes
from rescuesim.travel.routing import evacuation_routes as evacuation_routes
from rescuesim.travel.routing import route as route
from rescuesim.travel.split_graph import SplitGraph as SplitGraph
from rescuesim.travel.split_graph import build_split_graph as build_split_graph
from rescuesim.travel.times import TravelTimes as TravelTimes
