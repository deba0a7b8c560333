"""Driving on the roads believed open: what is so, what is known, and how a block is met and gone round."""

from __future__ import annotations

from rescuesim.simulation.believed_roads.drive import Block as Block
from rescuesim.simulation.believed_roads.drive import Drive as Drive
from rescuesim.simulation.believed_roads.drive import Leg as Leg
from rescuesim.simulation.believed_roads.knowledge import DESK as DESK
from rescuesim.simulation.believed_roads.knowledge import InformationLevel as InformationLevel
from rescuesim.simulation.believed_roads.knowledge import KnowledgeBoard as KnowledgeBoard
from rescuesim.simulation.believed_roads.knowledge import News as News
from rescuesim.simulation.believed_roads.knowledge import RoadKnowledge as RoadKnowledge
from rescuesim.simulation.believed_roads.placed_roads import PlacedRoads as PlacedRoads
from rescuesim.simulation.believed_roads.places import Place as Place
from rescuesim.simulation.believed_roads.places import Way as Way
from rescuesim.simulation.believed_roads.truth import Condition as Condition
from rescuesim.simulation.believed_roads.truth import RoadTruth as RoadTruth
from rescuesim.simulation.believed_roads.units_on_road import UnitsOnRoad as UnitsOnRoad
