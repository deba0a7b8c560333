"""The covering engine against brute force: value, status, bound, ties, under any side conditions."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles_siting_covering import Row, allowed_sets, covered_weight, ranked
from scipy.sparse import csr_array

from rescuesim.siting.covering import Cover, maximise, minimise
from rescuesim.siting.covering.bound import Relaxation
from rescuesim.siting.found import Clock, Run
from rescuesim.siting.site_rows import SiteRows
from rescuesim.solver.binary_program import NO_BOUND


@dataclass
class Drawn:
    """A cover as lists, as brute force takes it, and as the engine does."""

    covers: list[list[bool]]
    weight: list[float]
    cost: list[float]
    must_open: list[bool]
    must_close: list[bool]
    rows: list[Row]

    @property
    def cover(self) -> Cover:
        n = len(self.must_open)
        factors = np.array([row[0] for row in self.rows], dtype=np.int64).reshape(len(self.rows), n)
        return Cover.of(
            np.array(self.covers, dtype=bool).reshape(len(self.weight), n),
            np.array(self.weight),
            rows=SiteRows(
                rows=csr_array(factors),
                lower=np.array([-NO_BOUND if r[1] is None else r[1] for r in self.rows], dtype=np.int64),
                upper=np.array([NO_BOUND if r[2] is None else r[2] for r in self.rows], dtype=np.int64),
                labels=tuple(f"row {r}" for r in range(len(self.rows))),
            ),
            must_open=np.array(self.must_open, dtype=bool),
            must_close=np.array(self.must_close, dtype=bool),
        )

    def allowed(self) -> list[tuple[int, ...]]:
        return list(allowed_sets(len(self.must_open), self.must_open, self.must_close, self.rows))


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """Draw up to 8 sites and 12 points with statuses and rows: number, budget, groups, conflicts, implications."""
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    status = draw(st.lists(st.sampled_from(["free"] * 6 + ["open", "shut"]), min_size=n, max_size=n))
    weights = st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.5, 20.0])
    row = st.tuples(
        st.lists(st.sampled_from([0, 0, 1, 1, 2, -1]), min_size=n, max_size=n),
        st.sampled_from([None, None, 0, 1, 2]),
        st.sampled_from([None, 1, 2, 3]),
    )
    number: list[Row] = [([1] * n, None, draw(st.integers(1, n)))] if draw(st.booleans()) else []
    return Drawn(
        covers=draw(st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=m, max_size=m)),
        weight=draw(st.lists(weights, min_size=m, max_size=m)),
        cost=draw(st.lists(st.sampled_from([0.0, 1.0, 1.0, 2.5]), min_size=n, max_size=n)),
        must_open=[one == "open" for one in status],
        must_close=[one == "shut" for one in status],
        rows=[*number, *draw(st.lists(row, max_size=3))],
    )


def run() -> Run:
    return Run(clock=Clock(limit_s=60.0))


@pytest.fixture(params=["solver at once", "search and bound first"], scope="module")
def way(request: pytest.FixtureRequest) -> None:
    """Solve small covers as such, or as large ones: with kernels, relaxation and fixing."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "search and bound first":
            for module in ("maximise", "minimise"):
                patch.setattr(sys.modules[f"rescuesim.siting.covering.{module}"], "_SMALL", -1)
        yield


@pytest.mark.slow
@settings(max_examples=50)
@given(drawn())
def test_the_covered_weight_is_the_largest_then_the_cheapest(way: None, problem: Drawn) -> None:
    allowed = problem.allowed()
    found = maximise(problem.cover, run(), cost=np.array(problem.cost))
    if not allowed:
        assert found.status == "infeasible"
        return
    best = max(covered_weight(problem.covers, problem.weight, opened) for opened in allowed)
    assert found.status == "optimal"
    assert found.opened is not None
    opened = tuple(np.flatnonzero(found.opened).tolist())
    assert opened in allowed
    assert found.objective == best == covered_weight(problem.covers, problem.weight, opened)
    assert best <= found.best_bound <= best + 1e-9
    ties = [one for one in allowed if covered_weight(problem.covers, problem.weight, one) == best]
    assert ranked(opened, problem.cost) == min(ranked(one, problem.cost) for one in ties)
    assert found.ties_broken
    better = [one for one in allowed if covered_weight(problem.covers, problem.weight, one) >= best]
    assert found.surely_open is not None
    assert found.surely_shut is not None
    for one in better:
        assert set(np.flatnonzero(found.surely_open).tolist()) <= set(one)
        assert not set(np.flatnonzero(found.surely_shut).tolist()) & set(one)


@pytest.mark.slow
@settings(max_examples=50)
@given(drawn(), st.booleans())
def test_all_is_covered_at_least_cost_then_at_least_second_cost(way: None, problem: Drawn, by_number: bool) -> None:
    n = len(problem.cost)
    first, second = ([1.0] * n, problem.cost) if by_number else (problem.cost, [1.0] * n)
    everything = float(len(problem.weight))
    allowed = [
        one
        for one in problem.allowed()
        if covered_weight(problem.covers, [1.0] * len(problem.weight), one) == everything
    ]
    found = minimise(problem.cover, np.array(first), run(), ties=np.array(second))
    if not allowed:
        assert found.status == "infeasible"
        return
    assert (found.status, found.ties_broken) == ("optimal", True)
    assert found.opened is not None
    opened = tuple(np.flatnonzero(found.opened).tolist())
    assert opened in allowed
    best = min(sum(first[j] for j in one) for one in allowed)
    assert found.objective == best == found.best_bound == sum(first[j] for j in opened)
    ties = [one for one in allowed if sum(first[j] for j in one) == best]
    assert ranked(opened, second) == min(ranked(one, second) for one in ties)


@settings(max_examples=60)
@given(drawn(), st.integers(0, 10**6))
def test_any_duals_prove_a_bound_that_holds(problem: Drawn, seed: int) -> None:
    allowed = problem.allowed()
    cover = problem.cover
    if not allowed or not cover.covers.nnz:
        return
    kept = cover.weight > 0
    cover = Cover.of(
        cover.covers[kept], cover.weight[kept], rows=cover.rows, must_open=cover.must_open, must_close=cover.must_close
    )
    if not cover.n_groups:
        return
    relaxation = Relaxation(cover, engine="plain")
    random: NDArray[np.float64] = np.random.default_rng(seed).normal(size=(2, 50)) * 3
    certificate = relaxation.certified(random[0][: cover.n_groups], random[1][: len(relaxation._price)])
    values = {one: covered_weight(problem.covers, problem.weight, one) for one in allowed}
    assert certificate.bound >= max(values.values())
    for one, value in values.items():
        for site, reduced in enumerate(certificate.reduced):
            if (site in one) == (reduced < 0) and reduced != 0:
                assert value <= certificate.bound - abs(reduced) + 1e-9
