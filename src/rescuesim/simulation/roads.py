"""Roads of a replication: travel times between sites and points, epoch by epoch of a disruption."""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints, select
from rescuesim.disruption import Disruption
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import TICKS_PER_SECOND
from rescuesim.plan import Plan
from rescuesim.simulation.believed_roads import PlacedRoads, RoadTruth
from rescuesim.travel import TravelTimes, TravelTimesEnsemble, travel_times

__all__ = ["BelievedTimes", "Journeys", "RoadTimes"]

_MOST_MATRICES = 256

_INTACT: tuple[frozenset[object], frozenset[object]] = (frozenset(), frozenset())
_MANY_STATES = 32  # from here on contracting pays in one disruption: 2 ms a state rather than 50, after a second or so


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoadTimes:
    """Undisturbed travel times out and back, for each epoch between two changes of the roads.

    Parameters
    ----------
    sites, points : tuple of str
        Ids of the rows and columns of the matrices.
    starts_s : tuple of float
        Start of each epoch, ascending; the first is 0.
    states : tuple of int
        Index of the matrices that hold in each epoch.
    out_s, back_s : tuple of ndarray of float64, shape (n_sites, n_points)
        Seconds from site to point, ``inf`` where there is no way or the site cannot be left; and from point
        to site.
    between_s : tuple of ndarray of float64, shape (n_sites, n_sites), optional
        From site to site in each state, for policies that move units.
    """

    sites: tuple[str, ...]
    points: tuple[str, ...]
    starts_s: tuple[float, ...]
    states: tuple[int, ...]
    out_s: tuple[NDArray[np.float64], ...]
    back_s: tuple[NDArray[np.float64], ...]
    between_s: tuple[NDArray[np.float64], ...] | None = None

    def __post_init__(self) -> None:
        if not self.starts_s or self.starts_s[0] != 0 or (np.diff(self.starts_s) <= 0).any():
            raise InputError(f"epochs {self.starts_s}: expected ascending starts, the first at 0 s")
        if len(self.states) != len(self.starts_s) or not set(self.states) <= set(range(len(self.out_s))):
            raise InputError(f"states {self.states}: expected one index of a matrix for each epoch")
        shape = (len(self.sites), len(self.points))
        for matrix in (*self.out_s, *self.back_s):
            if matrix.shape != shape:
                raise InputError(f"travel times of shape {matrix.shape}: expected {shape}")
            if np.isnan(matrix).any() or (matrix < 0).any():
                raise InputError("travel times: expected seconds of 0 or more, or inf")

    @classmethod
    def from_matrix(
        cls,
        out_s: ArrayLike,
        back_s: ArrayLike | None = None,
        *,
        sites: tuple[str, ...] | list[str],
        points: tuple[str, ...] | list[str],
    ) -> RoadTimes:
        """Take travel times that never change from plain matrices.

        Parameters
        ----------
        out_s : array_like of float, shape (n_sites, n_points)
        back_s : array_like of float, shape (n_sites, n_points), optional
            As long as the way out if absent.
        sites, points : sequence of str
            Ids of rows and columns.

        Returns
        -------
        RoadTimes

        Examples
        --------
        >>> RoadTimes.from_matrix([[60.0, np.inf]], sites=["s1"], points=["a", "b"]).starts_s
        (0.0,)
        """
        out = np.asarray(out_s, dtype=np.float64)
        back = out if back_s is None else np.asarray(back_s, dtype=np.float64)
        return cls(
            sites=tuple(sites),
            points=tuple(points),
            starts_s=(0.0,),
            states=(0,),
            out_s=(out,),
            back_s=(back,),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Journeys:
    """The sites of a plan and the points that call, placed on the roads; gives the times in any disruption.

    Parameters
    ----------
    out, back : TravelTimes
        On the intact roads, from sites to points and from points to sites.
    between : TravelTimes, optional
        From site to site, for policies that move units.
    """

    out: TravelTimes
    back: TravelTimes
    between: TravelTimes | None = None

    @classmethod
    def on(
        cls,
        network: RoadNetwork,
        plan: Plan,
        demand: DemandPoints,
        rows: NDArray[np.int64],
        *,
        snap_limit_m: float | None = None,
        between_sites: bool = False,
    ) -> Journeys:
        """Place the sites of a plan and the demand points of the given rows on a network.

        Raises
        ------
        InputError
            If a site or the demand points have no position.
        """
        sites, points = _sites_of(plan), _points_at(demand, rows)
        between = travel_times(network, sites, _as_points(sites), snap_limit_m=snap_limit_m) if between_sites else None
        return cls(
            out=travel_times(network, sites, points, towards="demand", snap_limit_m=snap_limit_m),
            back=travel_times(network, sites, points, towards="sites", snap_limit_m=snap_limit_m),
            between=between,
        )

    def during(self, disruption: Disruption | None) -> RoadTimes:
        """Compute the times in every epoch of a disruption, each distinct state of the roads once."""
        sites, points = self.out.sites.ids, self.out.demand.ids
        if disruption is None:
            intact = RoadTimes.from_matrix(self.out.values, self.back.values, sites=sites, points=points)
            return intact if self.between is None else replace(intact, between_s=(self.between.values,))
        starts = disruption.changes_s()
        # a site that cannot be left can still be returned to: sites are masked on the way out alone
        met = [replace(disruption.state_at(start), unusable_sites=frozenset()) for start in starts]
        distinct = {roads: state for state in met if (roads := _roads_of(state)) != _INTACT}
        by_roads: dict[object, tuple[NDArray[np.float64], NDArray[np.float64]]] = {
            _INTACT: (self.out.values, self.back.values),
            **dict(zip(distinct, self._in_states(tuple(distinct.values())), strict=True)),
        }
        number: dict[object, int] = {}
        states: list[int] = []
        out_s: list[NDArray[np.float64]] = []
        back_s: list[NDArray[np.float64]] = []
        between_s: list[NDArray[np.float64]] = []
        for start in starts:
            state = disruption.state_at(start)
            unusable = state.unusable_sites & set(sites)
            roads = _roads_of(state)
            if (roads, unusable) not in number:
                number[roads, unusable] = len(out_s)
                out, back = by_roads[roads]
                shut = np.array([site in unusable for site in sites])
                out_s.append(np.where(shut[:, None], np.inf, out))
                back_s.append(back)
                if self.between is not None:
                    between_s.append(_values_in(self.between, replace(state, unusable_sites=frozenset())))
            states.append(number[roads, unusable])
        return RoadTimes(
            sites=sites,
            points=points,
            starts_s=starts,
            states=tuple(states),
            out_s=tuple(out_s),
            back_s=tuple(back_s),
            between_s=None if self.between is None else tuple(between_s),
        )

    def _in_states(self, states: tuple[NetworkState, ...]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Compute the times out and back in each state; all engines give the same ones."""
        if not states:
            return
        even = NetworkStates(states=tuple(replace(state, probability=1 / len(states)) for state in states))
        many = len(states) >= _MANY_STATES and importlib.util.find_spec("numba") is not None
        each = (
            TravelTimesEnsemble(intact=times, states=even, engine="contraction" if many else "auto", n_threads=1)
            for times in (self.out, self.back)
        )
        for out, back in zip(*each, strict=True):
            yield out.values, back.values


def _values_in(times: TravelTimes, state: NetworkState) -> NDArray[np.float64]:
    only = NetworkStates(states=(replace(state, probability=1.0),))
    return TravelTimesEnsemble(intact=times, states=only)[0].values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BelievedTimes:
    """The roads themselves under a disruption: to be driven on, and with the times that any belief gives.

    Parameters
    ----------
    journeys : Journeys
    truth : RoadTruth
        Of the same sites and points.
    shut : tuple of frozenset of int
        Rows of the sites that nobody can leave, in each epoch of `RoadTimes`; a desk that rings there knows.
    """

    journeys: Journeys
    truth: RoadTruth
    shut: tuple[frozenset[int], ...]
    _kept: OrderedDict[tuple[frozenset[int], frozenset[int]], NDArray[np.float64]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )

    @classmethod
    def under(cls, journeys: Journeys, disruption: Disruption | None) -> BelievedTimes:
        """Take the roads of a disruption."""
        row = {site: index for index, site in enumerate(journeys.out.sites.ids)}
        starts = (0.0,) if disruption is None else disruption.changes_s()
        unusable = [frozenset[str]() if disruption is None else disruption.state_at(at).unusable_sites for at in starts]
        return cls(
            journeys=journeys,
            truth=RoadTruth.under(PlacedRoads.of(journeys.out), disruption),
            shut=tuple(frozenset(row[site] for site in sites if site in row) for sites in unusable),
        )

    @property
    def sites(self) -> tuple[str, ...]:
        """Ids of the sites."""
        return self.journeys.out.sites.ids

    @property
    def points(self) -> tuple[str, ...]:
        """Ids of the points."""
        return self.journeys.out.demand.ids

    def at_least_s(self, start: int, target: int) -> float:
        """Return a lower bound of the drive between two stops under any belief: on intact roads, without loss.

        Parameters
        ----------
        start, target : int
            Stops of `truth`.
        """
        graph = self.truth.roads.graph
        found = self.truth.roads.tree(graph.point_node.item(start), towards=False)
        return found[0].item(graph.point_node.item(target)) / TICKS_PER_SECOND

    def out_s(self, believed: frozenset[int], epoch: int) -> NDArray[np.float64]:
        """Return the times from sites to points under a belief, ``inf`` from sites that nobody can leave now.

        Parameters
        ----------
        believed : frozenset of int
            Conditions of `truth`.
        epoch : int
            Of `RoadTimes`.

        Returns
        -------
        ndarray of float64, shape (n_sites, n_points)
        """
        key = believed, self.shut[epoch]
        found = self._kept.get(key)
        if found is None:
            state = self.truth.believed_state(believed)
            plain = not state.closures and not state.slow_downs
            found = self.journeys.out.values if plain else _values_in(self.journeys.out, state)
            if self.shut[epoch]:
                found = found.copy()
                found[sorted(self.shut[epoch])] = np.inf
            if len(self._kept) >= _MOST_MATRICES:
                self._kept.popitem(last=False)
            self._kept[key] = found
        return found


def _roads_of(state: NetworkState) -> tuple[frozenset[object], frozenset[object]]:
    return frozenset(state.closures), frozenset(state.slow_downs.items())


def _sites_of(plan: Plan) -> CandidateSites:
    without = [site.id for site in plan.stations if site.lon is None or site.lat is None]
    if without:
        raise InputError(f"plan {plan.name!r}, site {without[0]!r}: expected lon and lat; travel needs a position")
    return CandidateSites(
        ids=tuple(site.id for site in plan.stations),
        names=tuple(site.name for site in plan.stations),
        lon=np.array([site.lon for site in plan.stations], dtype=np.float64),
        lat=np.array([site.lat for site in plan.stations], dtype=np.float64),
        kinds=("station",) * len(plan.stations),
        statuses=tuple(site.status for site in plan.stations),
        cost=np.array([site.cost for site in plan.stations]),
        townships=tuple(site.township for site in plan.stations),
        hosts=tuple(site.host for site in plan.stations),
        crews=tuple(site.crew for site in plan.stations),
        units=np.array([site.units for site in plan.stations], dtype=np.int64),
        capacity=np.full(len(plan.stations), np.inf),
        source=f"plan {plan.name}",
    )


def _as_points(sites: CandidateSites) -> DemandPoints:
    """Take sites as points, to drive from one to another."""
    import pandas as pd

    from rescuesim.demand import load_demand

    table = pd.DataFrame({"id": sites.ids, "lon": sites.lon, "lat": sites.lat, "people": 0})
    return load_demand(table, crs="wgs84")


def _points_at(demand: DemandPoints, rows: NDArray[np.int64]) -> DemandPoints:
    if demand.lon is None or demand.lat is None:
        raise InputError(f"{demand.source}: expected lon and lat; travel needs positions")
    return select(demand, rows)
