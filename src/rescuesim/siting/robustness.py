"""robustness_frontier: what plans that hold on broken roads give up on intact ones (稳健的代价).

Plans are made on some states and judged on fresh ones, which they have never seen; two plans are compared on the same
states, and the interval of the difference comes from drawing those states anew with replacement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._streams import keyed_generator
from rescuesim.errors import InputError
from rescuesim.plan import Plan
from rescuesim.siting.constraints import SitingConstraints
from rescuesim.siting.limits import covered_points, pair_limits, site_mask
from rescuesim.siting.models import MaxCoverage
from rescuesim.siting.several_covers import tail_mean
from rescuesim.siting.site import site
from rescuesim.siting.solution import SitingSolution
from rescuesim.standard import ResponseStandard
from rescuesim.travel import TravelTimesEnsemble

__all__ = ["RobustnessFrontier", "TailGain", "robustness_frontier", "tail_gain"]

_RESAMPLES = 2000
_BOOTSTRAP = 300  # purpose of the stream, apart from those of simulation and disruption


@dataclass(frozen=True, slots=True, kw_only=True)
class TailGain:
    """How much more one plan covers than another in the worst share of the states, of each plan its own worst.

    Parameters
    ----------
    gain : float
    low : float
        The gain is no less with the confidence asked for, one-sided.
    high : float
        Nor more, one-sided.
    """

    gain: float
    low: float
    high: float


def tail_gain(
    covered: NDArray[np.float64],
    chance: NDArray[np.float64],
    *,
    tail: float = 0.1,
    confidence: float = 0.95,
    seed: int = 0,
) -> TailGain:
    """Compare two plans on the same states by a paired bootstrap.

    Parameters
    ----------
    covered : ndarray of float64, shape (n_states, 2)
        What the first and the second plan cover.
    chance : ndarray of float64, shape (n_states,)
        Of each state; sums to 1.
    tail : float, optional
        Share of the states that counts.
    confidence : float, optional
        Of each bound.
    seed : int, optional

    Returns
    -------
    TailGain
        Of the second plan over the first.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall. (percentile interval)

    Examples
    --------
    >>> first = np.r_[np.full(20, 40.0), np.full(80, 100.0)]
    >>> both = np.column_stack([first, first + 5])
    >>> tail_gain(both, np.full(100, 0.01))
    TailGain(gain=5.0, low=5.0, high=5.0)
    """
    n = len(chance)
    if covered.shape != (n, 2) or n < 2:
        raise InputError(f"covered of shape {covered.shape}: expected 2 plans in each of 2 states or more")
    if not (np.isfinite(covered).all() and (chance >= 0).all() and abs(float(chance.sum()) - 1) < 1e-6):
        raise InputError("tail gain: expected finite covered weights, and chances of 0 or more that sum to 1")
    if not (0 < tail < 1 and 0 < confidence < 1):
        raise InputError(f"tail {tail}, confidence {confidence}: expected above 0, and under 1")
    covered, chance = covered[chance > 0], chance[chance > 0]  # draws of nothing but impossible states have no mean
    n = len(chance)
    rng = keyed_generator(seed, _BOOTSTRAP, n)
    times = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) * chance
    weight = times / times.sum(axis=1, keepdims=True)
    means = []
    for column in covered.T:
        order = np.argsort(column, kind="stable")
        each = weight[:, order]
        counted = np.clip(tail - (np.cumsum(each, axis=1) - each), 0.0, each)
        means.append((counted @ column[order]) / counted.sum(axis=1))
    drawn = means[1] - means[0]
    now = tail_mean(covered, chance, tail)
    low, high = np.quantile(drawn, [1 - confidence, confidence])
    return TailGain(gain=round(float(now[1] - now[0]), 9), low=round(float(low), 9), high=round(float(high), 9))


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessFrontier:
    """What robust plans cost on intact roads and bring on broken ones.

    Parameters
    ----------
    points : DataFrame
        One row for each number of sites and aim: ``n_sites``, ``aim`` (``intact``, ``mean``, ``cvar 0.1``, ``worst``),
        ``status``, ``objective`` of that aim with ``best_bound`` and ``gap``; ``intact``, ``mean``, ``tail`` and
        ``worst``: weight covered on intact roads, on average, in the worst share of the states and in the worst of
        them; ``given_up``: intact weight less than the best plan for intact roads covers, and ``given_up_at_most``
        than any plan could; ``gained``: tail more than that plan's. With fresh states ``fresh_mean``,
        ``fresh_tail``, ``fresh_gained`` and the paired bound ``fresh_gained_low``.
    plans : dict of (int, str) to Plan
        By number of sites and aim.
    weight : float
        Of all demand points.
    tail : float
        The share of the states that ``tail`` is the mean of.
    confidence : float
        Of `fresh_gained_low`, one-sided.
    """

    points: pd.DataFrame
    plans: dict[tuple[int, str], Plan]
    weight: float
    tail: float
    confidence: float

    def __str__(self) -> str:
        robust = self.points[self.points["aim"] != "intact"]
        lines = [
            f"{row.n_sites} sites, {row.aim}: gives {row.given_up:,.0f} up on intact roads, gains {row.gained:,.0f} in "
            f"the worst {self.tail:.0%} of the states"
            for row in robust.itertuples()
        ]
        return "\n".join(lines)


def robustness_frontier(
    times: TravelTimesEnsemble,
    n_sites: Iterable[int],
    *,
    risks: Sequence[str] = ("mean", "cvar", "worst"),
    tail: float = 0.1,
    fresh: TravelTimesEnsemble | None = None,
    standard: ResponseStandard | None = None,
    limit_s: float | None = None,
    constraints: SitingConstraints | None = None,
    solve_limit_s: float = math.inf,
    confidence: float = 0.95,
    workers: int = 1,
    seed: int = 0,
) -> RobustnessFrontier:
    """Plan for intact roads and for broken ones, and say what each gives up and brings.

    Parameters
    ----------
    times : TravelTimesEnsemble
        The states to plan on.
    n_sites : iterable of int
        Numbers of open sites, one plan for each and for each aim.
    risks : sequence of {'mean', 'cvar', 'worst'}, optional
        What the robust plans are made for, the more cautious last.
    tail : float, optional
        The worst share of the states that ``cvar`` plans for and by which all plans are judged.
    fresh : TravelTimesEnsemble, optional
        States to judge on that no plan has seen, of the same sites and points.
    standard, limit_s, constraints, workers, seed : optional
        As in `rescuesim.site`.
    solve_limit_s : float, optional
        Wall time of each plan.
    confidence : float, optional
        Of the bound on the gain in fresh states.

    Returns
    -------
    RobustnessFrontier
        Rows without a plan say why in ``status`` and hold NaN.

    Raises
    ------
    InputError
        If a number, a risk or the fresh ensemble does not fit.

    References
    ----------
    Bertsimas, D., Sim, M. (2004). The price of robustness. Operations Research 52(1), 35-53. doi:10.1287/opre.1030.0065

    Examples
    --------
    >>> import geopandas, pandas as pd, shapely, rescuesim as rs
    >>> line = shapely.LineString([(119.30, 28.70), (119.32, 28.70), (119.34, 28.70)])
    >>> roads = geopandas.GeoDataFrame({"highway": ["primary"]}, geometry=[line], crs=4326)
    >>> network = rs.load_network(roads, cache=False)
    >>> sites = rs.load_sites(pd.DataFrame({"id": ["west", "east"], "lon": [119.304, 119.336], "lat": [28.70, 28.70]}))
    >>> villages = {"id": ["a", "b"], "lon": [119.306, 119.334], "lat": [28.70, 28.70], "people": [300, 200]}
    >>> shut = rs.Closure(road=0, from_m=1000, to_m=1100)
    >>> states = rs.NetworkStates(states=(rs.NetworkState(closures=(shut,)),))
    >>> times = rs.travel_times(network, sites, rs.load_demand(pd.DataFrame(villages)), states=states, cutoff_s=300)
    >>> rs.robustness_frontier(times, [1], risks=["cvar"], limit_s=300).points["tail"].tolist()
    [300.0, 300.0]
    """
    numbers = list(n_sites)
    _check(times, numbers, risks, tail, fresh, confidence)
    if fresh is not None:
        pair_limits(fresh.intact, standard=standard, limit_s=limit_s)  # a cutoff that is too short is told at once
    solutions: dict[tuple[int, str], SitingSolution] = {}
    for number in numbers:
        for aim, objective in _aims(number, risks, tail).items():
            solutions[number, aim] = site(
                times.intact if aim == "intact" else times,
                objective,
                standard=standard,
                limit_s=limit_s,
                constraints=constraints,
                solve_limit_s=solve_limit_s,
                workers=workers,
                seed=seed,
            )
    plans = {key: one.plan for key, one in solutions.items() if math.isfinite(one.objective)}
    seen = _covered(times, plans, standard, limit_s)
    unseen = None if fresh is None else _covered(fresh, plans, standard, limit_s)
    rows = [_row(key, one, seen, unseen, times, fresh, tail, confidence, seed) for key, one in solutions.items()]
    points = pd.DataFrame(rows)
    best = {number: solutions[number, "intact"].best_bound for number in numbers}
    usual = points[points["aim"] == "intact"].set_index("n_sites")
    points.insert(8, "given_up", points["n_sites"].map(usual["intact"]) - points["intact"])
    points.insert(9, "given_up_at_most", points["n_sites"].map(best) - points["intact"])
    points.insert(10, "gained", points["tail"] - points["n_sites"].map(usual["tail"]))
    weight = math.fsum(times.intact.demand.weights.tolist())
    return RobustnessFrontier(points=points, plans=plans, weight=weight, tail=float(tail), confidence=float(confidence))


def _aims(number: int, risks: Sequence[str], tail: float) -> dict[str, MaxCoverage]:
    """Return the objectives by the name of what they aim at."""
    aims = {"intact": MaxCoverage(number)}
    for risk in risks:
        if risk == "cvar":
            aims[f"cvar {tail:g}"] = MaxCoverage(number, risk="cvar", tail=tail)
        else:
            aims[risk] = MaxCoverage(number, risk="mean" if risk == "mean" else "worst")
    return aims


def _check(
    times: TravelTimesEnsemble,
    numbers: Sequence[int],
    risks: Sequence[str],
    tail: float,
    fresh: TravelTimesEnsemble | None,
    confidence: float,
) -> None:
    faults = []
    if not isinstance(times, TravelTimesEnsemble):
        faults.append(f"times: a {type(times).__name__}, expected TravelTimesEnsemble, as travel_times(states=) gives")
    if not numbers or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in numbers):
        faults.append(f"n_sites {list(numbers)}: expected whole numbers of 1 or more")
    if odd := [risk for risk in risks if risk not in ("mean", "cvar", "worst")]:
        faults.append(f"risks {odd}: expected mean, cvar or worst")
    for name, value in (("tail", tail), ("confidence", confidence)):
        if not 0 < value < 1:
            faults.append(f"{name} {value}: expected above 0, and under 1")
    if faults:
        raise InputError("; ".join(faults))
    if fresh is not None and (fresh.intact.sites.ids, fresh.intact.demand.ids) != (
        times.intact.sites.ids,
        times.intact.demand.ids,
    ):
        raise InputError("fresh: expected states of the same sites and points, in the same order")
    if fresh is not None and len(fresh.states) < 2:
        raise InputError(f"fresh: {len(fresh.states)} state, expected 2 or more to draw anew from")


def _covered(
    times: TravelTimesEnsemble,
    plans: dict[tuple[int, str], Plan],
    standard: ResponseStandard | None,
    limit_s: float | None,
) -> dict[tuple[int, str], NDArray[np.float64]]:
    """Return the weight that each plan covers on intact roads and, after it, in each state."""
    limits = pair_limits(times.intact, standard=standard, limit_s=limit_s)
    opened = {key: site_mask(times.intact, plan.opened) for key, plan in plans.items()}
    weights = times.intact.demand.weights
    found = {key: [float(weights[covered_points(limits, mask)].sum())] for key, mask in opened.items()}
    for pairs in times.within_cutoff():
        first = limits.limit_s.covering(pairs)
        second = limits.second_limit_s.covering(pairs) if limits.wants_second.any() else limits.covers_second
        now = replace(limits, covers=first, covers_second=second)
        for key, mask in opened.items():
            found[key].append(float(weights[covered_points(now, mask)].sum()))
    return {key: np.array(one) for key, one in found.items()}


def _row(
    key: tuple[int, str],
    solution: SitingSolution,
    seen: dict[tuple[int, str], NDArray[np.float64]],
    unseen: dict[tuple[int, str], NDArray[np.float64]] | None,
    times: TravelTimesEnsemble,
    fresh: TravelTimesEnsemble | None,
    tail: float,
    confidence: float,
    seed: int,
) -> dict[str, object]:
    """Judge one plan."""
    row: dict[str, object] = {
        "n_sites": key[0],
        "aim": key[1],
        "status": solution.status,
        "objective": solution.objective,
        "best_bound": solution.best_bound,
        "gap": solution.gap,
        "intact": math.nan,
        "mean": math.nan,
        "tail": math.nan,
        "worst": math.nan,
    }
    if key in seen:
        chance, covered = _chances(times), seen[key][1:]
        row |= {"intact": seen[key][0], "mean": float(chance @ covered), "worst": float(covered[chance > 0].min())}
        row["tail"] = float(tail_mean(covered[:, None], chance, tail)[0])
    usual = key[0], "intact"
    if unseen is not None and fresh is not None:
        row |= dict.fromkeys(("fresh_mean", "fresh_tail", "fresh_gained", "fresh_gained_low"), math.nan)
        if key in unseen and usual in unseen:
            chance, covered = _chances(fresh), unseen[key][1:]
            both = np.column_stack([unseen[usual][1:], covered])
            gain = tail_gain(both, chance, tail=tail, confidence=confidence, seed=seed)
            row |= {"fresh_mean": float(chance @ covered), "fresh_gained": gain.gain, "fresh_gained_low": gain.low}
            row["fresh_tail"] = float(tail_mean(covered[:, None], chance, tail)[0])
    return row


def _chances(times: TravelTimesEnsemble) -> NDArray[np.float64]:
    return np.array([state.probability for state in times.states])
