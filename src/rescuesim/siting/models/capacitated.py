"""Capacitated models: sites serve at most the weight that their capacity says.

Capacitated p-median:

    min sum_ij w_i t_ij y_ij / sum_ij w_i y_ij   s.t.   sum_j y_ij = 1,   sum_i w_i y_ij <= c_j x_j,   y_ij <= x_j,
    sum_j x_j <= p,   x in {0, 1},   y >= 0, or in {0, 1} where a point is served by one site alone

Capacitated location has the cost of the sites in the objective, ``sum_j f_j x_j + sum_ij w_i t_ij y_ij``, and no
number of sites unless one is asked for. Where capacity does not suffice for all that can be reached, as much weight as
possible is served first (``sum_j y_ij <= 1``), and that at least cost. A point without weight asks for nothing: it goes
to its nearest open site.

References
----------
Mulvey, J. M., Beck, M. P. (1984). Solving capacitated clustering problems. European Journal of Operational Research
18(3), 339-348. doi:10.1016/0377-2217(84)90155-3
Sridharan, R. (1995). The capacitated plant location problem. European Journal of Operational Research 87(2), 203-213.
doi:10.1016/0377-2217(95)00042-O
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.errors import SolverError
from rescuesim.siting.formulation import Formulation
from rescuesim.siting.found import Clock, Found, Run
from rescuesim.siting.medians.allocation import all_times, allocating, check_number, cutoff_faults, number_faults
from rescuesim.siting.medians.first_plan import too_many_fixed
from rescuesim.siting.medians.shares import Asked, Served, serve, shares_formulation
from rescuesim.siting.models.model import Model
from rescuesim.siting.problem import SitingProblem

__all__ = ["CAPACITATED_LOCATION", "CAPACITATED_MEDIAN", "CapacitatedLocation", "CapacitatedMedian"]

_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class CapacitatedMedian:
    """Make the mean time to the demand short where sites serve at most their capacity (capacitated p-median).

    Parameters
    ----------
    n_sites : int
        Largest number of open sites, existing and required ones included.
    single_source : bool, optional
        Serve each point from one site alone; otherwise its demand may be split.

    References
    ----------
    Mulvey, J. M., Beck, M. P. (1984). Solving capacitated clustering problems. European Journal of Operational Research
    18(3), 339-348. doi:10.1016/0377-2217(84)90155-3
    """

    n_sites: int
    single_source: bool = False

    def __post_init__(self) -> None:
        check_number(self.n_sites)


@dataclass(frozen=True, slots=True)
class CapacitatedLocation:
    """Open sites and serve the demand at least total cost, with capacities (capacitated location, fixed charges).

    The cost of an open site is that of the site table; serving a point costs its weight times the time, distance or
    cost of the matrix.

    Parameters
    ----------
    single_source : bool, optional
        Serve each point from one site alone; otherwise its demand may be split.
    n_sites : int, optional
        Largest number of open sites; any number if absent.

    References
    ----------
    Sridharan, R. (1995). The capacitated plant location problem. European Journal of Operational Research 87(2),
    203-213. doi:10.1016/0377-2217(95)00042-O
    """

    single_source: bool = False
    n_sites: int | None = None

    def __post_init__(self) -> None:
        if self.n_sites is not None:
            check_number(self.n_sites)


_LEAST, _MOST = 1e-2, 1e12  # beyond, sums of weights meet the tolerances of the solver, and capacities with them
_Objective = CapacitatedMedian | CapacitatedLocation


def _asked(problem: SitingProblem, objective: _Objective) -> Asked:
    located = isinstance(objective, CapacitatedLocation)
    return Asked(
        n_sites=problem.n_sites if objective.n_sites is None else objective.n_sites,
        charge=problem.sites.cost if located else np.zeros(problem.n_sites),
        single_source=objective.single_source,
    )


def _check(problem: SitingProblem, objective: _Objective) -> list[str]:
    faults = cutoff_faults(problem)
    if objective.n_sites is not None:
        faults = number_faults(problem, objective.n_sites) + faults
    weight = allocating(problem).weight
    if isinstance(objective, CapacitatedMedian) and len(weight) and not weight.sum() > 0:
        faults.append("the weights of all points that can be reached are 0: expected some above 0, to take a mean")
    if len(weight) and weight.sum() > 0 and not _LEAST <= weight.sum() <= _MOST:
        unit = "give weights and capacities in another unit"
        faults.append(f"weights that sum to {weight.sum():g}: expected from {_LEAST:g} to {_MOST:g}, {unit}")
    return faults


def _formulate(problem: SitingProblem, objective: _Objective) -> Formulation:
    """Serve every point that can be reached; a mean is over their weights."""
    made = shares_formulation(problem, _asked(problem, objective))
    return replace(made, objective=made.objective / _unit(objective, float(allocating(problem).weight.sum())))


def _unit(objective: _Objective, weight: float) -> float:
    """Return what a total is divided by."""
    return weight if isinstance(objective, CapacitatedMedian) and weight > 0 else 1.0


def _solve(problem: SitingProblem, objective: _Objective, run: Run) -> Found:
    """Serve as much as possible, and that at least cost."""
    asked = _asked(problem, objective)
    message = too_many_fixed(problem, asked.n_sites)
    if not message and not len(allocating(problem).points):
        message = "no openable site reaches any point"
    if message:
        return Found(status="infeasible", opened=None, objective=math.inf, best_bound=math.inf, message=message)
    served = serve(problem, asked, run)
    if math.isinf(served.cost):
        status = "infeasible" if served.status == "infeasible" else "unknown"
        words = "no choice of sites keeps all side conditions" if status == "infeasible" else ""
        bound = math.inf if status == "infeasible" else 0.0
        return Found(status=status, opened=None, objective=math.inf, best_bound=bound, message=words)  # type: ignore[arg-type]
    unit = _unit(objective, served.weight)
    return Found(
        status=served.status,  # type: ignore[arg-type]
        opened=served.opened,
        objective=served.cost / unit,
        best_bound=served.bound / unit,
        bound_source="HiGHS",
        shares=served.shares,
        message=_message(served, _most_served(problem, asked)),
    )


def _most_served(problem: SitingProblem, asked: Asked) -> float:
    """Return a weight that no plan can exceed: the largest capacities of so many sites as may be open."""
    capacity = np.sort(problem.sites.capacity[~problem.must_close])[::-1]
    return float(capacity[: asked.n_sites].sum())


def _message(served: Served, most: float) -> str:
    """Say how much is not served, and whether that is proved or the search just stopped."""
    missed = served.reachable - served.weight
    if missed <= _SLACK * max(served.reachable, 1.0):
        return ""
    whole, held = f"of the weight of {served.reachable:.15g} that can be reached", f"{served.weight:.15g}"
    if served.status == "optimal" or served.weight >= most * (1 - _SLACK):
        return f"proved: capacity and side conditions let at most {held} {whole} be served; {missed:.15g} is not"
    return (
        f"stopped at the limit: the plan serves {held} {whole}; whether "
        f"{min(most, served.reachable) - served.weight:.15g} more could be served is not proved"
    )


def _value(problem: SitingProblem, objective: _Objective, found: Found) -> float:
    """Add up charges and weighted times pair by pair, and make sure that no site serves more than it can."""
    assert found.opened is not None
    shares = found.shares if found.shares is not None else _shares_of(problem, objective, found.opened)
    weights, capacity, times = problem.demand.weights, problem.sites.capacity, all_times(problem)
    if objective.n_sites is not None and int(found.opened.sum()) > objective.n_sites:
        raise SolverError(f"{int(found.opened.sum())} sites are open, expected at most {objective.n_sites}")
    if (shares < 0).any() or (shares.sum(axis=0) > 1 + _SLACK).any():
        raise SolverError("a point is served more than once, or less than not at all")
    if objective.single_source and not np.isin(shares, (0.0, 1.0)).all():
        raise SolverError("a point is served by more than one site")
    total = served = 0.0
    for site in range(problem.n_sites):
        takes = [(point, float(shares[site, point])) for point in np.flatnonzero(shares[site]).tolist()]
        if takes and not found.opened[site]:
            raise SolverError(f"site {problem.sites.ids[site]} is shut and serves a point")
        load = sum(weights[point] * share for point, share in takes)
        if load > capacity[site] + _SLACK * max(capacity[site], 1.0):
            raise SolverError(f"site {problem.sites.ids[site]} serves {load:g}, its capacity is {capacity[site]:g}")
        total += sum(weights[point] * share * times.values[site, point] for point, share in takes)
        served += load
    if isinstance(objective, CapacitatedLocation):
        return float(total + problem.sites.cost[found.opened].sum())
    return float(total / served) if served > 0 else 0.0


def _shares_of(problem: SitingProblem, objective: _Objective, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Serve the demand best from given sites, where only these were found."""
    fixed = replace(problem, must_open=opened, must_close=~opened)
    return serve(fixed, _asked(problem, objective), Run(clock=Clock(limit_s=math.inf))).shares


def _model(name: str) -> Model:
    return Model(
        name=name,
        sense="min",
        uses_limits=False,
        check=_check,
        formulate=_formulate,
        solve=_solve,
        value=_value,
        sums_weights=lambda _: False,
    )


CAPACITATED_MEDIAN = _model("capacitated_median")
CAPACITATED_LOCATION = _model("capacitated_location")
