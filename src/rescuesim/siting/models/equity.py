"""Max-min coverage: the township that is served worst is served as well as can be.

    max t   s.t.  t <= C_g(x) / W_g for every township g,   sum_j x_j <= p,   x in {0, 1}

C_g(x): weight of township g that is covered; W_g: its weight in zones that have a reading. Townships without weight,
and those of which no choice of sites covers anything, are left out, or t would be 0 whatever is done.

References
----------
Marsh, M. T., Schilling, D. A. (1994). Equity measurement in facility location analysis: a review and framework.
European Journal of Operational Research 74(1), 1-17. doi:10.1016/0377-2217(94)90200-3
Rawls, J. (1971). A theory of justice. Harvard University Press.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from rescuesim.errors import InputError, SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Found, Run
from rescuesim.siting.limits import AnyTimes, PairLimits, covered_points
from rescuesim.siting.mean_cover import cover_mean
from rescuesim.siting.models.covered import covered_one_by_one
from rescuesim.siting.models.model import Model
from rescuesim.siting.point_groups import point_groups
from rescuesim.siting.problem import SitingProblem
from rescuesim.siting.several_covers import SeveralCovers, place_several, several_formulation

_WHOLE = 1e4  # what a share of 1 is in the program, so that its tolerances are small beside it

__all__ = ["EQUITY", "MaxMinCoverage", "coverage_by_township", "gini"]


@dataclass(frozen=True, slots=True)
class MaxMinCoverage:
    """Cover as large a share as possible of the weight of the township that is covered worst (max-min).

    The objective is that share, from 0 to 1; points need their ``township``.

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included.

    References
    ----------
    Marsh, M. T., Schilling, D. A. (1994). Equity measurement in facility location analysis: a review and framework.
    European Journal of Operational Research 74(1), 1-17. doi:10.1016/0377-2217(94)90200-3

    Examples
    --------
    >>> import pandas as pd
    >>> from rescuesim.siting import site
    >>> from rescuesim.travel import TravelTimes
    >>> times = TravelTimes.from_matrix([[60, 60, 400], [60, 400, 90]], sites=pd.DataFrame({"id": ["a", "b"]}),
    ...     demand=pd.DataFrame({"id": [1, 2, 3], "people": [50, 50, 10], "township": ["城关", "城关", "山口"]}))
    >>> solution = site(times, MaxMinCoverage(1), limit_s=100)
    >>> solution.opened, solution.objective  # a covers 100 people, all in one township
    (('b',), 0.5)
    """

    n_sites: int

    def __post_init__(self) -> None:
        if isinstance(self.n_sites, bool) or not isinstance(self.n_sites, Integral) or self.n_sites < 1:
            raise InputError(f"n_sites {self.n_sites!r}: expected a whole number of 1 or more")


def gini(shares: ArrayLike, weights: ArrayLike) -> float:
    """Measure how unequal shares are among groups of different weights.

    Parameters
    ----------
    shares : array_like of float, shape (n,)
        0 or more.
    weights : array_like of float, shape (n,)
        People of each group, 0 or more.

    Returns
    -------
    float
        0 where all have the same share, towards 1 where a few have all of it; NaN without weight or where nobody has
        any share.

    Raises
    ------
    InputError
        If shapes differ or a number is negative or none.

    Notes
    -----
    Half the mean difference of two people drawn at random, over the mean share.

    References
    ----------
    Gini, C. (1912). Variabilità e mutabilità. Bologna.
    Lerman, R. I., Yitzhaki, S. (1984). A note on the calculation and interpretation of the Gini index. Economics
    Letters 15(3-4), 363-368. doi:10.1016/0165-1765(84)90126-5

    Examples
    --------
    >>> gini([1, 1], [5, 9]), gini([0, 1], [3, 1])
    (0.0, 0.75)
    """
    try:
        share, weight = np.asarray(shares, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"shares {shares!r}, weights {weights!r}: expected a list of numbers each") from None
    if share.shape != weight.shape or share.ndim != 1:
        raise InputError(f"shares of shape {share.shape}, weights of shape {weight.shape}: expected a list of each")
    if not (np.isfinite(share) & np.isfinite(weight) & (share >= 0) & (weight >= 0)).all():
        raise InputError("shares and weights: expected finite numbers of 0 or more")
    total = weight.sum()
    mean = float(share @ weight) / total if total > 0 else 0.0
    if mean <= 0:
        return float("nan")
    order = np.argsort(share, kind="stable")
    share, weight = share[order], weight[order] / total
    below = np.cumsum(weight) - weight
    # of each pair the larger share less the smaller one, each pair once
    larger, smaller = share * weight * below, share * weight * (1 - below - weight)
    return float(max((larger - smaller).sum() / mean, 0.0))


def coverage_by_township(times: AnyTimes, limits: PairLimits, opened: NDArray[np.bool_]) -> pd.DataFrame:
    """Work out what open sites cover of each township.

    Parameters
    ----------
    times : TravelTimes or TravelTimePairs
    limits : PairLimits
    opened : ndarray of bool, shape (n_sites,)

    Returns
    -------
    DataFrame
        ``township, weight, covered, share``, the worst first; points in zones without a reading are left out.
    """
    demand, held = times.demand, covered_points(limits, opened)
    frame = pd.DataFrame({"township": demand.townships, "weight": demand.weights, "covered": demand.weights * held})[
        limits.in_standard
    ]
    table = frame.groupby("township", sort=True).sum().reset_index()
    table["share"] = table["covered"] / table["weight"].where(table["weight"] > 0)
    return table.sort_values("share", kind="stable").reset_index(drop=True)


def _townships(problem: SitingProblem) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the township of each point as a number, and the weight of each in zones with a reading."""
    limits = problem.limits
    assert limits is not None
    names, of_point = np.unique(np.array(problem.demand.townships, dtype=str), return_inverse=True)
    number, weight = of_point.ravel().astype(np.int64), np.zeros(len(names))
    np.add.at(weight, number, np.where(limits.in_standard, problem.demand.weights, 0.0))
    return number, weight


