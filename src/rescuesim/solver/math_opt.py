"""Solves linear and mixed programs through MathOpt, which keeps its incumbent at a limit."""

from __future__ import annotations

import datetime
import logging
import math
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import InputError, SolverError
from rescuesim.solver.binary_program import Status
from rescuesim.solver.large_rows import tamed
from rescuesim.solver.mixed_program import LinearSolution, MixedProgram, MixedSolution
from rescuesim.solver.quiet import flush_streams, quiet

if TYPE_CHECKING:
    from ortools.math_opt.python import mathopt

__all__ = ["solve_linear", "solve_mixed"]

logger = logging.getLogger(__name__)

_LONGEST_S = 1e9  # more than any run, and less than what a duration can hold


def solve_mixed(
    program: MixedProgram,
    *,
    hint: NDArray[np.float64] | None = None,
    limit_s: float = math.inf,
    seed: int = 0,
    relative_gap: float = 0.0,
) -> MixedSolution:
    """Solve a mixed program with HiGHS, on one thread: the result does not depend on timing unless the limit is met.

    Parameters
    ----------
    program : MixedProgram
    hint : ndarray of float64, shape (n_variables,), optional
        An assignment to start from; if it is feasible, it is also what is returned when the limit comes before the
        solver has found a better one.
    limit_s : float, optional
        Wall time.
    seed : int, optional
    relative_gap : float, optional
        Stop when objective and bound are so close, as a share of the objective; the status is then ``feasible``
        unless they are equal.

    Returns
    -------
    MixedSolution
        At Ctrl-C the best assignment that HiGHS has written to a file, or the one to start from, without a bound.

    Raises
    ------
    SolverError
        If the solver refuses the program or returns an assignment that breaks it.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> ones, knapsack = np.ones(2), csr_array(np.array([[2.0, 3.0]]))
    >>> program = MixedProgram(objective=np.array([-2.0, -2.5]), rows=knapsack, lower=np.array([-np.inf]),
    ...     upper=np.array([4.0]), low=0 * ones, high=ones, whole=ones > 0)
    >>> found = solve_mixed(program)
    >>> found.status, found.x.tolist(), found.best_bound
    ('optimal', [0.0, 1.0], -2.5)
    """
    _check(limit_s)
    until = time.perf_counter() + limit_s
    known = hint if hint is not None and program.is_feasible(hint) else None
    at_hand = tamed(program)
    if known is not None and at_hand.without(known) is not None:
        known = None
    while True:
        left_s = max(until - time.perf_counter(), 0.01)
        found = _solve_once(at_hand.program, known, left_s, seed, relative_gap)
        further = at_hand.without(found.x) if found.x is not None else None
        if further is None:
            return found
        at_hand = further
        if time.perf_counter() >= until:
            # what was found breaks a row; what is known does not
            x = known
            value = math.inf if x is None else float(program.objective @ x)
            status: Status = "unknown" if x is None else "feasible"
            return replace(found, status=status, x=x, objective=value)


def _solve_once(
    program: MixedProgram, known: NDArray[np.float64] | None, limit_s: float, seed: int, relative_gap: float
) -> MixedSolution:
    """Solve a program whose factors the solver can hold, from a feasible assignment if one is known.

    HiGHS now and then ends in an error of its own, or with an assignment that breaks a row; SCIP is asked then.
    """
    began = time.perf_counter()
    try:
        return _solve_with("HiGHS", program, known, limit_s, seed, relative_gap)
    except SolverError as error:
        logger.warning("HiGHS failed (%s), SCIP is asked instead", error)
        left_s = max(limit_s - (time.perf_counter() - began), 0.01)
        return _solve_with("SCIP", program, known, left_s, seed, relative_gap)


