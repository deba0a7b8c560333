"""Demand: where people live and work, read from a table or built from what a bureau has."""

from __future__ import annotations

from rescuesim.demand.points import DEMAND_COLUMNS as DEMAND_COLUMNS
from rescuesim.demand.points import DEMAND_KINDS as DEMAND_KINDS
from rescuesim.demand.points import DemandPoints as DemandPoints
from rescuesim.demand.points import load_demand as load_demand
from rescuesim.demand.points import read_demand as read_demand
from rescuesim.demand.population import PopulationCells as PopulationCells
from rescuesim.demand.population import read_population as read_population
from rescuesim.demand.spread import spread_population as spread_population
