"""Preparedness: to calls that are not the most urgent, the unit whose absence is felt least."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.fleet import Unit
from rescuesim.simulation.policies.dispatch import Choice, OrderedCall
from rescuesim.simulation.policies.world import World

__all__ = ["PreparednessAware", "preparedness", "preparedness_without"]

_SHORTEST_S = 1.0  # a unit that is there already is counted as one second away, not as infinitely good


def preparedness(
    expected_s: NDArray[np.float64], weight: NDArray[np.float64], contribution: Sequence[float]
) -> NDArray[np.float64]:
    """Preparedness of each point: what its nearest units count, over their time to it and over its weight.

    Parameters
    ----------
    expected_s : ndarray of float64, shape (n_units, n_points)
        Turnout and travel of each free unit to each point, seconds, ``inf`` where there is no way; times under a
        second count as a second.
    weight : ndarray of float64, shape (n_points,)
        Above 0.
    contribution : sequence of float
        What the nearest, the second, … unit counts.

    Returns
    -------
    ndarray of float64, shape (n_points,)
        Sum over the nearest units l of contribution[l] / time[l], divided by the weight; 1/s.

    References
    ----------
    T. Andersson, P. Värbrand, "Decision support tools for ambulance dispatch and relocation", Journal of the
    Operational Research Society 58 (2007) 195-201, doi:10.1057/palgrave.jors.2602174.

    Examples
    --------
    >>> preparedness(np.array([[100.0], [50.0]]), np.array([2.0]), (1.0, 0.5)).tolist()  # (1/50 + 0.5/100) / 2
    [0.0125]
    """
    gamma = np.asarray(contribution, dtype=np.float64)[:, None]
    shares = gamma / _ranked_times(expected_s, len(gamma))[1]
    return np.asarray(shares.sum(axis=0) / weight)


def preparedness_without(
    expected_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    contribution: Sequence[float],
    units: Sequence[int],
) -> NDArray[np.float64]:
    """Preparedness of each point after one of the units has gone, for each of some units.

    Parameters
    ----------
    expected_s, weight, contribution
        As of `preparedness`.
    units : sequence of int
        Rows of `expected_s`.

    Returns
    -------
    ndarray of float64, shape (len(units), n_points)

    Examples
    --------
    >>> preparedness_without(np.array([[100.0], [50.0]]), np.array([2.0]), (1.0, 0.5), [0, 1]).tolist()
    [[0.01], [0.005]]
    """
    gamma = np.asarray(contribution, dtype=np.float64)[:, None]
    order, ranked = _ranked_times(expected_s, len(gamma) + 1)
    shares, moved_up = gamma / ranked[:-1], gamma / ranked[1:]
    base = shares.sum(axis=0)
    # without the unit of rank r, those before it count as they did and those after it one rank higher
    before = np.cumsum(np.vstack([np.zeros_like(base), shares[:-1]]), axis=0)
    dropped = before + np.cumsum(moved_up[::-1], axis=0)[::-1]
    left = np.tile(base, (len(units), 1))
    for number, unit in enumerate(units):
        for rank in range(len(gamma)):
            here = order[rank] == unit
            left[number, here] = dropped[rank, here]
    return np.asarray(left / weight)


def _ranked_times(expected_s: NDArray[np.float64], n_ranks: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rank the units of each point by time; ranks without a unit are -1 and ``inf``."""
    shape = (n_ranks, expected_s.shape[1])
    order, times = np.full(shape, -1, dtype=np.int64), np.full(shape, np.inf)
    found = np.argsort(expected_s, axis=0, kind="stable")[:n_ranks]
    order[: len(found)] = found
    times[: len(found)] = np.maximum(np.take_along_axis(expected_s, found, axis=0), _SHORTEST_S)
    return order, times


