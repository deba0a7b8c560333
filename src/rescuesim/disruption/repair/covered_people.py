"""How many people are covered in each state of damaged roads, and the curve of them over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.outages import RoadOutage, RoadSlowing, SiteOutage
from rescuesim.disruption.repair.damaged_roads import SHUT, DamagedRoads, Slowed, slow_state
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.network import NetworkState, NetworkStates, RoadNetwork
from rescuesim.network.road_network import UNREACHABLE, limit_ticks
from rescuesim.network.states import Closure
from rescuesim.network.vehicles.start_up import free_ticks_within
from rescuesim.quality import snap_points
from rescuesim.travel import build_split_graph, travel_times
from rescuesim.travel.broken_pieces import broken_pieces
from rescuesim.travel.changing_trees import FARTHEST

__all__ = ["CoveredPeopleCurve", "PeopleCovered", "covered_people_curve", "open_note", "open_sites"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredPeopleCurve:
    """People covered over time, a step function up to a horizon.

    Parameters
    ----------
    times_s : ndarray of float64, shape (n_steps,)
        Seconds after the onset at which each step begins, the first 0.
    people : ndarray of float64, shape (n_steps,)
        Covered from then on.
    horizon_s : float
    intact_people : float
        Covered on unbroken roads.
    notes : tuple of str
        Defaults that were taken.

    Examples
    --------
    >>> curve = CoveredPeopleCurve(
    ...     times_s=np.array([0.0, 3600.0]), people=np.array([900.0, 1000.0]), horizon_s=7200.0, intact_people=1000.0
    ... )
    >>> curve.area_person_h, curve.lost_person_h, curve.at(1800.0)
    (1900.0, 100.0, 900.0)
    """

    times_s: NDArray[np.float64]
    people: NDArray[np.float64]
    horizon_s: float
    intact_people: float
    notes: tuple[str, ...] = ()

    @property
    def area_person_h(self) -> float:
        """Area under the curve up to the horizon, in person-hours."""
        lengths = np.diff(np.r_[self.times_s, self.horizon_s])
        return math.fsum((lengths * self.people).tolist()) / 3600

    @property
    def lost_person_h(self) -> float:
        """Area between the curve and unbroken roads, in person-hours."""
        return self.intact_people * self.horizon_s / 3600 - self.area_person_h

    def at(self, at_s: float) -> float:
        """Return the people covered at a moment."""
        if not 0 <= at_s <= self.horizon_s:
            raise InputError(f"at_s {at_s}: expected seconds from 0 to the horizon, {self.horizon_s:g}")
        return float(self.people[np.searchsorted(self.times_s, at_s, side="right") - 1])

    def to_frame(self) -> pd.DataFrame:
        """Return a table: ``from_h, people``."""
        return pd.DataFrame({"from_h": self.times_s / 3600, "people": self.people})


def open_sites(sites: CandidateSites, opened: Iterable[str] | None) -> NDArray[np.int64]:
    """Return the indices of the open sites: those named, or the existing and required ones.

    Raises
    ------
    UnknownIdError
        If there is no such site.
    InputError
        If none is open.
    """
    if opened is None:
        chosen = np.flatnonzero(sites.with_status("existing", "required"))
    else:
        place = {id_: number for number, id_ in enumerate(sites.ids)}
        names = [opened] if isinstance(opened, str) else list(opened)
        for name in names:
            if name not in place:
                raise UnknownIdError(f"site {name!r}: expected {nearest_name(name, sites.ids)}")
        chosen = np.unique([place[name] for name in names]).astype(np.int64)
    if not len(chosen):
        raise InputError("open sites: none, expected the ids of those that are open")
    return chosen


def covered_people_curve(
    network: RoadNetwork,
    outages: Sequence[RoadOutage],
    sites: CandidateSites,
    demand: DemandPoints,
    limit_s: ArrayLike,
    horizon_s: float,
    *,
    opened: Iterable[str] | None = None,
    slowings: Sequence[RoadSlowing] = (),
    site_outages: Sequence[SiteOutage] = (),
) -> CoveredPeopleCurve:
    """Follow how many people are covered while roads break and are mended.

    A point is covered at a moment if an open site reaches it within its limit on the roads as they are then.

    Parameters
    ----------
    network : RoadNetwork
    outages : sequence of RoadOutage
    sites : CandidateSites
    demand : DemandPoints
    limit_s : array_like of float, shape (n_sites, n_demand) or one that broadcasts to it
        Travel-time limit in seconds, 0 or more; ``-inf`` where a site does not count for a point.
    horizon_s : float
    opened : iterable of str, optional
        Ids of the open sites; existing and required ones if absent.
    slowings : sequence of RoadSlowing, optional
    site_outages : sequence of SiteOutage, optional

    Returns
    -------
    CoveredPeopleCurve
        With a step wherever the state of the roads changes, also where the people covered do not.

    Raises
    ------
    InputError
        If the limit or the horizon is not what is expected.
    UnknownIdError
        If a site or a road does not exist.
    """
    limits = _limits(limit_s, sites, demand)
    if not 0 < horizon_s < math.inf:
        raise InputError(f"horizon_s {horizon_s}: expected seconds above 0")
    named = [sites.ids[number] for number in open_sites(sites, opened)]
    timeline = Disruption(
        label="repair", roads=tuple(outages), slowings=tuple(slowings), sites=tuple(site_outages), probability=1.0
    )
    moments = [moment for moment in timeline.changes_s() if moment < horizon_s]
    at = [timeline.state_at(moment) for moment in moments]
    number_of: dict[object, int] = {}
    states: list[NetworkState] = []
    which = []
    for state in [NetworkState(), *at]:
        key = frozenset(state.closures), frozenset(state.slow_downs.items()), state.unusable_sites
        if key not in number_of:
            number_of[key] = len(states)
            states.append(state)
        which.append(number_of[key])
    alike = NetworkStates(
        states=tuple(
            NetworkState(
                closures=state.closures,
                slow_downs=state.slow_downs,
                unusable_sites=state.unusable_sites,
                label=state.label,
                probability=1 / len(states),
            )
            for state in states
        )
    )
    ensemble = travel_times(network, sites, demand, states=alike, cutoff_s=float(max(limits.max(), 0.0)))
    people = ensemble.coverage({"open": named}, limits, weights=demand.people).covered[:, 0]
    return CoveredPeopleCurve(
        times_s=np.array(moments),
        people=people[which[1:]],
        horizon_s=float(horizon_s),
        intact_people=float(people[which[0]]),
        notes=() if opened is not None else (open_note(len(named)),),
    )


def open_note(n: int) -> str:
    """Say which sites were taken as open."""
    return Note(
        f"open sites not stated: the {n} existing and required ones", f"未指明开设的站点，取现有和必设的 {n} 个"
    )


def _limits(limit_s: ArrayLike, sites: CandidateSites, demand: DemandPoints) -> NDArray[np.float64]:
    limits = np.asarray(limit_s, dtype=np.float64)
    if np.isnan(limits).any() or (limits == np.inf).any():
        raise InputError("limit_s: expected seconds, or -inf where a site does not count for a point")
    try:
        return np.broadcast_to(limits, (len(sites), len(demand)))
    except ValueError:
        raise InputError(f"limit_s of shape {limits.shape}: expected ({len(sites)}, {len(demand)})") from None


# --- the same numbers, for many states that differ in a few parts of roads -----------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleCovered:
    """Counts covered people in states of damaged roads; equal to `covered_people_curve`, state by state.

    Parameters
    ----------
    roads : DamagedRoads
        Cut at sites and points, with a start for each group of open sites that have the same limits.
    most : ndarray of int64, shape (n_groups, n_demand)
        Most ticks of free driving that keep the limit.
    point_node : ndarray of int64, shape (n_demand,)
        Node of each point; -1 without a road.
    point_access : ndarray of int64, shape (n_demand,)
        Ticks of access legs.
    on_part : ndarray of int64, shape (n, 2)
        Damage and point that lies on its part of the road.
    people : ndarray of float64, shape (n_demand,)
    """

    roads: DamagedRoads
    most: NDArray[np.int64]
    point_node: NDArray[np.int64]
    point_access: NDArray[np.int64]
    on_part: NDArray[np.int64]
    people: NDArray[np.float64]
    _covered: dict[tuple[bytes, Slowed], float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        network: RoadNetwork,
        closures: Sequence[Closure],
        sites: CandidateSites,
        demand: DemandPoints,
        limit_s: ArrayLike,
        *,
        opened: NDArray[np.int64],
    ) -> PeopleCovered:
        """Snap sites and points as `travel_times` does, and group the open sites by their limits."""
        if sites.lon is None or sites.lat is None or demand.lon is None or demand.lat is None:
            raise InputError("sites and demand: expected lon and lat")
        limits = _limits(limit_s, sites, demand)[opened]
        rows, group_of = np.unique(limits, axis=0, return_inverse=True)
        site_snap = snap_points(network, sites.lon, sites.lat)
        demand_snap = snap_points(network, demand.lon, demand.lat)
        graph = build_split_graph(network, site_snap, demand_snap)
        wanted = limit_ticks(rows)
        free = {
            int(most): free_ticks_within(int(most), network.start_up_s, launch_s=network.launch_s)
            for most in np.unique(wanted)
        }
        n_sites = len(sites)
        site_node = graph.point_node[:n_sites].astype(np.int64)
        access = site_snap.access_ticks.astype(np.int64)
        members = [opened[group_of.ravel() == group] for group in range(len(rows))]
        members = [some[site_node[some] >= 0] for some in members]
        broken = broken_pieces(graph, [slow_state((closure,), ()) for closure in closures]) if closures else None
        on_part = np.empty((0, 2), dtype=np.int64)
        if broken is not None:
            on_part = np.column_stack([broken.point_state, broken.point - n_sites])
        return cls(
            roads=DamagedRoads.of(graph, closures, [(site_node[some], access[some]) for some in members]),
            most=np.array([[free[int(most)] for most in row] for row in wanted], dtype=np.int64),
            point_node=graph.point_node[n_sites:].astype(np.int64),
            point_access=demand_snap.access_ticks.astype(np.int64),
            on_part=np.unique(on_part[on_part[:, 1] >= 0], axis=0),
            people=demand.people,
        )

    def ticks(self, levels: bytes, slowed: Slowed, *, within_limits: bool) -> NDArray[np.float64]:
        """Ticks of free driving from the nearest open site of each group to each point.

        Parameters
        ----------
        levels, slowed
            As in `DamagedRoads.ticks_in`.
        within_limits : bool
            Whether more than any limit may be left out.

        Returns
        -------
        ndarray of float64, shape (n_groups, n_demand)
            ``inf`` where nobody comes.
        """
        found = np.full(self.most.shape, np.inf)
        first, there = self.roads.graph.n_nodes, self.point_node >= 0
        for group, most in enumerate(self.most):
            limit = min(max(int(most.max(initial=0)), 0), FARTHEST) if within_limits else FARTHEST
            row = self.roads.ticks_from(first + group, levels, slowed, limit=limit)[self.point_node]
            reached = there & (row < UNREACHABLE)
            found[group, reached] = row[reached] + self.point_access[reached]
        level = np.frombuffer(levels, dtype=np.uint8)
        found[:, self.on_part[level[self.on_part[:, 0]] == SHUT, 1]] = np.inf
        return found

    def covered(self, levels: bytes, slowed: Slowed) -> float:
        """Return the people covered."""
        key = levels, slowed
        if key not in self._covered:
            within = (self.ticks(levels, slowed, within_limits=True) <= self.most).any(axis=0)
            self._covered[key] = math.fsum(self.people[within].tolist())
        return self._covered[key]

    def isolated(self, levels: bytes, slowed: Slowed) -> NDArray[np.bool_]:
        """Mark the points that no open site reaches at all; bool, shape (n_demand,)."""
        return np.asarray(~np.isfinite(self.ticks(levels, slowed, within_limits=False)).any(axis=0))
