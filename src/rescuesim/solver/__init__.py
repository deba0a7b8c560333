"""The one adapter to OR-Tools: binary programs from arrays, with honest statuses and bounds."""

from __future__ import annotations

from rescuesim.solver.binary_program import BinaryProgram as BinaryProgram
from rescuesim.solver.binary_program import BinarySolution as BinarySolution
from rescuesim.solver.cp_sat import solve_binary as solve_binary
from rescuesim.solver.math_opt import solve_linear as solve_linear
from rescuesim.solver.math_opt import solve_mixed as solve_mixed
from rescuesim.solver.mixed_program import LinearSolution as LinearSolution
from rescuesim.solver.mixed_program import MixedProgram as MixedProgram
from rescuesim.solver.mixed_program import MixedSolution as MixedSolution
