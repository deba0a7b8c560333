"""What breaks and when it comes back: a Disruption, independent of dispatch."""

from __future__ import annotations

from rescuesim.disruption.outages import AssetOutage as AssetOutage
from rescuesim.disruption.outages import ChannelOutage as ChannelOutage
from rescuesim.disruption.outages import ContactSpell as ContactSpell
from rescuesim.disruption.outages import PowerOutage as PowerOutage
from rescuesim.disruption.outages import RoadDamage as RoadDamage
from rescuesim.disruption.outages import RoadOutage as RoadOutage
from rescuesim.disruption.outages import RoadSlowing as RoadSlowing
from rescuesim.disruption.outages import SiteOutage as SiteOutage
from rescuesim.disruption.repair import AssetRepairs as AssetRepairs
from rescuesim.disruption.repair import AssetTask as AssetTask
from rescuesim.disruption.repair import CoveredPeopleCurve as CoveredPeopleCurve
from rescuesim.disruption.repair import RepairCrew as RepairCrew
from rescuesim.disruption.repair import RoadRepairs as RoadRepairs
from rescuesim.disruption.repair import covered_people_curve as covered_people_curve
from rescuesim.disruption.repair import repair_assets as repair_assets
from rescuesim.disruption.repair import repair_roads as repair_roads
from rescuesim.disruption.samples import Disruptions as Disruptions
from rescuesim.disruption.samples import load_disruptions as load_disruptions
from rescuesim.disruption.tables import load_closures as load_closures
from rescuesim.disruption.timeline import Disruption as Disruption
from rescuesim.disruption.timeline import network_states as network_states
from rescuesim.disruption.timeline import states_over_time as states_over_time
