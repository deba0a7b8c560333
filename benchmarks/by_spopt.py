"""Solves a p-median or p-center with spopt, in a process of its own: its solvers and OR-Tools do not bear each other.

Reads ``model, solver, p, limit_s`` from the command line and the distances from a file of numpy, and prints one JSON
object: value, CPU time with that of the solver's process, and whether the optimum is proved.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import numpy as np


def cpu_s() -> float:
    """Return CPU time of this process and of those that it started."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def main() -> None:
    """Build, solve, print."""
    model, solver, p, limit_s, path = sys.argv[1:]
    import pulp
    from spopt.locate import PCenter, PMedian

    distances = np.load(path).T  # spopt has points as rows
    if solver == "CBC":
        chosen: Any = pulp.PULP_CBC_CMD(msg=False, timeLimit=float(limit_s))
    else:
        chosen = pulp.HiGHS(msg=False, timeLimit=float(limit_s))
    began = cpu_s()
    if model == "p-median":
        made: Any = PMedian.from_cost_matrix(distances, np.ones(len(distances)), p_facilities=int(p))
    else:
        made = PCenter.from_cost_matrix(distances, p_facilities=int(p))
    built = cpu_s()
    made = made.solve(chosen, results=False)
    done = cpu_s()
    value = made.problem.objective.value()
    found = {
        "value": None if value is None else float(value),
        "build_s": built - began,
        "total_s": done - began,
        "proved": made.problem.sol_status == pulp.LpSolutionOptimal,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
