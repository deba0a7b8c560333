"""Repair: who mends roads, lines and base stations, in which order, and when they are back."""

from __future__ import annotations

from rescuesim.disruption.repair.asset_repair import ASSET_ORDERS as ASSET_ORDERS
from rescuesim.disruption.repair.asset_repair import AssetRepairs as AssetRepairs
from rescuesim.disruption.repair.asset_repair import AssetTask as AssetTask
from rescuesim.disruption.repair.asset_repair import repair_assets as repair_assets
from rescuesim.disruption.repair.covered_people import CoveredPeopleCurve as CoveredPeopleCurve
from rescuesim.disruption.repair.covered_people import covered_people_curve as covered_people_curve
from rescuesim.disruption.repair.crews import RepairCrew as RepairCrew
from rescuesim.disruption.repair.road_options import REPAIR_ORDERS as REPAIR_ORDERS
from rescuesim.disruption.repair.road_outcome import RoadRepairs as RoadRepairs
from rescuesim.disruption.repair.road_repair import repair_roads as repair_roads