def _check(problem: SitingProblem, objective: MaxMinCoverage) -> list[str]:
    faults = []
    openable = int((~problem.must_close).sum())
    if objective.n_sites > openable:
        faults.append(f"n_sites {objective.n_sites}: expected at most the {openable} sites that may be open")
    nameless = [id_ for id_, name in zip(problem.demand.ids, problem.demand.townships, strict=True) if not name.strip()]
    if nameless:
        faults.append(f"township: expected one for every point, {len(nameless)} have none, the first is {nameless[0]}")
    return faults


def _covers(problem: SitingProblem) -> SeveralCovers:
    """Take each township that can be served as a coverage of its own, by share."""
    number, weight = _townships(problem)
    groups = point_groups(problem, apart=number)
    of_point = number[groups.point]
    worth = csr_array(
        (
            _WHOLE * problem.demand.weights[groups.point] / np.maximum(weight, 1e-300)[of_point],
            (of_point, groups.group),
        ),
        shape=(len(weight), len(groups)),
    )
    served = np.asarray(worth.sum(axis=1)) > 0
    chance = served / max(served.sum(), 1)
    return SeveralCovers(groups=groups, worth=worth, chance=chance, risk="worst")


def _formulate(problem: SitingProblem, objective: MaxMinCoverage) -> Formulation:
    program = several_formulation(_covers(problem), objective.n_sites)
    return replace(program, objective=program.objective / _WHOLE)


def _solve(problem: SitingProblem, objective: MaxMinCoverage, run: Run) -> Found:
    covers = _covers(problem)

    def mean(weight: NDArray[np.float64], part: Run, start: NDArray[np.bool_]) -> Found:
        return cover_mean(problem, covers.groups, weight, objective.n_sites, part, start)

    found = place_several(problem, covers, objective.n_sites, run, mean)
    return replace(found, objective=found.objective / _WHOLE, best_bound=found.best_bound / _WHOLE)


def _value(problem: SitingProblem, objective: MaxMinCoverage, found: Found) -> float:
    """Work out the share of each township that can be served, point by point, and take the least."""
    assert found.opened is not None
    if int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    number, weight = _townships(problem)
    held = covered_one_by_one(problem, found.opened)
    best = covered_one_by_one(problem, ~problem.must_close)
    weights = problem.demand.weights
    shares = [
        float(weights[held & (number == one)].sum() / weight[one])
        for one in range(len(weight))
        if weights[best & (number == one)].sum() > 0
    ]
    return min(shares, default=0.0)


EQUITY = Model(
    name="max_min_coverage",
    sense="max",
    uses_limits=True,
    check=_check,
    formulate=_formulate,
    solve=_solve,
    value=_value,
    sums_weights=lambda _: False,
)
