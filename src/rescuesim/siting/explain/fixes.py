"""Why each point is not covered, and the measures that would cover it, staffing before building.

Every figure is computed: a staffing measure is one only if the limit of that crew, worked out anew from the standard,
is kept by the drive from that site. One measure at a time is looked at; where a point needs two, that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.siting.explain.cover_counts import CoverCounts, is_covered
from rescuesim.siting.explain.crew_limits import CrewLimits
from rescuesim.siting.explain.drives import Drives
from rescuesim.siting.problem import SitingProblem

__all__ = ["CAUSES", "FIXES", "point_fixes"]

CAUSES = (
    "not_in_standard",  # its zone has no limit
    "road",  # no open site reaches it at all, and none that could be opened does
    "capability",  # an open site is near enough, and its crew lacks a capability
    "crew",  # an open site is near enough for another crew, or for its own in the better shift
    "second_unit",  # a first unit is in time, no second one from another site
    "full",  # the sites in reach are full
    "limit",  # too far from every open site; a site that could be opened would cover it
    "no_candidate",  # no site that could be opened covers it with its crew
)
FIXES = ("steady", "equip", "staff", "open", "open_and_staff", "none")
_BLOCK = 2_000_000  # pairs looked at together
_ROAD_REASONS = ("no_road", "road_closed", "no_path", "site_unusable", "not_given")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some uncovered points and all sites.

    Parameters
    ----------
    points : ndarray of int64, shape (n_points,)
    seconds : ndarray of float64, shape (n_sites, n_points)
    own_first, own_either : ndarray of bool, shape (n_sites, n_points)
        Who is in time with the crew that it has.
    """

    points: NDArray[np.int64]
    seconds: NDArray[np.float64]
    own_first: NDArray[np.bool_]
    own_either: NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class _Choice:
    """The best measure of one kind for each point of a block.

    Parameters
    ----------
    found : ndarray of bool, shape (n_points,)
    site : ndarray of int64, shape (n_points,)
    crew : ndarray of object, shape (n_points,)
        The crew that it takes; empty where the site keeps its own.
    limit_s : ndarray of float64, shape (n_points,)
    """

    found: NDArray[np.bool_]
    site: NDArray[np.int64]
    crew: NDArray[np.object_]
    limit_s: NDArray[np.float64]


def point_fixes(
    problem: SitingProblem, counts: CoverCounts, drives: Drives, crews: CrewLimits | None, points: pd.DataFrame
) -> pd.DataFrame:
    """Say of each uncovered point why it is so, and what would cover it.

    Parameters
    ----------
    problem : SitingProblem
        With limits.
    counts : CoverCounts
    drives : Drives
    crews : CrewLimits or None
        None where one limit holds for all, whatever the crew.
    points : DataFrame
        As `point_coverage` gives it.

    Returns
    -------
    DataFrame
        A row an uncovered point: ``id, name, township, zone, people, weight, reason, cause, nearest_site, nearest_s,
        limit_s, fix, fix_site, fix_crew, fix_drive_s, fix_limit_s, open_site, open_cost, open_drive_s, over_s``.
        The fix is the first kind of `FIXES` that covers the point: staffing at an open site (``steady``: every shift
        as the best one; ``equip``: the missing capability; ``staff``: another crew), else the cheapest site to open,
        else one to open with another crew. ``open_site`` is the cheapest site whose opening covers the point, also
        where staffing would do. ``over_s`` is how much the nearest site that may be open lies beyond the longest
        limit of any crew.
    """
    demand, rows = problem.demand, np.flatnonzero(~points["covered"].to_numpy())
    size = max(_BLOCK // max(problem.n_sites, 1), 1)
    parts = [
        _fixes_of_block(problem, counts, _block(counts, drives, rows[at : at + size]), drives, crews)
        for at in range(0, len(rows), size)
    ]
    told = points.iloc[rows].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "id": told["id"],
            "name": [demand.names[i] for i in rows],
            "township": [demand.townships[i] for i in rows],
            "zone": [demand.zones[i] for i in rows],
            "people": demand.people[rows],
            "weight": demand.weights[rows],
            "reason": told["reason"],
        }
    )
    made = pd.concat(parts, ignore_index=True) if parts else _no_fixes()
    frame["cause"] = _causes(frame["reason"].to_numpy(), made)
    for name in ("nearest_site", "nearest_s", "limit_s"):
        frame[name] = told[name]
    names = ("fix", "fix_site", "fix_crew", "fix_drive_s", "fix_limit_s", "open_site", "open_cost", "open_drive_s")
    outside = frame["cause"] == "not_in_standard"
    for name in (*names, "over_s"):
        frame[name] = made[name]
    frame.loc[outside, "fix"] = "none"
    return frame


