"""Measures that would cover some points, and the cheapest of them: who would be in time, with what people and money.

A measure is sufficient if the point would still be covered with its drive longer by the margin; else it is *only just*
enough, and comes after every sufficient one: travel times are not known to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.siting.explain.cover_counts import CoverCounts, is_covered
from rescuesim.siting.explain.drives import Drives
from rescuesim.siting.problem import SitingProblem

__all__ = ["Block", "Choice", "Measure", "block_of", "cheapest", "margin_of"]

_FARTHEST = 1e7  # no drive counts as longer when equally cheap measures are told apart


def margin_of(problem: SitingProblem) -> float:
    """Return by how much a drive must lie within its limit to be sufficient: seconds, 0 for times in other units."""
    return default("explanation.drive_margin").number if problem.times.unit == "s" else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some uncovered points and all sites.

    Parameters
    ----------
    points : ndarray of int64, shape (n_points,)
    zone : ndarray of int64, shape (n_points,)
        Zone of each, as crew limits number them; 0 where crews do not matter.
    seconds : ndarray of float64, shape (n_sites, n_points)
    own_first, own_either : ndarray of bool, shape (n_sites, n_points)
        Who is in time with the crew that it has.
    """

    points: NDArray[np.int64]
    zone: NDArray[np.int64]
    seconds: NDArray[np.float64]
    own_first: NDArray[np.bool_]
    own_either: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One kind of measure, at each of some sites.

    Parameters
    ----------
    kind : str
    crew : str
        The crew that it takes; empty where the sites keep their own.
    rows : ndarray of int64, shape (n_rows,)
        Sites.
    first, either : ndarray of float64, shape (n_rows, n_points)
        Limits of the first unit, and of a first or second one.
    people, more_people, cost : ndarray of float64, shape (n_rows,)
        People on the roster afterwards, how many more that is, and money; NaN where unknown.
    """

    kind: str
    crew: str
    rows: NDArray[np.int64]
    first: NDArray[np.float64]
    either: NDArray[np.float64]
    people: NDArray[np.float64]
    more_people: NDArray[np.float64]
    cost: NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class Choice:
    """The cheapest measure for each point of a block.

    Parameters
    ----------
    found, just : ndarray of bool, shape (n_points,)
        Whether there is one, and whether it is only just enough.
    kind, crew : ndarray of object, shape (n_points,)
    site : ndarray of int64, shape (n_points,)
        -1 for none.
    limit_s, drive_s, people, more_people, cost : ndarray of float64, shape (n_points,)
    """

    found: NDArray[np.bool_]
    just: NDArray[np.bool_]
    kind: NDArray[np.object_]
    crew: NDArray[np.object_]
    site: NDArray[np.int64]
    limit_s: NDArray[np.float64]
    drive_s: NDArray[np.float64]
    people: NDArray[np.float64]
    more_people: NDArray[np.float64]
    cost: NDArray[np.float64]


def block_of(counts: CoverCounts, drives: Drives, points: NDArray[np.int64], zone: NDArray[np.int64]) -> Block:
    """Collect what is needed of some points."""
    first, either = (part[points].toarray().T > 0 for part in (counts.first.tocsr(), counts.either.tocsr()))
    return Block(points=points, zone=zone, seconds=drives.seconds(points), own_first=first, own_either=either)


def _none(n: int) -> Choice:
    """Return the choice among nothing."""
    no, unknown = np.zeros(n, dtype=np.bool_), np.full(n, np.nan)
    return Choice(
        found=no.copy(),
        just=no.copy(),
        kind=np.full(n, "none", dtype=object),
        crew=np.full(n, "", dtype=object),
        site=np.full(n, -1),
        limit_s=unknown.copy(),
        drive_s=unknown.copy(),
        people=unknown.copy(),
        more_people=unknown.copy(),
        cost=unknown.copy(),
    )


def cheapest(
    measures: Sequence[Measure], counts: CoverCounts, block: Block, drives: Drives, *, margin_s: float, by: str
) -> Choice:
    """Choose the cheapest measure for each point.

    Parameters
    ----------
    measures : sequence of Measure
    counts : CoverCounts
    block : Block
    drives : Drives
    margin_s : float
        As `margin_of` has it.
    by : {'people', 'money'}
        What comes first, more people or money; the other one next, then the roster and the drive. What is not known
        counts as dearer than all that is. Sufficient measures come before those that are only just enough.

    Returns
    -------
    Choice
    """
    best, at = _none(len(block.points)), np.arange(len(block.points))
    score = np.full(len(block.points), np.inf)
    ranks, worst = _ranks(measures, by)
    for measure, rank in zip(measures, ranks, strict=True):
        if not len(measure.rows):
            continue
        enough, covers = (_covers(measure, counts, block, drives, less) for less in (margin_s, 0.0))
        seconds = block.seconds[measure.rows]
        place = (rank[:, None] + worst * ~enough) * _FARTHEST + np.minimum(seconds, _FARTHEST - 1)
        place = np.where(covers, place, np.inf)
        pick = place.argmin(axis=0)
        better = place[pick, at] < score
        score = np.where(better, place[pick, at], score)
        site = measure.rows[pick]
        needs_first = _others(counts, block, measure.rows)[0][pick, at] == 0
        best.found |= better
        best.just = np.where(better, ~enough[pick, at], best.just)
        best.kind[better], best.crew[better] = measure.kind, measure.crew
        best.site = np.where(better, site, best.site)
        limit = np.where(needs_first, measure.first[pick, at], measure.either[pick, at])
        best.limit_s = np.where(better, limit, best.limit_s)
        best.drive_s = np.where(better, seconds[pick, at], best.drive_s)
        for name in ("people", "more_people", "cost"):
            setattr(best, name, np.where(better, getattr(measure, name)[pick], getattr(best, name)))
    return best


def _ranks(measures: Sequence[Measure], by: str) -> tuple[list[NDArray[np.float64]], int]:
    """Return the rank of each site of each measure by what it takes, and a number above all ranks."""
    if not measures:
        return [], 1
    names = ("more_people", "cost", "people") if by == "people" else ("cost", "more_people", "people")
    keys = [
        np.column_stack([np.nan_to_num(getattr(measure, name), nan=np.inf) for name in names]) for measure in measures
    ]
    together = np.concatenate(keys)
    _, rank = np.unique(together, axis=0, return_inverse=True)
    ends = np.cumsum([len(key) for key in keys])[:-1]
    return [part.astype(np.float64) for part in np.split(rank.ravel(), ends)], len(together) + 1


def _others(counts: CoverCounts, block: Block, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the open sites other than each of some that are in time as first unit, and as first or second."""
    is_open = counts.opened[rows][:, None]
    n_first = counts.n_first[block.points] - (is_open & block.own_first[rows])
    n_either = counts.n_either[block.points] - (is_open & block.own_either[rows])
    return n_first, n_either


def _covers(measure: Measure, counts: CoverCounts, block: Block, drives: Drives, less: float) -> NDArray[np.bool_]:
    """Mark the pairs of site and point where the measure alone makes the point covered, the limits shorter by some."""
    first = drives.within(measure.rows, block.points, measure.first - less)
    either = drives.within(measure.rows, block.points, measure.either - less)
    n_first, n_either = _others(counts, block, measure.rows)
    return is_covered(n_first + first, n_either + either, counts.wants[block.points])
