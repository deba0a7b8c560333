"""Covers as much of one weight of groups as possible: by the covering engine, or by a program where two are wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

from rescuesim.siting.covering.cover import Cover
from rescuesim.siting.covering.maximise import maximise
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.placing import SEARCH_SHARE, place
from rescuesim.siting.point_groups import PointGroups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.site_rows import row_of, stacked
from rescuesim.siting.started import found_units, solve_started

__all__ = ["cover_mean"]


@dataclass(frozen=True, slots=True)
class _CoverWorth:
    """Worth of open sites: the weight they cover."""

    groups: PointGroups
    weight: NDArray[np.float64]

    def value(self, units: NDArray[np.int64]) -> float:
        return float(self.weight[self.groups.fold(units > 0) >= 1].sum())

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.groups.lift(units > 0, 1, self.weight)


def cover_mean(
    problem: SitingProblem,
    groups: PointGroups,
    weight: NDArray[np.float64],
    n_sites: int,
    run: Run,
    start: NDArray[np.bool_],
) -> Found:
    """Cover as much weight as possible.

    Parameters
    ----------
    problem : SitingProblem
        Of which statuses and side conditions count.
    groups : PointGroups
    weight : ndarray of float64, shape (n_groups,)
    n_sites : int
    run : Run
    start : ndarray of bool, shape (n_sites,)
        Open sites that keep all side conditions.
    """
    used = np.flatnonzero(weight > 0)
    if not groups.wants_second.any():
        number = row_of(np.ones(problem.n_sites, dtype=np.int64), "number", upper=n_sites)
        cover = Cover.of(
            groups.first[used],
            weight[used],
            rows=stacked([problem.rows, number]),
            must_open=problem.must_open,
            must_close=problem.must_close,
        )
        return maximise(cover, run, start)
    groups = replace(
        groups, first=groups.first[used], either=groups.either[used], wants_second=groups.wants_second[used]
    )
    worth = _CoverWorth(groups, weight[used])
    placed = place(problem, worth, start, run.part(SEARCH_SHARE), n_units=n_sites)
    if placed.interrupted:
        value, bound = worth.value(placed.units), float(weight.sum())
        return found_units(placed.units, value, bound, status="feasible", bound_source="sum of weights")
    held = groups.fold(placed.opened) >= 1
    return solve_started(
        problem,
        _program(groups, weight[used], n_sites),
        run,
        start=np.r_[placed.opened, held].astype(np.float64),
        units_of=lambda x: np.rint(x[: problem.n_sites]).astype(np.int64),
        value=worth.value,
        ceiling=float(weight.sum()),
    )


def _program(groups: PointGroups, weight: NDArray[np.float64], n_sites: int) -> Formulation:
    n, size, twice = groups.n_sites, len(weight), np.flatnonzero(groups.wants_second)
    ones = eye_array(size, format="csr")
    rows = vstack(
        [
            csr_array(np.r_[np.ones(n), np.zeros(size)][None, :]),
            block_array([[groups.first, -ones]]),
            block_array([[groups.either[twice], -2 * ones[twice]]]),
        ]
    )
    return Formulation(
        sense="max",
        objective=np.r_[np.zeros(n), weight],
        rows=csr_array(rows),
        lower=np.r_[-np.inf, np.zeros(size + len(twice))],
        upper=np.r_[float(n_sites), np.full(size + len(twice), np.inf)],
        low=np.zeros(size),
        high=np.ones(size),
        whole=groups.wants_second,
    )
