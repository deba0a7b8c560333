"""FleetView: where every unit stands at a moment, and who covers whom, for policies that move units."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.crew import default_crews
from rescuesim.errors import InputError, nearest_name
from rescuesim.simulation.fleet import Fleet, Unit

__all__ = ["FleetView", "view_of_line"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetView:
    """The fleet at a moment: who is free and where, how far sites are from each other, who covers whom.

    Units, sites and points are counted; `fleet`, `sites` and `points` have them by name.

    Parameters
    ----------
    now_s : float
    fleet : Fleet
    sites, points : tuple of str
    free : sequence of bool, length n_units
        Whether the unit is on no call and its crew is present.
    moving : sequence of bool, length n_units
        Whether the unit is on the way to a site.
    at : sequence of int, length n_units
        Site where the unit stands, or to which it drives; -1 on a call.
    between_s : ndarray of float64, shape (n_sites, n_sites)
        Seconds from site to site on the roads believed open, ``inf`` where there is no way.
    out_s : ndarray of float64, shape (n_sites, n_points)
        Seconds from site to point, as `between_s`.
    turnout_s : ndarray of float64, shape (n_units,)
        Median turnout in the present shift, seconds.
    weights : ndarray of float64, shape (n_points,)
    limit_s : float
        A unit covers the points that it reaches within it, turnout and travel together.

    Raises
    ------
    InputError
        If a length is wrong or a unit is at no site of the view.
    """

    now_s: float
    fleet: Fleet
    sites: tuple[str, ...]
    points: tuple[str, ...]
    free: Sequence[bool]
    moving: Sequence[bool]
    at: Sequence[int]
    between_s: NDArray[np.float64]
    out_s: NDArray[np.float64]
    turnout_s: NDArray[np.float64]
    weights: NDArray[np.float64]
    limit_s: float

    def __post_init__(self) -> None:
        n_units, n_sites, n_points = len(self.fleet.units), len(self.sites), len(self.points)
        shapes = {
            "free": ((len(self.free),), (n_units,)),
            "moving": ((len(self.moving),), (n_units,)),
            "at": ((len(self.at),), (n_units,)),
            "between_s": (self.between_s.shape, (n_sites, n_sites)),
            "out_s": (self.out_s.shape, (n_sites, n_points)),
            "turnout_s": (self.turnout_s.shape, (n_units,)),
            "weights": (self.weights.shape, (n_points,)),
        }
        wrong = [
            f"{name} of shape {found}: expected {wanted}" for name, (found, wanted) in shapes.items() if found != wanted
        ]
        wrong += [
            f"unit {unit.id!r} at site {at}: expected from 0 to {n_sites - 1} for a free unit"
            for unit, at, free in zip(self.fleet.units, self.at, self.free, strict=False)
            if free and not 0 <= at < n_sites
        ]
        if wrong:
            raise InputError("; ".join(wrong))

    def movable(self, crews: Collection[str] | None = None, *, also_moving: bool = False) -> list[int]:
        """Return the free units that stand at a site, ascending.

        Parameters
        ----------
        crews : collection of str, optional
            Only of these crew types.
        also_moving : bool, optional
            Those too that are on the way to a site.
        """
        return [
            row
            for row, unit in enumerate(self.fleet.units)
            if self.free[row] and (also_moving or not self.moving[row]) and (crews is None or unit.crew.name in crews)
        ]

    def busy(self) -> list[int]:
        """Return the units that are on a call or absent, ascending."""
        return [row for row, free in enumerate(self.free) if not free]

    def stands_at(self, unit: int) -> str:
        """Return the site where a unit stands or to which it drives; empty on a call."""
        return self.sites[self.at[unit]] if self.at[unit] >= 0 else ""

    def site_row(self, site: str) -> int:
        """Return the number of a site; InputError if it is unknown."""
        if site not in self.sites:
            raise InputError(f"site {site!r}: expected {nearest_name(site, self.sites)}")
        return self.sites.index(site)

    def covers(self, unit: int, site: int) -> NDArray[np.bool_]:
        """Which points a unit would cover from a site, turnout and travel within the limit; bool, shape (n_points,)."""
        return np.asarray(self.turnout_s[unit] + self.out_s[site] <= self.limit_s)

    def covered(self) -> NDArray[np.bool_]:
        """Which points some free unit covers from where it stands or drives to; bool, shape (n_points,)."""
        found = np.zeros(len(self.points), dtype=np.bool_)
        for unit in self.movable(also_moving=True):
            found |= self.covers(unit, self.at[unit])
        return found

    @property
    def weight_uncovered(self) -> float:
        """Weight of the points that no free unit covers."""
        return float(self.weights[~self.covered()].sum())


def view_of_line(
    sites: Mapping[str, float],
    free_at: Sequence[str],
    *,
    points: Mapping[str, float] | None = None,
    crew: str = "brigade",
    limit_s: float | None = None,
) -> FleetView:
    """Return a view of units along one straight road, to try a move-up policy on.

    Parameters
    ----------
    sites : mapping of str to float
        Minutes along the road.
    free_at : sequence of str
        Where the units stand, all of them free.
    points : mapping of str to float, optional
        Minutes along the road, of weight 1; at the sites if absent.
    crew : str, optional
        Of the default crews.
    limit_s : float, optional
        ``dispatch.move_up_limit_s`` if absent.

    Examples
    --------
    >>> view = view_of_line({"a": 0, "b": 20}, ["a"])
    >>> view.covered().tolist(), view.weight_uncovered
    ([True, False], 1.0)
    """
    here = np.array(list(sites.values()), dtype=np.float64) * 60.0
    there = here if points is None else np.array(list(points.values()), dtype=np.float64) * 60.0
    type_ = default_crews()[crew]
    counted = [f"{site}#{free_at[: number + 1].count(site)}" for number, site in enumerate(free_at)]
    units = tuple(Unit(id=name, site=site, crew=type_) for name, site in zip(counted, free_at, strict=True))
    names = tuple(sites)
    return FleetView(
        now_s=0.0,
        fleet=Fleet(units=units),
        sites=names,
        points=tuple(sites if points is None else points),
        free=[True] * len(units),
        moving=[False] * len(units),
        at=[names.index(site) for site in free_at],
        between_s=np.abs(here[:, None] - here[None]),
        out_s=np.abs(here[:, None] - there[None]),
        turnout_s=np.full(len(units), type_.turnout["day"].median),
        weights=np.ones(len(there)),
        limit_s=default("dispatch.move_up_limit_s").number if limit_s is None else limit_s,
    )
