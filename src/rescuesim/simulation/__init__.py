"""Simulation: calls, a fleet and the roads of each moment, played through call by call.

The stages, each in its module: `calls` draws who rings when; `fleet` mans the units of a plan; `roads` has
the travel times of every epoch; `believed_roads` drives by what is known of the roads; `dispatch` chooses
units; `engine` plays one replication as SimPy processes; `records` keeps one row a call; `run` ties them
together in `simulate`.
"""

from __future__ import annotations

from rescuesim.simulation.believed_roads import KnowledgeBoard as KnowledgeBoard
from rescuesim.simulation.believed_roads import PlacedRoads as PlacedRoads
from rescuesim.simulation.believed_roads import RoadKnowledge as RoadKnowledge
from rescuesim.simulation.believed_roads import RoadTruth as RoadTruth
from rescuesim.simulation.calls import CallLog as CallLog
from rescuesim.simulation.calls import CallModel as CallModel
from rescuesim.simulation.dispatch import Choice as Choice
from rescuesim.simulation.dispatch import DispatchPolicy as DispatchPolicy
from rescuesim.simulation.dispatch import NearestAvailable as NearestAvailable
from rescuesim.simulation.dispatch import OrderedCall as OrderedCall
from rescuesim.simulation.engine import run_replication as run_replication
from rescuesim.simulation.fleet import Fleet as Fleet
from rescuesim.simulation.fleet import Unit as Unit
from rescuesim.simulation.records import SimulationResult as SimulationResult
from rescuesim.simulation.roads import RoadTimes as RoadTimes
from rescuesim.simulation.run import simulate as simulate
from rescuesim.simulation.setting import Setting as Setting
from rescuesim.simulation.trajectory import Trajectory as Trajectory
