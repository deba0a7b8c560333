"""Move-up: which free units change their site so that the county stays covered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.fleet_view import FleetView
from rescuesim.simulation.policies.world import World

__all__ = ["ComplianceTable", "Move", "MoveUpPolicy", "NearestUncovered", "NoMoveUp", "cheapest_assignment"]


class Move(NamedTuple):
    """A unit and the site to which it drives, to stand there until it moves again.

    Attributes
    ----------
    unit : Unit
    site : str
        Id of the site.
    """

    unit: Unit
    site: str


class MoveUpPolicy(Protocol):
    """Moves free units between sites. It is asked after each order, release and arrival at a site.

    As a `DispatchPolicy`, it may have ``begin(world)`` and ``check(world)``, and is copied for each replication.

    Examples
    --------
    A policy that sends everybody to the county seat as soon as only one unit is free:

    >>> class LastOneToTheSeat:
    ...     def moves(self, view: FleetView) -> Iterable[Move]:
    ...         free = view.movable()
    ...         if len(free) == 1 and view.stands_at(free[0]) != "seat":
    ...             yield Move(view.fleet.units[free[0]], "seat")
    >>> from rescuesim.simulation.policies.fleet_view import view_of_line
    >>> [(move.unit.id, move.site) for move in LastOneToTheSeat().moves(view_of_line({"seat": 0, "b": 9}, ["b"]))]
    [('b#1', 'seat')]
    """

    def moves(self, view: FleetView) -> Iterable[Move]:
        """Return the moves to be made now.

        Parameters
        ----------
        view : FleetView

        Returns
        -------
        iterable of Move
            Of units of `FleetView.movable`, each once, to sites that it reaches.
        """
        ...


class NoMoveUp:
    """Nobody moves: each unit waits at its own site.

    Examples
    --------
    >>> from rescuesim.simulation.policies.fleet_view import view_of_line
    >>> list(NoMoveUp().moves(view_of_line({"s": 0}, ["s"])))
    []
    """

    def moves(self, view: FleetView) -> Iterable[Move]:
        """Return nothing."""
        return ()


def _crews_or_default(crews: Collection[str] | None) -> frozenset[str]:
    return frozenset(default("dispatch.move_up_crews").words if crews is None else crews)


def _nobody(world: World, crews: frozenset[str], policy: str) -> list[Fault]:
    known = sorted({unit.crew.name for unit in world.fleet.units})
    if crews & set(known):
        return []
    return [Fault(file=policy, column="crews", value=", ".join(sorted(crews)), expected=f"one of {', '.join(known)}")]


def cheapest_assignment(cost_s: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Assign units to places: as many places as possible, and of those ways the one with the least travel in sum.

    Parameters
    ----------
    cost_s : ndarray of float64, shape (n_units, n_places)
        Seconds, ``inf`` where there is no way.

    Returns
    -------
    list of (int, int)
        Row and column of each pair, ascending in the row.

    Examples
    --------
    >>> cheapest_assignment(np.array([[1.0, 2.0], [1.0, 9.0]]))
    [(0, 1), (1, 0)]
    >>> cheapest_assignment(np.array([[1.0, np.inf], [2.0, np.inf]]))
    [(0, 0)]
    """
    open_ = np.isfinite(cost_s)
    if not open_.any():
        return []
    # one place that nobody can hold costs more than any whole assignment
    closed_s = cost_s[open_].max() * min(cost_s.shape) + 1.0
    rows, columns = linear_sum_assignment(np.where(open_, cost_s, closed_s))
    return [(row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if open_[row, column]]


class ComplianceTable:
    """Says for each number of free units which sites they hold; who goes where minimises the travel in sum.

    Parameters
    ----------
    table : mapping of int to sequence of str
        For n free units of the crews, the ids of the sites to be held: at most n, a site twice for two units. Units
        over and above stay where they are; a number without a row moves nobody.
    crews : collection of str, optional
        Crew types that move; ``dispatch.move_up_crews`` if absent.

    Raises
    ------
    InputError
        If a row names no site, or more sites than units.

    Notes
    -----
    Free units that drive to a site are counted, and are not turned away from it. If a site of the row cannot be
    reached, the others are held nevertheless. Units at the same site are alike: of those the first in the plan
    stays, and the next goes to the site that the row names first. Of assignments between sites of equal travel,
    SciPy's solver takes one that depends on the order of the plan and of the row alone.

    Examples
    --------
    >>> from rescuesim.simulation.policies.fleet_view import view_of_line
    >>> table = ComplianceTable({1: ["b"], 2: ["a", "c"]})
    >>> view = view_of_line({"a": 0, "b": 4, "c": 9}, ["b", "c"])  # places on a line, minutes; who is free stands there
    >>> [(move.unit.id, move.site) for move in table.moves(view)]
    [('b#1', 'a')]
    """

    def __init__(self, table: Mapping[int, Sequence[str]], *, crews: Collection[str] | None = None) -> None:
        faults = [
            Fault(file="compliance table", column=f"row {number!r}", value=str(sites), expected=expected)
            for number, sites in table.items()
            for expected in _row_faults(number, sites)
        ]
        if not table:
            faults.append(Fault(file="compliance table", value="{}", expected="at least one row"))
        if faults:
            raise InputError(faults)
        self.table = {number: tuple(sites) for number, sites in table.items()}
        self.crews = _crews_or_default(crews)

    def check(self, world: World) -> list[Fault]:
        """Return the sites that do not exist and the rows for more units than there are."""
        known = world.roads.sites
        faults = [
            Fault(file="compliance table", column=f"row {number}", value=site, expected=nearest_name(site, known))
            for number, sites in self.table.items()
            for site in dict.fromkeys(sites)
            if site not in known
        ]
        n_units = sum(unit.crew.name in self.crews for unit in world.fleet.units)
        faults += [
            Fault(file="compliance table", column=f"row {number}", expected=f"at most {n_units}, the units that move")
            for number in self.table
            if number > n_units
        ]
        return faults + _nobody(world, self.crews, "compliance table")

    def moves(self, view: FleetView) -> Iterable[Move]:
        """Return who goes where so that the sites of the row are held."""
        free = view.movable(self.crews, also_moving=True)
        wanted = self.table.get(len(free), ())
        if not wanted:
            return
        column = [view.site_row(site) for site in wanted]
        cost_s = np.array([[self._cost_s(view, unit, site) for site in column] for unit in free])
        places_of: dict[int, list[int]] = {}
        for row, place in cheapest_assignment(cost_s):
            places_of.setdefault(view.at[free[row]], []).append(place)
        for stand, places in places_of.items():
            coming = sum(view.moving[unit] for unit in free if view.at[unit] == stand)
            standing = [unit for unit in free if view.at[unit] == stand and not view.moving[unit]]
            leaving = sorted(place for place in places if column[place] != stand)
            staying = max(0, len(places) - len(leaving) - coming)
            for unit, place in zip(standing[staying:], leaving, strict=False):
                yield Move(view.fleet.units[unit], wanted[place])

    @staticmethod
    def _cost_s(view: FleetView, unit: int, site: int) -> float:
        """Seconds to a site; who is on the way already goes nowhere else."""
        if view.moving[unit]:
            return 0.0 if view.at[unit] == site else float("inf")
        return float(view.between_s[view.at[unit], site])


def _row_faults(number: object, sites: object) -> list[str]:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return ["a whole number of units, 1 or more"]
    if isinstance(sites, str) or not isinstance(sites, Sequence) or not sites:
        return ["a list of at least one site"]
    return [f"at most {number} sites, one for each unit"] if len(sites) > number else []


class NearestUncovered:
    """Moves the nearest free unit to the site whose emptiness leaves most weight uncovered; one unit at a time.

    A site is empty if no free unit that covers stands at it or drives to it. Of the empty sites the one is filled
    from which the most weight is covered that nobody covers now, ties in the order of the sites. The nearest free
    unit goes whose leaving uncovers less than is gained by at least `gain`; if there is none, the next site is
    looked at.

    Parameters
    ----------
    crews : collection of str, optional
        Crew types that move and cover; ``dispatch.move_up_crews`` if absent.
    gain : float, optional
        Share of all weight that a move must gain in sum, above it; ``dispatch.move_up_gain`` if absent. 0 makes every
        move that gains anything.

    Raises
    ------
    InputError
        If the gain is not from 0 to 1.

    Notes
    -----
    Each move raises the weight that is covered, so while nothing else changes nobody is moved back, and the moves end.
    A unit that returns from a call to its own site, or another that becomes free, can make a move worth undoing.

    Examples
    --------
    Places on a line, minutes; a unit covers what is within 14 minutes of it. Two units stand at a, nobody at b:

    >>> from rescuesim.simulation.policies.fleet_view import view_of_line
    >>> view = view_of_line({"a": 0, "b": 20}, ["a", "a"])
    >>> [(move.unit.id, move.site) for move in NearestUncovered().moves(view)]
    [('a#1', 'b')]
    """

    def __init__(self, *, crews: Collection[str] | None = None, gain: float | None = None) -> None:
        least = default("dispatch.move_up_gain").number if gain is None else gain
        if not 0 <= least <= 1:
            raise InputError(f"gain {least}: expected from 0 to 1")
        self.crews, self.gain = _crews_or_default(crews), float(least)

    def check(self, world: World) -> list[Fault]:
        """Return a fault if nobody of the fleet may move, or nothing has a weight."""
        faults = _nobody(world, self.crews, "NearestUncovered")
        if not (world.weight > 0).any():
            expected = "a weight above 0 at a point that calls"
            faults.append(Fault(file="NearestUncovered", column="weight", expected=expected))
        return faults

    def moves(self, view: FleetView) -> Iterable[Move]:
        """Return one move, or none."""
        standing, present = view.movable(self.crews), view.movable(self.crews, also_moving=True)
        if not standing:
            return
        times_covered = np.zeros(len(view.weights), dtype=np.int64)
        for unit in present:
            times_covered += view.covers(unit, view.at[unit])
        held = {view.at[unit] for unit in present}
        least = self.gain * float(view.weights.sum())
        empty = [site for site in range(len(view.sites)) if site not in held]
        fills = {site: self._filled(view, standing, site, times_covered) for site in empty}
        for site in sorted(empty, key=lambda site: -fills[site]):
            if fills[site] <= least:
                return
            for unit in sorted(standing, key=lambda unit: view.between_s[view.at[unit], site]):
                if not np.isfinite(view.between_s[view.at[unit], site]):
                    break
                without = times_covered - view.covers(unit, view.at[unit])
                after = (without > 0) | view.covers(unit, site)
                before = times_covered > 0
                if view.weights[after].sum() - view.weights[before].sum() > least:
                    yield Move(view.fleet.units[unit], view.sites[site])
                    return

    @staticmethod
    def _filled(view: FleetView, units: Sequence[int], site: int, times_covered: NDArray[np.int64]) -> float:
        """Weight that nobody covers and the quickest of the units would cover from a site."""
        quickest = min(units, key=lambda unit: view.turnout_s[unit])
        return float(view.weights[view.covers(quickest, site) & (times_covered == 0)].sum())
