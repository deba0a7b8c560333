"""Simulation: calls, a fleet and the roads of each moment, played through call by call.

The stages, each in its module: `calls` draws who rings when; `desk` answers; `packages` say how many units a call
gets; `durations` turn draws into seconds; `fleet` mans the units of a plan; `roads` has the travel times of every
epoch; `believed_roads` drives by what is known of the roads; `policies` choose units; `engine` plays one
replication as SimPy processes; `records` keeps one row a call; `run` ties them together in `simulate`.
"""

from __future__ import annotations

from rescuesim.simulation.believed_roads import KnowledgeBoard as KnowledgeBoard
from rescuesim.simulation.believed_roads import PlacedRoads as PlacedRoads
from rescuesim.simulation.believed_roads import RoadKnowledge as RoadKnowledge
from rescuesim.simulation.believed_roads import RoadTruth as RoadTruth
from rescuesim.simulation.calls import CallLog as CallLog
from rescuesim.simulation.calls import CallModel as CallModel
from rescuesim.simulation.calls import CallPattern as CallPattern
from rescuesim.simulation.calls import HazardGrowth as HazardGrowth
from rescuesim.simulation.calls import Surge as Surge
from rescuesim.simulation.calls import load_calls as load_calls
from rescuesim.simulation.desk import Desk as Desk
from rescuesim.simulation.durations import Duration as Duration
from rescuesim.simulation.durations import Empirical as Empirical
from rescuesim.simulation.durations import Frozen as Frozen
from rescuesim.simulation.durations import duration_from_table as duration_from_table
from rescuesim.simulation.duties import Duty as Duty
from rescuesim.simulation.duties import EvacuationTask as EvacuationTask
from rescuesim.simulation.engine import run_replication as run_replication
from rescuesim.simulation.event_log import event_lines as event_lines
from rescuesim.simulation.event_log import event_log as event_log
from rescuesim.simulation.fleet import Fleet as Fleet
from rescuesim.simulation.fleet import Unit as Unit
from rescuesim.simulation.missions import Missions as Missions
from rescuesim.simulation.packages import ResponsePackage as ResponsePackage
from rescuesim.simulation.packages import UnitNeed as UnitNeed
from rescuesim.simulation.packages import default_packages as default_packages
from rescuesim.simulation.policies import Choice as Choice
from rescuesim.simulation.policies import ClosestCapable as ClosestCapable
from rescuesim.simulation.policies import ComplianceTable as ComplianceTable
from rescuesim.simulation.policies import DispatchPolicy as DispatchPolicy
from rescuesim.simulation.policies import FleetView as FleetView
from rescuesim.simulation.policies import JurisdictionFirst as JurisdictionFirst
from rescuesim.simulation.policies import Move as Move
from rescuesim.simulation.policies import MoveUpPolicy as MoveUpPolicy
from rescuesim.simulation.policies import MutualAid as MutualAid
from rescuesim.simulation.policies import NearestAvailable as NearestAvailable
from rescuesim.simulation.policies import NearestUncovered as NearestUncovered
from rescuesim.simulation.policies import NoMoveUp as NoMoveUp
from rescuesim.simulation.policies import OrderedCall as OrderedCall
from rescuesim.simulation.policies import Pooled as Pooled
from rescuesim.simulation.policies import PreparednessAware as PreparednessAware
from rescuesim.simulation.policies import QueuePolicy as QueuePolicy
from rescuesim.simulation.policies import World as World
from rescuesim.simulation.records import SimulationResult as SimulationResult
from rescuesim.simulation.roads import BelievedTimes as BelievedTimes
from rescuesim.simulation.roads import Journeys as Journeys
from rescuesim.simulation.roads import RoadTimes as RoadTimes
from rescuesim.simulation.run import simulate as simulate
from rescuesim.simulation.setting import Setting as Setting
from rescuesim.simulation.trajectory import Trajectory as Trajectory
