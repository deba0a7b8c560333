"""What each open site is there for, what would be lost without it, and which site could stand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.explain.cover_counts import CoverCounts
from rescuesim.siting.explain.mean_times import NearestTimes
from rescuesim.siting.problem import SitingProblem

__all__ = ["Swaps", "opened_sites", "swaps_by_cover", "swaps_by_time"]

_COLUMNS = [
    *("id", "name", "status", "fixed", "cost", "covers_points", "covers_people"),
    *(
        "alone_points",
        "alone_people",
        "alone_weight",
        "replacement",
        "replacement_name",
        "kept_people",
        "kept_share",
        "new_people",
        "lost",
        "needed_for",
    ),
]
Keeps = Callable[[NDArray[np.bool_]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaps:
    """The plan with one open site shut, and with another in its place.

    Parameters
    ----------
    value : float
        Of the plan: covered weight, or the sum of weight times time.
    better : {1, -1}
        1 where more is better.
    shut, put : ndarray of int64
        Sites that may be shut, and that may be put in their place.
    without : ndarray of float64, shape (n_shut,)
        Value without each site.
    swapped : ndarray of float64, shape (n_shut, n_put)
        Value after each swap that keeps the side conditions; NaN where it does not.
    kept : ndarray of float64, shape (n_shut, n_put)
        How much of what would be lost without the site the other one keeps, in the unit of the value.
    """

    value: float
    better: int
    shut: NDArray[np.int64]
    put: NDArray[np.int64]
    without: NDArray[np.float64]
    swapped: NDArray[np.float64]
    kept: NDArray[np.float64]


def _allowed(
    problem: SitingProblem, opened: NDArray[np.bool_], shut: NDArray[np.int64], put: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark the swaps after which every side condition is kept; bool, shape (n_shut, n_put)."""
    rows = problem.rows
    allowed = np.ones((len(shut), len(put)), dtype=np.bool_)
    if not len(rows):
        return allowed
    table = rows.rows.tocsc()
    out, into = (np.asarray(table[:, part].toarray(), dtype=np.int64) for part in (shut, put))
    activity = np.asarray(rows.rows @ opened.astype(np.int64))
    for row in range(len(rows)):
        after = activity[row] - out[row][:, None] + into[row][None, :]
        allowed &= (after >= rows.lower[row]) & (after <= rows.upper[row])
    return allowed