def _block(counts: CoverCounts, drives: Drives, points: NDArray[np.int64]) -> _Block:
    first, either = (part[points].toarray().T > 0 for part in (counts.first.tocsr(), counts.either.tocsr()))
    return _Block(points=points, seconds=drives.seconds(points), own_first=first, own_either=either)


def _fixes_of_block(
    problem: SitingProblem, counts: CoverCounts, block: _Block, drives: Drives, crews: CrewLimits | None
) -> pd.DataFrame:
    """Try every kind of measure on some points."""
    n = len(block.points)
    open_rows = np.flatnonzero(counts.opened)
    free_rows = np.flatnonzero(~problem.must_close & ~counts.opened)
    choices: dict[str, _Choice] = {}
    if crews is not None:
        crew_at = np.array([crews.crews.index(name) for name in problem.sites.crews], dtype=np.int64)
        own = crew_at[open_rows]
        tables = {"steady": (crews.first_steady, crews.either_steady)}
        tables["equip"] = (crews.first_equipped, crews.either_equipped)
        for kind, (first, either) in tables.items():
            choices[kind] = _by_own_crew(problem, counts, block, drives, crews, open_rows, first[own], either[own])
        choices["staff"] = _by_other_crew(problem, counts, block, drives, crews, open_rows)
    choices["open"] = _by_opening(problem, counts, block, free_rows)
    if crews is not None:
        choices["open_and_staff"] = _by_other_crew(problem, counts, block, drives, crews, free_rows, by_cost=True)
    fix, site = np.full(n, "none", dtype=object), np.full(n, -1)
    crew, limit = np.full(n, "", dtype=object), np.full(n, np.nan)
    for kind in reversed(FIXES[:-1]):
        if kind in choices:
            found = choices[kind].found
            fix[found] = kind
            site[found], crew[found], limit[found] = (
                part[found] for part in (choices[kind].site, choices[kind].crew, choices[kind].limit_s)
            )
    ids, at = np.array([*problem.sites.ids, ""], dtype=object), np.arange(n)
    best = choices["open"]
    opening = np.where(best.found, best.site, -1)
    openable = np.where((~problem.must_close)[:, None], block.seconds, np.inf)
    nearest = openable.min(axis=0) if problem.n_sites else np.full(n, np.inf)
    return pd.DataFrame(
        {
            "fix": fix,
            "fix_site": ids[site],
            "fix_crew": crew,
            "fix_drive_s": np.where(site >= 0, block.seconds[site, at], np.nan),
            "fix_limit_s": limit,
            "open_site": ids[opening],
            "open_cost": np.where(opening >= 0, problem.sites.cost[opening], np.nan),
            "open_drive_s": np.where(opening >= 0, block.seconds[opening, at], np.nan),
            "over_s": nearest - _longest(problem, crews, block.points),
            "reached": np.isfinite(nearest),
            **{f"by_{kind}": choices[kind].found if kind in choices else np.zeros(n, dtype=np.bool_) for kind in FIXES},
        }
    )


def _no_fixes() -> pd.DataFrame:
    """Return the table of no point."""
    text = ("fix", "fix_site", "fix_crew", "open_site")
    numbers = ("fix_drive_s", "fix_limit_s", "open_cost", "open_drive_s", "over_s")
    marks = ("reached", *(f"by_{kind}" for kind in FIXES))
    empty = {name: pd.Series(dtype=object) for name in text} | {name: pd.Series(dtype=np.float64) for name in numbers}
    return pd.DataFrame(empty | {name: pd.Series(dtype=np.bool_) for name in marks})


