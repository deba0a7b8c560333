"""Demand: where people live and work, read from a table or built from what a bureau has."""

from __future__ import annotations

from rescuesim.demand.calendar import PeopleCalendar as PeopleCalendar
from rescuesim.demand.calendar import demand_at as demand_at
from rescuesim.demand.calendar import people_at as people_at
from rescuesim.demand.calls import CallHistory as CallHistory
from rescuesim.demand.calls import calls_from_history as calls_from_history
from rescuesim.demand.calls import calls_from_rates as calls_from_rates
from rescuesim.demand.census import CensusTotals as CensusTotals
from rescuesim.demand.census import Reconciliation as Reconciliation
from rescuesim.demand.census import read_census as read_census
from rescuesim.demand.census import reconcile as reconcile
from rescuesim.demand.combine import joined as joined
from rescuesim.demand.combine import select as select
from rescuesim.demand.places import add_places as add_places
from rescuesim.demand.places import assign_grids as assign_grids
from rescuesim.demand.places import places_from_counts as places_from_counts
from rescuesim.demand.points import CALL_TYPES as CALL_TYPES
from rescuesim.demand.points import DEMAND_COLUMNS as DEMAND_COLUMNS
from rescuesim.demand.points import DEMAND_KINDS as DEMAND_KINDS
from rescuesim.demand.points import HAZARD_KINDS as HAZARD_KINDS
from rescuesim.demand.points import VULNERABLE_KINDS as VULNERABLE_KINDS
from rescuesim.demand.points import DemandPoints as DemandPoints
from rescuesim.demand.points import load_demand as load_demand
from rescuesim.demand.points import read_demand as read_demand
from rescuesim.demand.population import PopulationCells as PopulationCells
from rescuesim.demand.population import read_population as read_population
from rescuesim.demand.spread import spread_population as spread_population
from rescuesim.demand.villages import split_villages as split_villages
from rescuesim.demand.weights import weigh as weigh
from rescuesim.demand.zones import assign_zones as assign_zones
