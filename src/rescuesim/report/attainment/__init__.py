"""Attainment (达标率) from records: which calls were in time, which stage binds, and why the others were not.

The clock runs from the first attempt to call, in a silent place from the onset, and stops with the unit that lets
the first action start: the first capable one with enough people. Every genuine incident of a zone with a reading is
in the denominator; abandoned, unheard, lost, unreached and waiting ones are failures; duplicates and false calls do
not count. `marks` says which calls kept which stage; `stages` which stage binds; `reasons` why a call was missed;
`by_place` says where calls were missed, and why there; `places` puts built, available and attained figures side by
side; `phases` follows a disaster; `until` simulates until the figure is known closely enough.
"""

from __future__ import annotations

from rescuesim.report.attainment.by_place import CAUSES as CAUSES
from rescuesim.report.attainment.by_place import attainment_by_place as attainment_by_place
from rescuesim.report.attainment.marks import attained as attained
from rescuesim.report.attainment.marks import attainment_counts as attainment_counts
from rescuesim.report.attainment.marks import clock_from_s as clock_from_s
from rescuesim.report.attainment.marks import counted_calls as counted_calls
from rescuesim.report.attainment.phases import DEFAULT_PHASES as DEFAULT_PHASES
from rescuesim.report.attainment.phases import DisasterPhase as DisasterPhase
from rescuesim.report.attainment.phases import attainment_by_phase as attainment_by_phase
from rescuesim.report.attainment.places import figures_by_place as figures_by_place
from rescuesim.report.attainment.reasons import INTERVALS as INTERVALS
from rescuesim.report.attainment.reasons import miss_reasons as miss_reasons
from rescuesim.report.attainment.stages import binding_stage as binding_stage
from rescuesim.report.attainment.stages import stage_attainment as stage_attainment
from rescuesim.report.attainment.until import simulate_until as simulate_until