def _longest(problem: SitingProblem, crews: CrewLimits | None, points: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the longest limit that any crew has at each point; ``-inf`` where none has one."""
    if crews is None:
        assert problem.limits is not None
        return np.full(len(points), float(problem.limits.limit_s.max()))
    zone_at = np.array([crews.zones.index(problem.demand.zones[i]) for i in points], dtype=np.int64)
    return np.asarray(crews.first.max(axis=0)[zone_at])


def _causes(reason: NDArray[np.object_], made: pd.DataFrame) -> NDArray[np.object_]:
    """Name the cause of each point from its reason and from what would help."""
    by = {kind: made[f"by_{kind}"].to_numpy(dtype=np.bool_) for kind in FIXES}
    cause = np.where(by["open"], "limit", "no_candidate").astype(object)
    cause[(by["steady"] | by["staff"])] = "crew"
    cause[by["equip"] & ~by["steady"]] = "capability"
    cause[reason == "second_unit"] = "second_unit"
    unreached = ~made["reached"].to_numpy(dtype=np.bool_) & np.isin(reason, (*_ROAD_REASONS, "no_site", "no_crew"))
    cause[unreached | (np.isin(reason, _ROAD_REASONS) & ~by["open"] & ~by["open_and_staff"])] = "road"
    cause[reason == "full"] = "full"
    cause[reason == "not_in_standard"] = "not_in_standard"
    return cause


def _would_cover(
    counts: CoverCounts,
    block: _Block,
    rows: NDArray[np.int64],
    first: NDArray[np.bool_],
    either: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Mark the pairs of site and point where the site, changed alone, makes the point covered.

    ``first`` and ``either`` say who would be in time, of the sites of ``rows``.
    """
    is_open = counts.opened[rows][:, None]
    n_first = counts.n_first[block.points] - (is_open & block.own_first[rows]) + first
    n_either = counts.n_either[block.points] - (is_open & block.own_either[rows]) + either
    return is_covered(n_first, n_either, counts.wants[block.points])


def _nearest(block: _Block, rows: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the row of the nearest marked site of each point."""
    return np.asarray(np.where(mask, block.seconds[rows], np.inf).argmin(axis=0))


def _cheapest(
    problem: SitingProblem, block: _Block, rows: NDArray[np.int64], mask: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the row of the cheapest marked site of each point, the nearest among those of one cost."""
    cost = np.where(mask, problem.sites.cost[rows][:, None], np.inf)
    return _nearest(block, rows, mask & (cost == cost.min(axis=0)))


def _none(n: int) -> _Choice:
    return _Choice(
        found=np.zeros(n, dtype=np.bool_),
        site=np.full(n, -1),
        crew=np.full(n, "", dtype=object),
        limit_s=np.full(n, np.nan),
    )


def _by_own_crew(
    problem: SitingProblem,
    counts: CoverCounts,
    block: _Block,
    drives: Drives,
    crews: CrewLimits,
    rows: NDArray[np.int64],
    first_table: NDArray[np.float64],
    either_table: NDArray[np.float64],
) -> _Choice:
    """Let each of some sites keep its crew, with other limits by zone; tables of shape (n_rows, n_zones)."""
    n = len(block.points)
    if not len(rows):
        return _none(n)
    zone_at = np.array([crews.zones.index(problem.demand.zones[i]) for i in block.points], dtype=np.int64)
    limit, second = first_table[:, zone_at], either_table[:, zone_at]
    first, either = drives.within(rows, block.points, limit), drives.within(rows, block.points, second)
    mask = _would_cover(counts, block, rows, first, either)
    pick, at = _nearest(block, rows, mask), np.arange(n)
    return _Choice(
        found=np.asarray(mask.any(axis=0)),
        site=rows[pick],
        crew=np.full(n, "", dtype=object),
        limit_s=np.where(first[pick, at], limit[pick, at], second[pick, at]),
    )


def _by_other_crew(
    problem: SitingProblem,
    counts: CoverCounts,
    block: _Block,
    drives: Drives,
    crews: CrewLimits,
    rows: NDArray[np.int64],
    *,
    by_cost: bool = False,
) -> _Choice:
    """Give each of some sites another crew: the nearest, or cheapest, site, and of the crews that do the least fast."""
    n = len(block.points)
    if not len(rows):
        return _none(n)
    masks, limits = [], []
    for crew in range(len(crews.crews)):
        size = (len(rows), len(crews.zones))
        tables = (np.broadcast_to(table[crew], size) for table in (crews.first, crews.either))
        first_table, either_table = tables
        zone_at = np.array([crews.zones.index(problem.demand.zones[i]) for i in block.points], dtype=np.int64)
        limit, second = first_table[:, zone_at], either_table[:, zone_at]
        first, either = drives.within(rows, block.points, limit), drives.within(rows, block.points, second)
        masks.append(_would_cover(counts, block, rows, first, either))
        limits.append(np.where(first, limit, second))
    any_crew = np.logical_or.reduce(masks)
    pick = _cheapest(problem, block, rows, any_crew) if by_cost else _nearest(block, rows, any_crew)
    at = np.arange(n)
    able = np.array([mask[pick, at] for mask in masks])
    limit_of = np.where(able, np.array([limit[pick, at] for limit in limits]), np.inf)
    crew_of = limit_of.argmin(axis=0)
    return _Choice(
        found=np.asarray(any_crew.any(axis=0)),
        site=rows[pick],
        crew=np.array(crews.crews, dtype=object)[crew_of],
        limit_s=limit_of[crew_of, at],
    )


def _by_opening(problem: SitingProblem, counts: CoverCounts, block: _Block, rows: NDArray[np.int64]) -> _Choice:
    """Open one more site with the crew that it would have."""
    n = len(block.points)
    if not len(rows):
        return _none(n)
    assert problem.limits is not None
    mask = _would_cover(counts, block, rows, block.own_first[rows], block.own_either[rows])
    site = rows[_cheapest(problem, block, rows, mask)]
    return _Choice(
        found=np.asarray(mask.any(axis=0)),
        site=site,
        crew=np.full(n, "", dtype=object),
        limit_s=np.where(
            block.own_first[site, np.arange(n)],
            problem.limits.limit_s[site, block.points],
            problem.limits.second_limit_s[site, block.points],
        ),
    )
