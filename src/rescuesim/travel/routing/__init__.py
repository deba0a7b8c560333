"""Routes: the ways that are driven, as pieces, lines and words."""

from __future__ import annotations

from rescuesim.travel.routing.alternatives import AlternativeLimits as AlternativeLimits
from rescuesim.travel.routing.evacuated import EvacuationRoutes as EvacuationRoutes
from rescuesim.travel.routing.evacuated import EvacuationState as EvacuationState
from rescuesim.travel.routing.evacuation import evacuation_routes as evacuation_routes
from rescuesim.travel.routing.legs import RouteLeg as RouteLeg
from rescuesim.travel.routing.route import route as route
from rescuesim.travel.routing.routes import Route as Route
from rescuesim.travel.routing.routes import Routes as Routes
