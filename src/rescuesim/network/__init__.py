"""Road networks: loaded through OSMnx, held as arrays, broken as states.

``build`` is the one module of rescuesim that speaks to OSMnx, and does so only when it is called.
"""

from __future__ import annotations

from rescuesim.network.load import load_network as load_network
from rescuesim.network.road_network import NetworkSummary as NetworkSummary
from rescuesim.network.road_network import RoadNetwork as RoadNetwork
from rescuesim.network.states import NetworkState as NetworkState
from rescuesim.network.states import NetworkStates as NetworkStates
