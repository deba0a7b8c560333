"""Service areas: what crews reach from their sites within a limit, as parts of roads, ground and people."""

from __future__ import annotations

from rescuesim.travel.service_areas.area import ServiceArea as ServiceArea
from rescuesim.travel.service_areas.from_sites import service_area as service_area
from rescuesim.travel.service_areas.from_sites import service_areas as service_areas
from rescuesim.travel.service_areas.from_sites import standard_service_areas as standard_service_areas
from rescuesim.travel.service_areas.layers import write_service_areas as write_service_areas
from rescuesim.travel.service_areas.people import people_within as people_within