def _solve_with(
    engine: str,
    program: MixedProgram,
    known: NDArray[np.float64] | None,
    limit_s: float,
    seed: int,
    relative_gap: float,
) -> MixedSolution:
    from ortools.math_opt.python import mathopt

    model = _model(program, relaxed=False)
    parameters = mathopt.SolveParameters(
        time_limit=datetime.timedelta(seconds=min(limit_s, _LONGEST_S)),
        random_seed=seed % 2**31,
        relative_gap_tolerance=relative_gap,
        absolute_gap_tolerance=0.0,
    )
    start = None
    if known is not None:
        variables = list(model.variables())
        start = mathopt.ModelSolveParameters(
            solution_hints=[mathopt.SolutionHint(variable_values=dict(zip(variables, known.tolist(), strict=True)))]
        )
    kind = mathopt.SolverType.HIGHS if engine == "HiGHS" else mathopt.SolverType.GSCIP
    with tempfile.TemporaryDirectory() as folder:
        improving = Path(folder) / "improving"
        if engine == "HiGHS":
            parameters.highs.string_options["mip_improving_solution_file"] = str(improving)
            parameters.highs.bool_options["mip_improving_solution_save"] = True
        result = _solved(model, kind, parameters, start)
        if result is None:
            known = _last_written(improving, program, known)
    if result is None:
        value = math.inf if known is None else float(program.objective @ known)
        status: Status = "unknown" if known is None else "feasible"
        return MixedSolution(status=status, x=known, objective=value, best_bound=-math.inf, bound_source="")
    reason = mathopt.TerminationReason
    if result.termination.reason in (reason.INFEASIBLE, reason.INFEASIBLE_OR_UNBOUNDED) and known is None:
        return MixedSolution(status="infeasible", x=None, objective=math.inf, best_bound=math.inf, bound_source="")
    found = _values(result, program) if result.has_primal_feasible_solution() else None
    if found is not None:
        found[program.whole] = np.rint(found[program.whole])
        if not program.is_feasible(found, 1e-5):
            raise SolverError(f"{engine} returned an assignment that breaks a constraint")
    if known is not None and (found is None or program.objective @ known <= program.objective @ found):
        found = known
    bound = float(result.dual_bound())
    bound = bound if math.isfinite(bound) else -math.inf
    if found is None:
        return MixedSolution(status="unknown", x=None, objective=math.inf, best_bound=bound, bound_source=engine)
    value = float(program.objective @ found)
    done = result.termination.reason == reason.OPTIMAL and value - bound <= 1e-9 * max(1.0, abs(value))
    return MixedSolution(
        status="optimal" if done else "feasible",
        x=found,
        objective=value,
        best_bound=value if done else min(bound, value),
        bound_source=engine,
    )


def solve_linear(
    program: MixedProgram, *, limit_s: float = math.inf, engine: Literal["glop", "pdlp", "highs"] = "glop"
) -> LinearSolution:
    """Solve the linear relaxation of a mixed program.

    Parameters
    ----------
    program : MixedProgram
        Of which whole numbers are not asked.
    limit_s : float, optional
    engine : {'glop', 'pdlp', 'highs'}, optional

    Returns
    -------
    LinearSolution
        Its duals are approximate: a bound is safe only if it is worked out from them by weak duality.
    """
    from ortools.math_opt.python import mathopt

    _check(limit_s)
    kinds = mathopt.SolverType
    kind = {"glop": kinds.GLOP, "pdlp": kinds.PDLP, "highs": kinds.HIGHS}[engine]
    parameters = mathopt.SolveParameters(time_limit=datetime.timedelta(seconds=min(limit_s, _LONGEST_S)))
    model = _model(program, relaxed=True)
    result = _solved(model, kind, parameters, None)
    if result is None:
        return LinearSolution(status="unknown", x=None, objective=math.inf, row_duals=None)
    reason = mathopt.TerminationReason
    if result.termination.reason in (reason.INFEASIBLE, reason.INFEASIBLE_OR_UNBOUNDED):
        return LinearSolution(status="infeasible", x=None, objective=math.inf, row_duals=None)
    if not result.has_primal_feasible_solution():
        return LinearSolution(status="unknown", x=None, objective=math.inf, row_duals=None)
    x = _values(result, program)
    duals = None
    if result.has_dual_feasible_solution():
        duals = np.array([result.dual_values(row) for row in model.linear_constraints()], dtype=np.float64)
    status: Status = "optimal" if result.termination.reason == reason.OPTIMAL else "feasible"
    return LinearSolution(status=status, x=x, objective=float(program.objective @ x), row_duals=duals)


