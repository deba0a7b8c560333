"""What became of every point: where it meets the roads, and what is suspect about it."""

from __future__ import annotations

from rescuesim.quality.findings import FINDING_CODES as FINDING_CODES
from rescuesim.quality.findings import Finding as Finding
from rescuesim.quality.findings import TownshipRoads as TownshipRoads
from rescuesim.quality.offsets import HYPOTHESES as HYPOTHESES
from rescuesim.quality.offsets import OffsetSuspicion as OffsetSuspicion
from rescuesim.quality.offsets import detect_offset as detect_offset
from rescuesim.quality.reasons import REASON_CODES as REASON_CODES
from rescuesim.quality.reasons import REASON_WORDS as REASON_WORDS
from rescuesim.quality.report import QualityReport as QualityReport
from rescuesim.quality.report import quality_report as quality_report
from rescuesim.quality.snap import NearestRoads as NearestRoads
from rescuesim.quality.snap import SnappedPoints as SnappedPoints
from rescuesim.quality.snap import nearest_roads as nearest_roads
from rescuesim.quality.snap import place_faults as place_faults
from rescuesim.quality.snap import snap_points as snap_points
