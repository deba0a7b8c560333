"""Solves binary programs with CP-SAT.

CP-SAT with its default parameters never moves the bound of a covering model on few workers; one worker
needs ``linearization_level = 2``, several need the subsolvers that reason on the linear relaxation.
"""

from __future__ import annotations

import math
import signal
import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, SolverError
from rescuesim.solver.binary_program import NO_BOUND, BinaryProgram, BinarySolution, Status

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

__all__ = ["solve_binary"]


def solve_binary(
    program: BinaryProgram,
    *,
    hint: NDArray[np.bool_] | None = None,
    limit_s: float = math.inf,
    workers: int = 1,
    seed: int = 0,
    effort: float = math.inf,
    relative_gap: float = 0.0,
) -> BinarySolution:
    """Solve a binary program.

    Parameters
    ----------
    program : BinaryProgram
    hint : ndarray of bool, shape (n_variables,), optional
        An assignment to start from; if it is feasible, it is also what is returned when the limit comes
        before the solver has found one.
    limit_s : float, optional
        Wall time.
    workers : int, optional
        With 1 the result does not depend on timing unless the limit is met.
    seed : int, optional
    effort : float, optional
        Deterministic time of the solver, about seconds: with one worker, a stop that does not depend on the machine.
    relative_gap : float, optional
        Stop when objective and bound are so close, as a share of the objective; the status is then ``feasible``
        unless they are equal.

    Returns
    -------
    BinarySolution

    Raises
    ------
    SolverError
        If CP-SAT refuses the model.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> at_most_one = csr_array(np.array([[1, 1]]))
    >>> program = BinaryProgram(objective=np.array([2, 3]), rows=at_most_one,
    ...                         lower=np.array([0]), upper=np.array([1]))
    >>> solve_binary(program).x.tolist()
    [False, True]
    """
    if not isinstance(workers, int) or workers < 1 or not limit_s > 0:
        raise InputError(f"workers {workers}, limit {limit_s} s: expected at least 1, and above 0")
    if (program.lower > program.upper).any():  # CP-SAT refuses such rows
        return BinarySolution(status="infeasible", x=None, best_bound=-math.inf, bound_source="")
    from ortools.sat.python import cp_model

    model = _build(program, hint)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = workers
    parameters.random_seed = seed % 2**31
    if limit_s < math.inf:
        parameters.max_time_in_seconds = limit_s
    if effort < math.inf:
        parameters.max_deterministic_time = effort
    if relative_gap > 0:
        parameters.relative_gap_limit = relative_gap
    if workers == 1:
        parameters.linearization_level = 2
    else:
        parameters.subsolvers.extend(["max_lp", "reduced_costs"])
        parameters.ignore_subsolvers.append("default_lp")
    code = solver.solve(model)
    _give_interrupts_back()
    if code == cp_model.MODEL_INVALID:
        raise SolverError(f"CP-SAT refused the model: {model.validate()}")
    if code == cp_model.INFEASIBLE:
        return BinarySolution(status="infeasible", x=None, best_bound=-math.inf, bound_source="")
    if code == cp_model.UNKNOWN:
        known = hint if hint is not None and program.is_feasible(hint) else None
        status: Status = "unknown" if known is None else "feasible"
        bound = float(program.objective[program.objective > 0].sum())
        return BinarySolution(status=status, x=known, best_bound=bound, bound_source="sum of the objective")
    x = np.array(solver.response_proto.solution, dtype=np.int64).astype(np.bool_)
    if not program.is_feasible(x):
        raise SolverError("CP-SAT returned an assignment that breaks a constraint")
    # with a gap to stop at, CP-SAT calls optimal what is near enough
    bound = math.floor(solver.best_objective_bound + 1e-6)
    proved = code == cp_model.OPTIMAL and (relative_gap == 0 or bound <= program.value(x))
    return BinarySolution(
        status="optimal" if proved else "feasible",
        x=x,
        best_bound=float(program.value(x)) if proved else bound,
        bound_source="CP-SAT",
    )


def _give_interrupts_back() -> None:
    """Install Python's handler of Ctrl-C again: CP-SAT, which stops at Ctrl-C, leaves the system's own behind."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGINT, handler)


def _build(program: BinaryProgram, hint: NDArray[np.bool_] | None) -> CpModel:
    """Fill a CP-SAT model from the arrays, rows that are clauses as clauses."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    proto = model.proto
    for _ in range(program.n_variables):
        proto.variables.add().domain.extend([0, 1])
    rows = program.rows
    indptr, indices, data = rows.indptr.tolist(), rows.indices.tolist(), rows.data.tolist()
    for row, (lower, upper) in enumerate(zip(program.lower.tolist(), program.upper.tolist(), strict=True)):
        begin, end = indptr[row], indptr[row + 1]
        columns, factors = indices[begin:end], data[begin:end]
        negatives = sum(factor < 0 for factor in factors)
        constraint = proto.constraints.add()
        if upper >= NO_BOUND and lower == 1 - negatives and all(factor in (1, -1) for factor in factors):
            literals = [c if f > 0 else -c - 1 for c, f in zip(columns, factors, strict=True)]
            constraint.bool_or.literals.extend(literals)
        else:
            constraint.linear.vars.extend(columns)
            constraint.linear.coeffs.extend(factors)
            constraint.linear.domain.extend([max(lower, -NO_BOUND), min(upper, NO_BOUND)])
    used = np.flatnonzero(program.objective)
    proto.objective.vars.extend(used.tolist())
    proto.objective.coeffs.extend((-program.objective[used]).tolist())
    proto.objective.scaling_factor = -1.0
    if hint is not None:
        proto.solution_hint.vars.extend(range(program.n_variables))
        proto.solution_hint.values.extend(hint.astype(int).tolist())
    return model
