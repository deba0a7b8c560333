"""Rivals of the covering models, each run in a process of its own: spopt, pulp and highspy cannot live beside OR-Tools.

``python siting_rivals.py problem.npz rival limit_s`` prints one JSON object: seconds to build and to solve, the value,
the bound, and whether it is proved. Where ``RESCUESIM_RIVALS_PYTHON`` names the interpreter of an
environment with spopt, pulp and highspy, rivals other than CP-SAT run in it.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

RIVALS = ("spopt_cbc", "spopt_highs", "highs", "cp_sat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rival did; NaN where it has no value or no bound, and a message where it is not installed."""

    build_s: float
    solve_s: float
    value: float
    bound: float
    proved: bool
    message: str = ""
    trace: list[list[float]] = field(default_factory=list)


def run_rival(
    rival: str,
    covers: csr_array,
    weight: NDArray[np.float64],
    n_sites: int | None,
    limit_s: float,
    *,
    build_limit_s: float = 300.0,
) -> Outcome:
    """Run a rival on MCLP, or on LSCP without a number of sites; rows without a site are left out beforehand.

    A rival that has not built its model when `build_limit_s` is over is ended; its message then says so, and the
    seconds to build are the limit. CP-SAT and HiGHS on MCLP also leave a trace: wall seconds of solving, value, bound.
    """
    kept = np.diff(covers.indptr) > 0
    covers = csr_array(covers[kept])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        np.savez(
            path,
            indptr=covers.indptr,
            indices=covers.indices,
            shape=covers.shape,
            weight=weight[kept],
            n_sites=-1 if n_sites is None else n_sites,
        )
        python = os.environ.get("RESCUESIM_RIVALS_PYTHON", sys.executable) if rival != "cp_sat" else sys.executable
        command = [python, __file__, str(path), rival, str(limit_s)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=2 * limit_s + build_limit_s)
        except subprocess.TimeoutExpired:
            return _nothing(f"> {build_limit_s:g} s, ended", build_s=build_limit_s)
    if done.returncode != 0:
        message = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed"
        return _nothing(message)
    return Outcome(**json.loads(done.stdout.strip().splitlines()[-1]))


def _nothing(message: str, build_s: float = math.nan) -> Outcome:
    return Outcome(build_s=build_s, solve_s=math.nan, value=math.nan, bound=math.nan, proved=False, message=message)


def _by_cp_sat(covers: csr_array, weight: NDArray[np.float64], p: int, limit_s: float) -> Outcome:
    """Write the textbook model a constraint at a time and solve with default parameters."""
    from ortools.sat.python import cp_model

    began = time.process_time()
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(covers.shape[1])]
    rows = [covers.indices[covers.indptr[i] : covers.indptr[i + 1]].tolist() for i in range(covers.shape[0])]
    if p < 0:
        for row in rows:
            model.add(sum(x[j] for j in row) >= 1)
        model.minimize(sum(x))
    else:
        y = [model.new_bool_var("") for _ in rows]
        for one, row in zip(y, rows, strict=True):
            model.add(one <= sum(x[j] for j in row))
        model.add(sum(x) <= p)
        model.maximize(sum(int(w) * one for w, one in zip(weight, y, strict=True)))
    build_s = time.process_time() - began
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.num_workers = 1
    began, wall, trace = time.process_time(), time.perf_counter(), list[list[float]]()
    sign = 1.0 if p >= 0 else -1.0

    class Seen(cp_model.CpSolverSolutionCallback):
        """Notes each solution with the bound of that moment."""

        def on_solution_callback(self) -> None:
            trace.append([time.perf_counter() - wall, self.objective_value, self.best_objective_bound])

    def bound(at: float) -> None:
        trace.append([time.perf_counter() - wall, trace[-1][1] if trace else -sign * math.inf, at])

    solver.best_bound_callback = bound
    status = solver.solve(model, Seen())
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return Outcome(
        build_s=build_s,
        solve_s=time.process_time() - began,
        value=solver.objective_value if found else math.nan,
        bound=solver.best_objective_bound,
        proved=status == cp_model.OPTIMAL,
        trace=trace,
    )


