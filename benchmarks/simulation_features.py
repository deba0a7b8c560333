"""Simulation: the engine with all features on broken roads against the textbook SimPy model of the same calls.

The county is a grid of streets. Ours has what the textbook lacks: two units a call with reinforcement, priorities,
diversion of returning units, roads that close and open and are driven by what is believed, messages that take time.
The trajectories differ, since the textbook knows none of it; the row says how much that costs in time.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

import rescuesim as rs
from rescuesim.candidates import load_sites
from rescuesim.demand import load_demand
from rescuesim.disruption import ContactSpell, Disruption, RoadOutage
from rescuesim.simulation import (
    BelievedTimes,
    Fleet,
    Journeys,
    ResponsePackage,
    RoadTimes,
    Setting,
    Unit,
    UnitNeed,
    run_replication,
)
from rescuesim.travel import travel_times
from synthetic_roads import grid_network
