"""What breaks and when it comes back: a Disruption, independent of dispatch."""

from __future__ import annotations

from rescuesim.disruption.tables import load_closures as load_closures
from rescuesim.disruption.timeline import ChannelOutage as ChannelOutage
from rescuesim.disruption.timeline import Disruption as Disruption
from rescuesim.disruption.timeline import RoadOutage as RoadOutage
from rescuesim.disruption.timeline import SiteOutage as SiteOutage
from rescuesim.disruption.timeline import network_states as network_states
from rescuesim.disruption.timeline import states_over_time as states_over_time