def _movable(problem: SitingProblem, opened: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the open sites that may be shut, and the others that may be open."""
    return np.flatnonzero(opened & ~problem.must_open), np.flatnonzero(~opened & ~problem.must_close)


def swaps_by_cover(problem: SitingProblem, counts: CoverCounts) -> Swaps:
    """Try all swaps and count what is covered after each."""
    shut, put = _movable(problem, counts.opened)
    lost = [counts.lost_without(site) for site in shut.tolist()]
    without = np.array([counts.value - counts.weight[points].sum() for points in lost])
    swapped, kept = np.empty((len(shut), len(put))), np.empty((len(shut), len(put)))
    for number, site in enumerate(shut.tolist()):
        swapped[number] = without[number] + counts.gains(without=site)[put]
        kept[number] = counts.gains(without=site, only=lost[number])[put]
    swapped[~_allowed(problem, counts.opened, shut, put)] = np.nan
    return Swaps(value=counts.value, better=1, shut=shut, put=put, without=without, swapped=swapped, kept=kept)


def swaps_by_time(problem: SitingProblem, opened: NDArray[np.bool_], nearest: NearestTimes) -> Swaps:
    """Try all swaps and add up the times after each."""
    shut, put = _movable(problem, opened)
    without = np.array([nearest.total_without(site) for site in shut.tolist()])
    swapped = np.empty((len(shut), len(put)))
    for number, site in enumerate(shut.tolist()):
        swapped[number] = nearest.totals_swapped(site)[put]
    with np.errstate(invalid="ignore"):  # a point that nobody else reaches makes both of them endless
        kept = without[:, None] - swapped
    swapped[~_allowed(problem, opened, shut, put)] = np.nan
    return Swaps(value=nearest.total, better=-1, shut=shut, put=put, without=without, swapped=swapped, kept=kept)


def opened_sites(
    problem: SitingProblem, opened: NDArray[np.bool_], counts: CoverCounts | None, swaps: Swaps | None, keeps: Keeps
) -> pd.DataFrame:
    """Say of each open site what it is there for.

    Parameters
    ----------
    problem : SitingProblem
    opened : ndarray of bool, shape (n_sites,)
    counts : CoverCounts or None
        Where the plan is about coverage.
    swaps : Swaps or None
        None where a swap cannot be judged without solving anew.
    keeps : callable
        Whether a set of open sites keeps all that the objective promises, such as a budget.

    Returns
    -------
    DataFrame
        ``id, name, status, fixed, cost, covers_points, covers_people, alone_points, alone_people, alone_weight,
        replacement, replacement_name, kept_people, kept_share, new_people, lost, needed_for``. ``alone_…`` is what
        nobody else covers and is lost without the site. ``replacement`` is the site that keeps most of that in its
        place, then does best for the whole, with the side conditions kept; there is none where it would keep nothing.
        ``kept_people`` are the people of ``alone_people`` whom it keeps, ``kept_share`` the share of what would be lost
        that it keeps (of the weight; where times count, of the time that would be added), ``new_people`` whom it covers
        besides and nobody covers now. ``lost`` is by how much the value gets worse without the site and without a
        replacement. ``needed_for`` names the side conditions that would be broken without it.
        Sites that must be open have no replacement.
    """
    sites, demand = problem.sites, problem.demand
    place = {} if swaps is None else {site: number for number, site in enumerate(swaps.shut.tolist())}
    rows = []
    for site in np.flatnonzero(opened).tolist():
        near = np.empty(0, dtype=np.int64) if counts is None else np.union1d(*counts.column(site))
        alone = np.empty(0, dtype=np.int64) if counts is None else counts.lost_without(site)
        number = place.get(site)
        stand_in, kept = _best_in_place(problem, opened, swaps, number, keeps)
        kept_people = new_people = np.nan
        if stand_in is not None and counts is not None:
            after = counts.covered_after(site, stand_in)
            kept_people = float(demand.people[alone[after[alone]]].sum())
            new_people = float(demand.people[after & ~counts.covered].sum())
        lost = np.nan
        if swaps is not None and number is not None:
            lost = swaps.better * (swaps.value - swaps.without[number])
        elif counts is not None:
            lost = counts.weight[alone].sum()
        rows.append(
            {
                "id": sites.ids[site],
                "name": sites.names[site],
                "status": sites.statuses[site],
                "fixed": bool(problem.must_open[site]),
                "cost": float(sites.cost[site]),
                "covers_points": len(near),
                "covers_people": float(demand.people[near].sum()),
                "alone_points": len(alone),
                "alone_people": float(demand.people[alone].sum()),
                "alone_weight": 0.0 if counts is None else float(counts.weight[alone].sum()),
                "replacement": "" if stand_in is None else sites.ids[stand_in],
                "replacement_name": "" if stand_in is None else sites.names[stand_in],
                "kept_people": kept_people,
                "kept_share": kept,
                "new_people": new_people,
                "lost": float(lost),
                "needed_for": _needed_for(problem, opened, site),
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _needed_for(problem: SitingProblem, opened: NDArray[np.bool_], site: int) -> str:
    """Name the side conditions that are kept now, and broken without a site."""
    if not len(problem.rows):
        return ""
    after = opened.copy()
    after[site] = False
    broken = problem.rows.kept(opened) & ~problem.rows.kept(after)
    return "; ".join(str(problem.rows.labels[row]) for row in np.flatnonzero(broken).tolist())


def _best_in_place(
    problem: SitingProblem, opened: NDArray[np.bool_], swaps: Swaps | None, number: int | None, keeps: Keeps
) -> tuple[int | None, float]:
    """Return the stand-in of a site that keeps most of what is lost without it, and the share that it keeps."""
    if swaps is None or number is None or not swaps.swapped.shape[1] or swaps.value == 0:
        return None, np.nan
    values, kept = swaps.swapped[number], np.nan_to_num(swaps.kept[number], nan=0.0)
    lost = swaps.better * (swaps.value - swaps.without[number])
    if not lost > 0:
        return None, np.nan
    order = np.lexsort((-swaps.better * np.nan_to_num(values, nan=-swaps.better * np.inf), -kept))
    for at in order.tolist():
        if not np.isfinite(values[at]) or not kept[at] > 0:
            continue
        after = opened.copy()
        after[[swaps.shut[number], swaps.put[at]]] = [False, True]
        if keeps(after):
            share = kept[at] / lost if np.isfinite(lost) else np.nan
            return int(swaps.put[at]), float(share)
    return None, np.nan
