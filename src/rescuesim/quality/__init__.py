"""What became of every point: where it meets the roads, and what is suspect about it."""

from __future__ import annotations

from rescuesim.quality.snap import SnappedPoints as SnappedPoints
from rescuesim.quality.snap import place_faults as place_faults
from rescuesim.quality.snap import snap_points as snap_points
