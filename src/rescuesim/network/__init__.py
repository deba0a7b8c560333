"""Road networks: read from any file, held as arrays, broken as states.

Every reader makes `Ways`, which ``build`` cuts at junctions. Only ``graphml`` and ``download`` speak to OSMnx, and
only when they are called.
"""

from __future__ import annotations

from rescuesim.network.load import load_network as load_network
from rescuesim.network.reading.download import download_network as download_network
from rescuesim.network.road_network import NetworkSummary as NetworkSummary
from rescuesim.network.road_network import RoadNetwork as RoadNetwork
from rescuesim.network.states import NetworkState as NetworkState
from rescuesim.network.states import NetworkStates as NetworkStates
from rescuesim.network.store import save_network as save_network
from rescuesim.network.vehicles.conditions import TravelConditions as TravelConditions
from rescuesim.network.vehicles.profiles import TravelProfile as TravelProfile
from rescuesim.network.vehicles.profiles import travel_profile as travel_profile