class PreparednessAware:
    """Sends the nearest unit to the most urgent calls, and to others the one that leaves the county best prepared.

    Of the units on offer that are expected within the limit, it sends the one without which the least prepared
    point is prepared best; of equal ones the first expected. The units counted are those on offer, so preparedness
    is that for calls of the same kind. Points that no unit on offer reaches, and points without weight, are left
    out. A unit that is on the road counts at the site to which it drives. If nobody is expected within the limit, the
    nearest unit goes.

    Parameters
    ----------
    limit_s : float, optional
        Turnout and travel, seconds; ``dispatch.preparedness_limit_s`` if absent.
    urgent : int, optional
        Calls of this priority and more urgent ones get the nearest unit; -1 applies the rule to all calls.
    contribution : sequence of float, optional
        What the nearest, the second, … free unit counts; ``dispatch.preparedness`` if absent.

    Raises
    ------
    InputError
        If the limit is not above 0, or the contributions are not above 0 and descending.

    References
    ----------
    T. Andersson, P. Värbrand, "Decision support tools for ambulance dispatch and relocation", Journal of the
    Operational Research Society 58 (2007) 195-201, doi:10.1057/palgrave.jors.2602174.

    Examples
    --------
    Two units are near the call; only the nearer one is near village b as well:

    >>> from rescuesim.crew import default_crews
    >>> from rescuesim.simulation import Fleet, RoadTimes
    >>> units = [Unit(id=f"{site}#1", site=site, crew=default_crews()["brigade"]) for site in "st"]
    >>> roads = RoadTimes.from_matrix([[100.0, 100.0], [200.0, 900.0]], sites=["s", "t"], points=["a", "b"])
    >>> policy = PreparednessAware()
    >>> policy.begin(World(fleet=Fleet(units=tuple(units)), roads=roads, weights={"a": 1.0, "b": 1.0}))
    >>> choices = [Choice(units[0], 50.0, 100.0), Choice(units[1], 50.0, 200.0)]
    >>> call = OrderedCall("a", "social", ordered_at_s=0.0, now_s=0.0, priority=2)
    >>> policy.choose(call, iter(choices)).id, policy.choose(call._replace(priority=0), iter(choices)).id
    ('t#1', 's#1')
    """

    def __init__(
        self, *, limit_s: float | None = None, urgent: int = 0, contribution: Sequence[float] | None = None
    ) -> None:
        self.limit_s = float(default("dispatch.preparedness_limit_s").number if limit_s is None else limit_s)
        self.urgent = urgent
        words = default("dispatch.preparedness").words if contribution is None else contribution
        self.contribution = tuple(float(share) for share in words)
        faults = []
        if not self.limit_s > 0:
            faults.append(Fault(file="PreparednessAware", column="limit_s", value=str(limit_s), expected="above 0"))
        falls = all(one >= other for one, other in zip(self.contribution, self.contribution[1:], strict=False))
        if not self.contribution or not falls or not all(0 < share < math.inf for share in self.contribution):
            value, expected = str(self.contribution), "numbers above 0 that do not rise, at least one"
            faults.append(Fault(file="PreparednessAware", column="contribution", value=value, expected=expected))
        if faults:
            raise InputError(faults)
        self._world: World | None = None

    def begin(self, world: World) -> None:
        """Learn roads and weights."""
        self._world = world
        self._weighed = np.flatnonzero(world.weight > 0)
        self._weight = world.weight[self._weighed]
        self._row = {site: row for row, site in enumerate(world.roads.sites)}

    def check(self, world: World) -> list[Fault]:
        """Return a fault if no calling point has a weight."""
        if (world.weight > 0).any():
            return []
        return [Fault(file="PreparednessAware", column="weight", expected="a weight above 0 at a point that calls")]

    def choose(self, call: OrderedCall, choices: Iterator[Choice]) -> Unit | None:
        """Return the unit that is missed least, or the nearest; None if there is none."""
        first = next(choices, None)
        if first is None or call.priority <= self.urgent or first.expected_s > self.limit_s:
            return None if first is None else first.unit
        if self._world is None:
            raise InputError("PreparednessAware: expected begin(world) before the first call")
        offered = [first, *choices]
        near = [row for row, choice in enumerate(offered) if choice.expected_s <= self.limit_s]
        if len(near) == 1:
            return first.unit
        rows = np.array([self._row[choice.stands_at] for choice in offered], dtype=np.int64)
        turnout_s = np.array([[choice.turnout_s] for choice in offered])
        expected_s = turnout_s + self._world.out_s(call.now_s)[np.ix_(rows, self._weighed)]
        reached = np.isfinite(expected_s).any(axis=0)
        if not reached.any():
            return first.unit
        left = preparedness_without(expected_s[:, reached], self._weight[reached], self.contribution, near)
        return offered[near[int(left.min(axis=1).argmax())]].unit
