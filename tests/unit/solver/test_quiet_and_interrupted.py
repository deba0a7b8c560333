"""Solvers print nothing to the terminal, and every one of them stops at Ctrl-C with what it has."""

from __future__ import annotations

import logging
import math
import os
import signal
import threading

import numpy as np
import pytest
from scipy.sparse import csr_array

from rescuesim.solver import MixedProgram, solve_mixed
from rescuesim.solver.math_opt import _solve_with
from rescuesim.solver.quiet import quiet


def knapsacks(n: int, k: int) -> MixedProgram:
    """Many knapsacks at once: a plan at once, no proof for hours."""
    rng = np.random.default_rng(0)
    rows = csr_array(rng.integers(1, 100, (k, n)).astype(float))
    return MixedProgram(
        objective=-rng.integers(50, 100, n).astype(float),
        rows=rows,
        lower=np.full(k, -np.inf),
        upper=np.asarray(rows.sum(axis=1)).ravel() / 2.5,
        low=np.zeros(n),
        high=np.ones(n),
        whole=np.ones(n, dtype=np.bool_),
    )


def test_what_c_prints_goes_to_the_log_and_what_follows_to_the_terminal(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="rescuesim.solver.quiet"):
        print("before")
        with quiet(1), quiet(1, 2):
            os.write(1, b"HFactor::buildKernel\n")
            os.write(2, b"ERROR\n")
        print("after")
    assert capfd.readouterr() == ("before\nafter\n", "")
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == ["ERROR", "HFactor::buildKernel"]


def test_a_closed_stream_is_left_alone() -> None:
    with quiet(999):
        assert os.write(1, b"") == 0


def interrupted_soon() -> None:
    solve_mixed(knapsacks(3, 1))  # so that no import is interrupted
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_an_interrupted_scip_prints_nothing_and_keeps_its_plan_and_bound(capfd: pytest.CaptureFixture[str]) -> None:
    interrupted_soon()
    found = _solve_with("SCIP", knapsacks(120, 40), None, 60.0, 0, 0.0)
    assert found.status == "feasible"
    assert -math.inf < found.best_bound <= found.objective < 0
    assert capfd.readouterr() == ("", "")


def test_an_interrupted_highs_is_left_to_itself_and_its_best_plan_is_kept(
    capfd: pytest.CaptureFixture[str],
) -> None:
    program, plan = knapsacks(120, 40), np.zeros(120)
    plan[0] = 1.0
    interrupted_soon()
    found = solve_mixed(program, hint=plan, limit_s=3.0)
    assert (found.status, found.best_bound) == ("feasible", -math.inf)
    assert found.x is not None
    assert program.is_feasible(found.x)
    assert found.objective == program.objective @ found.x < program.objective[0]
    interrupted_soon()
    afresh = solve_mixed(program, limit_s=3.0)
    assert (afresh.status, afresh.best_bound) == ("feasible", -math.inf)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("engine", ["HiGHS", "SCIP"])
def test_solvers_agree_where_nobody_interrupts(engine: str) -> None:
    found = _solve_with(engine, knapsacks(15, 3), None, 60.0, 0, 0.0)
    assert found.status == "optimal"
    assert found.objective == _solve_with("HiGHS", knapsacks(15, 3), None, 60.0, 0, 0.0).objective
