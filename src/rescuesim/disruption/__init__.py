"""What breaks and when it comes back: a Disruption, independent of dispatch."""

from __future__ import annotations

from rescuesim.disruption.debris import GradedBuildings as GradedBuildings
from rescuesim.disruption.debris import debris_damages as debris_damages
from rescuesim.disruption.debris import load_graded_buildings as load_graded_buildings
from rescuesim.disruption.hazards import ConstantSource as ConstantSource
from rescuesim.disruption.hazards import FieldSource as FieldSource
from rescuesim.disruption.hazards import Hazard as Hazard
from rescuesim.disruption.hazards import HazardLayer as HazardLayer
from rescuesim.disruption.hazards import HazardRegion as HazardRegion
from rescuesim.disruption.hazards import Marginal as Marginal
from rescuesim.disruption.hazards import Timing as Timing
from rescuesim.disruption.hazards import Variation as Variation
from rescuesim.disruption.hazards import hazard_polygons as hazard_polygons
from rescuesim.disruption.hazards import hazard_raster as hazard_raster
from rescuesim.disruption.hazards import hazard_sites as hazard_sites
from rescuesim.disruption.outages import AssetOutage as AssetOutage
from rescuesim.disruption.outages import ChannelOutage as ChannelOutage
from rescuesim.disruption.outages import ContactSpell as ContactSpell
from rescuesim.disruption.outages import PowerOutage as PowerOutage
from rescuesim.disruption.outages import RoadDamage as RoadDamage
from rescuesim.disruption.outages import RoadOutage as RoadOutage
from rescuesim.disruption.outages import RoadSlowing as RoadSlowing
from rescuesim.disruption.outages import SiteOutage as SiteOutage
from rescuesim.disruption.road_elements import RoadElements as RoadElements
from rescuesim.disruption.road_elements import road_elements as road_elements
from rescuesim.disruption.roads import ExposedRoads as ExposedRoads
from rescuesim.disruption.roads import exposed_roads as exposed_roads
from rescuesim.disruption.roads import road_damages as road_damages
from rescuesim.disruption.samples import Disruptions as Disruptions
from rescuesim.disruption.samples import load_disruptions as load_disruptions
from rescuesim.disruption.tables import load_closures as load_closures
from rescuesim.disruption.timeline import Disruption as Disruption
from rescuesim.disruption.timeline import network_states as network_states
from rescuesim.disruption.timeline import states_over_time as states_over_time