def _check(limit_s: float) -> None:
    if not limit_s > 0:
        raise InputError(f"limit {limit_s} s: expected above 0")


def _values(result: Any, program: MixedProgram) -> NDArray[np.float64]:
    values = result.variable_values()
    return np.fromiter((values[one] for one in sorted(values, key=lambda one: one.id)), np.float64, program.n_variables)


def _model(program: MixedProgram, *, relaxed: bool) -> mathopt.Model:
    """Fill a model from the arrays."""
    from ortools.math_opt import model_pb2
    from ortools.math_opt.python import mathopt

    n_rows, n = program.rows.shape
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(n))
    proto.variables.lower_bounds.extend(program.low)
    proto.variables.upper_bounds.extend(program.high)
    proto.variables.integers.extend((program.whole & (not relaxed)).tolist())
    proto.linear_constraints.ids.extend(range(n_rows))
    proto.linear_constraints.lower_bounds.extend(program.lower)
    proto.linear_constraints.upper_bounds.extend(program.upper)
    rows = program.rows.copy()
    rows.sum_duplicates()
    rows.eliminate_zeros()
    matrix = proto.linear_constraint_matrix
    matrix.row_ids.extend(np.repeat(np.arange(n_rows), np.diff(rows.indptr)))
    matrix.column_ids.extend(rows.indices)
    matrix.coefficients.extend(rows.data)
    used = np.flatnonzero(program.objective)
    proto.objective.linear_coefficients.ids.extend(used)
    proto.objective.linear_coefficients.values.extend(program.objective[used])
    return mathopt.Model.from_model_proto(proto)


def _last_written(path: Path, program: MixedProgram, known: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return the last assignment that HiGHS wrote out whole, where it is better than the one that is known."""
    flush_streams()  # HiGHS holds back what it writes
    blocks = path.read_text(encoding="ascii").split("Objective")[1:] if path.exists() else []
    for block in reversed(blocks):
        values = block.partition("# Columns")[2].split()[1:]
        if not block.endswith("\n") or len(values) != program.n_variables:
            continue
        x = np.array(values, dtype=np.float64)
        x[program.whole] = np.rint(x[program.whole])
        better = known is None or program.objective @ x < program.objective @ known
        return x if better and program.is_feasible(x, 1e-5) else known
    return known


def _solved(model: mathopt.Model, kind: Any, parameters: Any, start: Any) -> Any:
    """Solve in a thread of its own, so that Ctrl-C stops the solver and keeps what it has found.

    HiGHS looks at no interrupter: it is left to itself, to its limit or the end of the process, and None is returned.
    """
    from ortools.math_opt.python import mathopt
    from ortools.util.python import solve_interrupter

    interrupter = solve_interrupter.SolveInterrupter()
    done: list[Any] = []
    finished = threading.Event()

    def work() -> None:
        try:
            done.append(mathopt.solve(model, kind, params=parameters, model_params=start, interrupter=interrupter))
        except Exception as error:
            done.append(error)
        finally:
            finished.set()

    with quiet(1, 2) if kind == mathopt.SolverType.GSCIP else quiet(1):
        threading.Thread(target=work, daemon=True).start()
        # an event, since a join that Ctrl-C ends may take a thread that runs for one that is done
        while not finished.is_set():
            try:
                finished.wait(0.2)
            except KeyboardInterrupt:
                interrupter.interrupt()
                if kind == mathopt.SolverType.HIGHS:
                    return None
    if isinstance(done[0], Exception):
        # MathOpt's own handling of a refusal fails; what the solver said is the error before
        said = done[0].__context__ or done[0]
        raise SolverError(f"the solver refused the program: {said}") from done[0]
    return done[0]
