"""Hazards: floods, slides, shaking, wind and ice as layers of intensity, mapped or drawn as correlated fields."""

from __future__ import annotations

from rescuesim.disruption.hazards.hazard import Hazard as Hazard
from rescuesim.disruption.hazards.hazard import HazardLayer as HazardLayer
from rescuesim.disruption.hazards.hazard import HazardPoints as HazardPoints
from rescuesim.disruption.hazards.hazard import HazardSource as HazardSource
from rescuesim.disruption.hazards.hazard import Variation as Variation
from rescuesim.disruption.hazards.kinds import INTENSITY_KINDS as INTENSITY_KINDS
from rescuesim.disruption.hazards.kinds import Timing as Timing
from rescuesim.disruption.hazards.marginals import Marginal as Marginal
from rescuesim.disruption.hazards.rasters import RasterSource as RasterSource
from rescuesim.disruption.hazards.rasters import hazard_raster as hazard_raster
from rescuesim.disruption.hazards.region import HazardRegion as HazardRegion
from rescuesim.disruption.hazards.sources import ConstantSource as ConstantSource
from rescuesim.disruption.hazards.sources import FieldSource as FieldSource
from rescuesim.disruption.hazards.sources import PolygonSource as PolygonSource
from rescuesim.disruption.hazards.sources import SiteSource as SiteSource
from rescuesim.disruption.hazards.sources import hazard_polygons as hazard_polygons
from rescuesim.disruption.hazards.sources import hazard_sites as hazard_sites