def _by_highs(covers: csr_array, weight: NDArray[np.float64], p: int, limit_s: float) -> Outcome:
    """Pass the textbook model to HiGHS as a sparse matrix."""
    import highspy

    began = time.process_time()
    m, n = covers.shape
    if p < 0:
        rows, lower, upper, cost = covers, np.ones(m), np.full(m, np.inf), np.ones(n)
    else:
        covering = block_array([[covers, -eye_array(m)]], format="csr")
        number = csr_array(np.concatenate([np.ones(n), np.zeros(m)])[None, :])
        rows = csr_array(vstack([covering, number], format="csr"))
        lower, upper = np.append(np.zeros(m), 0), np.append(np.full(m, np.inf), p)
        cost = np.concatenate([np.zeros(n), -weight])
    program: Any = highspy.HighsLp()
    program.num_col_, program.num_row_ = rows.shape[1], rows.shape[0]
    program.col_cost_, program.col_lower_, program.col_upper_ = cost, np.zeros(len(cost)), np.ones(len(cost))
    program.row_lower_, program.row_upper_ = lower, upper
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_ = rows.indptr, rows.indices
    program.a_matrix_.value_ = rows.data.astype(np.float64)
    program.integrality_ = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * (len(cost) - n)
    fresh: Any = highspy.Highs  # its constructor has no types
    solver = fresh()
    solver.silent()
    solver.setOptionValue("time_limit", limit_s)
    solver.setOptionValue("threads", 1)
    solver.passModel(program)
    build_s = time.process_time() - began
    sign, trace = 1.0 if p < 0 else -1.0, list[list[float]]()

    def seen(event: Any) -> None:
        out = event.data_out
        trace.append([out.running_time, sign * out.mip_primal_bound, sign * out.mip_dual_bound])

    solver.cbMipLogging.subscribe(seen)
    solver.cbMipImprovingSolution.subscribe(seen)
    began = time.process_time()
    solver.run()
    info = solver.getInfo()
    has = info.primal_solution_status == 2
    if has:
        trace.append([solver.getRunTime(), sign * info.objective_function_value, sign * info.mip_dual_bound])
    return Outcome(
        build_s=build_s,
        solve_s=time.process_time() - began,
        value=sign * info.objective_function_value if has else math.nan,
        bound=sign * info.mip_dual_bound,
        proved=solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        trace=trace,
    )


def _by_spopt(covers: csr_array, weight: NDArray[np.float64], p: int, limit_s: float, solver: str) -> Outcome:
    """Let spopt build its model from a matrix of costs, 0 in reach and 1 out of it."""
    import pulp
    from spopt.locate import LSCP, MCLP

    costs = 1.0 - covers.toarray()
    began = time.process_time()
    model = LSCP.from_cost_matrix(costs, 0.5) if p < 0 else MCLP.from_cost_matrix(costs, weight, 0.5, p_facilities=p)
    build_s = time.process_time() - began
    if limit_s <= 0:
        return Outcome(build_s=build_s, solve_s=math.nan, value=math.nan, bound=math.nan, proved=False)
    chosen = pulp.PULP_CBC_CMD if solver == "cbc" else pulp.HiGHS
    wall = time.perf_counter()
    model.problem.solve(chosen(msg=False, timeLimit=limit_s))
    has = model.problem.sol_status in (1, 2)
    return Outcome(
        build_s=build_s,
        solve_s=time.perf_counter() - wall,  # CBC is a program of its own
        value=float(pulp.value(model.problem.objective)) if has else math.nan,
        bound=math.nan,
        proved=model.problem.sol_status == 1 and time.perf_counter() - wall < limit_s,
    )


def _main(path: str, rival: str, limit_s: float) -> None:
    data = np.load(path)
    shape = int(data["shape"][0]), int(data["shape"][1])
    covers = csr_array((np.ones(len(data["indices"])), data["indices"], data["indptr"]), shape=shape)
    weight, p = data["weight"], int(data["n_sites"])
    if rival.startswith("spopt"):
        found = _by_spopt(covers, weight, p, limit_s, rival.removeprefix("spopt_"))
    else:
        found = {"highs": _by_highs, "cp_sat": _by_cp_sat}[rival](covers, weight, p, limit_s)
    print(json.dumps({name: getattr(found, name) for name in Outcome.__slots__}))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
