"""Policies: which unit goes to a call, in which order calls wait, which units change their site.

Each is a small object handed to the simulation; `dispatch`, `queueing` and `move_up` say what it must have, each with
an example. `world` tells a policy of fleet, roads and demand; `checks` and `trial` refuse it before the first event;
`reach` ranks the units for the engine.
"""

from __future__ import annotations

from rescuesim.simulation.policies.checks import check_policies as check_policies
from rescuesim.simulation.policies.dispatch import Choice as Choice
from rescuesim.simulation.policies.dispatch import DispatchPolicy as DispatchPolicy
from rescuesim.simulation.policies.dispatch import OrderedCall as OrderedCall
from rescuesim.simulation.policies.dispatch import most_parallel as most_parallel
from rescuesim.simulation.policies.dispatch import parallel_units as parallel_units
from rescuesim.simulation.policies.fleet_view import FleetView as FleetView
from rescuesim.simulation.policies.jurisdiction import JurisdictionFirst as JurisdictionFirst
from rescuesim.simulation.policies.move_up import ComplianceTable as ComplianceTable
from rescuesim.simulation.policies.move_up import Move as Move
from rescuesim.simulation.policies.move_up import MoveUpPolicy as MoveUpPolicy
from rescuesim.simulation.policies.move_up import NearestUncovered as NearestUncovered
from rescuesim.simulation.policies.move_up import NoMoveUp as NoMoveUp
from rescuesim.simulation.policies.mutual_aid import MutualAid as MutualAid
from rescuesim.simulation.policies.mutual_aid import Pooled as Pooled
from rescuesim.simulation.policies.nearest import ClosestCapable as ClosestCapable
from rescuesim.simulation.policies.nearest import NearestAvailable as NearestAvailable
from rescuesim.simulation.policies.preparedness import PreparednessAware as PreparednessAware
from rescuesim.simulation.policies.queueing import FirstOrdered as FirstOrdered
from rescuesim.simulation.policies.queueing import Loss as Loss
from rescuesim.simulation.policies.queueing import MostUrgent as MostUrgent
from rescuesim.simulation.policies.queueing import Preemptive as Preemptive
from rescuesim.simulation.policies.queueing import QueueName as QueueName
from rescuesim.simulation.policies.queueing import QueuePolicy as QueuePolicy
from rescuesim.simulation.policies.queueing import queue_policy as queue_policy
from rescuesim.simulation.policies.reach import Reach as Reach
from rescuesim.simulation.policies.world import World as World
from rescuesim.simulation.policies.world import for_replication as for_replication
