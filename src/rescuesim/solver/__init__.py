"""The one adapter to OR-Tools: binary programs from arrays, with honest statuses and bounds."""

from __future__ import annotations

from rescuesim.solver.binary_program import BinaryProgram as BinaryProgram
from rescuesim.solver.binary_program import BinarySolution as BinarySolution
from rescuesim.solver.cp_sat import solve_binary as solve_binary
