"""Models whose worth depends on how many units are in time for each group of points: columns, rows and worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, eye_array, vstack

from rescuesim.siting.point_groups import PointGroups

__all__ = ["StepColumns", "UnitRows", "step_columns", "unit_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepColumns:
    """A column for each further unit that is in time for a group: worth less than the one before.

    Parameters
    ----------
    group : ndarray of int64, shape (n_columns,)
    worth : ndarray of float64, shape (n_columns,)
    rows : csr_array of float64, shape (n_groups, n_columns)
        Sum of the columns of each group.
    """

    group: NDArray[np.int64]
    worth: NDArray[np.float64]
    rows: csr_array

    def filled(self, count: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of the columns where so many units are in time; float64, shape (n_columns,)."""
        place = np.arange(len(self.group)) - np.searchsorted(self.group, self.group)
        return (place < count[self.group]).astype(np.float64)


def step_columns(most: NDArray[np.int64], worth: NDArray[np.float64]) -> StepColumns:
    """Make the columns of each group.

    Parameters
    ----------
    most : ndarray of int64, shape (n_groups,)
        Units that can be in time at once.
    worth : ndarray of float64, shape (n_groups, n_steps)
        Of the first, second and further units; never rising along a row, so that no order need be asked for.
    """
    n_groups, n_steps = worth.shape
    size = np.minimum(most, n_steps)
    group = np.repeat(np.arange(n_groups), size)
    place = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    rows = csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(n_groups, len(group)))
    return StepColumns(group=group, worth=worth[group, place], rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRows:
    """Columns ``[x | u]`` of sites and their units, u left out where a site holds one at most, and their rows.

    Parameters
    ----------
    rows : csr_array of float64, shape (n_rows, n_columns)
    lower, upper : ndarray of float64, shape (n_rows,)
    units : slice
        The columns that count units.
    n_sites, most : int
    """

    rows: csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    units: slice
    n_sites: int
    most: int

    @property
    def n_own(self) -> int:
        """Number of columns after those of the sites."""
        return int(self.rows.shape[1]) - self.n_sites

    def filled(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of the columns; float64, shape (n_columns,)."""
        opened = (units > 0).astype(np.float64)
        return np.r_[opened, units] if self.most > 1 else opened

    def units_of(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Read the units at each site from values of all columns; int64, shape (n_sites,)."""
        return np.rint(x[self.units]).astype(np.int64)

    def in_time(self, groups: PointGroups) -> csr_array:
        """Return the rows that count the units in time for each group; float64, shape (n_groups, n_columns)."""
        if self.most == 1:
            return groups.first
        return csr_array(block_array([[csr_array((len(groups), self.n_sites)), groups.first]]))


def unit_rows(n_sites: int, n_units: int, most: int) -> UnitRows:
    """Write that units stand at open sites, each of which has one, no more than `most` at a site and `n_units` in all.

    Parameters
    ----------
    n_sites, n_units, most : int
    """
    ones = np.ones(n_sites)
    if most == 1:
        rows, low, high = csr_array(ones[None, :]), np.array([-np.inf]), np.array([float(n_units)])
        return UnitRows(rows=rows, lower=low, upper=high, units=slice(0, n_sites), n_sites=n_sites, most=most)
    each = eye_array(n_sites, format="csr")
    total = csr_array(np.r_[0 * ones, ones][None, :])
    rows = csr_array(vstack([block_array([[-each, each]]), block_array([[-most * each, each]]), total]))
    return UnitRows(
        rows=rows,
        lower=np.r_[0 * ones, np.full(n_sites + 1, -np.inf)],
        upper=np.r_[np.full(n_sites, np.inf), 0 * ones, n_units],
        units=slice(n_sites, 2 * n_sites),
        n_sites=n_sites,
        most=most,
    )
