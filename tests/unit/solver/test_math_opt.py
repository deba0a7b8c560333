"""Mixed programs: what is done where HiGHS fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from rescuesim.errors import SolverError
from rescuesim.solver import MixedProgram, math_opt, solve_mixed

ONES = np.ones(3)
PROGRAM = MixedProgram(
    objective=np.array([-2.0, -2.5, -1.0]),
    rows=csr_array(np.array([[2.0, 3.0, 1.0]])),
    lower=np.array([-np.inf]),
    upper=np.array([4.0]),
    low=0 * ONES,
    high=ONES,
    whole=ONES > 0,
)


@pytest.mark.parametrize("known", [None, np.array([1.0, 0.0, 1.0])])
def test_scip_is_asked_where_highs_fails(monkeypatch: pytest.MonkeyPatch, known: np.ndarray | None) -> None:
    solved = math_opt._solved

    def failing(model: Any, kind: Any, parameters: Any, start: Any) -> Any:
        if kind.name == "HIGHS":
            raise SolverError("the solver refused the program: kError")
        return solved(model, kind, parameters, start)

    monkeypatch.setattr(math_opt, "_solved", failing)
    found = solve_mixed(PROGRAM, hint=known)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(-3.5)
    assert found.bound_source == "SCIP"
