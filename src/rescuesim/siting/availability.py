"""Probability that groups of points are covered by crews that are there, shift by shift, and what a site adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import default_shifts
from rescuesim.siting.point_groups import PointGroups
from rescuesim.siting.problem import SitingProblem

__all__ = ["AvailableWorth", "availability"]

_NEVER_AWAY = -1e3  # log of the chance to be away of a crew that never is: its exponential is 0


def availability(problem: SitingProblem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the availability of each site's crew by shift, and the share of the day that each shift has.

    Parameters
    ----------
    problem : SitingProblem
        With a standard.

    Returns
    -------
    there : ndarray of float64, shape (n_sites, n_shifts)
        In the order of `default_shifts`.
    hours : ndarray of float64, shape (n_shifts,)
        Sums to 1.
    """
    standard, shifts = problem.standard, default_shifts()
    assert standard is not None
    of_crew = {
        crew: [standard.crews[crew].availability[shift.name] for shift in shifts] for crew in set(problem.sites.crews)
    }
    hours = np.array([shift.hours for shift in shifts])
    return np.array([of_crew[crew] for crew in problem.sites.crews]), hours / hours.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableWorth:
    """Expected covered weight over shifts; crews of different sites are away independently, a site's units together.

    Parameters
    ----------
    groups : PointGroups
    there : ndarray of float64, shape (n_sites, n_shifts)
    hours : ndarray of float64, shape (n_shifts,)
    """

    groups: PointGroups
    there: NDArray[np.float64]
    hours: NDArray[np.float64]

    def value(self, units: NDArray[np.int64]) -> float:
        """Return the expected covered weight."""
        return float(self.groups.weight @ (self.by_shift(units > 0) @ self.hours))

    def by_shift(self, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability that each group is covered in each shift; float64, shape (n_groups, n_shifts)."""
        share = 1 - self._missed(opened)
        if (twice := np.flatnonzero(self.groups.wants_second)).size:
            chance = self._chances(twice, opened)
            share[twice] = chance[1, 2]
        return share

    def gains(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what a crew at each further site would add; 0 for open sites."""
        opened, groups = units > 0, self.groups
        missed = self._missed(opened) * ~groups.wants_second[:, None] * groups.weight[:, None]
        gain = ((groups.first.T @ missed) * self.there) @ self.hours
        if (twice := np.flatnonzero(groups.wants_second)).size:
            chance, weight = self._chances(twice, opened), groups.weight[twice][:, None]
            # [1, 1]: a first is there, a second is not; [0, 1], [0, 2]: others are there, a first is not
            by_first = groups.first[twice].T @ (weight * (chance[0, 1] + chance[0, 2]))
            by_either = groups.either[twice].T @ (weight * chance[1, 1])
            gain += ((by_first + by_either) * self.there) @ self.hours
        return np.asarray(np.where(opened, 0.0, gain))

    def _missed(self, opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability that no first unit is there; float64, shape (n_groups, n_shifts)."""
        with np.errstate(divide="ignore"):
            away = np.maximum(np.log1p(-self.there), _NEVER_AWAY)
        return np.asarray(np.exp(self.groups.first @ (away * opened[:, None])))

    def _chances(self, rows: NDArray[np.int64], opened: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability of [a first is there or not, 0, 1, 2 or more are there] for some groups and shifts.

        float64, shape (2, 3, n_rows, n_shifts)
        """
        first, either = self.groups.first[rows].tocsc(), self.groups.either[rows].tocsc()
        chance = np.zeros((2, 3, len(rows), len(self.hours)))
        chance[0, 0] = 1.0
        for site in np.flatnonzero(opened).tolist():
            as_first = first.indices[first.indptr[site] : first.indptr[site + 1]]
            as_any = either.indices[either.indptr[site] : either.indptr[site + 1]]
            only_second = np.setdiff1d(as_any, as_first)
            there = self.there[site]
            for at, goes_first in ((as_first, True), (only_second, False)):
                if not len(at):
                    continue
                old = chance[:, :, at]
                new = (1 - there) * old
                for has_first in (0, 1):
                    for count in (0, 1, 2):
                        new[1 if goes_first else has_first, min(count + 1, 2)] += there * old[has_first, count]
                chance[:, :, at] = new
        return chance
